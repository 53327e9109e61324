/**
 * The table of caches: what kinds of objects there are, and where each stands.
 *
 * A cache hands out objects of one size. It is a number: the kernel's own are constants below, the
 * others are created by users, by name, and live as long as the zone. All records stand in one page
 * at a constant address, so that the way from a cache's number to its figures is one shift.
 *
 * An object is always in one of three places, which its *state byte* names (slab.ts):
 *   in its slab    free, behind the slab lock
 *   in a sheaf     free, at hand for one thread or in the barn (sheaf.ts)
 *   in use         somebody's
 *
 * record (64 bytes):
 *   objectBytes … sheafObjects   set before publish: objectBytes is stored last; 0 = no such cache
 *   partial, slabs, out, full    lock: slab
 *   out = objects of its slabs that are not in them = in use + in sheaves
 *
 * What a dead thread had in hand is found by evidence, of which each *kind* of cache has its own:
 *   DESC   descriptors: a header's refs word. UNPUBLISHED|slot from alloc until it is published,
 *          never 0 while the object is in use (but for a moment within `freeObject`)
 *   CELL   64-bit cells: TAKEN|slot from alloc until its user stores into it, never 0 while in use
 *   HAND   users' objects, which show nothing: the thread's `inHand` word, until the call
 *          returns or `settleHand` says that something else names the object
 *   PLAIN  nothing: whoever allocates has evidence of its own
 *
 * Slab lock: everything named above; a leaf: nobody waits for anything with it in hand, but for the
 * world to halt. So whoever dies is the only one that can have left this floor half-changed.
 */
import { CACHE_TABLE, PAGE_BYTES, SLAB_STATE } from '../base/layout';
import { storeWord } from '../base/words';

/** Slab descriptors. */
export const CACHE_SLAB: u32 = 0;
/** Zspage descriptors. */
export const CACHE_ZSPAGE: u32 = 1;
/** zsmalloc's handle cells. */
export const CACHE_CELL: u32 = 2;
/** Folio descriptors, by size. */
export const CACHE_FOLIO: u32 = 4;
export const CACHE_FOLIO_64: u32 = 5;
export const CACHE_FOLIO_128: u32 = 6;
/** Sheaves. */
export const CACHE_SHEAF: u32 = 7;
/** The numbers below are the kernel's. */
export const FIRST_USER_CACHE: u32 = 16;
/** The table's page has 64 records of 64 bytes, and a thread page room for twice as many racks. */
export const CACHES: u32 = 63;

export const KIND_DESC: u32 = 0;
export const KIND_CELL: u32 = 1;
export const KIND_HAND: u32 = 2;
export const KIND_PLAIN: u32 = 3;

/** Bytes of a cache's name, UTF-8, padded with zeros. */
export const NAME_BYTES: u32 = 24;
export const MIN_OBJECT_BYTES: u32 = 8;

@unmanaged
export class SlabState {
  lock: u32;
  /** Empty sheaves that are nobody's. */
  pool: u32;
  /** All sheaves there are. */
  sheaves: u32;
  /** Slabs that wait for a grace period: see retire.ts. */
  retired: u32;
  waiting: u32;
  /** Slabs on both lists. Read without the lock. */
  retiredCount: u32;
  closedAt: u64;
  /** 1 from the first to the last step of a recovery: who finds it does all of them again. */
  repairing: u32;
  padding: u32;
}

@unmanaged
export class KmemCache {
  /** Bytes from one object to the next. */
  objectBytes: u32;
  /** Index of an object = its offset in the page × this >> 32. */
  reciprocal: u32;
  perSlab: u16;
  kind: u16;
  /** Objects that a sheaf of this cache holds. */
  sheafObjects: u16;
  /** Full sheaves in the barn. */
  fullCount: u16;
  /** Slabs that have room. */
  partial: u32;
  slabs: u32;
  out: u32;
  /** The barn: full sheaves that are nobody's. */
  full: u32;
  /** What check and recovery count. */
  seenSlabs: u32;
  seenOut: u32;
  name0: u64;
  name1: u64;
  name2: u64;
}

/** A slab descriptor has room for the state bytes of so few objects: slab.ts. */
export const IN_DESC_OBJECTS: u32 = 24;
/**
 * Words of a sheaf that holds objects: see sheaf.ts. As many as a cache line has state bytes, and
 * where these begin with a line, so that the sheaves which two threads fill from one slab share
 * none.
 */
export const SHEAF_ENTRIES: u32 = 64;
/**
 * A sheaf holds at most 8 KiB of objects, so that two of them, which is what a thread keeps of each
 * cache it uses, strand at most 16 KiB; and at least four, so that a refill serves several allocs.
 */
const SHEAF_OBJECT_BYTES: u32 = 8192;
const MIN_SHEAF_OBJECTS: u32 = 4;

export function slabState(): SlabState {
  return changetype<SlabState>(SLAB_STATE);
}

export function cacheOf(cache: u32): KmemCache {
  return changetype<KmemCache>(CACHE_TABLE + cache * offsetof<KmemCache>());
}

/** Where a cache's list of slabs with room begins. */
export function partialAt(cache: u32): usize {
  return changetype<usize>(cacheOf(cache)) + offsetof<KmemCache>('partial');
}

function objectBytesAt(cache: u32): usize {
  return changetype<usize>(cacheOf(cache)) + offsetof<KmemCache>('objectBytes');
}

/** Objects in a page: the state bytes of more than a few of them stand in the page as well. */
function objectsPerSlab(objectBytes: u32): u32 {
  const objects = PAGE_BYTES / objectBytes;
  if (objects <= IN_DESC_OBJECTS) return objects;
  return (PAGE_BYTES - stateBytes(PAGE_BYTES / (objectBytes + 1))) / objectBytes;
}

/** Bytes at the end of a page that the states of so many objects take: whole lines. */
export function stateBytes(objects: u32): u32 {
  return (objects + SHEAF_ENTRIES - 1) & ~(SHEAF_ENTRIES - 1);
}

export function createCache(cache: u32, objectBytes: u32, kind: u32 = KIND_DESC): void {
  const record = cacheOf(cache);
  const fitting = max(SHEAF_OBJECT_BYTES / objectBytes, MIN_SHEAF_OBJECTS);
  // ⌊2^32 / b⌋ + 1 is too much by at most 1 in 2^32: exact for offsets below 2^12.
  record.reciprocal = u32(0x1_0000_0000 / u64(objectBytes)) + 1;
  record.perSlab = u16(objectsPerSlab(objectBytes));
  record.kind = u16(kind);
  record.sheafObjects = u16(min(fitting, SHEAF_ENTRIES));
  storeWord(objectBytesAt(cache), objectBytes);
}
