/**
 * Reading: what a key's entry holds, whether it is there, and until when.
 *
 * No lock: section → directory → line → handle → object → block. Who meets an expired entry takes
 * it out, and only for that takes the lock of its leaf.
 *
 * The key stands in the key scratch; its hash is taken once a call. Who asks with `now` 0 has not
 * read the clock, and is told to (ERR_NEEDS_CLOCK) when the entry has an expiry.
 */
import { ERR_NEEDS_CLOCK, ERR_NOT_FOUND } from '../base/fault';
import { makeRingRoom } from '../reclaim/reclaim';
import { closeChange, removeEntry } from '../store/change';
import {
  foundVersion,
  leafAt,
  lockLeafOf,
  lookUp,
  lookUpVersioned,
  unlockLeaf,
} from '../store/directory';
import { entryExpiry, hashOf } from '../store/entry';
import { beginRead, continueRead } from '../store/entry-read';
import { findHandle, foundAt, foundLeaf, noteHit } from '../store/leaf';
import { latestTime } from '../thread/clock';
import { assertInSection } from '../thread/context';
import {
  COUNT_BYTES_OUT,
  COUNT_EXPIRATIONS,
  COUNT_HITS,
  COUNT_MISSES,
  count,
} from '../thread/counters';
import { OP_DELETE } from '../thread/operations';
import { selfState, setInKernel } from '../thread/slot';
import { zsPlace } from '../zsmalloc/object';

/** Hash of the key in the scratch. */
export function keyHash(keyBytes: u32): u32 {
  return hashOf(selfState().keyScratch, keyBytes);
}

/**
 * Finds the key's entry. An expired one is taken out.
 *
 * @returns its handle; 0 = none; 1 = its expiry is to be compared with a `now`
 */
export function findFresh(keyBytes: u32, now: u64): u32 {
  assertInSection();
  return findFreshAs(keyHash(keyBytes), selfState().keyScratch, keyBytes, now, false);
}

/** The same of a key that stands anywhere. */
export function findFreshAt(hash: u32, key: usize, keyBytes: u32, now: u64): u32 {
  assertInSection();
  return findFreshAs(hash, key, keyBytes, now, false);
}

function findFreshAs(hash: u32, key: usize, keyBytes: u32, now: u64, isVersioned: bool): u32 {
  while (true) {
    const handle = isVersioned ? lookUpVersioned(hash, key, keyBytes) : lookUp(hash, key, keyBytes);
    if (handle == 0) return 0;
    const expiry = entryExpiry(zsPlace(handle));
    if (expiry == 0) return handle;
    // What is over for anybody is over for all.
    const time = max(now, latestTime());
    if (time < expiry) return now == 0 ? NEEDS_CLOCK : handle;
    // Progress: otherwise another thread has set the key since. A version is asked for again.
    if (expire(hash, key, keyBytes, time) && !isVersioned) return 0;
  }
}

/** No handle: cells are 8-byte aligned. */
export const NEEDS_CLOCK: u32 = 1;

/**
 * Takes the key's entry out if it has expired: looks again, now with the lock. @returns whether
 * none is left
 */
function expire(hash: u32, key: usize, keyBytes: u32, now: u64): bool {
  // A read so far: from here on it changes something.
  setInKernel(OP_DELETE, 0);
  makeRingRoom();
  const number = lockLeafOf(hash);
  const leaf = leafAt(number);
  const handle = findHandle(leaf, hash, key, keyBytes);
  const expiry = handle == 0 ? 0 : entryExpiry(zsPlace(handle));
  const isExpired = expiry != 0 && now >= expiry;
  if (isExpired) removeEntry(leaf, foundAt(), handle);
  unlockLeaf(number);
  if (isExpired) {
    closeChange();
    count(COUNT_EXPIRATIONS, 1);
  }
  return handle == 0 || isExpired;
}

/**
 * Reads a value: its first block is in the output scratch afterwards.
 *
 * @returns the length of the whole value, or ERR_NOT_FOUND, ERR_NEEDS_CLOCK
 */
export function get(keyBytes: u32, now: u64, isCounted: bool): i32 {
  assertInSection();
  return readFound(findFresh(keyBytes, now), isCounted);
}

/**
 * The same, and notes the version of what it answers, which `readVersion` then tells: of an absence
 * as well. Counted. Takes the lock of the leaf if a writer has it.
 */
export function getVersioned(keyBytes: u32, now: u64): i32 {
  const key = selfState().keyScratch;
  return readFound(findFreshAs(keyHash(keyBytes), key, keyBytes, now, true), true);
}

/** Version of what `getVersioned` answered. */
export function readVersion(): u32 {
  return foundVersion();
}

/** Expiry of what this thread's last `getVersioned` read; 0 = never. */
export function readExpiry(): u64 {
  return expiryRead;
}

/** Thread-local. */
let expiryRead: u64 = 0;

function readFound(handle: u32, isCounted: bool): i32 {
  if (handle == NEEDS_CLOCK) return ERR_NEEDS_CLOCK;
  if (handle == 0) {
    if (isCounted) count(COUNT_MISSES, 1);
    return ERR_NOT_FOUND;
  }
  if (isCounted) noteHit(foundLeaf(), foundAt());
  expiryRead = entryExpiry(zsPlace(handle));
  const bytes = beginRead(handle);
  if (isCounted) {
    count(COUNT_HITS, 1);
    count(COUNT_BYTES_OUT, bytes);
  }
  return i32(bytes);
}

/** Reads the next block of a long value. @returns its length, or ERR_RESTART */
export function getMore(): i32 {
  assertInSection();
  return continueRead();
}

/**
 * When the key's entry expires. One that has is taken out.
 *
 * @param now  not 0
 * @returns the millisecond, 0 = never; or ERR_NOT_FOUND
 */
export function expiryOf(keyBytes: u32, now: u64): i64 {
  assertInSection();
  const handle = findFresh(keyBytes, now);
  return handle == 0 || handle == NEEDS_CLOCK ? ERR_NOT_FOUND : entryExpiry(zsPlace(handle));
}

/** @returns 1 or 0, or ERR_NEEDS_CLOCK */
export function has(keyBytes: u32, now: u64): i32 {
  assertInSection();
  const handle = findFresh(keyBytes, now);
  if (handle == NEEDS_CLOCK) return ERR_NEEDS_CLOCK;
  return handle == 0 ? 0 : 1;
}
