/**
 * Reaping: waiting until what a thread owned has been given back.
 */
import { throwIfPoisoned } from '../border/kernel.ts';
import { later } from '../border/timer.ts';
import { tryToRecover } from './burial.ts';
import { isAttached, type Zone } from './registry.ts';

const LOOK_MS = 10;

/**
 * Resolves when the thread of that number is attached no more and what it owned is given back.
 * Rejects with the signal's reason, or the fault of a poisoned zone.
 */
export async function reapThread(zone: Zone, owner: number, signal?: AbortSignal): Promise<void> {
  for (;;) {
    signal?.throwIfAborted();
    throwIfPoisoned(zone.kernel);
    if (!isAttached(zone.kernel, owner) && tryToRecover(zone.kernel)) return;
    await new Promise<void>((resolve) => later(resolve, LOOK_MS, true));
  }
}
