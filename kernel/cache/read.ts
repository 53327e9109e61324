/**
 * Reading: what a key's entry holds, whether it is there, and until when.
 *
 * No lock: section → directory → line → handle → object → block. Who meets an expired entry takes
 * it out, and only for that takes the lock of its leaf.
 *
 * The key stands in the key scratch; its hash is taken once a call. Who asks with `now` 0 has not
 * read the clock, and is told to (ERR_NEEDS_CLOCK) when the entry has an expiry.
 */
import { ERR_NEEDS_CLOCK, ERR_NEEDS_SCRATCH, ERR_NOT_FOUND } from '../base/fault';
import { Handle, Place } from '../base/layout';
import { keyScratch } from '../memdesc/thread-pages';
import { makeRingRoom } from '../reclaim/reclaim';
import { dropEntry } from '../store/change';
import {
  foundVersion,
  leafAt,
  lockLeafOf,
  lookUp,
  lookUpSettled,
  lookUpVersioned,
  unlockLeaf,
} from '../store/directory';
import {
  entryExpiry,
  entryTtlCode,
  extensionOf,
  isPlain,
  keyHash,
  TIME_BITS,
} from '../store/entry-head';
import { beginRead, continueRead, isTooLong } from '../store/entry-read';
import { freshIn, tagCount, ttlIn } from '../store/extension';
import { findHandle, foundAt, foundLeaf, noteHit } from '../store/leaf';
import { freshUntil, isTimed, lifeAt, OVER, STALE } from '../store/life';
import { countIn, countValues, SPACE_SHIFT } from '../store/spaces';
import { latestTime } from '../thread/clock';
import { assertInSection } from '../thread/context';
import { COUNT_BYTES_OUT, COUNT_EXPIRATIONS, COUNT_HITS, COUNT_MISSES } from '../thread/counters';
import { OP_DELETE } from '../thread/operations';
import { setInKernel } from '../thread/slot';
import { zsPlace, zsReadWord } from '../zsmalloc/object';
import { noteNear } from './near';

/** How an entry is looked for: with its version, and if it is stale as well. */
const VERSIONED: u32 = 1;
const STALE_TOO: u32 = 2;
const NEAR: u32 = 4;

/** Thread-local: whether the entry that was found last is stale. */
let isStale: bool = false;

export function wasStale(): bool {
  return isStale;
}

/**
 * Finds the key's entry, in a section. One that is over is taken out, one that is stale is none.
 *
 * @returns its handle; 0 = none; 1 = its times are to be compared with a `now`
 */
export function findFresh(keyBytes: u32, now: u64): u32 {
  assertInSection();
  return findAs(0, keyHash(keyBytes), keyScratch(), keyBytes, now);
}

/** The same of a key that stands anywhere. */
export function findFreshAt(hash: u32, key: usize, keyBytes: u32, now: u64): u32 {
  assertInSection();
  return findAs(0, hash, key, keyBytes, now);
}

/** The same with its version, and a stale one if wanted: `wasStale` tells. */
export function findVersioned(keyBytes: u32, now: u64, allowsStale: bool): u32 {
  return findInScratch(allowsStale ? VERSIONED | STALE_TOO : VERSIONED, keyBytes, now);
}

function findInScratch(how: u32, keyBytes: u32, now: u64): u32 {
  return findAs(how, keyHash(keyBytes), keyScratch(), keyBytes, now);
}

function findAs(how: u32, hash: u32, key: usize, keyBytes: u32, now: u64): u32 {
  const isVersioned = (how & VERSIONED) != 0;
  isStale = false;
  while (true) {
    const handle = lookUpAs(how, hash, key, keyBytes);
    if (handle == 0 || isPlain(zsPlace(handle))) return handle;
    // What is over for anybody is over for all.
    const time = max(now, latestTime());
    const life = lifeAt(zsPlace(handle), time);
    if (life != OVER) {
      if (now == 0 && isTimed(zsPlace(handle))) return NEEDS_CLOCK;
      isStale = life == STALE;
      return isStale && (how & STALE_TOO) == 0 ? 0 : handle;
    }
    // Progress: otherwise another thread has set the key since. A version is asked for again.
    if (expire(hash, key, keyBytes, time) && !isVersioned) return 0;
  }
}

function lookUpAs(how: u32, hash: u32, key: usize, keyBytes: u32): u32 {
  if ((how & VERSIONED) != 0) return lookUpVersioned(hash, key, keyBytes);
  if ((how & NEAR) != 0) return lookUpSettled(hash, key, keyBytes);
  return lookUp(hash, key, keyBytes);
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
  const isExpired = handle != 0 && lifeAt(zsPlace(handle), now) == OVER;
  if (isExpired) dropEntry(leaf, foundAt(), hash, handle, COUNT_EXPIRATIONS);
  unlockLeaf(number);
  return handle == 0 || isExpired;
}

/** What a reader wants: to be counted, stale ones as well, a note of what it finds (near.ts). */
export const GET_COUNTED: u32 = 1;
export const GET_STALE: u32 = 2;
export const GET_NEAR: u32 = 4;

/**
 * Reads a value: its first block is in the output scratch afterwards.
 *
 * @param wanted  GET_…; of a stale one `wasStale` tells
 * @returns the length of the whole value, or ERR_NOT_FOUND, ERR_NEEDS_CLOCK, ERR_NEEDS_SCRATCH
 */
export function get(keyBytes: u32, now: u64, wanted: u32): i32 {
  assertInSection();
  const isNoted = (wanted & GET_NEAR) != 0;
  const how = ((wanted & GET_STALE) != 0 ? STALE_TOO : 0) | (isNoted ? NEAR : 0);
  const hash = keyHash(keyBytes);
  const handle = findAs(how, hash, keyScratch(), keyBytes, now);
  if (isNoted && handle > NEEDS_CLOCK) noteNear(hash, handle, isStale);
  return readFound(handle, keyBytes >> SPACE_SHIFT, (wanted & GET_COUNTED) != 0);
}

/** Thread-local: times of what was read or inspected last, as store/extension.ts has them. */
let expiryRead: u64 = 0;
let freshRead: u64 = 0;
let ttlRead: u64 = 0;
let tagsRead: u32 = 0;

/**
 * The same, and notes the version of what it answers, which `readVersion` then tells: of an absence
 * as well. Counted. Takes the lock of the leaf if a writer has it.
 */
export function getVersioned(keyBytes: u32, now: u64): i32 {
  const handle = findVersioned(keyBytes, now, false);
  if (handle > NEEDS_CLOCK) noteTimes(zsPlace(handle));
  return readFound(handle, keyBytes >> SPACE_SHIFT, true);
}

/** Notes an entry's times, and how many tags it has. In a section. */
export function noteTimes(place: Place): void {
  const extension = extensionOf(place);
  expiryRead = entryExpiry(place) | (u64(entryTtlCode(place)) << TIME_BITS);
  freshRead = extension == 0 ? 0 : freshIn(place, extension);
  ttlRead = extension == 0 ? 0 : ttlIn(place, extension);
  tagsRead = extension == 0 ? 0 : tagCount(zsReadWord(place, extension));
}

/** Whether what was read or inspected last has times or tags. */
export function hasDetails(): bool {
  return (expiryRead | freshRead | ttlRead | tagsRead) != 0;
}

/** Version of what `getVersioned` answered. */
export function readVersion(): u32 {
  return foundVersion();
}

/** With the code of a time to live. */
export function readExpiry(): u64 {
  return expiryRead;
}

export function readFresh(): u64 {
  return freshRead;
}

/** How many tags it has. */
export function readTags(): u32 {
  return tagsRead;
}

/** A time to live that has no code in the expiry. */
export function readLongTtl(): u64 {
  return ttlRead;
}

function readFound(handle: Handle, space: u32, isCounted: bool): i32 {
  if (handle == NEEDS_CLOCK) return ERR_NEEDS_CLOCK;
  if (handle == 0) {
    if (isCounted) countIn(space, COUNT_MISSES, 1);
    return ERR_NOT_FOUND;
  }
  if (isTooLong(zsPlace(handle))) return ERR_NEEDS_SCRATCH;
  if (isCounted) noteHit(foundLeaf(), foundAt());
  const bytes = beginRead(handle);
  if (isCounted) countValues(space, COUNT_HITS, 1, COUNT_BYTES_OUT, bytes);
  return i32(bytes);
}

/** Reads the next block of a long value. @returns its length, or ERR_RESTART */
export function getMore(): i32 {
  assertInSection();
  return continueRead();
}

/**
 * Until when the key's entry is fresh: of a stale one that is over.
 *
 * @param now  not 0
 * @returns the millisecond, 0 = for ever; or ERR_NOT_FOUND
 */
export function expiryOf(keyBytes: u32, now: u64): i64 {
  assertInSection();
  const handle = findInScratch(STALE_TOO, keyBytes, now);
  return handle <= NEEDS_CLOCK ? ERR_NOT_FOUND : freshUntil(zsPlace(handle));
}

/** @returns 1 or 0, or ERR_NEEDS_CLOCK */
export function has(keyBytes: u32, now: u64): i32 {
  assertInSection();
  const handle = findFresh(keyBytes, now);
  if (handle == NEEDS_CLOCK) return ERR_NEEDS_CLOCK;
  return handle == 0 ? 0 : 1;
}
