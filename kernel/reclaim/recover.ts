/**
 * What a survivor does for a thread that died with something on its way into limbo or out of it.
 *
 * Roles: the *dead* was a deferrer, who puts in, or a taker, who frees what it took out
 * (thread/limbo.ts); the *survivor* sees to it that each object stands in one place.
 *
 *   the dead had the lock   a bag may be half changed: the steps that are undone, and why that is
 *                           right, stand in thread/limbo.ts; then it is counted anew
 *   in `done` of its slot   what it had taken out and not freed waits once more
 *   in its thread state     an object that a list has already is the list's
 *   in its ring             likewise
 *
 * For example, a taker of two values:
 *   dead      has taken them: `done` b→a
 *   dead      names b in its journal as doomed, and dies: b stands in two places
 *   survivor  b is the journal's, and whoever reads that frees it: `done` a
 *   survivor  puts a back into the bag: next a
 * Had it died a step later, with `done` a, there would be nothing to skip.
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
  setNextCount,
  setWaitingCount,
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
    if (slotOf(slot).done != 0) skipFirstTaken(slot, thread);
    if (isInLimbo(LIMBO_ZSPAGE, thread.retired)) thread.retired = 0;
    if (isInLimbo(LIMBO_OBJECT, thread.ownCell)) thread.ownCell = 0;
  }
  if (slotOf(slot).done != 0) skipDoomedValue(slot);
  if (slotOf(slot).done != 0) putBack(slot);
  repairRings(slot);
  breakLock(LIMBO_STATE, slot);
}

/** The first of the entries that are done is being freed already. */
function skipDoomedValue(slot: Slot): void {
  const self = slotOf(slot);
  if (self.doneKind != LIMBO_VALUE || journalOf(slot).doomed != self.done) return;
  self.done = nextOf(LIMBO_VALUE, self.done);
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
  return isOnList(kind, from.next, object) || isOnList(kind, from.waiting, object);
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
  if (self.done != 0 && self.doneKind == kind && from.waiting == self.done) self.done = 0;
  if (from.waiting == from.next) from.waiting = 0;
  recount(kind, from);
}

function recount(kind: u32, from: Bag): void {
  setNextCount(from, lengthOf(kind, from.next));
  setWaitingCount(from, lengthOf(kind, from.waiting));
}

function lengthOf(kind: u32, first: u32): u32 {
  let length: u32 = 0;
  for (let at = first; at != 0; at = nextOf(kind, at)) length++;
  return length;
}

/** The first of the objects that are done has gone over to the thread state already. */
function skipFirstTaken(slot: Slot, thread: ThreadState): void {
  const self = slotOf(slot);
  const isZspage = self.doneKind == LIMBO_ZSPAGE && holderOf(peekWord(refsAt(self.done))) == slot;
  const isTaken = isZspage
    ? thread.retired == self.done
    : self.doneKind == LIMBO_OBJECT && thread.ownCell == self.done;
  if (isTaken) self.done = nextOf(self.doneKind, self.done);
}

/** Puts what is left of those that are done before those that are next. */
function putBack(slot: Slot): void {
  const self = slotOf(slot);
  const kind = self.doneKind;
  const into = bag(kind);
  let last = self.done;
  // A recoverer that died may have linked the two lists, or have stored the first object as well.
  while (last != into.next && nextOf(kind, last) != 0 && nextOf(kind, last) != into.next) {
    last = nextOf(kind, last);
  }
  if (last != into.next) {
    pokeWord(linkOf(kind, last), into.next);
    into.next = self.done;
  }
  recount(kind, into);
  self.done = 0;
}
