/**
 * Counting: a value that is decimal text, read, added to and set in one call.
 *
 * A number that is there, and was counted before, is a count (store/count.ts): it is changed where
 * it stands, under its leaf's lock, if it keeps its times and the sum has as many digits. All else
 * is optimistic, as `update` in JavaScript: what was read has a version, and the sum is stored on
 * the condition that it has it still. Numbers that are longer are left to JavaScript.
 *
 *   text    -?(0|[1-9][0-9]*), as JSON and `String` write it; nothing beside it
 */
import { ERR_ARGUMENT, ERR_NEEDS_CLOCK, ERR_NOT_FOUND, ERR_UNMET } from '../base/fault';
import { Handle } from '../base/layout';
import { peekByte } from '../base/words';
import { keyScratch, outputScratch } from '../memdesc/thread-pages';
import { changeCount } from '../store/change';
import { isBeside, isCountable, lengthOf, numberIn } from '../store/count';
import { leafAt, lockLeafOf, unlockLeaf } from '../store/directory';
import { beginDraft } from '../store/entry';
import { isCount, isPlain, keyHash, SIZE_SHIFT, sizesOf } from '../store/entry-head';
import { keepExtension } from '../store/extension';
import { findHandle, foundAt, noteHit } from '../store/leaf';
import { ALIVE, lifeAt } from '../store/life';
import { countValues, SPACE_SHIFT } from '../store/spaces';
import { latestTime } from '../thread/clock';
import { assertOutside } from '../thread/context';
import { COUNT_BYTES_IN, COUNT_BYTES_OUT, COUNT_HITS, COUNT_SETS } from '../thread/counters';
import { leaveSection, renewSection } from '../thread/rcu';
import { zsPlace } from '../zsmalloc/object';
import { appendNumber, commit } from './cache';
import { IF_NONE_YET, IF_VERSION, require } from './condition';
import { overtake } from './lease-table';
import { getVersioned, readExpiry, readFresh, readLongTtl, readVersion } from './read';
import { keepTags } from './touch';

/** No number, nor is what is added to it. */
const NONE: i64 = 0x4000_0000_0000_0000;
/** Of those that are countable, and of some more. */
const MAX_DIGITS: i32 = 16;
const MINUS: u32 = 0x2d;
const ZERO: u32 = 0x30;

/** What `increment` keeps of an entry: all its times; or how long it is kept when it is stale. */
export const KEEPS_NONE: u32 = 0;
export const KEEPS_TIMES: u32 = 1;
export const KEEPS_STALENESS: u32 = 2;

/** Thread-local: what `increment` has made. */
let sum: i64 = 0;

export function incremented(): i64 {
  return sum;
}

/** Thread-local: times of the next sum that is another entry, as store/extension.ts has them. */
let nextExpiry: u64 = 0;
let nextFresh: u64 = 0;
let nextTtl: u64 = 0;
let nextKeeps: u32 = 0;

/** Says them, and what is kept of an entry that is there. @param keeps  KEEPS_… */
export function nameTimes(expiry: u64, fresh: u64, ttl: u64, keeps: u32): void {
  nextExpiry = expiry;
  nextFresh = fresh;
  nextTtl = ttl;
  nextKeeps = keeps;
}

/**
 * Adds `by` to the key's number; one that is missing is `initial` before it. Times: `nameTimes`.
 *
 * @returns 0; or ERR_NEEDS_CLOCK, ERR_NO_MEMORY; ERR_ARGUMENT: it has no number, the sum is not
 *          countable, or how long a stale one is kept would change; ERR_UNMET: another thread has
 *          changed the line. Nothing has changed then
 */
export function increment(keyBytes: u32, by: i64, initial: i64, now: u64): i32 {
  assertOutside();
  const outcome = nextKeeps == KEEPS_TIMES ? addInPlace(keyBytes, by, now) : ERR_UNMET;
  return outcome == ERR_UNMET ? replace(keyBytes, by, initial, now) : outcome;
}

/** @returns 0; ERR_UNMET: it takes another entry; or ERR_NEEDS_CLOCK. Nothing has changed then */
function addInPlace(keyBytes: u32, by: i64, now: u64): i32 {
  const hash = keyHash(keyBytes);
  const number = lockLeafOf(hash);
  const leaf = leafAt(number);
  const handle = findHandle(leaf, hash, keyScratch(), keyBytes);
  const outcome =
    handle == 0 ? ERR_UNMET : addAt(leaf, hash, handle, keyBytes >> SPACE_SHIFT, by, now);
  unlockLeaf(number);
  leaveSection();
  return outcome;
}

function addAt(leaf: u32, hash: u32, handle: Handle, space: u32, by: i64, now: u64): i32 {
  const place = zsPlace(handle);
  const sizes = sizesOf(place);
  if (!isCount(sizes)) return ERR_UNMET;
  if (!isPlain(place)) {
    if (now == 0) return ERR_NEEDS_CLOCK;
    if (lifeAt(place, max(now, latestTime())) != ALIVE) return ERR_UNMET;
  }
  const before = numberIn(place, handle);
  sum = before + by;
  const bytes = sizes >> SIZE_SHIFT;
  if (!isBeside(sum, before) || lengthOf(sum) != bytes) return ERR_UNMET;
  overtake(hash);
  if (!changeCount(leaf, hash, handle, sum)) return ERR_UNMET;
  noteHit(leaf, foundAt());
  countValues(space, COUNT_HITS, 1, COUNT_BYTES_OUT, bytes);
  countValues(space, COUNT_SETS, 1, COUNT_BYTES_IN, bytes);
  return 0;
}

/** Makes the sum another entry. @returns as `increment` */
function replace(keyBytes: u32, by: i64, initial: i64, now: u64): i32 {
  renewSection();
  const bytes = getVersioned(keyBytes, now);
  const isThere = bytes >= 0;
  const before = isThere ? parse(bytes) : bytes == ERR_NOT_FOUND ? initial : NONE;
  leaveSection();
  if (bytes == ERR_NEEDS_CLOCK) return bytes;
  sum = before + by;
  const isKept = nextKeeps == KEEPS_TIMES && isThere;
  // What that is, JavaScript knows.
  const isOfNote = nextKeeps == KEEPS_STALENESS && isThere && (nextFresh | readFresh()) != 0;
  if (!isCountable(sum) || isOfNote) return ERR_ARGUMENT;
  const until = isKept ? readExpiry() : nextExpiry;
  const freshAt = isKept ? readFresh() : nextFresh;
  const ownTtl = isKept ? readLongTtl() : nextTtl;
  // One that is stale is none, and its tags are not kept.
  if (isThere) keepTags(keyBytes, freshAt, ownTtl);
  else keepExtension(0, 0, keyBytes, freshAt, ownTtl);
  return store(isThere ? IF_VERSION : IF_NONE_YET, keyBytes, until);
}

/** Not asked before it is made whether it is in vain, as `beginIf` does: it has just been read. */
function store(what: u32, keyBytes: u32, expiry: u64): i32 {
  require(what, readVersion());
  beginDraft(keyBytes, lengthOf(sum), expiry);
  const failure = appendNumber(sum);
  return failure == 0 ? commit() : failure;
}

/** The number that stands in the output scratch; NONE if it is none. */
function parse(bytes: i32): i64 {
  const text = outputScratch();
  if (bytes == 0 || bytes > MAX_DIGITS) return NONE;
  const isNegative = peekByte(text) == MINUS;
  let at: i32 = isNegative ? 1 : 0;
  const first = peekByte(text + at);
  // No sign alone, no 00, and -0 is written 0.
  if (at == bytes || (first == ZERO && bytes > 1)) return NONE;
  let value: i64 = 0;
  for (; at < bytes; at++) {
    const digit = u32(peekByte(text + at)) - ZERO;
    if (digit > 9) return NONE;
    value = value * 10 + digit;
  }
  return isNegative ? -value : value;
}
