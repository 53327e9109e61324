/**
 * KmemCache: where descriptors, handle cells and users' objects come from.
 *
 * Fast path: an alloc pops a sheaf of this thread's, a free pushes to one; no atomic instruction
 * that writes, no lock. Slow path, under the slab lock, in this order:
 *   alloc   the spare sheaf · a full one from the barn · objects of slabs with room, a sheaf at
 *           once · a new slab · what lies in other threads' sheaves, for which the world halts
 *   free    the spare sheaf · an empty one from the pool, the spare goes to the barn · the slabs
 * **A free never allocates**: with no empty sheaf to be had, the objects go to their slabs.
 *
 * Two ways to use a cache: objects that a stale pointer may reach are *pinned* before anything else
 * of them is looked at, and reused at once (folio descriptors); or *deferred* by whoever unlinks
 * them, and freed after the grace period (zspages, cells). A cache knows nothing of this; in
 * both cases the *page* of a slab waits for a grace period.
 *
 * A wrong free is found before anything changes: an address in no slab of the cache, between two
 * objects, or free (in a slab or a sheaf). Two threads that free one object in the same moment are
 * found only where `tryFreeObject` arbitrates, or when a sheaf is flushed.
 *
 * Cost of a pair: see docs/design/40-slab.md.
 */
import { FAULT_SLAB, fail } from '../base/fault';
import { Desc, pageAddress, SLAB_STATE } from '../base/layout';
import { casByte } from '../base/words';
import { CLASS_UNMOVABLE } from '../frames/class';
import { freePageCount, takeBlock } from '../frames/frames';
import { assertLocked } from '../thread/context';
import { CACHE_SHEAF, CACHE_SLAB, cacheOf, createCache, KIND_PLAIN } from './cache';
import { checkFilled, fillFree } from './debug-fill';
import { drainCache } from './drain';
import {
  chainSheaf,
  clearTaken,
  dropSheaf,
  fillSheaf,
  flushSheaf,
  isEmpty,
  isFull,
  lockSlab,
  markTaken,
  nameLast,
  noteEntered,
  pop,
  push,
  Rack,
  rackOf,
  SHEAF_BYTES,
  settleHand,
  storeInBarn,
  takeFromBarn,
  takeSheaf,
  unlockSlab,
} from './sheaf';
import { IN_SHEAF, IN_USE, initSlab, SLAB_DESC_BYTES, usedStateAt } from './slab';
import { adoptSlab, returnObject, takeObject } from './slabs';

export {
  CACHE_CELL,
  CACHE_FOLIO,
  CACHE_FOLIO_64,
  CACHE_FOLIO_128,
  CACHE_SLAB,
  CACHE_ZSPAGE,
  cacheOf,
  createCache,
  KIND_CELL,
  KIND_HAND,
} from './cache';
export { isDescriptor, isFolioObject, isInSlabOf, isObject } from './slab';

/**
 * Full sheaves of a cache in the barn: a burst of so many sheaves more frees than allocs is free.
 */
const BARN_SHEAVES: u16 = 8;
/** A sheaf is a luxury: below so many free pages, 256 KiB, nobody takes a page for more of them. */
const SPARE_PAGES: u32 = 64;

export function formatSlab(): void {
  createCache(CACHE_SLAB, SLAB_DESC_BYTES);
  createCache(CACHE_SHEAF, SHEAF_BYTES, KIND_PLAIN);
}

/** @returns an object that nobody else has, its bytes as its last user left them; or 0. @inline */
export function allocObject(cache: u32): u32 {
  const sheaf = rackOf(cache).loaded;
  if (isEmpty(sheaf)) return allocSlow(cache);
  return pop(cacheOf(cache), sheaf);
}

/** Frees an object; what is no object of the cache, or free already, is a fault. @inline */
export function freeObject(cache: u32, object: u32): void {
  const at = usedStateAt(cache, object);
  if (at == 0) fail(FAULT_SLAB, object);
  putAway(cache, object, at);
}

/**
 * Frees a user's object. Of several threads that free one object, one does.
 *
 * @returns false if it is none, or free already; then nothing has changed
 */
export function tryFreeObject(cache: u32, object: u32): bool {
  const at = usedStateAt(cache, object);
  if (at == 0) return false;
  noteEntered();
  nameLast(object);
  if (casByte(at, IN_USE, IN_SHEAF) != IN_USE) return false;
  putAway(cache, object, at);
  return true;
}

/** Puts an object, whose state byte is at `at`, where it is at hand. @inline */
function putAway(cache: u32, object: u32, at: usize): void {
  const sheaf = rackOf(cache).loaded;
  if (isFull(sheaf)) freeSlow(cache, object, at);
  else push(cacheOf(cache), sheaf, object, at);
}

function swapSheaves(rack: Rack): void {
  const loaded = rack.loaded;
  rack.loaded = rack.spare;
  rack.spare = loaded;
}

/** Progress of the loop: if there is no object in a new slab, other threads have got them all. */
function allocSlow(cache: u32): u32 {
  const rack = rackOf(cache);
  if (!isEmpty(rack.spare)) {
    swapSheaves(rack);
    return pop(cacheOf(cache), rack.loaded);
  }
  // Not for slab descriptors: a slab of sheaves needs one. They take a sheaf that is there.
  if (rack.loaded == 0 && cache != CACHE_SLAB) equip(cache, rack);
  while (true) {
    lockSlab();
    const object = refill(cache, rack);
    unlockSlab();
    if (object != 0) return object;
    if (!addSlab(cache) && !drainCache(cache)) return 0;
  }
}

/** Gives a thread its first sheaf of a cache, if there is memory for sheaves. */
function equip(cache: u32, rack: Rack): void {
  if (takeLoaded(cache, rack) || freePageCount() <= SPARE_PAGES) return;
  addSheaves();
  takeLoaded(cache, rack);
}

function takeLoaded(cache: u32, rack: Rack): bool {
  lockSlab();
  rack.loaded = takeSheaf(cache);
  unlockSlab();
  return rack.loaded != 0;
}

/**
 * Fills this thread's empty sheaf and takes an object out of it. @returns it, or 0
 */
function refill(cache: u32, rack: Rack): u32 {
  assertLocked(SLAB_STATE);
  const full = takeFromBarn(cache);
  if (full != 0) {
    if (rack.loaded != 0) dropSheaf(rack.loaded);
    rack.loaded = full;
  } else if (cacheOf(cache).partial == 0) {
    return 0;
  } else {
    if (rack.loaded == 0) rack.loaded = takeSheaf(cache);
    if (rack.loaded == 0) return takeDirect(cache);
    fillSheaf(rack.loaded);
  }
  return pop(cacheOf(cache), rack.loaded);
}

/** For a thread without a sheaf. */
function takeDirect(cache: u32): u32 {
  const object = takeObject(cache);
  if (isDefined(PAGELESS_DEBUG)) checkFilled(cacheOf(cache), object);
  markTaken(cacheOf(cache).kind, object);
  return object;
}

function freeSlow(cache: u32, object: u32, at: usize): void {
  const rack = rackOf(cache);
  if (!isFull(rack.spare)) swapSheaves(rack);
  else {
    // We may rest here, and the object is its owner's no more.
    noteEntered();
    markTaken(cacheOf(cache).kind, object);
    lockSlab();
    settleHand();
    // While we rested for the lock others may have emptied both sheaves.
    if (isFull(rack.loaded)) makeRoom(cache, rack);
    if (rack.loaded == 0) returnDirect(cache, object);
    unlockSlab();
    if (rack.loaded == 0) return;
  }
  push(cacheOf(cache), rack.loaded, object, at);
}

/** For a thread without a sheaf. */
function returnDirect(cache: u32, object: u32): void {
  clearTaken(cacheOf(cache).kind, object);
  if (isDefined(PAGELESS_DEBUG)) fillFree(cacheOf(cache), object);
  returnObject(object);
}

/**
 * Makes room in this thread's full sheaves; if it has none and gets none, there is none.
 */
function makeRoom(cache: u32, rack: Rack): void {
  assertLocked(SLAB_STATE);
  const full = rack.loaded;
  const isBarnFull = cacheOf(cache).fullCount >= BARN_SHEAVES;
  const empty = rack.spare != 0 && isBarnFull ? 0 : takeSheaf(cache);
  if (empty == 0) {
    if (full != 0) flushSheaf(full);
    return;
  }
  if (rack.spare != 0) storeInBarn(rack.spare);
  rack.spare = full;
  rack.loaded = empty;
}

/** Gives a cache one slab more. @returns false when there is no page, or no descriptor, for it */
export function addSlab(cache: u32): bool {
  const desc = makeSlab(cache);
  if (desc == 0) return false;
  lockSlab();
  adoptSlab(desc);
  unlockSlab();
  return true;
}

/** Gives the pool sheaves, a slab of them. @returns false when there is no memory */
export function addSheaves(): bool {
  const desc = makeSlab(CACHE_SHEAF);
  if (desc == 0) return false;
  lockSlab();
  adoptSlab(desc);
  while (cacheOf(CACHE_SHEAF).partial != 0) {
    const sheaf = takeObject(CACHE_SHEAF);
    chainSheaf(sheaf);
    dropSheaf(sheaf);
  }
  unlockSlab();
  return true;
}

/** Descriptor first, page last: with a page in hand that no word describes nobody may rest. */
function makeSlab(cache: u32): Desc {
  const isSelf = cache == CACHE_SLAB;
  const desc = isSelf ? 0 : allocObject(CACHE_SLAB);
  if (!isSelf && desc == 0) return 0;
  const pfn = takeBlock(0, CLASS_UNMOVABLE);
  if (pfn != 0) {
    if (isSelf) nameLast(pageAddress(pfn));
    return initSlab(isSelf ? pageAddress(pfn) : desc, pfn, cache);
  }
  if (!isSelf) freeObject(CACHE_SLAB, desc);
  return 0;
}
