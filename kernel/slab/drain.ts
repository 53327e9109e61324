/**
 * Draining: objects go from sheaves back to their slabs, so that empty slabs can retire.
 *
 * A thread's own sheaves are emptied when it leaves; everybody's, and the barn, when memory is
 * short. A sheaf is plain memory of its owner, who is never in the middle of a pop or push while
 * the world is halted.
 */
import { selfSlot } from '../base/env';
import { haltWorld, resumeWorld } from '../thread/stop';
import { CACHES, cacheOf, slabState } from './cache';
import { dropSheaf, flushSheaf, lockSlab, rackOf, settleHand, sheafOf, unlockSlab } from './sheaf';
import { waitingSlabs } from './slabs';

/**
 * Looks for objects of a cache that has none left: in the barn and in other threads' sheaves.
 *
 * @returns whether slabs of the cache have room now
 * Context: locks may be held, but not the slab's. The world may halt, for microseconds.
 */
export function drainCache(cache: u32): bool {
  lockSlab();
  drainBarn();
  if (cacheOf(cache).partial == 0 && hasOthersSheaf(cache)) drainThreads();
  const hasRoom = cacheOf(cache).partial != 0;
  unlockSlab();
  return hasRoom;
}

/**
 * Empties all sheaves, for whoever is short of pages.
 *
 * @returns whether slabs wait now to go back to frames
 * Context: as above. The world halts.
 */
export function drainSlab(): bool {
  lockSlab();
  drainBarn();
  drainThreads();
  unlockSlab();
  return waitingSlabs() != 0;
}

function drainBarn(): void {
  for (let cache: u32 = 0; cache < CACHES; cache++) {
    const record = cacheOf(cache);
    while (record.full != 0) {
      const sheaf = record.full;
      flushSheaf(sheaf);
      record.full = sheafOf(sheaf).next;
      record.fullCount--;
      dropSheaf(sheaf);
    }
  }
}

function hasOthersSheaf(cache: u32): bool {
  for (let sheaf = slabState().sheaves; sheaf != 0; sheaf = sheafOf(sheaf).chain) {
    const owner = sheafOf(sheaf).owner;
    if (sheafOf(sheaf).cache == cache && owner != 0 && owner != selfSlot()) return true;
  }
  return false;
}

function drainThreads(): void {
  haltWorld();
  for (let sheaf = slabState().sheaves; sheaf != 0; sheaf = sheafOf(sheaf).chain) flushSheaf(sheaf);
  resumeWorld();
}

/** Gives back all sheaves of this thread, which leaves, and what is in them. */
export function leaveSlab(): void {
  lockSlab();
  for (let cache: u32 = 0; cache < CACHES; cache++) {
    const rack = rackOf(cache);
    giveUp(rack.loaded);
    giveUp(rack.spare);
    rack.loaded = 0;
    rack.spare = 0;
  }
  unlockSlab();
}

/** After a repair: this thread's sheaves have become everybody's, and nothing is in its hands. */
export function forgetRacks(): void {
  for (let cache: u32 = 0; cache < CACHES; cache++) {
    const rack = rackOf(cache);
    rack.loaded = 0;
    rack.spare = 0;
  }
  settleHand();
}

function giveUp(sheaf: u32): void {
  if (sheaf == 0) return;
  flushSheaf(sheaf);
  dropSheaf(sheaf);
}
