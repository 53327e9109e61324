/**
 * Eviction: which entry goes when memory is short. First in, first out.
 *
 * The queue links the nodes of the index, oldest to newest; a value that is overwritten counts as
 * new. Store lock: the queue, the totals, and every change of an entry.
 */
import { FAULT_INDEX, fail } from '../base/fault';
import { peekCell, storeCell, swapWord } from '../base/words';
import { linkOf } from '../reclaim/reclaim';
import { entryKeyBytes, entryValueBytes } from '../store/entry';
import {
  handleAt,
  nodeOf,
  removeNode,
  STORE_LOCK,
  StoreState,
  storeState,
} from '../store/hash-index';
import { COUNT_EVICTIONS, count } from '../thread/counters';
import { defer, LIMBO_NODE, LIMBO_VALUE } from '../thread/limbo';
import { lock, unlock } from '../thread/lock';
import { enterSection } from '../thread/rcu';
import { beginChange } from '../thread/slot';
import { zsDefer, zsRetire } from '../zsmalloc/alloc';
import { zsPlace } from '../zsmalloc/object';

/** Puts a node at the new end of the queue. Store lock held. */
export function enqueue(node: u32): void {
  const store = storeState();
  nodeOf(node).newer = 0;
  nodeOf(node).older = store.newest;
  if (store.newest != 0) nodeOf(store.newest).newer = node;
  else store.oldest = node;
  store.newest = node;
}

/** Takes a node out of the queue. Store lock held. */
export function dequeue(node: u32): void {
  const store = storeState();
  const newer = nodeOf(node).newer;
  const older = nodeOf(node).older;
  if (newer != 0) nodeOf(newer).older = older;
  else store.newest = older;
  if (older != 0) nodeOf(older).newer = newer;
  else store.oldest = newer;
}

/** Adds an entry to the totals. Store lock held. */
export function addTotals(handle: u32): void {
  addTotal(offsetof<StoreState>('valueBytes'), entryValueBytes(zsPlace(handle)));
  addTotal(offsetof<StoreState>('keyBytes'), entryKeyBytes(zsPlace(handle)));
}

export function subtractTotals(handle: u32): void {
  addTotal(offsetof<StoreState>('valueBytes'), -i64(entryValueBytes(zsPlace(handle))));
  addTotal(offsetof<StoreState>('keyBytes'), -i64(entryKeyBytes(zsPlace(handle))));
}

/** Totals are read without the lock, so they are stored atomically. */
function addTotal(field: usize, amount: i64): void {
  storeCell(STORE_LOCK + field, peekCell(STORE_LOCK + field) + amount);
}

/** Lets an entry that nobody can find any more wait for its grace period. */
export function deferEntry(handle: u32): void {
  zsRetire(handle);
  zsDefer(LIMBO_VALUE, handle);
}

/** What an entry takes besides its key and value: node, cell, object header and head. */
const ENTRY_OVERHEAD_BYTES: u32 = 32 + 8 + 4 + 16;

/** Takes an entry out of the cache. Store lock held. @returns its bytes, before compression */
export function removeEntry(node: u32): u32 {
  removeNode(node);
  dequeue(node);
  // Only who takes the handle out retires it.
  const handle = swapWord(handleAt(node), 0);
  if (handle == 0) fail(FAULT_INDEX, node);
  subtractTotals(handle);
  const place = zsPlace(handle);
  const bytes = ENTRY_OVERHEAD_BYTES + entryKeyBytes(place) + entryValueBytes(place);
  deferEntry(handle);
  defer(LIMBO_NODE, node, linkOf(LIMBO_NODE, node));
  return bytes;
}

/** Evicts the oldest entries until `bytes` are out. @returns how many entries went */
export function evict(bytes: u32): u32 {
  let entries: u32 = 0;
  let freed: u32 = 0;
  beginChange();
  lock(STORE_LOCK);
  enterSection();
  while (freed < bytes && storeState().oldest != 0) {
    freed += removeEntry(storeState().oldest);
    entries++;
  }
  unlock(STORE_LOCK);
  count(COUNT_EVICTIONS, entries);
  return entries;
}
