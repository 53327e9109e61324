/**
 * KmemCache: where descriptors, handle cells and index nodes come from.
 *
 * A closed table of caches, one for each kind of object. A cache keeps the list of its slabs that
 * have room (partial); full slabs are on no list. A slab that becomes empty goes back to frames after
 * a grace period, unless no other slab of its cache has room.
 *
 * cache record (32 bytes): objectBytes · objects per slab · partial · slabs · inUse
 *   inUse = Σ slab.inUse of its slabs
 * Slab lock: every cache and every slab. Frames and limbo locks are taken inside it.
 *
 * Cost: one lock, a bit search, and a page word load for a free.
 */
import { FAULT_SLAB, fail } from '../base/fault';
import { PAGE_BYTES, PAGE_SHIFT, SLAB_STATE, superblock } from '../base/layout';
import { giveBlock } from '../frames/frames';
import { enlist, unlist } from '../memdesc/desc-list';
import { bury, DISOWN_LAST, disown, linkAt } from '../memdesc/header';
import { limboWord, pageWord, storePageWord, wordDescriptor, wordType } from '../memdesc/page-word';
import { TYPE_FREE, TYPE_SLAB } from '../memdesc/type';
import { defer, LIMBO_SLAB } from '../thread/limbo';
import { lock, unlock } from '../thread/lock';
import { beginChange } from '../thread/slot';
import {
  bearSlab,
  clearInUse,
  countInUse,
  firstFree,
  isInUse,
  isSelfDescribed,
  SLAB_DESC_BYTES,
  setInUse,
  slabOf,
  takeSlabPage,
} from './slab';

/** Slab descriptors. */
export const CACHE_SLAB: u32 = 0;
/** Zspage descriptors. */
export const CACHE_ZSPAGE: u32 = 1;
/** zsmalloc's handle cells. */
export const CACHE_CELL: u32 = 2;
/** Index nodes. */
export const CACHE_NODE: u32 = 3;
/** Folio descriptors, by size. */
export const CACHE_FOLIO: u32 = 4;
export const CACHE_FOLIO_64: u32 = 5;
export const CACHE_FOLIO_128: u32 = 6;
export const CACHES: u32 = 7;

@unmanaged
export class SlabState {
  lock: u32;
  padding0: u32;
}

@unmanaged
export class KmemCache {
  objectBytes: u32;
  perSlab: u32;
  partial: u32;
  slabs: u32;
  inUse: u32;
  padding0: u32;
  padding1: u32;
  padding2: u32;
}

export function cacheOf(cache: u32): KmemCache {
  return changetype<KmemCache>(SLAB_STATE + offsetof<SlabState>() + cache * offsetof<KmemCache>());
}

/** Where a cache's list of slabs with room begins. */
function partialAt(cache: u32): usize {
  return changetype<usize>(cacheOf(cache)) + offsetof<KmemCache>('partial');
}

export function createCache(cache: u32, objectBytes: u32): void {
  const record = cacheOf(cache);
  record.objectBytes = objectBytes;
  record.perSlab = PAGE_BYTES / objectBytes;
}

export function formatSlab(): void {
  createCache(CACHE_SLAB, SLAB_DESC_BYTES);
}

/** @returns the address of an object that nobody else has, or 0. Its bytes are as its last user left them. */
export function allocObject(cache: u32): u32 {
  beginChange();
  lock(SLAB_STATE);
  const object = allocLocked(cache);
  unlock(SLAB_STATE);
  return object;
}

function allocLocked(cache: u32): u32 {
  const record = cacheOf(cache);
  if (record.partial == 0 && !grow(cache)) return 0;
  const desc = record.partial;
  const index = firstFree(desc);
  setInUse(desc, index);
  record.inUse++;
  if (slabOf(desc).inUse == record.perSlab) unlist(partialAt(cache), desc);
  return (slabOf(desc).pfn << PAGE_SHIFT) + index * record.objectBytes;
}

function grow(cache: u32): bool {
  const pfn = takeSlabPage();
  if (pfn == 0) return false;
  const record = cacheOf(cache);
  const isSelf = cache == CACHE_SLAB;
  const desc = isSelf ? pfn << PAGE_SHIFT : allocLocked(CACHE_SLAB);
  if (desc == 0) {
    giveBlock(pfn, 0);
    return false;
  }
  bearSlab(desc, pfn, cache);
  record.slabs++;
  if (isSelf) {
    setInUse(desc, 0);
    record.inUse++;
  }
  enlist(partialAt(cache), desc);
  return true;
}

/** Frees an object; what is no object of the cache, or free already, is a fault. */
export function freeObject(cache: u32, object: u32): void {
  beginChange();
  lock(SLAB_STATE);
  freeLocked(cache, object);
  unlock(SLAB_STATE);
}

function freeLocked(cache: u32, object: u32): void {
  const word = pageWord(object >> PAGE_SHIFT);
  const desc = wordDescriptor(word);
  if (wordType(word) != TYPE_SLAB || slabOf(desc).group != cache) fail(FAULT_SLAB, object);
  const record = cacheOf(cache);
  const offset = object & (PAGE_BYTES - 1);
  const index = offset / record.objectBytes;
  if (offset % record.objectBytes != 0 || !isInUse(desc, index)) fail(FAULT_SLAB, object);
  if (slabOf(desc).inUse == record.perSlab) enlist(partialAt(cache), desc);
  clearInUse(desc, index);
  record.inUse--;
  const left: u32 = isSelfDescribed(desc) ? 1 : 0;
  if (slabOf(desc).inUse == left && hasSibling(record, desc)) retire(cache, desc);
}

function hasSibling(record: KmemCache, desc: u32): bool {
  return record.partial != desc || slabOf(desc).next != 0;
}

/** Takes an empty slab out of its cache and lets it wait for a grace period. */
function retire(cache: u32, desc: u32): void {
  const record = cacheOf(cache);
  unlist(partialAt(cache), desc);
  record.slabs--;
  if (isSelfDescribed(desc)) record.inUse--;
  storePageWord(slabOf(desc).pfn, limboWord(0));
  // Otherwise an observer has pinned it, and its put is the last: release.ts then comes here.
  if (disown(desc) == DISOWN_LAST) deferSlab(desc);
}

/** For whoever dropped a slab's last reference. */
export function deferSlab(desc: u32): void {
  defer(LIMBO_SLAB, desc, linkAt(desc));
}

/** After the grace period: the page goes to frames, the descriptor to its cache. */
export function destroySlab(desc: u32): void {
  const pfn = slabOf(desc).pfn;
  const isSelf = isSelfDescribed(desc);
  bury(desc);
  storePageWord(pfn, TYPE_FREE);
  giveBlock(pfn, 0);
  if (!isSelf) freeObject(CACHE_SLAB, desc);
}

/**
 * Whether `address` lies in a slab of the cache, whose objects may then be loaded atomically, in use
 * or not, until the section ends. In a section; no lock. The page word is stored by bearSlab.
 */
export function isInSlabOf(cache: u32, address: u32): bool {
  if (address >> PAGE_SHIFT >= superblock().pageCount) return false;
  const word = pageWord(address >> PAGE_SHIFT);
  return wordType(word) == TYPE_SLAB && slabOf(wordDescriptor(word)).group == cache;
}

/** Whether `object` is an object in use of the cache. Slab lock held, or the world halted. */
export function isObject(cache: u32, object: u32): bool {
  if (!isInSlabOf(cache, object)) return false;
  const desc = wordDescriptor(pageWord(object >> PAGE_SHIFT));
  const offset = object & (PAGE_BYTES - 1);
  const bytes = cacheOf(cache).objectBytes;
  return offset % bytes == 0 && isInUse(desc, offset / bytes);
}

/** Whether `desc` is a descriptor in use. Slab lock held, or the world halted. */
export function isDescriptor(desc: u32): bool {
  return (
    isObject(CACHE_SLAB, desc) ||
    isObject(CACHE_ZSPAGE, desc) ||
    isObject(CACHE_FOLIO, desc) ||
    isObject(CACHE_FOLIO_64, desc) ||
    isObject(CACHE_FOLIO_128, desc)
  );
}

/** Whether `desc` is where a folio's descriptor is, or was, or may be. In a section; no lock. */
export function isFolioObject(desc: u32): bool {
  if (isInSlabOf(CACHE_FOLIO, desc)) return (desc & 31) == 0;
  if (isInSlabOf(CACHE_FOLIO_64, desc)) return (desc & 63) == 0;
  return isInSlabOf(CACHE_FOLIO_128, desc) && (desc & 127) == 0;
}

/** Compares every slab with its cache. Slab lock held. @returns an offending descriptor, or 0 */
export function checkSlabsLocked(): u32 {
  for (let cache: u32 = 0; cache < CACHES; cache++) {
    const bad = checkCacheLocked(cache);
    if (bad != 0) return bad;
  }
  return 0;
}

function checkCacheLocked(cache: u32): u32 {
  const record = cacheOf(cache);
  let inUse: u32 = 0;
  let slabs: u32 = 0;
  for (let pfn = superblock().firstPfn; pfn < superblock().pageCount; pfn++) {
    const word = pageWord(pfn);
    if (wordType(word) != TYPE_SLAB) continue;
    const desc = wordDescriptor(word);
    const slab = slabOf(desc);
    if (slab.pfn != pfn || countInUse(desc) != slab.inUse) return desc;
    if (slab.group != cache) continue;
    slabs++;
    inUse += slab.inUse;
  }
  for (let desc = record.partial; desc != 0; desc = slabOf(desc).next) {
    if (slabOf(desc).group != cache || slabOf(desc).inUse >= record.perSlab) return desc;
  }
  return inUse == record.inUse && slabs == record.slabs ? 0 : cache + 1;
}
