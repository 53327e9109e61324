/**
 * Reserves: objects that an operation takes hold of before it begins, so that it cannot run out of
 * them in the middle. A split of a folio needs up to 512 descriptors while its count is frozen.
 *
 * A reserve is a chain of sheaves of the thread's own, which nobody else empties. One for each cache;
 * an operation that ends gives back what it did not need.
 */
import { cacheOf } from './cache';
import { drainCache, giveUpReserve } from './drain';
import { addSheaves, addSlab } from './kmem-cache';
import {
  fillSheaf,
  isEmpty,
  lockSlab,
  pop,
  RESERVED,
  rackOf,
  sheafOf,
  takeSheaf,
  unlockSlab,
} from './sheaf';

/**
 * Takes hold of at least `objects` objects of a cache.
 *
 * @returns whether there were so many; if not, none is held
 */
export function reserveObjects(cache: u32, objects: u32): bool {
  while (true) {
    lockSlab();
    const held = enlarge(cache, objects);
    const hasRoom = cacheOf(cache).partial != 0;
    unlockSlab();
    if (held >= objects) return true;
    // Where a slab has room it was a sheaf that was missing.
    if (hasRoom ? addSheaves() : addSlab(cache) || drainCache(cache)) continue;
    releaseReserve(cache);
    return false;
  }
}

/** Fills sheaves until they hold enough, or something is missing. Slab lock held. @returns how many */
function enlarge(cache: u32, objects: u32): u32 {
  const rack = rackOf(cache);
  let held: u32 = 0;
  for (let sheaf = rack.reserve; sheaf != 0; sheaf = sheafOf(sheaf).next) {
    fillSheaf(sheaf);
    held += sheafOf(sheaf).count;
  }
  while (held < objects && cacheOf(cache).partial != 0) {
    const sheaf = takeSheaf(cache, RESERVED);
    if (sheaf == 0) break;
    sheafOf(sheaf).next = rack.reserve;
    rack.reserve = sheaf;
    fillSheaf(sheaf);
    held += sheafOf(sheaf).count;
  }
  return held;
}

/** An object out of the reserve, of which the caller knows that it is not used up. */
export function takeReserved(cache: u32): u32 {
  let sheaf = rackOf(cache).reserve;
  while (isEmpty(sheaf)) sheaf = sheafOf(sheaf).next;
  return pop(cacheOf(cache), sheaf);
}

/** Gives back what is left of the reserve. */
export function releaseReserve(cache: u32): void {
  lockSlab();
  giveUpReserve(rackOf(cache));
  unlockSlab();
}
