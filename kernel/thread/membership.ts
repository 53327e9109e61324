/**
 * Membership: who comes, who is dead, who leaves. The moves of a slot's identity (slot.ts).
 *
 *   claimSlot     FREE → LIVE   attach, unless the zone was closed meanwhile (zone/recycle.ts)
 *   markDead      LIVE → DEAD   whoever has proof
 *   releaseSlot   LIVE → FREE, DEAD → FREE   when the last debt is paid
 *   abandonSlot   LIVE → FREE   of a poisoned zone, which takes nothing back
 *
 * Each is one compare-and-swap of the identity: of two who try one wins, and the other's is undone,
 * or done already.
 */
import { selfSlot, setSelfSlot } from '../base/env';
import { ERR_NO_SLOT, ERR_NOT_A_ZONE } from '../base/fault';
import { MAX_SLOT, SLOT_BYTES, Slot, SUPERBLOCK, THREADS_STATE, ZONE_MAGIC } from '../base/layout';
import { casCell, casWord, loadCell, loadWord, storeCell, storeWord } from '../base/words';
import {
  clearInKernel,
  highestSlot,
  SLOT_DEAD,
  SLOT_FREE,
  SLOT_LIVE,
  slotAt,
  slotOf,
  slotState,
  ThreadSlot,
  ThreadsState,
} from './slot';
import { wakeStopper } from './stop';

/**
 * Takes a free slot for the thread that the outside knows as `owner` (1 … 2^32 − 1).
 *
 * @returns the slot, or ERR_NO_SLOT; ERR_NOT_A_ZONE when the zone was closed meanwhile
 * (zone/recycle.ts) Cost: one load for each slot in use, two compare-and-swaps.
 */
export function claimSlot(owner: u32): i32 {
  for (let slot: Slot = 1; slot <= MAX_SLOT; slot++) {
    const seen = loadCell(slotAt(slot));
    if ((u32(seen) & 3) != SLOT_FREE) continue;
    const generation = (u32(seen) >> 2) + 1;
    const claimed = (u64(owner) << 32) | u64((generation << 2) | SLOT_LIVE);
    // First, so that no slot is ever live and beyond every scan.
    raiseHighest(slot);
    // Losing means that another thread took this slot: the scan goes on to the next.
    if (casCell(slotAt(slot), seen, claimed) != seen) continue;
    if (!isOpen() || loadCell(slotAt(slot)) != claimed) return backOff(slot, claimed);
    setSelfSlot(slot);
    return i32(slot);
  }
  return ERR_NO_SLOT;
}

/**
 * Gives back what was claimed while the zone was being closed; in its next life it is another's.
 */
function backOff(slot: Slot, claimed: u64): i32 {
  casCell(slotAt(slot), claimed, u64(u32(claimed) & ~3));
  return ERR_NOT_A_ZONE;
}

/** Whether the zone may be attached to. Loaded after the claim: see zone/recycle.ts. */
function isOpen(): bool {
  return loadWord(SUPERBLOCK) == ZONE_MAGIC;
}

/** Gives up the slot of a poisoned zone, which takes nothing else back. */
export function abandonSlot(): void {
  const seen = loadCell(slotAt(selfSlot()));
  clearInKernel(selfSlot());
  casCell(slotAt(selfSlot()), seen, u64(u32(seen) & ~3));
  setSelfSlot(0);
}

/**
 * Empties the table for the zone's next life. Nobody is attached; a thread that tries to meanwhile
 * moves identities, so these are stored atomically, and `highest`, a bound, stays.
 */
export function wipeSlots(): void {
  const state = THREADS_STATE;
  const rest = u32(offsetof<ThreadSlot>('page'));
  storeWord(state + offsetof<ThreadsState>('lock'), 0);
  storeWord(state + offsetof<ThreadsState>('stop'), 0);
  storeCell(state + offsetof<ThreadsState>('supervisor'), 0);
  for (let slot: Slot = 0; slot <= MAX_SLOT; slot++) {
    const at = slotAt(slot);
    if (slot != 0 && slotState(slot) != SLOT_FREE) storeCell(at, u64(u32(loadCell(at)) & ~3));
    if (slot != 0) clearInKernel(slot);
    memory.fill(at + rest, 0, SLOT_BYTES - rest);
  }
}

/** Every failed compare-and-swap means that another thread raised the word: at most 255 rounds. */
function raiseHighest(slot: Slot): void {
  const at = THREADS_STATE + offsetof<ThreadsState>('highest');
  let seen = loadWord(at);
  while (seen < slot) {
    const found = casWord(at, seen, slot);
    if (found == seen) return;
    seen = found;
  }
}

/**
 * Marks every slot of `owner` DEAD; the caller has proof that none of its code runs any more.
 *
 * @returns the number of slots that this call moved
 */
export function markDead(owner: u32): u32 {
  let moved: u32 = 0;
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    const seen = loadCell(slotAt(slot));
    if ((u32(seen) & 3) != SLOT_LIVE || u32(seen >> 32) != owner) continue;
    const dead = (seen & ~u64(3)) | u64(SLOT_DEAD);
    // Else another survivor was faster, and may be emptying the slot.
    if (casCell(slotAt(slot), seen, dead) == seen) moved++;
  }
  return moved;
}

/** Marks a slot of a loaded image dead: whatever its thread was doing, it will not go on. */
export function markSlotDead(slot: Slot): void {
  const seen = loadCell(slotAt(slot));
  if ((u32(seen) & 3) == SLOT_LIVE) storeCell(slotAt(slot), (seen & ~u64(3)) | u64(SLOT_DEAD));
  clearInKernel(slot);
}

/** Empties a slot whose debts are paid: one's own, or a dead one with the threads lock held. */
export function releaseSlot(slot: Slot): void {
  slotOf(slot).readLeft = 0;
  slotOf(slot).repaired = 0;
  clearInKernel(slot);
  wakeStopper();
  // Publishes the emptied slot to the next claimSlot; the generation stays. Losing means that
  // somebody took us for dead: then the recoverer does this again.
  const seen = loadCell(slotAt(slot));
  casCell(slotAt(slot), seen, u64(u32(seen) & ~3));
}
