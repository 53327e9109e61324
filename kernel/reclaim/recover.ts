/**
 * What a survivor does for a thread that died with something on its way into limbo or out of it.
 *
 * Roles: the *dead* was a deferrer, who puts in, or a taker, who frees what it took out
 * (thread/limbo.ts); the *survivor* sees to it that each object stands in one place.
 *
 *   the dead had the lock   a bag may be half changed: the steps that are undone, and why that is
 *                           right, stand in thread/limbo.ts; then it is counted anew
 *   in `ripe` of its slot   what it had taken out and not freed waits once more
 *   in its thread state     an object that a list has already is the list's
 *   in its ring             likewise
 *
 * For example, a taker of two values:
 *   dead      has taken them: `ripe` b→a
 *   dead      names b in its journal as doomed, and dies: b stands in two places
 *   survivor  b is the journal's, and whoever reads that frees it: `ripe` a
 *   survivor  puts a back into the bag: filling a
 * Had it died a step later, with `ripe` a, there would be nothing to skip.
 *
 * World halted; before zsmalloc's repair, which goes by the thread state. Each step may be done
 * twice, because the survivor may die as well.
 */
import { LIMBO_STATE, Slot } from '../base/layout';
import { peekWord, pokeWord } from '../base/words';
import { holderOf, refsAt } from '../memdesc/header';
import { deferredEntry, deferredIn, ringLockAt, skipFirst } from '../store/deferred';
import { journalOf, storeState } from '../store/journal';
import { assertHalted } from '../thread/context';
import {
  Bag,
  bag,
  LIMBO_KINDS,
  LIMBO_OBJECT,
  LIMBO_VALUE,
  LIMBO_ZSPAGE,
  setFillingCount,
  setRipeningCount,
} from '../thread/limbo';
import { breakLock, isLockOf } from '../thread/lock';
import { highestSlot, slotOf } from '../thread/slot';
import { asThreadState, ThreadState, threadStateOf } from '../zsmalloc/thread-state';
import { linkOf } from './reclaim';

/** Repairs limbo after the death of `slot`. */
export function repairLimbo(slot: Slot): void {
  if (isLockOf(LIMBO_STATE, slot)) {
    for (let kind: u32 = 0; kind < LIMBO_KINDS; kind++) repairBag(slot, kind);
  }
  if (threadStateOf(slot) != 0) {
    const thread = asThreadState(threadStateOf(slot));
    if (slotOf(slot).ripe != 0) skipFirstTaken(slot, thread);
    if (isInLimbo(LIMBO_ZSPAGE, thread.retired)) thread.retired = 0;
    if (isInLimbo(LIMBO_OBJECT, thread.ownCell)) thread.ownCell = 0;
  }
  if (slotOf(slot).ripe != 0) skipDoomedValue(slot);
  if (slotOf(slot).ripe != 0) putBack(slot);
  repairRings(slot);
  breakLock(LIMBO_STATE, slot);
}

/** The first of the ripe entries is being freed already. */
function skipDoomedValue(slot: Slot): void {
  const self = slotOf(slot);
  if (self.ripeKind != LIMBO_VALUE || journalOf(slot).doomed != self.ripe) return;
  self.ripe = nextOf(LIMBO_VALUE, self.ripe);
}

/** What the dead moved from a ring into limbo stands there alone. */
function repairRings(slot: Slot): void {
  if (storeState().top == 0) return;
  for (let other: u32 = 1, end = highestSlot(); other <= end; other++) {
    if (!isLockOf(ringLockAt(other), slot) || deferredIn(other) == 0) continue;
    if (isInLimbo(LIMBO_VALUE, deferredEntry(other, 0))) skipFirst(other);
  }
}

/** Whether an object waits in limbo. Nobody is in a bag. */
export function isInLimbo(kind: u32, object: u32): bool {
  assertHalted();
  if (object == 0) return false;
  const from = bag(kind);
  return isOnList(kind, from.filling, object) || isOnList(kind, from.ripening, object);
}

function isOnList(kind: u32, first: u32, object: u32): bool {
  let at = first;
  while (at != 0 && at != object) at = nextOf(kind, at);
  return at != 0;
}

function nextOf(kind: u32, object: u32): u32 {
  return peekWord(linkOf(kind, object));
}

function repairBag(slot: Slot, kind: u32): void {
  const from = bag(kind);
  const self = slotOf(slot);
  if (self.ripe != 0 && self.ripeKind == kind && from.ripening == self.ripe) self.ripe = 0;
  if (from.ripening == from.filling) from.ripening = 0;
  recount(kind, from);
}

function recount(kind: u32, from: Bag): void {
  setFillingCount(from, lengthOf(kind, from.filling));
  setRipeningCount(from, lengthOf(kind, from.ripening));
}

function lengthOf(kind: u32, first: u32): u32 {
  let length: u32 = 0;
  for (let at = first; at != 0; at = nextOf(kind, at)) length++;
  return length;
}

/** The first of the ripe objects has gone over to the thread state already. */
function skipFirstTaken(slot: Slot, thread: ThreadState): void {
  const self = slotOf(slot);
  const isZspage = self.ripeKind == LIMBO_ZSPAGE && holderOf(peekWord(refsAt(self.ripe))) == slot;
  const isTaken = isZspage
    ? thread.retired == self.ripe
    : self.ripeKind == LIMBO_OBJECT && thread.ownCell == self.ripe;
  if (isTaken) self.ripe = nextOf(self.ripeKind, self.ripe);
}

/** Puts what is left of the ripe objects before those that fill the bag. */
function putBack(slot: Slot): void {
  const self = slotOf(slot);
  const kind = self.ripeKind;
  const into = bag(kind);
  let last = self.ripe;
  // A recoverer that died may have linked the two lists, or have stored the first object as well.
  while (last != into.filling && nextOf(kind, last) != 0 && nextOf(kind, last) != into.filling) {
    last = nextOf(kind, last);
  }
  if (last != into.filling) {
    pokeWord(linkOf(kind, last), into.filling);
    into.filling = self.ripe;
  }
  recount(kind, into);
  self.ripe = 0;
}
