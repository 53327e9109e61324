/**
 * Threads: how this one comes to a zone and leaves it, and how it notices that others are gone.
 *
 * A thread's death must be *proven*, never guessed from a time-out:
 *   - whoever created the worker sees its `exit` event, after which none of its code runs;
 *   - a supervisor holds one end of a channel, the *lifeline*, of every attached thread and sees it
 *     close, even while everybody else is busy (supervision.ts);
 *   - the main thread does not know a thread any more that has listened (proofs.ts);
 *   - in browsers, a lock that it held for its life is free (life-lock.ts).
 * Each marks the dead thread's slots and gives back what it owned, or, if it died inside the kernel
 * in the midst of what cannot be repaired, poisons the zone.
 *
 * What is not covered: Deno, which tells of ends too early (registry.ts). And lifelines of workers
 * travel through the main thread's event loop: a thread that dies before that has turned once since
 * it attached is noticed when it turns.
 */
import type { KernelExports } from '../border/kernel.ts';
import { lookAtSelf } from '../border/repair.ts';
import { later } from '../border/timer.ts';
import { BusyError } from '../errors.ts';
import * as facts from '../generated/facts.ts';
import { buryThread } from './burial.ts';
import { holdLife } from './life-lock.ts';
import { registry, tellsOfEnds, type Zone } from './registry.ts';
import { seekSupervisor } from './supervision.ts';
import { zoneIdOf } from './zone-id.ts';

const RETRY_MS = 10;

/**
 * Enters a zone into the registry and, unless nobody else can see it, makes this end noticeable.
 */
export function enroll(
  memory: WebAssembly.Memory,
  kernel: KernelExports,
  owner: number,
  isPrivate: boolean,
): Zone {
  const zone: Zone = { id: zoneIdOf(kernel), memory, kernel, owner, users: 1, hasSlot: true };
  zone.onLook = () => lookAtSelf(kernel);
  registry().zones.set(zone.id, zone);
  watchWorkers();
  if (isPrivate) return zone;
  zone.life = holdLife(zone);
  if (!zone.life) seekSupervisor(zone);
  return zone;
}

/** Gives the slot back when the last user in this thread is gone. */
export function leaveZone(zone: Zone): void {
  zone.users--;
  if (zone.users > 0) return;
  registry().zones.delete(zone.id);
  if (registry().zones.size === 0) stopListening();
  zone.hasSlot = false;
  detachSoon(zone.kernel, () => {
    // In this order: a lifeline that closes while the slot is live would mean death.
    zone.life?.release();
    zone.lifeline?.postMessage('left');
    zone.lifeline?.close();
    registry().closed.push(new WeakRef(zone.memory));
  });
}

/**
 * Gives the slot back, and then calls `done`: at once, unless others are in the way of a thread
 * that may not wait. A zone that is poisoned meanwhile says so to whoever calls it next.
 */
export function detachSoon(kernel: KernelExports, done: () => void = () => {}): void {
  if (tryToDetach(kernel)) done();
  else later(() => detachSoon(kernel, done), RETRY_MS, true);
}

function tryToDetach(kernel: KernelExports): boolean {
  try {
    // What was begun and cut short is ended by the repair.
    if (kernel.fault() === 0 && kernel.repairSelf(1) === facts.ERR_BUSY) return false;
    if (kernel.isAttached() !== 0) kernel.detach();
  } catch (error) {
    if (error instanceof BusyError) return false;
    if (kernel.fault() === 0) throw error;
  }
  return true;
}

/** Notices the exit of every worker that this thread creates from now on. */
function watchWorkers(): void {
  if (registry().isWatching || !globalThis.process?.on || !tellsOfEnds()) return;
  registry().isWatching = true;
  globalThis.process.on('worker', (worker) => {
    // After the exit event the id reads −1.
    const owner = worker.threadId + 1;
    worker.once('exit', () => {
      for (const zone of registry().zones.values()) buryThread(zone, owner);
    });
  });
}

/** Node's own process, where a test runner has put another in its place. */
function realProcess(): NodeJS.Process | undefined {
  return globalThis.process?.getBuiltinModule?.('node:process');
}

/**
 * Nothing is to be done: that somebody listens tells a thread that lives from one that has ended.
 */
function ignore(): void {}

/** To be called before this thread takes a slot. */
export function listen(): void {
  const { zones } = registry();
  if (zones.size === 0) realProcess()?.on('workerMessage', ignore);
}

export function stopListening(): void {
  realProcess()?.off('workerMessage', ignore);
}
