/**
 * The death of a thread: what a survivor repairs, and what it gives back.
 *
 * A thread may be gone between any two instructions. A survivor that has proof marks the dead
 * thread's slots (markDead); `recoverDead` then works in two worlds, by two verbs:
 *
 *   repair…   in the halted world, floor by floor from the lowest: what was half-done becomes
 *             whole, by the evidence that it left. Needs no lock, and ends by freeing the floor's.
 *   reap…     in the running world: what the dead thread owned is given back, through floors whose
 *             locks the living may hold.
 *
 * Who recovers may die at any step; the next one looks at what is there, and does the rest.
 */
import { selfSlot } from '../base/env';
import { ERR_BUSY } from '../base/fault';
import { Slot } from '../base/layout';
import { reapQueues, repairQueues } from '../cache/eviction/recover';
import { dropLeases, repairLeases } from '../cache/lease';
import { giveTurn } from '../cache/turn';
import { repairCompaction } from '../compact/recover';
import { leaveFrames, repairFrames } from '../frames/recover';
import { freeLargeOf } from '../memdesc/large-scratch';
import { repairPages } from '../memdesc/recover';
import { dropPages, dropScratch, ownPages } from '../memdesc/thread-pages';
import { repairTypes } from '../memdesc/user-type';
import { repairLimbo } from '../reclaim/recover';
import { leaveSlab } from '../slab/drain';
import { reapUnpublished, repairSlab } from '../slab/recover';
import { isInChain } from '../store/chain';
import { reapDeferred } from '../store/deferred';
import { dropDraft } from '../store/entry';
import { repairStore } from '../store/recover';
import { assertHalted } from '../thread/context';
import { tellDeath } from '../thread/deaths';
import { breakLock, lock, unlock } from '../thread/lock';
import { markSlotDead, releaseSlot } from '../thread/membership';
import { highestSlot, SLOT_DEAD, slotOf, slotState, THREADS_LOCK } from '../thread/slot';
import { endStopOf, enterHalted, resumeWorld } from '../thread/stop';
import { forgetSupervisor } from '../thread/supervision';
import { ownCellOf, reapZsmalloc } from '../zsmalloc/reap';
import { repairReplaced, repairZsmalloc } from '../zsmalloc/recover';
import { reapCompaction } from './recover-compaction';
import { reapPins, repairPins } from './recover-pins';

/**
 * Repairs what dead threads left half-done, then gives back what they owned. Begins the call.
 *
 * @returns how many there were; or ERR_BUSY, and the call is over: try again when other news came
 */
export function recoverDead(operation: u32): i32 {
  if (!enterHalted(operation)) return ERR_BUSY;
  repairDead();
  resumeWorld();
  return i32(reapDead());
}

/** Everybody who is dead by now. */
export function repairDead(): void {
  assertHalted();
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    if (slotState(slot) != SLOT_DEAD) continue;
    repairLowerFloors(slot);
    // After the slab: an entry of the ledger may name what is no descriptor.
    repairPins(slot);
    repairUpperFloors(slot);
    slotOf(slot).repaired = 1;
  }
}

/**
 * Those below the pins, lowest first. Each repair may have been begun by somebody who died, and
 * ends by freeing the floor's lock.
 */
export function repairLowerFloors(slot: Slot): void {
  assertHalted();
  // All stocks go into the trees: from here on a bit without a word is lost property.
  repairFrames(slot);
  // Gives that back, finishes frees, and counts the counters again.
  repairPages(slot);
  // Before the slab, which would take the cell that an overwrite had at hand for a lost one.
  repairReplaced(slot);
  // From here on the answer of `isObject` may be believed.
  repairSlab(slot);
  // Before zsmalloc: what a list has already the thread's state must not name any more.
  repairLimbo(slot);
  repairZsmalloc(slot);
  breakLock(THREADS_LOCK, slot);
  repairTypes(slot);
}

/** Compaction and the cache. After the pins: what a mover had frozen is counted by now. */
export function repairUpperFloors(slot: Slot): void {
  assertHalted();
  repairCompaction(slot);
  repairLeases(slot);
  repairStore(slot);
  repairQueues(slot);
}

/**
 * In the running world: debts are paid through the floors, whose locks the living may hold. Not of
 * who was marked dead meanwhile: whoever did that repairs first. Who dies here leaves the rest to
 * the next.
 */
export function reapDead(): u32 {
  let recovered: u32 = 0;
  lock(THREADS_LOCK);
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    if (slotState(slot) != SLOT_DEAD || slotOf(slot).repaired == 0) continue;
    reapPins(slot);
    reapCompaction(slot);
    reapUnpublished(slot);
    reapZsmalloc(slot, isInChain(slotOf(slot).draftHead, ownCellOf(slot)));
    reapQueues(slot);
    const pages = ownPages(slotOf(slot));
    returnOwned(slot);
    tellDeath(slot, pages);
    releaseSlot(slot);
    recovered++;
  }
  unlock(THREADS_LOCK);
  return recovered;
}

/** Gives back what a thread owns between two calls: of one that leaves, or of a dead one. */
export function returnOwned(slot: Slot): void {
  dropDraft(slotOf(slot));
  dropLeases(slot);
  giveTurn(slot);
  reapDeferred(slot);
  freeLargeOf(slot);
  dropScratch(slotOf(slot));
  if (slot == selfSlot()) {
    leaveSlab();
    leaveFrames();
  }
  dropPages(slotOf(slot));
  endStopOf(slot);
}

/**
 * Makes the memory of a loaded image usable: the world was stopped when it was copied, and its
 * threads are gone. `recoverDead` then gives back what they owned.
 */
export function adoptImage(): void {
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    markSlotDead(slot);
    endStopOf(slot);
  }
  forgetSupervisor();
}
