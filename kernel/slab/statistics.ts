/**
 * Figures of the caches, for reports: momentary, under the slab lock.
 *
 * What lies in other threads' sheaves is read while they use them, so it may be off by an object or
 * two; nothing follows from it.
 */

import { SLAB_STATE } from '../base/layout';
import { loadWord } from '../base/words';
import { assertLockedOrHalted } from '../thread/context';
import { CACHES, cacheOf, KmemCache, slabState } from './cache';
import { lockSlab, Sheaf, sheafOf, unlockSlab } from './sheaf';

/** What `slabFigure` can be asked for. */
export const FIGURE_OBJECT_BYTES: u32 = 0;
export const FIGURE_PER_SLAB: u32 = 1;
export const FIGURE_SLABS: u32 = 2;
export const FIGURE_IN_USE: u32 = 3;
export const FIGURE_IN_SHEAVES: u32 = 4;
export const FIGURE_BARN: u32 = 5;

/** Objects of a cache that lie in sheaves, of threads and in the barn. */
export function inSheaves(cache: u32): u32 {
  assertLockedOrHalted(SLAB_STATE);
  let objects: u32 = 0;
  for (let sheaf = slabState().sheaves; sheaf != 0; sheaf = sheafOf(sheaf).chain) {
    if (sheafOf(sheaf).cache == cache) objects += loadWord(sheaf + offsetof<Sheaf>('count'));
  }
  return objects;
}

/** Objects of a cache that are somebody's. */
export function objectsInUse(cache: u32): u32 {
  return slabFigure(cache, FIGURE_IN_USE);
}

export function slabFigure(cache: u32, figure: u32): u32 {
  if (cache >= CACHES) return 0;
  lockSlab();
  const value = figureOf(cacheOf(cache), figure, inSheaves(cache));
  unlockSlab();
  return value;
}

/** The same of a cache's record, when `sheaved` of its objects lie in sheaves. @returns 0 = none */
export function figureOf(record: KmemCache, figure: u32, sheaved: u32): u32 {
  switch (figure) {
    case FIGURE_OBJECT_BYTES:
      return record.objectBytes;
    case FIGURE_PER_SLAB:
      return record.perSlab;
    case FIGURE_SLABS:
      return record.slabs;
    case FIGURE_IN_USE:
      // Without the lock the two are of different moments.
      return record.out > sheaved ? record.out - sheaved : 0;
    case FIGURE_IN_SHEAVES:
      return sheaved;
    case FIGURE_BARN:
      return record.fullCount;
    default:
      return 0;
  }
}
