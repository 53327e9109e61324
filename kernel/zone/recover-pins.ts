/**
 * What dead threads' ledgers lead to, and this thread's own when a call of it was cut short.
 *
 * Two steps. *In the halted world* every descriptor that a dead ledger names is counted anew, and a
 * split that was under way is finished: neither needs a lock. What then is still the dead thread's
 * (frozen, unpublished, being freed, locked) keeps its entry, and no living thread touches it. *In
 * the running world* that is freed or unlocked, through floors whose locks the living may hold. Who
 * recovers may die at any step: each looks at what is there and does the rest.
 *
 * A living thread does the same with its own ledger (unwound.ts), except that the user's pins, and
 * the locks that go with them, stay.
 */

import { selfSlot } from '../base/env';
import { Desc, Slot } from '../base/layout';
import { loadWord } from '../base/words';
import { isFolioType } from '../folio/folio';
import { dropReserve, finishDeadShrink, finishDeadSplit } from '../folio/split';
import { breakDescLock, lockOwner, unlockDesc } from '../memdesc/desc-lock';
import {
  COUNT_MASK,
  flagsAt,
  headerOf,
  holderOf,
  isFrozenBy,
  recount,
  refsAt,
  takeForFree,
  typeOf,
  UNPUBLISHED,
} from '../memdesc/header';
import { unfreeze } from '../memdesc/pin';
import {
  anyNoted,
  clearEntry,
  closeGaps,
  isPin,
  LEDGER_ENTRIES,
  ledgerEntry,
  pinsOf,
  resetLedger,
  strikeNote,
  subjectOf,
} from '../memdesc/pin-ledger';
import { TYPE_ZSPAGE } from '../memdesc/type';
import { isInLimbo } from '../reclaim/recover';
import { isDescriptor } from '../slab/kmem-cache';
import { assertHalted } from '../thread/context';
import { LIMBO_ZSPAGE } from '../thread/limbo';
import { OP_LOCK, OP_PUT } from '../thread/operations';
import { highestSlot, isAlive, OPERATION_NUMBER, operationOf } from '../thread/slot';
import { releaseDesc, takeOver } from './release';

/** First step: afterwards the ledger names only what is still the dead thread's. */
export function repairPins(slot: Slot): void {
  assertHalted();
  for (let index: u32 = 0; index < LEDGER_ENTRIES; index++) {
    const desc = ledgerEntry(slot, index);
    if (desc == 0) continue;
    if (isNamedBefore(slot, index, desc) || !isLeft(desc, slot)) clearEntry(slot, index);
  }
}

function isNamedBefore(slot: Slot, index: u32, desc: Desc): bool {
  for (let before: u32 = 0; before < index; before++) {
    if (ledgerEntry(slot, before) == desc) return true;
  }
  return false;
}

/**
 * Counts a descriptor anew, finishes its split, frees its lock.
 *
 * @returns whether it still is the dead thread's: frozen or unpublished, or locked with a reserve
 */
function isLeft(desc: Desc, slot: Slot): bool {
  if (!isDescriptor(desc)) return false;
  const refs = loadWord(refsAt(desc));
  const wasIts = isFrozenBy(desc, slot);
  const isUnpublished = (refs & UNPUBLISHED) != 0 && holderOf(refs) == slot;
  if (isUnpublished || (wasIts && (refs & COUNT_MASK) == 0)) {
    const isDeferred = typeOf(desc) == TYPE_ZSPAGE && isInLimbo(LIMBO_ZSPAGE, desc);
    return !isDeferred && !isReserved(desc);
  }
  if ((refs & UNPUBLISHED) != 0) return false;
  const isOver = recount(desc, pinsOf(desc), slot);
  if (wasIts && isFolioType(typeOf(desc))) finishDeadSplit(desc, slot);
  if (slot != selfSlot() && lockOwner(loadWord(flagsAt(desc))) == slot) {
    // A zspage has no reserve: its link is of its list.
    if (!isFolioType(typeOf(desc)) || headerOf(desc).link == 0) breakDescLock(desc);
    // Of two dead threads the one that locked it for a split frees it: its reserve goes first.
    else if (isOver) takeForFree(desc, slot);
    else return true;
  }
  return isFrozenBy(desc, slot);
}

/**
 * Whether a split of a dead thread has the descriptor in reserve, which is then freed as a whole.
 */
function isReserved(desc: Desc): bool {
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    if (isAlive(slot)) continue;
    for (let index: u32 = 0; index < LEDGER_ENTRIES; index++) {
      const owner = ledgerEntry(slot, index);
      if (owner == 0 || headerOf(owner).link != desc) continue;
      if (lockOwner(loadWord(flagsAt(owner))) == slot) return true;
    }
  }
  return false;
}

/**
 * Second step, world running: gives back what the ledger still names. What is to be freed goes over
 * to this thread's ledger first, so no entry ever names what somebody else may have by now.
 */
export function reapPins(slot: Slot): void {
  for (let index: u32 = 0; index < LEDGER_ENTRIES; index++) {
    const desc = ledgerEntry(slot, index);
    if (desc == 0) continue;
    const isOver = settle(desc, slot, true);
    if (isOver) takeOver(desc);
    clearEntry(slot, index);
    if (isOver) releaseDesc(desc);
  }
}

/**
 * Ends what a thread was doing with a descriptor.
 *
 * @param unlocks  whether a lock that the thread has on it goes as well
 * @returns whether nothing keeps it now
 */
function settle(desc: Desc, slot: Slot, unlocks: bool): bool {
  const refs = loadWord(refsAt(desc));
  const isFolio = isFolioType(typeOf(desc));
  const isFrozen = isFrozenBy(desc, slot);
  if (isFolio && (refs & UNPUBLISHED) == 0) dropReserve(desc);
  if (isFolio && isFrozen) finishDeadShrink(desc);
  if (unlocks && lockOwner(loadWord(flagsAt(desc))) == slot) breakDescLock(desc);
  return (refs & UNPUBLISHED) != 0 || (isFrozen && unfreeze(desc));
}

/** First step for this thread, whose call was cut short. */
export function repairOwnLedger(): void {
  assertHalted();
  const slot = selfSlot();
  const operation = operationOf(slot) & OPERATION_NUMBER;
  const locking = operation == OP_LOCK ? subjectOf() : 0;
  resetLedger(operation == OP_PUT);
  // Nobody was told that it has the lock.
  if (locking != 0 && lockOwner(loadWord(flagsAt(locking))) == slot) unlockDesc(locking);
  for (let index: u32 = 0; index < LEDGER_ENTRIES; index++) {
    const desc = ledgerEntry(slot, index);
    if (desc == 0) continue;
    const isNeeded = isPin(slot, index);
    const isRepeated = !isNeeded && isNamedBefore(slot, index, desc);
    if (!isRepeated && isLeft(desc, slot)) continue;
    if (!isNeeded) clearEntry(slot, index);
  }
}

/**
 * Second step for this thread, world running: afterwards its ledger holds the user's pins alone.
 */
export function reapOwnLedger(): void {
  const slot = selfSlot();
  for (let index: u32 = 0; index < LEDGER_ENTRIES; index++) {
    const desc = isPin(slot, index) ? ledgerEntry(slot, index) : 0;
    if (desc != 0 && isInHand(desc, slot)) settle(desc, slot, false);
  }
  for (let desc = anyNoted(); desc != 0; desc = anyNoted()) {
    const isOver = settle(desc, slot, false);
    if (isOver) takeForFree(desc, slot);
    if (isOver) releaseDesc(desc);
    else strikeNote(desc);
  }
  closeGaps();
}

/** Whether a split or a shrink of this thread had begun with what its user has pinned. */
function isInHand(desc: Desc, slot: Slot): bool {
  if (isFrozenBy(desc, slot)) return true;
  const isLocked = lockOwner(loadWord(flagsAt(desc))) == slot;
  return isLocked && isFolioType(typeOf(desc)) && headerOf(desc).link != 0;
}
