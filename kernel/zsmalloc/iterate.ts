/**
 * Walking over everything that zsmalloc has: for checks, reports and repairs.
 *
 * Cells and zspages are found by the slabs that they lie in, so by the page map alone: no list can
 * hide one. Cost: a look at the word of every page in use, and at every object of the slabs found.
 */
import { Desc, PAGE_BYTES, pageAddress, pfnOfAddress, superblock } from '../base/layout';
import { loadWord } from '../base/words';
import { nextTaken } from '../frames/bitfield';
import { COUNT_MASK, refsAt, UNPUBLISHED } from '../memdesc/header';
import { CACHE_CELL, CACHE_ZSPAGE, cacheOf, isInSlabOf, isObject } from '../slab/kmem-cache';

/** The next object of a cache's slabs behind `at`, in use or not; 0 at the end. Begin with 0. */
function nextObject(cache: u32, at: u32): u32 {
  const bytes = cacheOf(cache).objectBytes;
  const end = bytes * u32(cacheOf(cache).perSlab);
  const next = at + bytes;
  // In the same slab: the page stays one, in a section as in the halted world.
  if (at != 0 && (next & (PAGE_BYTES - 1)) < end) return next;
  let pfn = at == 0 ? superblock().firstPfn : pfnOfAddress(at) + 1;
  for (pfn = nextTaken(pfn); pfn < superblock().pageCount; pfn = nextTaken(pfn + 1)) {
    if (isInSlabOf(cache, pageAddress(pfn))) return pageAddress(pfn);
  }
  return 0;
}

/** The next cell; it may be FREE. */
export function nextCell(at: u32): u32 {
  return nextObject(CACHE_CELL, at);
}

/** The next zspage that is one: published, and not freed. */
export function nextZspage(at: u32): u32 {
  let next = nextObject(CACHE_ZSPAGE, at);
  while (next != 0 && !isPublished(next)) next = nextObject(CACHE_ZSPAGE, next);
  return next;
}

/** Whether there is a zspage at the address. World halted. */
export function isZspage(desc: Desc): bool {
  return isObject(CACHE_ZSPAGE, desc) && isPublished(desc);
}

function isPublished(desc: Desc): bool {
  const refs = loadWord(refsAt(desc));
  return (refs & UNPUBLISHED) == 0 && (refs & COUNT_MASK) != 0;
}
