/**
 * The supervisor's program: a worker that does nothing but notice that threads are gone.
 *
 * Every thread that attaches to a zone sends it a *lifeline* (lifeline.ts). When that closes the
 * thread has ended, so its slots are marked dead and what it owned is returned. Since the
 * supervisor computes nothing else, it answers within a millisecond, also while the main thread is
 * parked in a wait.
 *
 * It holds a zone, and a slot in it, as long as a lifeline of the zone is open. Then it forgets
 * memory and instance, and has its own small heap collected (collection.ts).
 *
 * This file and what it imports become one string at build time (scripts/supervisor-program.ts),
 * which works wherever the library is bundled to. So it imports nothing else, and the kernel comes
 * compiled with each lifeline.
 */
import type { MessagePort } from 'node:worker_threads';
import { lookAtSelf, type Repairable } from '../border/repair.ts';
import { type BurialKernel, buryThread } from './burial.ts';
import { Collection } from './collection.ts';
import type { Introduction, Lifeline, Probe } from './lifeline.ts';
import { lookForDead } from './proofs.ts';
import { type SlotKernel, takeSlot } from './slot.ts';
import { zoneIdOf } from './zone-id.ts';

interface SupervisorKernel extends BurialKernel, SlotKernel, Repairable {
  detach(): void;
  liveOwner(slot: number): number;
  asksAt(): number;
  answerAsks(): void;
}

interface Watched {
  kernel: SupervisorKernel;
  words: Int32Array<ArrayBufferLike>;
  hasSlot: boolean;
  /** Of the threads that are attached, by owner. */
  lifelines: Map<number, MessagePort>;
  /** Those that have been asked to look at themselves, and have not answered. */
  asked: Set<MessagePort>;
}

const threads: typeof import('node:worker_threads') =
  process.getBuiltinModule('node:worker_threads');
const { queryObjects } = process.getBuiltinModule('node:v8');
const self = threads.threadId + 1;
const zones = new Map<string, Watched>();
/** Counts the objects of a class that has none: the one call of Node's that collects everything. */
const collect = () => void queryObjects?.(class Nobody {}, { format: 'count' });
const collection = new Collection(collect, (zone) => zones.has(zone));

// It has no streams, and who waits for one that was written to does not end.
process.emitWarning = () => {};
process.on('workerMessage', receive);
threads.parentPort?.on('message', receive);

function receive(message: Introduction | Probe): void {
  if (message?.pageless === 'lifeline') admit(message.port);
}

/** A thread that leaves says so at once; its end of the channel closes when its events turn. */
function admit(port: MessagePort): void {
  let lifeline: { zone: string; owner: number } | undefined;
  const end = (isDeath: boolean) => {
    if (lifeline) lose(lifeline.zone, lifeline.owner, port, isDeath);
    lifeline = undefined;
  };
  port.on('message', (news: Lifeline | 'left' | 'seen') => {
    if (news === 'left') end(false);
    else if (news === 'seen') zones.get(lifeline?.zone ?? '')?.asked.delete(port);
    else if (typeof news === 'object') lifeline = watch(news, port);
  });
  port.once('close', () => end(true));
}

function watch(news: Lifeline, port: MessagePort): { zone: string; owner: number } | undefined {
  const { zone, owner, gone } = news;
  const known = zones.get(zone);
  const watched = known ?? openZone(news);
  // Its thread has left, and the memory is another zone already.
  if (!watched) return undefined;
  zones.set(zone, watched);
  watched.lifelines.set(owner, port);
  const isKnown = (other: number) => other === self || watched.lifelines.has(other);
  if (!known || gone !== 0) lookForDead(threads, watched, isKnown);
  if (!known) heedAsks(zone, watched);
  return { zone, owner };
}

/**
 * As long as the zone is held: whenever somebody has waited long for what another thread has, every
 * thread is to look whether a call of its own was cut short. Those that are busy answer later.
 */
async function heedAsks(zone: string, watched: Watched): Promise<void> {
  const { words, lifelines, asked } = watched;
  const at = watched.kernel.asksAt() >>> 2;
  let seen = Atomics.load(words, at);
  while (true) {
    await Atomics.waitAsync(words, at, seen).value;
    if (zones.get(zone) !== watched) return;
    seen = Atomics.load(words, at);
    watched.kernel.answerAsks();
    // A call of its own is never cut short; but damaged memory may say so, or that it is leaving.
    lookAtSelf(watched.kernel, () => {
      watched.hasSlot &&= watched.kernel.isAttached() !== 0;
    });
    for (const port of lifelines.values()) {
      if (asked.has(port)) continue;
      asked.add(port);
      port.postMessage('look');
    }
  }
}

function openZone({ zone, memory, module }: Lifeline): Watched | undefined {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernel = exports as unknown as SupervisorKernel;
  const words = new Int32Array(memory.buffer);
  const watched = { kernel, words, hasSlot: false, lifelines: new Map(), asked: new Set<never>() };
  if (kernel.fault() !== 0) return watched;
  watched.hasSlot = takeSlot(kernel, self, true, zone) > 0;
  // With a slot the identity stays.
  if (zoneIdOf(kernel) === zone) return watched;
  if (watched.hasSlot) detachQuietly(kernel);
  return undefined;
}

function detachQuietly(kernel: SupervisorKernel): void {
  try {
    kernel.detach();
  } catch (error) {
    if (kernel.fault() === 0 && kernel.isAttached()) throw error;
  }
}

function lose(zone: string, owner: number, port: MessagePort, isDeath: boolean): void {
  const watched = zones.get(zone);
  if (!watched) return;
  if (watched.lifelines.get(owner) === port) watched.lifelines.delete(owner);
  watched.asked.delete(port);
  if (isDeath) buryThread(watched, owner);
  if (watched.lifelines.size === 0) leaveZone(zone, watched);
}

function leaveZone(zone: string, watched: Watched): void {
  zones.delete(zone);
  // Ends its wait, which would keep the memory.
  Atomics.notify(watched.words, watched.kernel.asksAt() >>> 2);
  if (watched.hasSlot) detachQuietly(watched.kernel);
  watched.hasSlot = false;
  collection.leave(watched.kernel);
}
