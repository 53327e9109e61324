/**
 * RCU: read sections and grace periods.
 *
 * Idea: a reader follows pointers without a reference. Whoever unlinks an object *defers* it
 * (limbo.ts), and it is reused only when every thread has left the section in which it might have
 * seen it. A section lasts exactly one kernel call, so a grace period is microseconds long and a
 * thread that goes off computing holds nobody up.
 *
 * epoch cell   rises by one with each grace period that somebody begins
 * section      (in the thread's inKernel cell) 0 = outside, else the epoch that was read at entry
 *   enter   load epoch, then store section (both sequentially consistent). The epoch may be stale:
 *           that only keeps objects longer. A store that comes after a reclaimer's scan also comes
 *           after the unlinking, so the reader cannot find the object any more
 *   leave   store 0
 *
 * **A park ends the section** (lock.ts), and nobody waits for a grace period with a lock or
 * a reference in hand.
 *
 * Cost: none where a call begins and ends with its section (stop.ts); else a store each.
 */
import { selfSlot } from '../base/env';
import { RCU_STATE, Slot } from '../base/layout';
import { addCell, loadCell, storeCell } from '../base/words';
import { assertOutside } from './context';
import { highestSlot, operationOf, sectionOf, setInKernel } from './slot';

@unmanaged
export class RcuState {
  epoch: u64;
}

/** Called once, when the zone is formatted: epoch 0 would read as "outside". */
export function formatRcu(): void {
  storeCell(RCU_STATE, 1);
}

/** Number of grace periods begun so far, and one. */
export function currentEpoch(): u64 {
  return loadCell(RCU_STATE);
}

/** From outside: a section is not nested. */
export function enterSection(): void {
  assertOutside();
  beginSection();
}

function beginSection(): void {
  setInKernel(operationOf(selfSlot()), currentEpoch());
}

/** Ends the section, if it is in one. */
export function leaveSection(): void {
  setInKernel(operationOf(selfSlot()), 0);
}

/** As if left, if in one, and entered. Cost: two loads while nobody has begun a grace period. */
export function renewSection(): void {
  if (sectionOf(selfSlot()) != currentEpoch()) beginSection();
}

export function isInSection(): bool {
  return sectionOf(selfSlot()) != 0;
}

/** Begins a grace period: what was unlinked before this call may go when `isQuiescent(result)`. */
export function beginGracePeriod(): u64 {
  return addCell(RCU_STATE, 1);
}

/** True when no thread is in a section that began at `epoch` or before. One load for each slot. */
export function isQuiescent(epoch: u64): bool {
  return whoReads(epoch) == 0;
}

/** The first slot whose thread is in a section that began at `epoch` or before; 0: none. */
export function whoReads(epoch: u64): Slot {
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    const section = sectionOf(slot);
    if (section != 0 && section <= epoch) return slot;
  }
  return 0;
}
