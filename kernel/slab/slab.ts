/**
 * Slabs: one page of equal objects, and a byte for each that says where it is.
 *
 * Idea: what the allocator knows about an object stands beside the objects, never in them. So an
 * object is not written while it is free: a descriptor's refs word and a handle cell stay 0, which
 * is what makes caches type-stable.
 *
 * state byte   IN_SLAB → IN_SHEAF   slab lock: a sheaf is filled
 *              IN_SHEAF → IN_SLAB   slab lock: a sheaf is flushed
 *              IN_SHEAF → IN_USE    alloc, by the thread whose sheaf it is
 *              IN_USE → IN_SHEAF    free, by whoever frees the object
 *              IN_SLAB ↔ IN_USE     slab lock: by a thread that has no sheaf
 *              IN_USE → IN_SHEAF    a user's free: by compare-and-swap, so that one of several wins
 * An object is one thread's at any time, and so is its byte: the fast paths store it plainly. Who
 * fills a sheaf loads the bytes of others as well, which change between two values that both mean
 * "not here".
 *
 * Where the bytes are: in the descriptor if they are 24 or fewer, so that large objects do not lose
 * a part of their page to them; else at the end of the page, in lines of their own.
 *
 * Slab descriptor (64 bytes): header · cache (its number, RETIRED) · inUse · next · prev · states ·
 *   grower · lowest · 24 bytes
 *   inUse = bytes that are not IN_SLAB;  on its cache's partial list ⇔ inUse < perSlab, and it is
 *   neither RETIRED nor still its grower's
 *   cache    atomic: read by isInSlabOf. The rest: slab lock, or set before publish
 *
 * Bootstrap: slab descriptors are slab objects themselves. A slab *of slab descriptors* describes
 * itself with its own object 0. That is the whole trick. It also means that such a slab is never
 * empty and stays for ever, one page for 62 others: so a stale pointer to a slab descriptor always
 * leads to one, of this or a later life.
 */

import { selfSlot } from '../base/env';
import {
  Desc,
  PAGE_BYTES,
  Pfn,
  pageAddress,
  pfnOfAddress,
  SLAB_STATE,
  superblock,
} from '../base/layout';
import { loadByte, loadWord, peekByte, pokeByte, pokeWord, storeWord } from '../base/words';
import { ListedDesc } from '../memdesc/desc-list';
import { initHeader, publish, refsAt, unpublishedHere } from '../memdesc/header';
import { pageWord, storePageWord, wordDescriptor, wordType } from '../memdesc/page-word';
import { TYPE_SLAB } from '../memdesc/type';
import { assertInSection, assertLocked } from '../thread/context';
import {
  CACHE_FOLIO,
  CACHE_FOLIO_64,
  CACHE_FOLIO_128,
  CACHE_SHEAF,
  CACHE_SLAB,
  CACHE_ZSPAGE,
  cacheOf,
  IN_DESC_OBJECTS,
  KmemCache,
  stateBytes,
} from './cache';
import { fillFree } from './debug-fill';

/** Values of a state byte. Only one means that the object is here, in its slab. */
export const IN_SLAB: u32 = 0;
export const IN_SHEAF: u32 = 1;
export const IN_USE: u32 = 2;

/** Bit of `cache`: empty, taken out of its cache, waiting for a grace period. */
export const RETIRED: u32 = 0x8000_0000;

@unmanaged
export class Slab extends ListedDesc {
  /** Address of the first state byte. */
  states: u32;
  /** Slot of the thread that makes the slab; 0 once the cache counts and lists it. */
  grower: u16;
  /** No object below this index is here. */
  lowest: u16;
  /** The first eight of IN_DESC_OBJECTS bytes. */
  ownStates: u64;
}

/** Bytes of a slab descriptor: the record above with all its state bytes. */
export const SLAB_DESC_BYTES: u32 = 64;

export function slabOf(desc: Desc): Slab {
  return changetype<Slab>(desc);
}

export function cacheWordAt(desc: Desc): usize {
  return desc + offsetof<Slab>('cache');
}

/** Number of the cache that a slab belongs to, or did before it was retired. */
export function slabCache(desc: Desc): u32 {
  return slabOf(desc).cache & ~RETIRED;
}

export function isRetired(desc: Desc): bool {
  return (slabOf(desc).cache & RETIRED) != 0;
}

/** Whether the slab is one of slab descriptors, and described by its own object 0. */
function isSelfDescribed(desc: Desc): bool {
  return pfnOfAddress(desc) == slabOf(desc).pfn;
}

export function objectAt(desc: Desc, index: u32): u32 {
  return pageAddress(slabOf(desc).pfn) + index * cacheOf(slabCache(desc)).objectBytes;
}

/** The slab that a page word names, or 0. */
export function slabNamed(word: u32): Desc {
  return wordType(word) == TYPE_SLAB ? wordDescriptor(word) : 0;
}

/** The slab of an object of which the caller knows that it is one. */
export function slabHolding(object: u32): Desc {
  return wordDescriptor(pageWord(pfnOfAddress(object)));
}

/** Address of an object's state byte. */
export function stateAt(record: KmemCache, desc: Desc, object: u32): usize {
  return slabOf(desc).states + indexIn(record, object);
}

function indexIn(record: KmemCache, object: u32): u32 {
  return u32((u64(object & (PAGE_BYTES - 1)) * u64(record.reciprocal)) >> 32);
}

/** The slab of the cache that `address` lies in; 0 if there is none. In a section, or in use. */
function slabAround(cache: u32, address: u32): Desc {
  if (pfnOfAddress(address) >= superblock().pageCount) return 0;
  const word = pageWord(pfnOfAddress(address));
  const desc = slabNamed(word);
  if (desc == 0 || loadWord(cacheWordAt(desc)) != cache) return 0;
  // The descriptor may have begun another life, in which it names another page.
  return pageWord(pfnOfAddress(address)) == word ? desc : 0;
}

/**
 * Whether `address` lies in a slab of the cache, whose objects may then be loaded atomically, in
 * use or not, until the section ends. The page word is stored by initSlab, the
 * cache by it and by `retire`.
 */
export function isInSlabOf(cache: u32, address: u32): bool {
  assertInSection();
  return slabAround(cache, address) != 0;
}

/**
 * Address of the state byte of an object in use of the cache; 0 if `object` is none: in no slab of
 * the cache, between two objects, or free. In a section, unless the caller knows that it is one.
 */
export function usedStateAt(cache: u32, object: u32): usize {
  const desc = slabAround(cache, object);
  if (desc == 0) return 0;
  const record = cacheOf(cache);
  if (!isPlace(record, object)) return 0;
  const at = stateAt(record, desc, object);
  if (peekByte(at) != IN_USE) return 0;
  return at;
}

/** Whether an object of a slab of the cache begins at the address. */
function isPlace(record: KmemCache, object: u32): bool {
  const index = indexIn(record, object);
  return index < record.perSlab && index * record.objectBytes == (object & (PAGE_BYTES - 1));
}

/** Whether `object` is an object in use of the cache. */
export function isObject(cache: u32, object: u32): bool {
  return usedStateAt(cache, object) != 0;
}

/** Whether `desc` is a descriptor in use. */
export function isDescriptor(desc: Desc): bool {
  return (
    isObject(CACHE_SLAB, desc) ||
    isObject(CACHE_ZSPAGE, desc) ||
    isObject(CACHE_FOLIO, desc) ||
    isObject(CACHE_FOLIO_64, desc) ||
    isObject(CACHE_FOLIO_128, desc)
  );
}

/** Whether `desc` is where a folio's descriptor is, or was, or may be. Without a lock. */
export function isFolioObject(desc: Desc): bool {
  assertInSection();
  for (let cache = CACHE_FOLIO; cache <= CACHE_FOLIO_128; cache++) {
    if (isInSlabOf(cache, desc)) return isPlace(cacheOf(cache), desc);
  }
  return false;
}

/**
 * Fills and publishes the descriptor of a slab in a page of its own, which is zeroed. The slab is
 * the thread's alone until `adoptSlab` lists it.
 *
 * @returns the descriptor
 */
export function initSlab(desc: Desc, pfn: Pfn, cache: u32): Desc {
  memory.fill(pageAddress(pfn), 0, PAGE_BYTES);
  pokeWord(refsAt(desc), unpublishedHere());
  initHeader(desc, TYPE_SLAB, 0, pfn);
  const slab = slabOf(desc);
  slab.inUse = 0;
  slab.next = 0;
  slab.prev = 0;
  slab.grower = u16(selfSlot());
  initStates(desc, cacheOf(cache).perSlab);
  if (isSelfDescribed(desc)) {
    pokeByte(slab.states, IN_USE);
    slab.inUse = 1;
  }
  storeWord(cacheWordAt(desc), cache);
  if (isDefined(PAGELESS_DEBUG) && cache != CACHE_SHEAF) fillAll(desc, cache);
  // Atomic: publishes all of this to isInSlabOf, which takes neither lock nor reference.
  storePageWord(pfn, desc | TYPE_SLAB);
  publish(desc);
  return desc;
}

function fillAll(desc: Desc, cache: u32): void {
  const record = cacheOf(cache);
  const first: u32 = isSelfDescribed(desc) ? 1 : 0;
  for (let index = first; index < record.perSlab; index++) fillFree(record, objectAt(desc, index));
}

function initStates(desc: Desc, objects: u32): void {
  const slab = slabOf(desc);
  const end = pageAddress(slab.pfn) + PAGE_BYTES;
  const isInDesc = objects <= IN_DESC_OBJECTS;
  slab.states = isInDesc ? desc + u32(offsetof<Slab>('ownStates')) : end - stateBytes(objects);
  slab.lowest = 0;
  memory.fill(slab.states, 0, objects);
}

/**
 * Looks for the next object that is in its slab, from index `from` on. What is here stays here.
 *
 * @returns its index; if there is none, the number of objects in a slab
 */
export function nextHere(desc: Desc, from: u32): u32 {
  assertLocked(SLAB_STATE);
  const perSlab = cacheOf(slabCache(desc)).perSlab;
  let index = from;
  // Atomic, since others change the states of objects that are not here.
  while (index < perSlab && loadByte(slabOf(desc).states + index) != IN_SLAB) index++;
  return index;
}

/** Objects of a slab that are not in it. */
export function countOut(desc: Desc): u32 {
  let out: u32 = 0;
  const states = slabOf(desc).states;
  for (let index: u32 = 0; index < cacheOf(slabCache(desc)).perSlab; index++) {
    if (peekByte(states + index) != IN_SLAB) out++;
  }
  return out;
}
