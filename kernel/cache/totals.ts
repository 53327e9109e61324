/**
 * Totals of the cache, and the way of an entry into limbo. Store lock held.
 */
import { peekCell, storeCell } from '../base/words';
import { entryKeyBytes, entryValueBytes } from '../store/entry';
import { STORE_LOCK, StoreState } from '../store/hash-index';
import { LIMBO_VALUE } from '../thread/limbo';
import { zsDefer, zsRetire } from '../zsmalloc/alloc';
import { zsPlace } from '../zsmalloc/object';

/** Adds an entry to the totals. */
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
