/**
 * Figures for people: read from the zone, by anybody, at any time, without a lock or a reference.
 *
 * Each is a momentary figure, loaded atomically. Objects in use are stored by plain stores under
 * their floor's lock; an aligned word does not tear. Byte counts are f64: exact up to 2^53.
 */
import { faultCode } from '../base/fault';
import { Pfn, pageAddress, Slot, superblock } from '../base/layout';
import { freePageCount } from '../frames/frames';
import { pageWord, wordSubtype, wordType } from '../memdesc/page-word';
import { outputScratch } from '../memdesc/thread-pages';
import { TYPE_MISC, TYPE_ZSPAGE } from '../memdesc/type';
import { waitingSlabs } from '../slab/slabs';
import { deferredCount } from '../store/deferred';
import {
  entryCount as indexEntries,
  totalKeyBytes,
  totalStoredBytes,
  totalValueBytes,
} from '../store/totals';
import { sumCounter } from '../thread/counters';
import { LIMBO_KINDS, LIMBO_VALUE, limboCount } from '../thread/limbo';
import { OP_READ } from '../thread/operations';
import { enterSection, leaveSection } from '../thread/rcu';
import { highestSlot, SLOT_LIVE, slotState } from '../thread/slot';
import { enterReading, leaveKernel as leave } from '../thread/stop';
import { tallyClasses, usedBytes } from '../zsmalloc/statistics';

export {
  childrenOf,
  fragmentationIndex,
  freeBlocks,
  unusableFreeIndex,
} from '../frames/statistics';
export { stockedPages } from '../frames/stock';

export function fault(): u32 {
  return faultCode();
}

export function faultSlot(): u32 {
  return superblock().faultSlot;
}

export function faultDetail(): u32 {
  return superblock().faultDetail;
}

export function pageCount(): u32 {
  return superblock().pageCount;
}

/** Pages of fixed metadata: the first page that frames may hand out. */
export function firstPfn(): u32 {
  return superblock().firstPfn;
}

export function freePagesNow(): u32 {
  return freePageCount();
}

/** Pages that only urgent allocations may take. */
export function minPages(): u32 {
  return superblock().minPages;
}

export function zoneIdLo(): u32 {
  return superblock().zoneIdLo;
}

export function zoneIdHi(): u32 {
  return superblock().zoneIdHi;
}

/** The word of a page; 0 for a free one, and for one beyond the end. */
export function pageWordOf(pfn: Pfn): u32 {
  return pfn < superblock().pageCount ? pageWord(pfn) : 0;
}

/** Pages of a type; for Misc, those of a subtype. Cost: one load for each page. */
export function countPagesOf(type: u32, subtype: u32): u32 {
  let pages: u32 = 0;
  for (let pfn: Pfn = 0; pfn < superblock().pageCount; pfn++) {
    const word = pageWord(pfn);
    if (wordType(word) != type) continue;
    if (type != TYPE_MISC || wordSubtype(word) == subtype) pages++;
  }
  return pages;
}

/** A counter of thread/counters.ts, summed over all threads, past and present. */
export function counter(which: u32): f64 {
  return f64(sumCounter(which));
}

export function liveThreads(): u32 {
  let live: u32 = 0;
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    if (slotState(slot) == SLOT_LIVE) live++;
  }
  return live;
}

export function entryCount(): u32 {
  return indexEntries();
}

/** Σ length of the values, as they were given. */
export function valueBytes(): f64 {
  return f64(totalValueBytes());
}

export function keyBytes(): f64 {
  return f64(totalKeyBytes());
}

/** Σ what the entries take as they are stored. Cost: one load for each slot that was ever used. */
export function storedBytes(): f64 {
  return f64(totalStoredBytes());
}

/** Pages that hold objects of zsmalloc. Cost: one load for each page. */
export function zsPages(): u32 {
  return countPagesOf(TYPE_ZSPAGE, 0);
}

/** Bytes of objects in use, rounded up to their size classes. Cost: a look at each zspage. */
export function zsObjectBytes(): f64 {
  enterSection();
  const bytes = usedBytes();
  leaveSection();
  return bytes;
}

/**
 * Fills the output scratch with a ClassTally for each class, of a pool (its page) or of all (0).
 *
 * @returns classes
 */
export function zsTally(pool: u32): u32 {
  enterReading(OP_READ);
  const classes = tallyClasses(pageAddress(pool), outputScratch());
  leave();
  return classes;
}

/** Objects that wait for a grace period, of a kind of thread/limbo.ts; LIMBO_KINDS: slabs. */
export function limboOf(kind: u32): u32 {
  if (kind == LIMBO_VALUE) return limboCount(kind) + deferredCount();
  return kind < LIMBO_KINDS ? limboCount(kind) : kind == LIMBO_KINDS ? waitingSlabs() : 0;
}
