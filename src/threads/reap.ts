/**
 * Reaping: waiting until what a thread owned has been given back.
 */
import { throwIfPoisoned } from '../border/kernel.ts';
import * as facts from '../generated/facts.ts';
import { tryToRecover } from './burial.ts';
import type { Zone } from './registry.ts';

const LOOK_MS = 10;

/**
 * Resolves when the thread of that number is attached no more and what it owned is given back.
 * Rejects with the signal's reason, or the fault of a poisoned zone.
 */
export async function reapThread(zone: Zone, owner: number, signal?: AbortSignal): Promise<void> {
  for (;;) {
    signal?.throwIfAborted();
    throwIfPoisoned(zone.kernel);
    if (!isAttached(zone, owner) && tryToRecover(zone.kernel)) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function isAttached({ kernel }: Zone, owner: number): boolean {
  for (let slot = 1; slot <= facts.MAX_SLOT; slot++) {
    if (kernel.liveOwner(slot) >>> 0 === owner) return true;
  }
  return false;
}
