/**
 * Deferred entries: what a thread took out of the index waits for its grace period in a ring of its
 * own.
 *
 * The ring's handles stand on the page of the thread's state, which it has as long as its slot: who
 * comes to a full cache evicts before it has any scratch. Its words stand in the thread's journal,
 * which is never given back. A handle is the first of an entry's chain: nothing
 * is written into entries to let them wait.
 *
 *   head      next to be freed                      ring lock: whoever drains, of any thread
 *   closed    end of those that wait                ring lock
 *   closedAt  epoch at which their period began     ring lock
 *   tail      end of all                            its thread; loaded by who drains
 *   head ≤ closed ≤ tail ≤ head + RING
 * They are counts; a handle's place is its count modulo RING. Its own thread adds without a lock;
 * whoever frees, its thread or one that is short of memory, has the lock. Nobody waits for it to
 * free, but a thread whose ring is full: what it added would go over the oldest handle.
 *
 * A handle that is freed goes over to the `doomed` of who frees it, and then leaves the ring: a
 * survivor that finds it in both takes it out of the ring (recover.ts).
 */
import { selfSlot } from '../base/env';
import { Handle, Slot } from '../base/layout';
import { loadWord, peekWord, pokeWord, storeWord } from '../base/words';
import { assertHalted, assertLockedOrHalted, assertOutside } from '../thread/context';
import { endDefer, LIMBO_VALUE } from '../thread/limbo';
import { lock, tryLock, unlock } from '../thread/lock';
import { beginGracePeriod, isQuiescent } from '../thread/rcu';
import { highestSlot } from '../thread/slot';
import { zsBeginDefer } from '../zsmalloc/alloc';
import { STATE_BYTES, threadStateOf } from '../zsmalloc/thread-state';
import { releaseDoomed } from './chain';
import { Journal, journalOf, selfJournal, storeState } from './journal';
import { RING } from './limits';

export function ringLockAt(slot: Slot): usize {
  return changetype<usize>(journalOf(slot)) + offsetof<Journal>('ringLock');
}

function headAt(slot: Slot): usize {
  return changetype<usize>(journalOf(slot)) + offsetof<Journal>('ringHead');
}

function tailAt(slot: Slot): usize {
  return changetype<usize>(journalOf(slot)) + offsetof<Journal>('ringTail');
}

function handleAt(slot: Slot, count: u32): usize {
  return threadStateOf(slot) + STATE_BYTES + (count & (RING - 1)) * 4;
}

/** Entries that wait in a slot's ring. */
export function deferredIn(slot: Slot): u32 {
  return loadWord(tailAt(slot)) - loadWord(headAt(slot));
}

/** The i-th entry that waits in a slot's ring. */
export function deferredEntry(slot: Slot, i: u32): u32 {
  assertLockedOrHalted(ringLockAt(slot));
  return peekWord(handleAt(slot, peekWord(headAt(slot)) + i));
}

/** Entries that wait in all rings: a momentary figure. */
export function deferredCount(): u32 {
  if (storeState().top == 0) return 0;
  let count: u32 = 0;
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) count += deferredIn(slot);
  return count;
}

/** Whether this thread may take one more entry out. */
export function hasRingRoom(): bool {
  return deferredIn(selfSlot()) < RING;
}

function assertRingRoom(): void {
  if (!hasRingRoom()) unreachable();
}

/** Lets an entry that this thread has taken out wait. There is room. */
export function deferEntry(handle: Handle): void {
  assertRingRoom();
  const tail = peekWord(tailAt(selfSlot()));
  pokeWord(handleAt(selfSlot(), tail), handle);
  storeWord(tailAt(selfSlot()), tail + 1);
}

/**
 * Frees what is done in a slot's ring, and lets the rest begin to wait.
 *
 * @returns entries freed; 0 also when somebody else is at it
 */
export function drainRing(slot: Slot): u32 {
  assertOutside();
  if (deferredIn(slot) == 0 || !tryLock(ringLockAt(slot))) return 0;
  const ring = journalOf(slot);
  let freed: u32 = 0;
  if (ring.ringClosed != peekWord(headAt(slot)) && isQuiescent(ring.ringClosedAt)) {
    for (; peekWord(headAt(slot)) != ring.ringClosed; freed++) {
      selfJournal().doomed = deferredEntry(slot, 0);
      skipFirst(slot);
      releaseDoomed(selfJournal());
    }
  }
  const tail = loadWord(tailAt(slot));
  if (peekWord(headAt(slot)) == ring.ringClosed && tail != ring.ringClosed) {
    ring.ringClosedAt = beginGracePeriod();
    ring.ringClosed = tail;
  }
  unlock(ringLockAt(slot));
  return freed;
}

/** Whether a thread that leaves has to wait for a grace period before `reapDeferred`. */
export function hasDeferred(slot: Slot): bool {
  return storeState().top != 0 && deferredIn(slot) != 0;
}

/** Frees what a thread that is gone, or leaves, had taken out; its grace period is over. */
export function reapDeferred(slot: Slot): void {
  if (storeState().top == 0) return;
  releaseDoomed(journalOf(slot));
  if (deferredIn(slot) == 0) return;
  lock(ringLockAt(slot));
  for (; deferredIn(slot) != 0; releaseDoomed(selfJournal())) {
    selfJournal().doomed = deferredEntry(slot, 0);
    skipFirst(slot);
  }
  unlock(ringLockAt(slot));
}

/**
 * Makes room in this thread's full ring while a reader stalls, or another thread drains the ring
 * and was not done yet: its entries go to limbo, where they are linked through their own words.
 */
export function spillRing(): void {
  assertOutside();
  const slot = selfSlot();
  lock(ringLockAt(slot));
  while (deferredIn(slot) != 0) {
    zsBeginDefer(LIMBO_VALUE, deferredEntry(slot, 0));
    skipFirst(slot);
    endDefer();
  }
  unlock(ringLockAt(slot));
}

/** Takes the first of a ring out if it is `doomed` already. */
export function skipDoomed(slot: Slot, doomed: u32): void {
  assertHalted();
  if (doomed == 0 || deferredIn(slot) == 0 || deferredEntry(slot, 0) != doomed) return;
  skipFirst(slot);
}

/** Forgets the first of a ring, which stands elsewhere. */
export function skipFirst(slot: Slot): void {
  assertLockedOrHalted(ringLockAt(slot));
  const head = peekWord(headAt(slot));
  if (journalOf(slot).ringClosed == head) journalOf(slot).ringClosed = head + 1;
  storeWord(headAt(slot), head + 1);
}

/** Whether an entry waits in a slot's ring. */
export function isDeferredIn(slot: Slot, handle: Handle): bool {
  assertHalted();
  for (let i: u32 = 0, end = deferredIn(slot); i < end; i++) {
    if (deferredEntry(slot, i) == handle) return true;
  }
  return false;
}
