/**
 * The slabs of a cache: which have room, how objects leave them and come back.
 *
 * A cache lists the slabs that have room; full ones are on no list, since a free finds its slab by
 * the page word. A slab that becomes empty *retires*, unless no other slab of its cache has room:
 * then it stays, and the next alloc needs no page. Nor does a slab of slab descriptors retire: its
 * own keeps it from being empty. Retired slabs wait for a grace period (retire.ts):
 * somebody may still look at an object through a stale pointer.
 *
 * Slab lock: everything here.
 */

import { FAULT_SLAB, fail } from '../base/fault';
import { Desc } from '../base/layout';
import { loadWord, peekByte, pokeByte, pokeWord, storeWord } from '../base/words';
import { enlist, unlist } from '../memdesc/desc-list';
import { linkAt } from '../memdesc/header';
import { cacheOf, partialAt, SlabState, slabState } from './cache';
import {
  cacheWordAt,
  IN_SLAB,
  IN_USE,
  nextHere,
  objectAt,
  RETIRED,
  slabCache,
  slabHolding,
  slabOf,
  stateAt,
} from './slab';

/** Makes a slab of which only its grower knows one of its cache's. */
export function adoptSlab(desc: Desc): void {
  const record = cacheOf(slabCache(desc));
  slabOf(desc).grower = 0;
  record.slabs++;
  record.out += slabOf(desc).inUse;
  if (slabOf(desc).inUse < record.perSlab) enlist(partialAt(slabCache(desc)), desc);
}

/** Takes the lowest object out of the first slab with room, of which there is one. */
export function takeObject(cache: u32): u32 {
  const desc = cacheOf(cache).partial;
  const index = nextHere(desc, slabOf(desc).lowest);
  if (index >= cacheOf(cache).perSlab) fail(FAULT_SLAB, desc);
  pokeByte(slabOf(desc).states + index, IN_USE);
  countTaken(desc, 1, index + 1);
  return objectAt(desc, index);
}

/** After `objects` were taken out of a slab with room, all that were below `lowest`. */
export function countTaken(desc: Desc, objects: u32, lowest: u32): void {
  const cache = slabCache(desc);
  slabOf(desc).inUse += objects;
  slabOf(desc).lowest = u16(lowest);
  cacheOf(cache).out += objects;
  if (slabOf(desc).inUse == cacheOf(cache).perSlab) unlist(partialAt(cache), desc);
}

/** Puts an object back into its slab. */
export function returnObject(object: u32): void {
  const desc = slabHolding(object);
  const slab = slabOf(desc);
  const cache = slabCache(desc);
  const record = cacheOf(cache);
  const at = stateAt(record, desc, object);
  // Half-done, by a thread that died: see recover.ts.
  if (peekByte(at) == IN_SLAB) return;
  pokeByte(at, IN_SLAB);
  if (slab.inUse == record.perSlab) enlist(partialAt(cache), desc);
  slab.inUse--;
  const index = u32(at) - slab.states;
  if (index < slab.lowest) slab.lowest = u16(index);
  record.out--;
  retireIfSpare(desc);
}

/** Retires a slab with room if it is empty, and not the only one with room. */
export function retireIfSpare(desc: Desc): void {
  const slab = slabOf(desc);
  if (slab.inUse != 0) return;
  if (cacheOf(slabCache(desc)).partial != desc || slab.next != 0) retire(desc);
}

/** Takes an empty slab out of its cache. */
function retire(desc: Desc): void {
  const cache = slabCache(desc);
  unlist(partialAt(cache), desc);
  cacheOf(cache).slabs--;
  // Atomic: from here on isInSlabOf says no, so the grace period may begin.
  storeWord(cacheWordAt(desc), cache | RETIRED);
  enlistRetired(desc);
}

/** Lets a slab wait; a header's link is what no reader reads. */
export function enlistRetired(desc: Desc): void {
  pokeWord(linkAt(desc), slabState().retired);
  slabState().retired = desc;
  countWaiting(1);
}

/** Slabs that wait for a grace period: a momentary figure. */
export function waitingSlabs(): u32 {
  return loadWord(waitingAt());
}

function waitingAt(): usize {
  return changetype<usize>(slabState()) + offsetof<SlabState>('retiredCount');
}

export function countWaiting(slabs: i32): void {
  storeWord(waitingAt(), slabState().retiredCount + slabs);
}
