/**
 * Eviction: which entry goes when memory is short. First in, first out.
 *
 * The queue links the nodes of the index, oldest to newest; a value that is overwritten counts as
 * new. Store lock: the queue, the totals, and every change of an entry.
 */
import { FAULT_INDEX, fail } from '../base/fault';
import { swapWord } from '../base/words';
import { defer, LIMBO_NODE, LIMBO_VALUE } from '../thread/limbo';
import { lock, unlock } from '../thread/lock';
import { COUNT_EVICTIONS, count } from '../thread/slot';
import { zsPlace, zsRetire } from '../zsmalloc/pool';
import { entryKeyBytes, entryValueBytes } from './entry';
import { handleAt, nodeOf, removeNode, STORE_LOCK, storeState } from './hash-index';
import { linkOf } from './reclaim';

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
  const place = zsPlace(handle);
  storeState().valueBytes += entryValueBytes(place);
  storeState().keyBytes += entryKeyBytes(place);
}

export function subtractTotals(handle: u32): void {
  const place = zsPlace(handle);
  storeState().valueBytes -= entryValueBytes(place);
  storeState().keyBytes -= entryKeyBytes(place);
}

/** Lets an entry that nobody can find any more wait for its grace period. */
export function deferEntry(handle: u32): void {
  zsRetire(handle);
  defer(LIMBO_VALUE, handle, linkOf(LIMBO_VALUE, handle));
}

/** Takes an entry out of the cache. Store lock held. @returns the bytes of its value */
export function removeEntry(node: u32): u32 {
  removeNode(node);
  dequeue(node);
  // Only who takes the handle out retires it.
  const handle = swapWord(handleAt(node), 0);
  if (handle == 0) fail(FAULT_INDEX, node);
  subtractTotals(handle);
  const bytes = entryValueBytes(zsPlace(handle));
  deferEntry(handle);
  defer(LIMBO_NODE, node, linkOf(LIMBO_NODE, node));
  return bytes;
}

/** Evicts the oldest entries until `bytes` of value are out. @returns how many entries went */
export function evict(bytes: u32): u32 {
  let entries: u32 = 0;
  let freed: u32 = 0;
  lock(STORE_LOCK);
  while (freed < bytes && storeState().oldest != 0) {
    freed += removeEntry(storeState().oldest);
    entries++;
  }
  unlock(STORE_LOCK);
  count(COUNT_EVICTIONS, entries);
  return entries;
}
