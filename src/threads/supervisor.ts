/**
 * The supervisor: a worker that does nothing but notice that threads are gone.
 *
 * Every thread that attaches to a zone sends it a *lifeline*: the zone's memory and one end of a
 * channel. When that end closes the thread has ended, so its slots are marked dead and what it
 * owned is returned. A thread that gives its slot back says so first, and its closing means
 * nothing. Since the supervisor computes nothing else, it answers within a millisecond, also while
 * the main thread is parked in a wait.
 *
 * It holds a zone, and a slot in it, as long as a lifeline of the zone is open: a zone that every
 * thread has left is not kept alive here, and one that its creator has left is still looked after.
 */
import { type KernelExports, openKernel } from '../border/kernel.ts';
import { buryThread, detachQuietly, type Lifeline, threadOwner } from './threads.ts';

interface Watched {
  kernel: KernelExports;
  /** Without a slot (there were 255 threads) deaths are marked, and others return the debts. */
  hasSlot: boolean;
  lifelines: number;
}

const zones = new Map<string, Watched>();

function openZone(memory: WebAssembly.Memory): Watched {
  const kernel = openKernel(memory);
  return { kernel, hasSlot: kernel.attach(threadOwner(), 1) > 0, lifelines: 0 };
}

function watch({ zone, memory, owner, port }: Lifeline): void {
  const watched = zones.get(zone) ?? openZone(memory);
  zones.set(zone, watched);
  watched.lifelines++;
  let hasLeft = false;
  port.on('message', () => {
    hasLeft = true;
  });
  port.once('close', () => {
    if (!hasLeft) buryThread(watched.kernel, owner, watched.hasSlot);
    watched.lifelines--;
    if (watched.lifelines === 0) leaveZone(zone, watched);
  });
  port.start();
}

function leaveZone(zone: string, { kernel, hasSlot }: Watched): void {
  zones.delete(zone);
  if (hasSlot) detachQuietly(kernel);
}

/** Begins with the lifelines that came while this file was being loaded. */
export function supervise(early: Lifeline[]): void {
  process.on('workerMessage', watch);
  for (const lifeline of early) watch(lifeline);
}
