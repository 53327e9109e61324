/**
 * Taking leases, giving them back, and what passes from who computes to those who wait.
 *
 *   begin    granted: the caller computes · another has it: the caller waits for its state word ·
 *            the table is full, or it would wait for itself
 *   commit   the value is stored, unless the lease was overtaken, or a deletion has killed what it
 *            is: then those who wait get it here
 *   fail     they get the error, as bytes
 *   end      there is nothing: they look again, or know that nothing can be had
 *   leave    a thread waits no more; the last one frees what was left for it
 *
 * A lease's number and its grant (the state under which it was granted) name it, together: who
 * comes back to a lease that is another's by now changes nothing.
 *
 * result ≠ 0: the chain is the lease's, in whatever state that is.
 *   hung    result := the draft · the draft is forgotten     dead between: the lease's
 *   freed   journal.doomed := result · result := 0           dead between: doomed
 */
import { selfSlot } from '../base/env';
import { ERR_BUSY, ERR_FULL, ERR_NEEDS_SCRATCH, ERR_NOT_FOUND } from '../base/fault';
import { Place, Slot } from '../base/layout';
import { loadWord, peekWord, storeWord } from '../base/words';
import { keyScratch } from '../memdesc/thread-pages';
import { countParts, releaseDoomed } from '../store/chain';
import { dropDraft, finishDraft } from '../store/entry';
import { extensionOf, hasKey, keyHash } from '../store/entry-head';
import { beginRead, isTooLong } from '../store/entry-read';
import { bornIn, isBorn } from '../store/extension';
import { journalOf, selfJournal } from '../store/journal';
import { breakLock, lock, unlock } from '../thread/lock';
import { selfState, slotOf } from '../thread/slot';
import { zsPlace, zsReadWord } from '../zsmalloc/object';
import { commit } from './cache';
import {
  areUsed,
  BUCKET_LEASES,
  bucketAt,
  bucketCount,
  bucketOf,
  bucketOfLease,
  clearWaiters,
  hashAt,
  hasWaiters,
  isComputing,
  isRing,
  isSameGrant,
  isWaiter,
  kindOf,
  LEASE_COMPUTING,
  LEASE_FAILED,
  LEASE_FREE,
  LEASE_RESULT,
  LEASE_STORED,
  LEASE_UNKEPT,
  leaseOf,
  moveState,
  NO_LEASE,
  nextGrant,
  noteUse,
  ownerAt,
  setWaiter,
  stateAt,
  waitsAt,
  withKind,
} from './lease-table';

/** With a lease's number: another thread has it, and the caller is noted as waiting. */
export const LEASE_TAKEN: i32 = 1 << 16;

/** Thread-local: the state under which `beginLease` has found or granted its lease. */
let grantSeen: u32 = 0;

export function lastGrant(): u32 {
  return grantSeen;
}

function lockOf(lease: u32): usize {
  return bucketAt(bucketOfLease(lease));
}

/**
 * Asks to compute the value of the key in the scratch.
 *
 * @param now, deadline  milliseconds by the clock that threads share: who has not finished by its
 *                       deadline may lose the lease
 * @param standsStill  whether this thread would do nothing else while it waits
 * @returns the lease's number; with LEASE_TAKEN: to be waited for, and left; ERR_FULL; ERR_BUSY:
 *          this thread would wait for itself
 */
export function beginLease(keyBytes: u32, now: f64, deadline: f64, standsStill: bool): i32 {
  const hash = keyHash(keyBytes);
  storeWord(waitsAt(selfSlot()), 0);
  noteUse();
  const bucket = bucketAt(bucketOf(hash));
  lock(bucket);
  let lease = findLease(hash, now);
  const isTaken = lease != NO_LEASE;
  if (!isTaken) lease = findFree(hash, now);
  if (lease == NO_LEASE) {
    unlock(bucket);
    return ERR_FULL;
  }
  const isOwn = isTaken && loadWord(ownerAt(lease)) == selfSlot();
  if (!isTaken) grant(lease, hash, deadline);
  else if (!isOwn) setWaiter(lease, selfSlot(), true);
  grantSeen = withKind(loadWord(stateAt(lease)), LEASE_COMPUTING);
  unlock(bucket);
  releaseDoomed(selfJournal());
  if (!isTaken) return lease;
  if (isOwn) return ERR_BUSY;
  if (!standsStill) return lease | LEASE_TAKEN;
  storeWord(waitsAt(selfSlot()), lease + 1);
  if (!isRing(lease)) return lease | LEASE_TAKEN;
  leaveLease(lease, grantSeen);
  return ERR_BUSY;
}

/** The lease under which a hash is being computed: not overtaken, not late. Lock: bucket. */
function findLease(hash: u32, now: f64): u32 {
  const first = bucketOf(hash) * BUCKET_LEASES;
  for (let lease = first; lease < first + BUCKET_LEASES; lease++) {
    const isIt = kindOf(loadWord(stateAt(lease))) == LEASE_COMPUTING;
    if (isIt && loadWord(hashAt(lease)) == hash && !isLate(lease, now)) return lease;
  }
  return NO_LEASE;
}

/** A place for a lease: a free one, or one whose owner is late. Lock: bucket. */
function findFree(hash: u32, now: f64): u32 {
  const first = bucketOf(hash) * BUCKET_LEASES;
  for (let lease = first; lease < first + BUCKET_LEASES; lease++) {
    const state = loadWord(stateAt(lease));
    if (kindOf(state) == LEASE_FREE || (isComputing(state) && isLate(lease, now))) return lease;
  }
  return NO_LEASE;
}

function isLate(lease: u32, now: f64): bool {
  return now > leaseOf(lease).deadline;
}

/** Makes a lease this thread's. Lock: bucket. */
function grant(lease: u32, hash: u32, deadline: f64): void {
  const state = loadWord(stateAt(lease));
  // Nobody waits for a grant that is over: the state says so.
  clearWaiters(lease);
  selfJournal().doomed = leaseOf(lease).result;
  leaseOf(lease).result = 0;
  storeWord(hashAt(lease), hash);
  storeWord(ownerAt(lease), selfSlot());
  leaseOf(lease).deadline = deadline;
  moveState(lease, nextGrant(state, LEASE_COMPUTING));
}

/** How a grant stands: LEASE_…; FREE when the lease is nobody's or another's by now. */
export function leaseKind(lease: u32, grant: u32): u32 {
  const state = loadWord(stateAt(lease));
  return isSameGrant(state, grant) ? kindOf(state) : LEASE_FREE;
}

/**
 * Ends a computation: with what its owner's draft holds (RESULT, FAILED), or without. Where nobody
 * waits it is FREE, and the draft stays the thread's.
 */
function finish(lease: u32, grant: u32, kind: u32): void {
  lock(lockOf(lease));
  if (isSameGrant(loadWord(stateAt(lease)), grant)) {
    const isWaited = kind != LEASE_FREE && hasWaiters(lease);
    if (isWaited && (kind == LEASE_RESULT || kind == LEASE_FAILED)) {
      const slot = selfState();
      leaseOf(lease).result = slot.draftHead;
      slot.draftHead = 0;
      slot.draftTail = 0;
    }
    if (isWaited) moveState(lease, withKind(grant, kind));
    else release(lease, grant);
  }
  unlock(lockOf(lease));
  releaseDoomed(selfJournal());
}

/**
 * Stores this thread's draft, which was begun under this lease. @returns 0, or ERR_UNMET: it was
 * overtaken, or is dead, and is for those who wait
 */
export function commitLease(lease: u32, grant: u32): i32 {
  const failure = commit();
  finish(lease, grant, failure == 0 ? LEASE_STORED : LEASE_RESULT);
  dropDraft(selfState());
  return failure;
}

/** Gives those who wait the draft, which tells an error. */
export function failLease(lease: u32, grant: u32): void {
  finishDraft();
  finish(lease, grant, LEASE_FAILED);
  dropDraft(selfState());
}

/**
 * Gives a lease back. @param isUnkept  those who wait need not look again: nothing will be there
 */
export function endLease(lease: u32, grant: u32, isUnkept: bool): void {
  finish(lease, grant, isUnkept ? LEASE_UNKEPT : LEASE_FREE);
}

/** Does not stand still any more. */
export function goOn(): void {
  storeWord(waitsAt(selfSlot()), 0);
}

/** Waits no more. */
export function leaveLease(lease: u32, grant: u32): void {
  storeWord(waitsAt(selfSlot()), 0);
  lock(lockOf(lease));
  const state = loadWord(stateAt(lease));
  if (isSameGrant(state, grant)) forget(lease, state, selfSlot());
  unlock(lockOf(lease));
  releaseDoomed(selfJournal());
}

/**
 * A slot's thread waits no more; the last one frees what has ended, or who comes after one that
 * died before it did. Lock: bucket.
 */
function forget(lease: u32, state: u32, slot: Slot): void {
  if (isWaiter(lease, slot)) setWaiter(lease, slot, false);
  if (!isComputing(state) && !hasWaiters(lease)) release(lease, state);
}

/** What hung from it is this journal's to free. Lock: bucket. */
function release(lease: u32, state: u32): void {
  selfJournal().doomed = leaseOf(lease).result;
  leaseOf(lease).result = 0;
  moveState(lease, nextGrant(state, LEASE_FREE));
}

/**
 * Reads what a grant has left for the key in the scratch, as `get` does, and notes when it was
 * begun (`leaseBorn`). In a section; the caller waits for it. @returns its length, or ERR_NOT_FOUND
 */
export function readLease(lease: u32, grant: u32, keyBytes: u32): i32 {
  const kind = leaseKind(lease, grant);
  if (kind != LEASE_RESULT && kind != LEASE_FAILED) return ERR_NOT_FOUND;
  const result = leaseOf(lease).result;
  // Two keys may have one hash.
  if (!hasKey(zsPlace(result), keyScratch(), keyBytes)) return ERR_NOT_FOUND;
  if (isTooLong(zsPlace(result))) return ERR_NEEDS_SCRATCH;
  bornRead = bornOf(zsPlace(result));
  return i32(beginRead(result));
}

/** Thread-local: of what `readLease` has read. */
let bornRead: u64 = 0;

/** The tag clock when it was begun: of what has neither tags nor a space u64.MAX_VALUE. */
export function leaseBorn(): u64 {
  return bornRead;
}

function bornOf(place: Place): u64 {
  const at = extensionOf(place);
  return at != 0 && isBorn(zsReadWord(place, at)) ? bornIn(place, at) : u64.MAX_VALUE;
}

/**
 * The next lease, from that number on, that this thread computes or, with LEASE_TAKEN, waits for;
 * ERR_NOT_FOUND after the last. `lastGrant` goes with it.
 */
export function nextLease(from: u32): i32 {
  for (let lease = from, end = bucketCount() * BUCKET_LEASES; lease < end; lease++) {
    if (kindOf(loadWord(stateAt(lease))) == LEASE_FREE) continue;
    lock(lockOf(lease));
    const state = loadWord(stateAt(lease));
    const isOwn = isComputing(state) && peekWord(ownerAt(lease)) == selfSlot();
    const isWaited = kindOf(state) != LEASE_FREE && isWaiter(lease, selfSlot());
    unlock(lockOf(lease));
    grantSeen = withKind(state, LEASE_COMPUTING);
    if (isOwn) return lease;
    if (isWaited) return lease | LEASE_TAKEN;
  }
  return ERR_NOT_FOUND;
}

/** Gives back what a thread computes, and waits for: of one that leaves, or of a dead one. */
export function dropLeases(slot: Slot): void {
  if (!areUsed()) return;
  storeWord(waitsAt(slot), 0);
  for (let lease: u32 = 0, end = bucketCount() * BUCKET_LEASES; lease < end; lease++) {
    if (kindOf(loadWord(stateAt(lease))) == LEASE_FREE) continue;
    lock(lockOf(lease));
    const state = loadWord(stateAt(lease));
    if (isComputing(state) && peekWord(ownerAt(lease)) == slot) release(lease, state);
    else if (kindOf(state) != LEASE_FREE) forget(lease, state, slot);
    unlock(lockOf(lease));
    releaseDoomed(selfJournal());
  }
}

/** What a thread left half-done that is dead, or was cut short. World halted. */
export function repairLeases(slot: Slot): void {
  if (!areUsed()) return;
  const self = slotOf(slot);
  for (let lease: u32 = 0, end = bucketCount() * BUCKET_LEASES; lease < end; lease++) {
    const result = leaseOf(lease).result;
    if (result == 0) continue;
    if (result == journalOf(slot).doomed) leaseOf(lease).result = 0;
    if (result != self.draftHead) continue;
    self.draftHead = 0;
    self.draftTail = 0;
  }
  for (let bucket: u32 = 0; bucket < bucketCount(); bucket++) breakLock(bucketAt(bucket), slot);
}

/** Leases that somebody waits for: a momentary figure. */
export function awaitedLeases(): u32 {
  let awaited: u32 = 0;
  for (let lease: u32 = 0, end = bucketCount() * BUCKET_LEASES; lease < end; lease++) {
    if (kindOf(loadWord(stateAt(lease))) != LEASE_FREE && hasWaiters(lease)) awaited++;
  }
  return awaited;
}

/** Objects that hang from leases. World stopped. */
export function countLeaseParts(limit: u32): u32 {
  let parts: u32 = 0;
  for (let lease: u32 = 0, end = bucketCount() * BUCKET_LEASES; lease < end; lease++) {
    parts += countParts(leaseOf(lease).result, limit);
  }
  return parts;
}

/** A lease that has no such kind, or whose bucket is locked: an address, or 0. World stopped. */
export function checkLeases(): u32 {
  for (let lease: u32 = 0, end = bucketCount() * BUCKET_LEASES; lease < end; lease++) {
    if (peekWord(lockOf(lease)) != 0) return u32(lockOf(lease));
    const kind = kindOf(peekWord(stateAt(lease)));
    if (kind > LEASE_STORED) return u32(stateAt(lease));
    if (leaseOf(lease).result != 0 && kind == LEASE_FREE) return u32(stateAt(lease));
  }
  return 0;
}
