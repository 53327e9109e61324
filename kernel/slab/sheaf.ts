/**
 * Sheaves: arrays of free objects at hand, so that most allocs and frees touch nothing shared.
 *
 * After the magazines of Bonwick and Adams (USENIX 2001) and the sheaves that Linux has since 6.18.
 * Of each cache it uses a thread has two, in its *rack*: `loaded`, which it pops from and pushes
 * to, and `spare`, which is full or empty and takes its place when it runs out or over; two, so
 * that a thread at the edge of one does not go to the barn each time. Full sheaves that nobody
 * needs stand in the *barn*, a list in the cache's record; empty ones of all caches in one *pool*:
 * they are all of one size.
 *
 * sheaf (280 bytes): owner · cache · count · capacity · next · chain · 64 objects
 *   owner     slot; 0 = in the barn or the pool.        lock: slab
 *   cache     whose objects it holds; capacity likewise.               lock: slab
 *   count     objects [0, count) are in it: owner thread, or, if it is nobody's, lock: slab
 *   next      in the barn or the pool
 *   chain     all sheaves; they are never given back, only reused.     lock: slab
 * The owner word is what a survivor goes by; racks are its owner's alone.
 *
 *   an object's state is IN_SHEAF  ⇒  it is in exactly one sheaf
 *   and the other way round, except in the thread that is just moving it: `pop` says IN_USE before
 *   it lowers the count and `push` raises the count before it says IN_SHEAF, so that a survivor who
 *   empties a dead thread's sheaves finds what it was moving in at least one of the two
 */

import { selfPage, selfSlot } from '../base/env';
import { FAULT_SLAB, fail } from '../base/fault';
import { Cell, Desc, SLAB_STATE, Slot, THREAD_SLAB } from '../base/layout';
import { loadCell, loadWord, peekWord, pokeByte, pokeCell, pokeWord } from '../base/words';
import { refsAt, unpublishedHere } from '../memdesc/header';
import { assertLocked, assertLockedOrHalted } from '../thread/context';
import { lock, unlock } from '../thread/lock';
import { CACHES, cacheOf, KIND_CELL, KIND_DESC, KIND_HAND, KmemCache, slabState } from './cache';
import { checkFilled, fillFree } from './debug-fill';
import {
  IN_SHEAF,
  IN_USE,
  nextHere,
  objectAt,
  slabCache,
  slabHolding,
  slabOf,
  stateAt,
} from './slab';
import { countTaken, returnObject } from './slabs';

@unmanaged
export class Sheaf {
  owner: u32;
  cache: u32;
  count: u32;
  capacity: u32;
  next: u32;
  chain: u32;
  /** The first of SHEAF_ENTRIES addresses. */
  objects: u32;
}

export const SHEAF_BYTES: u32 = 280;

/** What a thread has of one cache. Owner thread. */
@unmanaged
export class Rack {
  loaded: u32;
  spare: u32;
}

/** Behind the racks, in the slab region of a thread page. Owner thread. */
@unmanaged
export class SlabHand {
  /** An object of kind HAND that is being handed out or taken back. */
  inHand: u32;
  /** Whether the thread ever came past the fast paths. */
  hasEntered: u32;
  /**
   * The object that the thread took or gave back last: only this one may be nobody's after a death,
   * as each has another name, or is in a sheaf, before the next is touched.
   */
  last: u32;
  /** Of a dead thread that is repaired: a descriptor that it made and did not publish. */
  unpublished: u32;
}

/** State 7 of a cell, low three bits: taken by the slot above them and not yet filled. */
export const CELL_TAKEN: u32 = 7;

/** To be called before a thread's first change on this floor, but for pops and pushes. */
export function noteEntered(): void {
  handIn(selfPage()).hasEntered = 1;
}

export function lockSlab(): void {
  noteEntered();
  lock(SLAB_STATE);
}

export function unlockSlab(): void {
  unlock(SLAB_STATE);
}

export function sheafOf(sheaf: u32): Sheaf {
  return changetype<Sheaf>(sheaf);
}

export function rackOf(cache: u32): Rack {
  return changetype<Rack>(selfPage() + THREAD_SLAB + cache * offsetof<Rack>());
}

/** The record behind the racks of the thread whose page this is. */
export function handIn(page: usize): SlabHand {
  return changetype<SlabHand>(page + THREAD_SLAB + CACHES * offsetof<Rack>());
}

function entryAt(sheaf: u32, index: u32): usize {
  return sheaf + offsetof<Sheaf>('objects') + index * 4;
}

/** Slot of the thread that has the sheaf; 0 if it is nobody's. */
export function sheafOwner(sheaf: u32): Slot {
  return sheafOf(sheaf).owner;
}

export function sheafObject(sheaf: u32, index: u32): u32 {
  return peekWord(entryAt(sheaf, index));
}

export function isEmpty(sheaf: u32): bool {
  return sheaf == 0 || sheafOf(sheaf).count == 0;
}

export function isFull(sheaf: u32): bool {
  return sheaf == 0 || sheafOf(sheaf).count == sheafOf(sheaf).capacity;
}

/** Whether a cell's low bits say that `slot` took it, and that nobody has filled it. */
export function isTakenBy(cell: Cell, slot: Slot): bool {
  return cell == takenBy(slot);
}

/** What a cell says that `slot` has taken. */
export function takenBy(slot: Slot): u64 {
  return (u64(slot) << 3) | u64(CELL_TAKEN);
}

/** Before an object is given back: from now on no other name of this thread's need lead to it. */
export function nameLast(object: u32): void {
  handIn(selfPage()).last = object;
}

/** What this thread had in hand is the user's now, or in a sheaf. */
export function settleHand(): void {
  handIn(selfPage()).inHand = 0;
}

/**
 * Leaves the evidence that an object in use is in this thread's hands. Plain where it can be: of a
 * descriptor's refs a stale `tryGet` may see the 0 before it or UNPUBLISHED, and takes no
 * reference; of a cell a stale handle sees free or taken, and nothing else even if the halves come
 * one by one.
 */
export function markTaken(kind: u32, object: u32): void {
  nameLast(object);
  if (kind == KIND_DESC) pokeWord(refsAt(object), unpublishedHere());
  else if (kind == KIND_CELL) pokeCell(object, takenBy(selfSlot()));
  else if (kind == KIND_HAND) handIn(selfPage()).inHand = object;
}

/** Leaves a free object as its cache's readers have to find it. */
export function clearTaken(kind: u32, object: u32): void {
  if (kind == KIND_DESC) {
    if (loadWord(refsAt(object)) != 0) pokeWord(refsAt(object), 0);
  } else if (kind == KIND_CELL) {
    if (loadCell(object) != 0) pokeCell(object, 0);
  }
}

/** Takes an object out of a sheaf of one's own that is not empty. @inline */
export function pop(record: KmemCache, sheaf: u32): u32 {
  const left = sheafOf(sheaf).count - 1;
  const object = sheafObject(sheaf, left);
  pokeByte(stateAt(record, slabHolding(object), object), IN_USE);
  if (isDefined(PAGELESS_DEBUG)) checkFilled(record, object);
  markTaken(record.kind, object);
  sheafOf(sheaf).count = left;
  return object;
}

/**
 * Puts an object in use, with its state byte at `at`, into a sheaf of one's own that is not full.
 * @inline
 */
export function push(record: KmemCache, sheaf: u32, object: u32, at: usize): void {
  const count = sheafOf(sheaf).count;
  pokeWord(entryAt(sheaf, count), object);
  sheafOf(sheaf).count = count + 1;
  clearTaken(record.kind, object);
  if (isDefined(PAGELESS_DEBUG)) fillFree(record, object);
  pokeByte(at, IN_SHEAF);
}

/**
 * Fills a sheaf of one's own from the slabs, as far as they go. If the rest of one makes it nearly
 * full that is enough: the next sheaf then begins with a slab.
 */
export function fillSheaf(sheaf: u32): void {
  assertLocked(SLAB_STATE);
  const record = cacheOf(sheafOf(sheaf).cache);
  const before = sheafOf(sheaf).count;
  const enough = sheafOf(sheaf).capacity - sheafOf(sheaf).capacity / 4;
  while (sheafOf(sheaf).count < enough && record.partial != 0) draw(record.partial, sheaf);
  reverse(sheaf, before);
}

/** Turns the objects from `first` on round, so that those drawn first are popped first. */
function reverse(sheaf: u32, first: u32): void {
  let last = sheafOf(sheaf).count;
  while (first + 1 < last) {
    const object = sheafObject(sheaf, first);
    pokeWord(entryAt(sheaf, first++), sheafObject(sheaf, --last));
    pokeWord(entryAt(sheaf, last), object);
  }
}

/** Takes objects out of a slab with room, lowest first, until it or the sheaf is full. */
function draw(desc: Desc, sheaf: u32): void {
  const perSlab = cacheOf(slabCache(desc)).perSlab;
  const before = sheafOf(sheaf).count;
  let index = nextHere(desc, slabOf(desc).lowest);
  while (index < perSlab && !isFull(sheaf)) {
    pokeWord(entryAt(sheaf, sheafOf(sheaf).count), objectAt(desc, index));
    sheafOf(sheaf).count++;
    pokeByte(slabOf(desc).states + index, IN_SHEAF);
    index = nextHere(desc, index + 1);
  }
  // A slab of the list has room: else who draws from it would never end.
  if (sheafOf(sheaf).count == before) fail(FAULT_SLAB, desc);
  countTaken(desc, sheafOf(sheaf).count - before, index);
}

/** Empties a sheaf into the slabs. One's own, or nobody's. */
export function flushSheaf(sheaf: u32): void {
  assertLockedOrHalted(SLAB_STATE);
  while (sheafOf(sheaf).count != 0) {
    returnObject(sheafObject(sheaf, sheafOf(sheaf).count - 1));
    sheafOf(sheaf).count--;
  }
}

/** Makes an empty sheaf of the pool this thread's. @returns it, or 0 */
export function takeSheaf(cache: u32): u32 {
  assertLocked(SLAB_STATE);
  const sheaf = slabState().pool;
  if (sheaf == 0) return 0;
  sheafOf(sheaf).cache = cache;
  sheafOf(sheaf).capacity = cacheOf(cache).sheafObjects;
  sheafOf(sheaf).owner = selfSlot();
  slabState().pool = sheafOf(sheaf).next;
  sheafOf(sheaf).next = 0;
  return sheaf;
}

/** Gives an empty sheaf to the pool. */
export function dropSheaf(sheaf: u32): void {
  assertLockedOrHalted(SLAB_STATE);
  sheafOf(sheaf).owner = 0;
  sheafOf(sheaf).next = slabState().pool;
  slabState().pool = sheaf;
}

/** Enters a sheaf that no list names among all there are. */
export function chainSheaf(sheaf: u32): void {
  assertLockedOrHalted(SLAB_STATE);
  sheafOf(sheaf).chain = slabState().sheaves;
  slabState().sheaves = sheaf;
}

/** Puts a full sheaf of one's own into the barn. */
export function storeInBarn(sheaf: u32): void {
  assertLockedOrHalted(SLAB_STATE);
  const record = cacheOf(sheafOf(sheaf).cache);
  sheafOf(sheaf).owner = 0;
  sheafOf(sheaf).next = record.full;
  record.full = sheaf;
  record.fullCount++;
}

/** Takes a full sheaf out of the barn. @returns it, now this thread's, or 0 */
export function takeFromBarn(cache: u32): u32 {
  assertLocked(SLAB_STATE);
  const record = cacheOf(cache);
  const sheaf = record.full;
  if (sheaf == 0) return 0;
  sheafOf(sheaf).owner = selfSlot();
  record.full = sheafOf(sheaf).next;
  record.fullCount--;
  sheafOf(sheaf).next = 0;
  return sheaf;
}
