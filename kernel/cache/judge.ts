/**
 * Judging: what the index says of an entry whose record was popped from a queue, and what becomes of
 * it.
 *
 * A node's `hits` is raised by readers, without a lock and without an atomic instruction, until it is
 * 3: a hit that is lost when two threads count at once, or when it is judged meanwhile, costs nothing.
 * `isMain` says in which queue the entry's record is; the store lock protects it.
 *
 * Lock: store.
 */
import { FAULT_INDEX, fail } from '../base/fault';
import { swapWord } from '../base/words';
import { linkOf } from '../reclaim/reclaim';
import { entryStoredBytes } from '../store/entry';
import {
  bucketCount,
  findHash,
  firstNode,
  handleAt,
  nodeExpiry,
  nodeHandle,
  nodeOf,
  removeNode,
  STORE_LOCK,
  storeState,
} from '../store/hash-index';
import { COUNT_EVICTIONS, count } from '../thread/counters';
import { defer, LIMBO_NODE } from '../thread/limbo';
import { lock, unlock } from '../thread/lock';
import { enterSection } from '../thread/rcu';
import { beginChange } from '../thread/slot';
import { zsPlace } from '../zsmalloc/object';
import { unitsFor } from './fifo';
import { deferEntry, subtractTotals } from './totals';

/** There is no such entry: it was deleted, or has another record. */
export const JUDGED_GONE: u32 = 0;
export const JUDGED_EVICTED: u32 = 1;
/** Small, and hit often enough: it is main's now. */
export const JUDGED_PROMOTED: u32 = 2;
/** Main, and hit: it stays, one hit fewer. */
export const JUDGED_KEPT: u32 = 3;

/** What an entry takes besides its object: node, cell, object header. */
const ENTRY_OVERHEAD_BYTES: u32 = 32 + 8 + 4;

/** Thread-local: size and expiry of the entry that `judge` found last. */
let units: u32 = 0;
let expiry: u64 = 0;

export function judgedUnits(): u32 {
  return units;
}

export function judgedExpiry(): u64 {
  return expiry;
}

export function unitsOfEntry(handle: u32): u32 {
  return unitsFor(ENTRY_OVERHEAD_BYTES + entryStoredBytes(zsPlace(handle)));
}

/**
 * Judges the entry with this hash in this queue; one with fewer `hits` goes. With 0 hits, which all
 * have, it is only looked at: KEPT.
 *
 * @returns JUDGED_…
 */
export function judge(hash: u32, isMain: bool, hits: u32): u32 {
  beginChange();
  lock(STORE_LOCK);
  enterSection();
  const node = findHash(hash, isMain);
  const verdict = node == 0 ? JUDGED_GONE : judgeNode(node, isMain, hits);
  unlock(STORE_LOCK);
  if (verdict == JUDGED_EVICTED) count(COUNT_EVICTIONS, 1);
  return verdict;
}

function judgeNode(node: u32, isMain: bool, hits: u32): u32 {
  const record = nodeOf(node);
  units = unitsOfEntry(nodeHandle(node));
  expiry = nodeExpiry(node);
  if (record.hits < hits) {
    removeEntry(node);
    return JUDGED_EVICTED;
  }
  if (hits == 0) return JUDGED_KEPT;
  if (isMain) {
    record.hits--;
    return JUDGED_KEPT;
  }
  record.isMain = 1;
  return JUDGED_PROMOTED;
}

/** Takes an entry out of the cache. Store lock held. */
export function removeEntry(node: u32): void {
  removeNode(node);
  // Only who takes the handle out retires it.
  const handle = swapWord(handleAt(node), 0);
  if (handle == 0) fail(FAULT_INDEX, node);
  subtractTotals(handle);
  deferEntry(handle);
  defer(LIMBO_NODE, node, linkOf(LIMBO_NODE, node));
}

/**
 * Evicts entries that no record leads to, and whatever else is met, bucket by bucket.
 *
 * @returns how many entries went
 */
export function sweepSome(wanted: u32): u32 {
  let freed: u32 = 0;
  let entries: u32 = 0;
  beginChange();
  lock(STORE_LOCK);
  enterSection();
  for (let node = nextToSweep(); node != 0 && freed < wanted; node = nextToSweep()) {
    freed += unitsOfEntry(nodeHandle(node));
    removeEntry(node);
    entries++;
  }
  unlock(STORE_LOCK);
  count(COUNT_EVICTIONS, entries);
  return entries;
}

/** An entry in the bucket at the hand, or in one behind it; 0 = there is none. Store lock held. */
export function nextToSweep(): u32 {
  const store = storeState();
  if (store.entries == 0) return 0;
  while (true) {
    if (store.hand >= bucketCount()) store.hand = 0;
    const node = firstNode(store.hand);
    if (node != 0) return node;
    store.hand++;
  }
}
