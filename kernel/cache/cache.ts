/**
 * The store: what a cache does, one operation each.
 *
 * Reading takes no lock: section → index → handle → object → block. Writing builds the entry first,
 * outside any lock, and then changes one word under the store lock.
 *
 *   set     draft (store/entry.ts) → node → handle swapped in → old value to limbo
 *   get     first block decoded to the output scratch; `getMore` for the following ones
 *   delete  node taken out → value and node to limbo
 *
 * Memory is short: give limbo its grace period, evict at least as many bytes as are needed, and try
 * again; when nothing is left to evict, refuse. A refused set also removes the key's old value: a
 * cache may forget, but it is never stale.
 *
 * The key of every operation stands in the key scratch.
 */
import { ERR_NO_MEMORY, ERR_NOT_FOUND } from '../base/fault';
import { superblock } from '../base/layout';
import { pokeWord } from '../base/words';
import { hashKey } from '../codec/hash';
import { keepFree } from '../frames/watermark';
import { takeScratch } from '../memdesc/thread-pages';
import { awaitReclaim, isLimboEmpty, reclaimIfMany } from '../reclaim/reclaim';
import { allocObject, CACHE_NODE, createCache, freeObject, KIND_HAND } from '../slab/kmem-cache';
import { settleHand } from '../slab/sheaf';
import {
  appendObject,
  BLOCK_BYTES,
  beginDraft,
  beginRead,
  continueRead,
  dropDraft,
  encodeBlock,
  entryKeyBytes,
  readKey,
  takeDraft,
} from '../store/entry';
import {
  findNode,
  firstNode,
  formatIndex,
  growIndex,
  hasShape,
  initNode,
  insertNode,
  NODE_BYTES,
  nextNode,
  nodeExpiry,
  nodeHandle,
  replaceHandle,
  STORE_LOCK,
  settledShape,
  storeState,
  touch,
} from '../store/hash-index';
import {
  COUNT_BYTES_IN,
  COUNT_BYTES_OUT,
  COUNT_DELETES,
  COUNT_EXPIRATIONS,
  COUNT_HITS,
  COUNT_MISSES,
  COUNT_REFUSALS,
  COUNT_SETS,
  count,
} from '../thread/counters';
import { lock, unlock } from '../thread/lock';
import { enterSection } from '../thread/rcu';
import { beginChange, selfState } from '../thread/slot';
import { formatPool } from '../zsmalloc/alloc';
import { zsPlace } from '../zsmalloc/object';
import { nextToSweep, removeEntry, unitsOfEntry } from './judge';
import { beginsInMain, evictSome, pushEntry } from './queue';
import { formatShards } from './queue-pages';
import { addTotals, deferEntry, subtractTotals } from './totals';

/** Value bytes that one round of eviction frees at least: a few pages, so that rounds are few. */
const EVICT_BYTES: u32 = 65536;

/**
 * A cache is full as a rule: it keeps a page and a desk for each of four threads that come at once.
 */
const ATTACH_RESERVE_PAGES: u32 = 8;

/** @returns 0, or ERR_NO_MEMORY */
export function formatStore(): i32 {
  keepFree(ATTACH_RESERVE_PAGES);
  createCache(CACHE_NODE, NODE_BYTES, KIND_HAND);
  let failure = formatPool();
  if (failure == 0) failure = formatShards();
  return failure != 0 ? failure : formatIndex();
}

export function isStoreFormatted(): bool {
  return storeState().top != 0;
}

function keyHash(keyBytes: u32): u32 {
  const hash = hashKey(selfState().keyScratch, keyBytes, superblock().hashSeed);
  // 0 marks a record that is gone.
  return max(u32(hash ^ (hash >> 32)), 1);
}

/** Finds memory for somebody who got none. @returns false when there is nothing left to free */
function makeRoom(bytes: u32): bool {
  if (awaitReclaim()) return true;
  // A reader is off its CPU: evicting more would not free more.
  if (!isLimboEmpty()) return false;
  if (evictSome(max(bytes, EVICT_BYTES)) == 0) return false;
  awaitReclaim();
  return true;
}

/**
 * Takes this thread's scratch, at the expense of entries if need be. @returns 0 or ERR_NO_MEMORY
 */
export function prepare(): i32 {
  while (takeScratch() != 0)
    if (!isStoreFormatted() || !makeRoom(EVICT_BYTES)) return ERR_NO_MEMORY;
  return 0;
}

/** Begins a value of `valueBytes`; `append` takes its blocks, `commit` publishes it. */
export function begin(keyBytes: u32, valueBytes: u32): void {
  beginDraft(keyBytes, valueBytes);
}

/** Appends `bytes` ≤ BLOCK_BYTES from the input scratch. @returns 0, or ERR_NO_MEMORY: refused */
export function append(bytes: u32, isRaw: bool): i32 {
  const length = encodeBlock(bytes, isRaw);
  let sent: u32 = 0;
  while (sent < length) {
    const taken = appendObject(selfState().outputScratch + sent, length - sent);
    if (taken == 0 && !makeRoom(length - sent)) return refuse(selfState().draftKeyBytes);
    sent += taken;
  }
  return 0;
}

/** Publishes the draft. `expiry` in ms since 1970, 0 = never. @returns 0, or ERR_NO_MEMORY */
export function commit(expiry: u64): i32 {
  const slot = selfState();
  let spare = allocObject(CACHE_NODE);
  while (spare == 0) {
    if (!makeRoom(NODE_BYTES)) return refuse(slot.draftKeyBytes);
    spare = allocObject(CACHE_NODE);
  }
  const keyBytes = slot.draftKeyBytes;
  count(COUNT_SETS, 1);
  count(COUNT_BYTES_IN, slot.draftValueBytes);
  // From here on neither the draft nor the node in hand is named by anything.
  beginChange();
  settleHand();
  if (!put(keyHash(keyBytes), keyBytes, takeDraft(), spare, expiry)) freeObject(CACHE_NODE, spare);
  reclaimIfMany();
  return 0;
}

/** Makes `handle` the value of the key, in a change. @returns whether it needed the spare node */
function put(hash: u32, keyBytes: u32, handle: u32, spare: u32, expiry: u64): bool {
  lock(STORE_LOCK);
  enterSection();
  const node = findNode(hash, selfState().keyScratch, keyBytes);
  addTotals(handle);
  if (node != 0) {
    const old = replaceHandle(node, handle, expiry);
    touch(node);
    subtractTotals(old);
    deferEntry(old);
    unlock(STORE_LOCK);
    return false;
  }
  const units = unitsOfEntry(handle);
  const isMain = beginsInMain(hash, units);
  initNode(spare, hash, handle, expiry, isMain);
  insertNode(spare);
  growIndex();
  unlock(STORE_LOCK);
  pushEntry(hash, isMain, units, expiry);
  return true;
}

/** A whole value of up to BLOCK_BYTES in one call. @returns 0, or ERR_NO_MEMORY: refused */
export function set(keyBytes: u32, valueBytes: u32, isRaw: bool, expiry: u64): i32 {
  begin(keyBytes, valueBytes);
  const failure = append(valueBytes, isRaw);
  return failure != 0 ? failure : commit(expiry);
}

/** Drops the draft and the key's old value. */
export function refuse(keyBytes: u32): i32 {
  dropDraft(selfState());
  takeOut(keyBytes);
  count(COUNT_REFUSALS, 1);
  return ERR_NO_MEMORY;
}

/** A node of the key that has not expired at `now`, or 0. */
function findFresh(keyBytes: u32, now: u64): u32 {
  enterSection();
  while (true) {
    const node = findNode(keyHash(keyBytes), selfState().keyScratch, keyBytes);
    if (node == 0) return 0;
    const expiry = nodeExpiry(node);
    if (expiry == 0 || now < expiry) return node;
    // Progress: otherwise another thread has set the key since.
    if (expire(keyBytes, now)) return 0;
  }
}

/**
 * Removes the key's entry if it has expired; looks again, for the lock may end the section.
 *
 * @returns whether the key now has no entry
 */
function expire(keyBytes: u32, now: u64): bool {
  beginChange();
  lock(STORE_LOCK);
  enterSection();
  const node = findNode(keyHash(keyBytes), selfState().keyScratch, keyBytes);
  const isExpired = node != 0 && nodeExpiry(node) != 0 && now >= nodeExpiry(node);
  if (isExpired) removeEntry(node);
  unlock(STORE_LOCK);
  if (isExpired) count(COUNT_EXPIRATIONS, 1);
  return node == 0 || isExpired;
}

/**
 * Reads a value: its first block is in the output scratch afterwards.
 *
 * @returns the length of the whole value, or ERR_NOT_FOUND
 */
export function get(keyBytes: u32, now: u64, isCounted: bool): i32 {
  const node = findFresh(keyBytes, now);
  // Deleted between the look-up and here: 0.
  const handle = node == 0 ? 0 : nodeHandle(node);
  if (handle == 0) {
    if (isCounted) count(COUNT_MISSES, 1);
    return ERR_NOT_FOUND;
  }
  if (isCounted) touch(node);
  const bytes = beginRead(handle);
  if (isCounted) {
    count(COUNT_HITS, 1);
    count(COUNT_BYTES_OUT, bytes);
  }
  return i32(bytes);
}

/** Reads the next block of a long value. @returns its length, or ERR_RESTART */
export function getMore(): i32 {
  enterSection();
  return continueRead();
}

export function has(keyBytes: u32, now: u64): bool {
  const node = findFresh(keyBytes, now);
  return node != 0 && nodeHandle(node) != 0;
}

/** Deletes the key's entry. @returns whether there was one */
export function remove(keyBytes: u32): bool {
  const isRemoved = takeOut(keyBytes);
  if (isRemoved) count(COUNT_DELETES, 1);
  reclaimIfMany();
  return isRemoved;
}

function takeOut(keyBytes: u32): bool {
  beginChange();
  lock(STORE_LOCK);
  enterSection();
  const node = findNode(keyHash(keyBytes), selfState().keyScratch, keyBytes);
  if (node != 0) removeEntry(node);
  unlock(STORE_LOCK);
  return node != 0;
}

/** Removes up to `limit` entries. @returns how many it removed */
export function clearSome(limit: u32): u32 {
  let removed: u32 = 0;
  beginChange();
  lock(STORE_LOCK);
  enterSection();
  for (let node = nextToSweep(); node != 0 && removed < limit; node = nextToSweep()) {
    removeEntry(node);
    removed++;
  }
  unlock(STORE_LOCK);
  count(COUNT_DELETES, removed);
  reclaimIfMany();
  return removed;
}

/**
 * Lists keys of a bucket into the output scratch, each as length (u32) and bytes, padded to 4.
 *
 * @returns how many were passed, listed or expired, after the first `skip`; −1 − that number if the
 *          scratch was full before the bucket ended
 */
export function listKeys(bucket: u32, skip: u32, now: u64): i32 {
  enterSection();
  while (true) {
    const shape = settledShape();
    const passed = listBucket(bucket, skip, now);
    if (hasShape(shape)) return passed;
  }
}

function listBucket(bucket: u32, skip: u32, now: u64): i32 {
  const start = selfState().outputScratch;
  const end = start + BLOCK_BYTES;
  let at = start;
  let passed: i32 = 0;
  for (let node = firstNode(bucket); node != 0; node = nextNode(node)) {
    if (skip != 0) {
      skip--;
      continue;
    }
    const handle = nodeHandle(node);
    const expiry = nodeExpiry(node);
    if (handle != 0 && (expiry == 0 || now < expiry)) {
      const bytes = entryKeyBytes(zsPlace(handle));
      if (at + 8 + bytes > end) {
        pokeWord(at, 0);
        return -1 - passed;
      }
      pokeWord(at, readKey(zsPlace(handle), at + 4));
      at += 4 + ((bytes + 3) & ~3);
    }
    passed++;
  }
  pokeWord(at, 0);
  return passed;
}
