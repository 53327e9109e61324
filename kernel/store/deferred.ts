/**
 * Deferred entries: what a thread took out of the index waits for its grace period in a ring of its
 * own, and after it for being used again.
 *
 * The ring stands on the page of the thread's state, which it has as long as its slot: who comes to
 * a full cache evicts before it has any scratch. Its words stand in the thread's journal, which is
 * never given back. Nothing is written into entries to let them wait.
 *
 *   record    first object of an entry's chain:29 (0–28, address >> 3) · its zspage:27 (29–55,
 *             address >> 5) · KIND:8 (56–63), of its size class; 0 = a chain of several. 0 in all =
 *             a hole: it was used again
 *   head      next to be freed                      ring lock: whoever drains, of any thread
 *   closed    end of those that wait, or are done   ring lock; loaded by its thread
 *   closedAt  epoch at which their period began; 0  ring lock
 *             = it was seen to be over
 *   tail      end of all                            its thread; loaded by who drains
 *   head ≤ closed ≤ tail ≤ head + RING
 * They are counts; a record's place is its count modulo RING. Its own thread adds without a lock;
 * whoever frees, its thread or one that is short of memory, has the lock. Nobody waits for it to
 * free, but a thread whose ring is full: what it added would go over the oldest record.
 *
 * *Used again* is an object that is done when its thread writes one of the same class: its cell and
 * its slot stay, so neither slab nor zspage is changed. Where values are overwritten, or driven
 * out, by such as are as long, most are found. What is left when the next ones are closed is freed.
 *
 * Readers look at no word of the ring. One has an entry's address from a cell of the index, in a
 * section, and does not look again: so what was published waits, whoever took it out and why. The
 * cell was changed before the record was added, and `closedAt` begins after that: who entered later
 * cannot find it, and who entered before holds the period up.
 *
 * A handle that is freed, or used again, goes over to the `doomed` of who does that, and then
 * leaves the ring: a survivor that finds it in both takes it out of the ring (recover.ts).
 */
import { selfSlot } from '../base/env';
import { FAULT_LIMBO, fail } from '../base/fault';
import { RING } from '../base/geometry';
import { Cell, Handle, Slot } from '../base/layout';
import {
  loadCell,
  loadWord,
  peekCell,
  peekWord,
  pokeCell,
  storeCell,
  storeWord,
} from '../base/words';
import { assertHalted, assertLocked, assertLockedOrHalted, assertOutside } from '../thread/context';
import { endDefer, LIMBO_VALUE } from '../thread/limbo';
import { lock, tryLock, unlock } from '../thread/lock';
import { beginGracePeriod, isQuiescent, renewSection } from '../thread/rcu';
import { highestSlot } from '../thread/slot';
import { zsBeginDefer, zsRenew } from '../zsmalloc/alloc';
import { zsTouch } from '../zsmalloc/object';
import { classFor } from '../zsmalloc/size-class';
import { STATE_BYTES, threadStateOf } from '../zsmalloc/thread-state';
import { zspageClass } from '../zsmalloc/zspage';
import { releaseDoomed } from './chain';
import { touchEntry } from './directory';
import { keyHash } from './entry-head';
import { Journal, journalOf, selfJournal, storeState } from './journal';

const ZSPAGE_SHIFT: u64 = 29;
const KIND_SHIFT: u64 = 56;
const KINDS: u32 = 255;
/** Thread-local: a sum of what was loaded ahead, lest the loads be left out. */
let warmth: u32 = 0;

export function ringLockAt(slot: Slot): usize {
  return changetype<usize>(journalOf(slot)) + offsetof<Journal>('ringLock');
}

function headAt(slot: Slot): usize {
  return changetype<usize>(journalOf(slot)) + offsetof<Journal>('ringHead');
}

function tailAt(slot: Slot): usize {
  return changetype<usize>(journalOf(slot)) + offsetof<Journal>('ringTail');
}

function closedAt(slot: Slot): usize {
  return changetype<usize>(journalOf(slot)) + offsetof<Journal>('ringClosed');
}

function recordAt(slot: Slot, count: u32): usize {
  return threadStateOf(slot) + STATE_BYTES + (count & (RING - 1)) * 8;
}

function handleIn(record: Cell): u32 {
  return u32(record & 0x1fff_ffff) << 3;
}

function zspageIn(record: Cell): u32 {
  return u32((record >> ZSPAGE_SHIFT) & 0x7ff_ffff) << 5;
}

/** Objects of one class are of one kind; some few classes share one. */
function kindOf(sizeClass: u32): u32 {
  return (sizeClass % KINDS) + 1;
}

/** Records in a slot's ring, holes included. */
export function deferredIn(slot: Slot): u32 {
  return loadWord(tailAt(slot)) - loadWord(headAt(slot));
}

/** Those of them that this thread has added since the others were closed. */
export function openEntries(): u32 {
  return peekWord(tailAt(selfSlot())) - loadWord(closedAt(selfSlot()));
}

/** The i-th entry in a slot's ring, 0 = a hole. */
export function deferredEntry(slot: Slot, i: u32): u32 {
  assertLockedOrHalted(ringLockAt(slot));
  return handleIn(peekCell(recordAt(slot, peekWord(headAt(slot)) + i)));
}

/** Entries in all rings: a momentary figure. */
export function deferredCount(): u32 {
  if (storeState().top == 0) return 0;
  let count: u32 = 0;
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    // In this order: what is freed meanwhile does not make the head pass the tail.
    const head = loadWord(headAt(slot));
    const waiting = min(loadWord(tailAt(slot)) - head, RING);
    for (let i: u32 = 0; i < waiting; i++) {
      if (loadCell(recordAt(slot, head + i)) != 0) count++;
    }
  }
  return count;
}

/** Whether a slot's counts are in their order. */
export function isRingSound(slot: Slot): bool {
  assertLockedOrHalted(ringLockAt(slot));
  const head = peekWord(headAt(slot));
  const waiting = loadWord(tailAt(slot)) - head;
  return waiting <= RING && peekWord(closedAt(slot)) - head <= waiting;
}

/** To be called before a ring is gone through: one that is damaged may have no end. */
function failIfUnsound(slot: Slot): void {
  if (!isRingSound(slot)) fail(FAULT_LIMBO, slot);
}

/** Whether this thread may take one more entry out. */
export function hasRingRoom(): bool {
  return deferredIn(selfSlot()) < RING;
}

/** Whether no reader can have what this thread has closed last. */
export function isRingDone(): bool {
  const epoch = selfJournal().ringClosedAt;
  return epoch == 0 || isQuiescent(epoch);
}

function assertRingRoom(): void {
  if (!hasRingRoom()) unreachable();
}

/**
 * Lets an entry that this thread has taken out wait. There is room.
 *
 * @param zspage  of its first object
 * @param payload  bytes of its only object; 0 = it has several
 */
export function deferEntry(handle: Handle, zspage: u32, payload: u32): void {
  assertRingRoom();
  const tail = peekWord(tailAt(selfSlot()));
  const kind = payload == 0 ? 0 : kindOf(classFor(payload));
  const place = u64(handle >> 3) | (u64(zspage >> 5) << ZSPAGE_SHIFT);
  // Plainly: nobody looks beyond the tail.
  pokeCell(recordAt(selfSlot(), tail), place | (u64(kind) << KIND_SHIFT));
  storeWord(tailAt(selfSlot()), tail + 1);
}

/**
 * Makes an object that this thread has taken out, and that no reader can have any more, an
 * UNPUBLISHED one of `payload` bytes.
 *
 * @param keyBytes  of the key in the scratch, whose entry is likely to be replaced
 * @returns its handle; 0 = there is none of that class
 */
export function reuseDeferred(payload: u32, keyBytes: u32): u32 {
  const slot = selfSlot();
  if (deferredIn(slot) == openEntries() || !tryLock(ringLockAt(slot))) return 0;
  failIfUnsound(slot);
  const isDone = isRingDone();
  // That stays so: the next sets need not load what other threads store with each call.
  if (isDone) selfJournal().ringClosedAt = 0;
  const at = isDone ? findDone(slot, classFor(payload)) : 0;
  const handle = at == 0 ? 0 : handleIn(peekCell(at));
  if (at != 0) {
    const zspage = zspageIn(peekCell(at));
    loadAhead(handle, payload, keyBytes);
    selfJournal().doomed = handle;
    storeCell(at, 0);
    if (at == recordAt(slot, peekWord(headAt(slot)))) skipFirst(slot);
    zsRenew(handle, zspage, payload);
    // A survivor knows it by the thread's state from now on, as any that is being written.
    selfJournal().doomed = 0;
  }
  unlock(ringLockAt(slot));
  return handle;
}

/**
 * Loads what a set takes and what it replaces. They are cold, and far from each other: here they
 * come all at a time, while each of the locked instructions that follow would wait for one.
 */
function loadAhead(handle: Handle, payload: u32, keyBytes: u32): void {
  const hash = keyHash(keyBytes);
  renewSection();
  // The longest way first.
  warmth += touchEntry(hash) + zsTouch(handle, payload);
}

/** Address of the first record of a class among those that are done, or 0. */
function findDone(slot: Slot, sizeClass: u32): usize {
  assertLocked(ringLockAt(slot));
  const kind = kindOf(sizeClass);
  for (let i = peekWord(headAt(slot)), end = peekWord(closedAt(slot)); i != end; i++) {
    const record = peekCell(recordAt(slot, i));
    if (u32(record >> KIND_SHIFT) != kind) continue;
    if (zspageClass(zspageIn(record)) == sizeClass) return recordAt(slot, i);
  }
  return 0;
}

/**
 * Frees what is done in a slot's ring, and lets the rest begin to wait.
 *
 * @returns entries freed; 0 also when somebody else is at it
 */
export function drainRing(slot: Slot): u32 {
  assertOutside();
  if (deferredIn(slot) == 0 || !tryLock(ringLockAt(slot))) return 0;
  failIfUnsound(slot);
  const ring = journalOf(slot);
  const closed = peekWord(closedAt(slot));
  let freed: u32 = 0;
  if (closed != peekWord(headAt(slot)) && isQuiescent(ring.ringClosedAt)) {
    while (peekWord(headAt(slot)) != closed) if (freeFirst(slot)) freed++;
  }
  const tail = loadWord(tailAt(slot));
  if (peekWord(headAt(slot)) == closed && tail != closed) {
    ring.ringClosedAt = beginGracePeriod();
    storeWord(closedAt(slot), tail);
  }
  unlock(ringLockAt(slot));
  return freed;
}

/** Frees the first of a ring. @returns whether it was no hole */
function freeFirst(slot: Slot): bool {
  const handle = deferredEntry(slot, 0);
  selfJournal().doomed = handle;
  skipFirst(slot);
  releaseDoomed(selfJournal());
  return handle != 0;
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
  failIfUnsound(slot);
  while (deferredIn(slot) != 0) freeFirst(slot);
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
  failIfUnsound(slot);
  while (deferredIn(slot) != 0) {
    const handle = deferredEntry(slot, 0);
    if (handle != 0) zsBeginDefer(LIMBO_VALUE, handle);
    skipFirst(slot);
    if (handle != 0) endDefer();
  }
  unlock(ringLockAt(slot));
}

/** Takes what is `doomed` already out of a ring. */
export function skipDoomed(slot: Slot, doomed: u32): void {
  assertHalted();
  if (doomed == 0) return;
  failIfUnsound(slot);
  const tail = peekWord(tailAt(slot));
  for (let at = peekWord(headAt(slot)); at != tail; at++) {
    if (handleIn(peekCell(recordAt(slot, at))) == doomed) storeCell(recordAt(slot, at), 0);
  }
}

/** Forgets the first of a ring, which stands elsewhere. */
export function skipFirst(slot: Slot): void {
  assertLockedOrHalted(ringLockAt(slot));
  const head = peekWord(headAt(slot));
  if (peekWord(closedAt(slot)) == head) storeWord(closedAt(slot), head + 1);
  storeWord(headAt(slot), head + 1);
}

/** Whether an entry waits in a slot's ring. */
export function isDeferredIn(slot: Slot, handle: Handle): bool {
  assertHalted();
  failIfUnsound(slot);
  for (let i: u32 = 0, end = deferredIn(slot); i < end; i++) {
    if (deferredEntry(slot, i) == handle) return true;
  }
  return false;
}
