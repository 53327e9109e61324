/**
 * Leases: who is computing the value of a key, so that nobody else does (`getOrSet`).
 *
 * Idea: a thread that finds no value takes a *lease* of the key's hash, computes, and stores.
 * Others that want the key meanwhile note themselves in the lease and wait for its state word. A
 * lease is a promise about work, not about data: whoever gets none computes on its own, and is not
 * wrong.
 *
 * The table lives as long as the cache, so that its words may be waited for. It begins with a word
 * a slot, *waits*: the lease, + 1, for which that thread stands still (getOrSetSync), or 0. Then
 * come buckets of 512 bytes, chosen by the upper bits of the hash:
 *
 *   head     lock · 7 hashes · 7 states, in one line: who writes a key looks at nothing else
 *   7 leases of a line: owner, result, deadline, waiters (a bit a slot), 4 stamps
 *
 *   state    generation 29 · kind 3: waited for, loaded by anybody; moved under the bucket's lock,
 *            but for OVERTAKEN
 *     FREE → COMPUTING       granted, generation + 1
 *     COMPUTING → OVERTAKEN  the key was set, deleted or cleared since: what is computed must not
 *                            be stored. By compare-and-swap, under the lock of the key's leaf
 *     either → COMPUTING     of another owner, generation + 1, after its deadline
 *     either → RESULT        not stored, for those who wait: in `result`
 *     either → FAILED        likewise: the error
 *     either → UNKEPT        there is nothing to be had
 *     either → STORED        the cache has it
 *     any → FREE             generation + 1: given up, or all who waited have left
 *   hash, owner, result, deadline              lock: bucket
 *   waiters                                    lock: bucket; loaded by whoever counts
 *   stamp    raised by each set and delete of the keys that share it, once anything was computed
 *            without a lease; loaded by who computes so. Lock: the key's leaf, which others of the
 *            stamp's keys may not share: atomic
 *
 * A generation that has changed says "look again" to who waits. Under a bucket's lock no other lock
 * is taken. The leaf's lock makes two orders certain: who stores sees OVERTAKEN of everybody who
 * wrote the key between the grant and now, because both look under it; and a lease that was
 * overtaken is no longer joined, because its result may be older than what its caller knows.
 */
import { selfSlot } from '../base/env';
import { LEASE_STATE, PAGE_BYTES, pageAddress, Slot, superblock } from '../base/layout';
import {
  addCell,
  addWord,
  casWord,
  loadCell,
  loadWord,
  peekWord,
  storeWord,
  wakeWord,
} from '../base/words';
import { CLASS_UNMOVABLE } from '../frames/class';
import { allocPages } from '../memdesc/pages';
import { MISC_INDEX } from '../memdesc/type';

@unmanaged
export class LeaseState {
  /** Address of the table, 0 before the zone is a cache. */
  table: u32;
  buckets: u32;
  /** 1 once there was a lease: before that who writes looks no further. */
  used: u32;
  /** How often everything was cleared. */
  clears: u32;
  /** Counted for statistics, by anybody: LOADS_…. */
  computed: u64;
  waited: u64;
  alone: u64;
  discarded: u64;
  failed: u64;
}

export const LEASE_FREE: u32 = 0;
export const LEASE_COMPUTING: u32 = 1;
export const LEASE_OVERTAKEN: u32 = 2;
export const LEASE_RESULT: u32 = 3;
export const LEASE_FAILED: u32 = 4;
export const LEASE_UNKEPT: u32 = 5;
export const LEASE_STORED: u32 = 6;
const KIND: u32 = 7;
const GENERATION_ONE: u32 = 8;

export const LOADS_COMPUTED: u32 = 0;
export const LOADS_WAITED: u32 = 1;
export const LOADS_ALONE: u32 = 2;
export const LOADS_DISCARDED: u32 = 3;
export const LOADS_FAILED: u32 = 4;

export const NO_LEASE: u32 = u32.MAX_VALUE;
/** Leases of a bucket: as many hashes and states as a line holds beside the lock. */
export const BUCKET_LEASES: u32 = 7;
const BUCKET_BYTES: u32 = 512;
const LINE_BYTES: u32 = 64;
const HASHES: u32 = 4;
const STATES: u32 = 32;
/** A word for each slot. */
const WAITS_BYTES: u32 = 1024;
/** 210 leases in the smallest zone, 3,570 from 1 GiB on: 16 to 256 KiB, at most a 256th of it. */
const LEAST_ORDER: u32 = 2;
const MOST_ORDER: u32 = 6;
/** log2 of the pages of the smallest zone. */
const SMALLEST_SHIFT: u32 = 10;

/** The parts of a lease that its bucket's lock protects. */
@unmanaged
export class Lease {
  owner: u32;
  result: u32;
  /** Milliseconds, by the clock that threads share, after which anybody may take it over. */
  deadline: f64;
  /** Of the first four leases: of keys in the bucket, whoever has these. */
  stamp0: u32;
  stamp1: u32;
  stamp2: u32;
  stamp3: u32;
  waiters: u32;
}

export function leaseState(): LeaseState {
  return changetype<LeaseState>(LEASE_STATE);
}

function tableOrder(): u32 {
  const shift: u32 = 31 - clz(superblock().pageCount);
  return min(LEAST_ORDER + (max(shift, SMALLEST_SHIFT) - SMALLEST_SHIFT) / 2, MOST_ORDER);
}

/** Takes the table, when the zone becomes a cache. @returns 0, or ERR_NO_MEMORY */
export function formatLeases(): i32 {
  const order = tableOrder();
  const pfn = allocPages(order, MISC_INDEX, CLASS_UNMOVABLE);
  if (pfn < 0) return pfn;
  const bytes = PAGE_BYTES << order;
  memory.fill(pageAddress(u32(pfn)), 0, bytes);
  leaseState().buckets = (bytes - WAITS_BYTES) / BUCKET_BYTES;
  leaseState().table = pageAddress(u32(pfn));
  return 0;
}

export function bucketCount(): u32 {
  return leaseState().buckets;
}

export function bucketAt(bucket: u32): usize {
  return leaseState().table + WAITS_BYTES + bucket * BUCKET_BYTES;
}

export function bucketOf(hash: u32): u32 {
  return u32((u64(hash) * u64(bucketCount())) >> 32);
}

/** A lease's number: its bucket × 7 + its place there. */
export function bucketOfLease(lease: u32): u32 {
  return lease / BUCKET_LEASES;
}

export function hashAt(lease: u32): usize {
  return bucketAt(bucketOfLease(lease)) + HASHES + (lease % BUCKET_LEASES) * 4;
}

export function stateAt(lease: u32): usize {
  return bucketAt(bucketOfLease(lease)) + STATES + (lease % BUCKET_LEASES) * 4;
}

export function leaseOf(lease: u32): Lease {
  const line = bucketAt(bucketOfLease(lease)) + ((lease % BUCKET_LEASES) + 1) * LINE_BYTES;
  return changetype<Lease>(line);
}

/** Word of the slot whose thread computes. Lock: bucket; loaded by who looks for a ring. */
export function ownerAt(lease: u32): usize {
  return changetype<usize>(leaseOf(lease)) + offsetof<Lease>('owner');
}

export function kindOf(state: u32): u32 {
  return state & KIND;
}

/** Whether somebody computes under a state, overtaken or not. */
export function isComputing(state: u32): bool {
  return kindOf(state) == LEASE_COMPUTING || kindOf(state) == LEASE_OVERTAKEN;
}

/** Whether two states are of one grant. */
export function isSameGrant(state: u32, other: u32): bool {
  return ((state ^ other) & ~KIND) == 0;
}

/** The state that follows, of another grant. */
export function nextGrant(state: u32, kind: u32): u32 {
  return ((state & ~KIND) + GENERATION_ONE) | kind;
}

/** The same grant's state of another kind. */
export function withKind(state: u32, kind: u32): u32 {
  return (state & ~KIND) | kind;
}

/** Moves a lease's state and tells who waits. Lock: bucket. */
export function moveState(lease: u32, state: u32): void {
  storeWord(stateAt(lease), state);
  wakeWord(stateAt(lease), -1);
}

function waiterAt(lease: u32, slot: Slot): usize {
  const waiters = changetype<usize>(leaseOf(lease)) + offsetof<Lease>('waiters');
  return waiters + (slot >> 5) * 4;
}

/**
 * Notes that a slot's thread waits, or that it does not any more. Atomically, because those that
 * are waited for are counted without the lock. Lock: bucket.
 */
export function setWaiter(lease: u32, slot: Slot, isWaiting: bool): void {
  const at = waiterAt(lease, slot);
  const bit: u32 = 1 << (slot & 31);
  storeWord(at, isWaiting ? peekWord(at) | bit : peekWord(at) & ~bit);
}

export function isWaiter(lease: u32, slot: Slot): bool {
  return (peekWord(waiterAt(lease, slot)) & (1 << (slot & 31))) != 0;
}

export function hasWaiters(lease: u32): bool {
  let all: u32 = 0;
  for (let slot: Slot = 0; slot < 256; slot += 32) all |= loadWord(waiterAt(lease, slot));
  return all != 0;
}

export function clearWaiters(lease: u32): void {
  for (let slot: Slot = 0; slot < 256; slot += 32) {
    if (peekWord(waiterAt(lease, slot)) != 0) storeWord(waiterAt(lease, slot), 0);
  }
}

/**
 * Word of the lease, + 1, for which a slot's thread stands still. Its owner's; loaded by others.
 */
export function waitsAt(slot: Slot): usize {
  return leaseState().table + slot * 4;
}

/**
 * Whether this thread would wait for itself: each owner in turn stands still for the next one's
 * lease. Who closes a ring has stored its own word before it looks, so of two that do at least one
 * sees it.
 */
export function isRing(lease: u32): bool {
  for (let hops: u32 = 0; hops < 256; hops++) {
    const owner = loadWord(ownerAt(lease));
    if (owner == selfSlot()) return true;
    const next = loadWord(waitsAt(owner));
    if (next == 0 || !isComputing(loadWord(stateAt(next - 1)))) return false;
    lease = next - 1;
  }
  return false;
}

/** Whether there was a lease at all. */
export function areUsed(): bool {
  return loadWord(LEASE_STATE + offsetof<LeaseState>('used')) != 0;
}

export function noteUse(): void {
  if (!areUsed()) storeWord(LEASE_STATE + offsetof<LeaseState>('used'), 1);
}

/**
 * Whether a grant stands, so that what was computed under it may be stored. Lock: the hash's leaf.
 */
export function mayStore(lease: u32, grant: u32): bool {
  return loadWord(stateAt(lease)) == grant;
}

/**
 * Says that a key of this hash is about to be set or deleted: what is being computed for it is not
 * stored. Lock: the hash's leaf. Cost: a load; once there are leases, a line; once anything was
 * computed without one, two.
 */
export function overtake(hash: u32): void {
  if (loads(LOADS_ALONE) != 0) addWord(stampAt(hash), 1);
  overtakeLeases(hash);
}

/** The same for leases alone: a value that was computed without one is about to be stored. */
export function overtakeLeases(hash: u32): void {
  if (!areUsed()) return;
  const first = bucketOf(hash) * BUCKET_LEASES;
  for (let lease = first; lease < first + BUCKET_LEASES; lease++) {
    if (loadWord(hashAt(lease)) == hash) overtakeLease(lease);
  }
}

/** Stamp of a hash: one of 16 in its bucket's first four leases, chosen by its lowest bits. */
function stampAt(hash: u32): usize {
  const line = bucketAt(bucketOf(hash)) + ((hash & 3) + 1) * LINE_BYTES;
  return line + offsetof<Lease>('stamp0') + (hash & 12);
}

/** Rises with each set and delete of the hash's keys, and each clear. Lock: the hash's leaf. */
export function changesOf(hash: u32): u32 {
  return loadWord(stampAt(hash)) + loadWord(CLEARS);
}

const CLEARS: usize = LEASE_STATE + offsetof<LeaseState>('clears');

/** The same for every key, those that are computed without a lease as well. */
export function overtakeAll(): void {
  if (!areUsed()) return;
  addWord(CLEARS, 1);
  for (let lease: u32 = 0, end = bucketCount() * BUCKET_LEASES; lease < end; lease++) {
    overtakeLease(lease);
  }
}

/** Progress: a failed exchange means that the computation has ended, or is another. */
function overtakeLease(lease: u32): void {
  const seen = loadWord(stateAt(lease));
  if (kindOf(seen) != LEASE_COMPUTING) return;
  if (casWord(stateAt(lease), seen, withKind(seen, LEASE_OVERTAKEN)) != seen) return;
  wakeWord(stateAt(lease), -1);
}

function countAt(which: u32): usize {
  return LEASE_STATE + offsetof<LeaseState>('computed') + which * 8;
}

/** One more of LOADS_…. */
export function countLoad(which: u32): void {
  addCell(countAt(which), 1);
}

export function loads(which: u32): u64 {
  return loadCell(countAt(which));
}
