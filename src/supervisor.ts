/**
 * The supervisor: a worker that does nothing but notice that threads are gone.
 *
 * It is told of zones by its creator, and gets one end of a channel from every thread that attaches
 * to one. When the other end closes, that thread has ended or given its slot back: its slots are
 * marked dead (a slot given back is not LIVE, so nothing happens) and what it owned is returned.
 * Since it computes nothing else, it answers within a millisecond, also while the main thread is
 * parked in a wait.
 */
import { type MessagePort, parentPort } from 'node:worker_threads';
import { type KernelExports, openKernel } from './kernel.ts';
import { buryThread, threadOwner, zoneIdOf } from './threads.ts';

interface Lifeline {
  zone: string;
  owner: number;
  port: MessagePort;
}

const zones = new Map<string, KernelExports>();
/** Lifelines that arrived before their zone. */
const early: Lifeline[] = [];

function watch(lifeline: Lifeline): void {
  lifeline.port.once('close', () => {
    const kernel = zones.get(lifeline.zone);
    if (kernel) buryThread(kernel, lifeline.owner);
  });
  lifeline.port.start();
}

function addZone(memory: WebAssembly.Memory): void {
  const kernel = openKernel(memory);
  if (kernel.attach(threadOwner(), 1) < 0) return;
  const id = zoneIdOf(kernel);
  zones.set(id, kernel);
  for (const lifeline of early.filter(({ zone }) => zone === id)) watch(lifeline);
}

parentPort?.on('message', (message: { memory?: WebAssembly.Memory; forget?: string }) => {
  if (message.memory) addZone(message.memory);
  if (message.forget) {
    const kernel = zones.get(message.forget);
    zones.delete(message.forget);
    if (kernel && kernel.fault() === 0) kernel.detach();
  }
});

process.on('workerMessage', (lifeline: Lifeline) => {
  if (zones.has(lifeline.zone)) watch(lifeline);
  else early.push(lifeline);
});
