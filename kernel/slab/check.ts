/**
 * Check of this floor: every object is in its slab, in exactly one sheaf, or in use.
 *
 * One pass over the page map and one over the sheaves. That no object is in two sheaves, or in none
 * although its state says so, is shown by a sum: over the objects whose state is IN_SHEAF, and over
 * those that sheaves hold, of a hash of the address. Two different multisets have one sum once in
 * 2^64.
 *
 * Context: the world is stopped, so no slab has a grower and nothing is in anybody's hands.
 */
import { Desc, superblock } from '../base/layout';
import { loadCell, loadWord, peekByte, peekWord } from '../base/words';
import { linkAt, refsAt } from '../memdesc/header';
import { pageWord } from '../memdesc/page-word';
import { SLOT_FREE, slotState } from '../thread/slot';
import { CACHE_SHEAF, CACHES, cacheOf, KIND_CELL, KIND_DESC, slabState } from './cache';
import { CELL_TAKEN, isEmpty, isFull, sheafObject, sheafOf, sheafOwner } from './sheaf';
import {
  countOut,
  IN_SHEAF,
  IN_USE,
  isRetired,
  objectAt,
  slabCache,
  slabHolding,
  slabNamed,
  slabOf,
  stateAt,
} from './slab';

/** Thread-local: hashes of the objects that should be in sheaves, less those of what is in them. */
let balance: u64 = 0;

/** @returns an offending descriptor, sheaf or object, a cache's number + 1, or 0 */
export function checkSlabs(): u32 {
  balance = 0;
  for (let cache: u32 = 0; cache < CACHES; cache++) {
    cacheOf(cache).seenSlabs = 0;
    cacheOf(cache).seenOut = 0;
  }
  for (let pfn = superblock().firstPfn; pfn < superblock().pageCount; pfn++) {
    const desc = slabNamed(pageWord(pfn));
    if (desc != 0 && (slabOf(desc).pfn != pfn || !isSlabSound(desc))) return desc;
  }
  const sheaf = checkSheaves();
  if (sheaf != 0) return sheaf;
  for (let cache: u32 = 0; cache < CACHES; cache++) if (!isCacheSound(cache)) return cache + 1;
  return balance == 0 && isWaitingSound() ? 0 : CACHES + 1;
}

function isSlabSound(desc: Desc): bool {
  const slab = slabOf(desc);
  const record = cacheOf(slabCache(desc));
  if (slab.grower != 0 || countOut(desc) != slab.inUse) return false;
  for (let index: u32 = 0; index < record.perSlab; index++) {
    const state = peekByte(slab.states + index);
    const object = objectAt(desc, index);
    if (state == IN_SHEAF) balance += hash(object);
    if (state > IN_USE) return false;
    if (state == IN_USE && isNobodys(record.kind, object)) return false;
  }
  if (isRetired(desc)) return slab.inUse == 0;
  record.seenSlabs++;
  record.seenOut += slab.inUse;
  return true;
}

/** Whether an object in use shows that nobody has it: nobody is about to make something of it. */
function isNobodys(kind: u32, object: u32): bool {
  if (kind == KIND_DESC) return loadWord(refsAt(object)) == 0;
  if (kind != KIND_CELL) return false;
  const cell = loadCell(object);
  return cell == 0 || (u32(cell) & 7) == CELL_TAKEN;
}

/** The finalizer of splitmix64. */
function hash(object: u32): u64 {
  let x = u64(object) * 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

function checkSheaves(): u32 {
  let sheaves: u32 = 0;
  for (let sheaf = slabState().sheaves; sheaf != 0; sheaf = sheafOf(sheaf).chain) {
    sheaves++;
    const owner = sheafOwner(sheaf);
    if (owner != 0 && slotState(owner) == SLOT_FREE) return sheaf;
    if (sheaves > cacheOf(CACHE_SHEAF).out || sheafOf(sheaf).count > sheafOf(sheaf).capacity) {
      return sheaf;
    }
    for (let index: u32 = 0; index < sheafOf(sheaf).count; index++) {
      const object = sheafObject(sheaf, index);
      if (!isSheaved(sheafOf(sheaf).cache, object)) return object;
      balance -= hash(object);
    }
  }
  return sheaves == cacheOf(CACHE_SHEAF).out ? 0 : CACHE_SHEAF + 1;
}

function isSheaved(cache: u32, object: u32): bool {
  const desc = slabHolding(object);
  if (desc == 0 || slabCache(desc) != cache) return false;
  return peekByte(stateAt(cacheOf(cache), desc, object)) == IN_SHEAF;
}

function isCacheSound(cache: u32): bool {
  const record = cacheOf(cache);
  if (record.seenSlabs != record.slabs || record.seenOut != record.out) return false;
  // Σ over the list of what is free in its slabs = what is free in all slabs: none is missing.
  let room: u32 = 0;
  let listed: u32 = 0;
  for (let desc = record.partial; desc != 0; desc = slabOf(desc).next) {
    if (
      listed++ == record.slabs ||
      slabOf(desc).cache != cache ||
      slabOf(desc).inUse >= record.perSlab
    )
      return false;
    room += record.perSlab - slabOf(desc).inUse;
  }
  return room == record.slabs * record.perSlab - record.out && isBarnSound(cache);
}

function isBarnSound(cache: u32): bool {
  let full: u32 = 0;
  for (let sheaf = cacheOf(cache).full; sheaf != 0; sheaf = sheafOf(sheaf).next) {
    if (full++ == cacheOf(cache).fullCount) return false;
    if (!isFull(sheaf) || sheafOf(sheaf).owner != 0 || sheafOf(sheaf).cache != cache) return false;
  }
  return full == cacheOf(cache).fullCount;
}

function isWaitingSound(): bool {
  let idle: u32 = 0;
  for (let sheaf = slabState().pool; sheaf != 0; sheaf = sheafOf(sheaf).next) {
    if (idle++ == cacheOf(CACHE_SHEAF).out) return false;
    if (!isEmpty(sheaf) || sheafOf(sheaf).owner != 0) return false;
  }
  const waiting = countList(slabState().retired) + countList(slabState().waiting);
  return waiting == slabState().retiredCount;
}

/** Slabs in a list that wait; a ring ends where a page more than there are would come. */
function countList(first: u32): u32 {
  let slabs: u32 = 0;
  let left = superblock().pageCount;
  for (let desc = first; desc != 0 && left != 0; desc = peekWord(linkAt(desc))) {
    if (isRetired(desc)) slabs++;
    left--;
  }
  return slabs;
}
