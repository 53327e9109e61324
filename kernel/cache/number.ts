/**
 * Counting: a value that is decimal text, read, added to and set in one call.
 *
 * Optimistic, as `update` in JavaScript: what was read has a version, and the sum is stored on the
 * condition that it has it still. Numbers are whole, and between -2^53 and 2^53, which doubles hold
 * exactly.
 *
 *   text    -?(0|[1-9][0-9]*), as JSON and `String` write it; nothing beside it
 */
import {
  ERR_ARGUMENT,
  ERR_NEEDS_CLOCK,
  ERR_NEEDS_SCRATCH,
  ERR_NOT_A_NUMBER,
  ERR_NOT_FOUND,
  ERR_OVERFLOW,
  ERR_UNMET,
} from '../base/fault';
import { peekByte, pokeByte } from '../base/words';
import { inputScratch, outputScratch } from '../memdesc/thread-pages';
import { beginDraft } from '../store/entry';
import { keepExtension } from '../store/extension';
import { SPACE_SHIFT } from '../store/spaces';
import { assertOutside } from '../thread/context';
import { leaveSection, renewSection } from '../thread/rcu';
import { append, commit } from './cache';
import { IF_NONE_YET, IF_VERSION, require } from './condition';
import { getVersioned, readExpiry, readFresh, readLongTtl, readTags, readVersion } from './read';
import { keepTags } from './touch';

const MAX_SAFE: i64 = 0x1f_ffff_ffff_ffff;
/** Of -(2^53 - 1). */
const MAX_DIGITS: i32 = 17;
/** Tries of a call. */
const ROUNDS: u32 = 64;
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

/**
 * Adds `by` to the key's number; one that is missing is `initial` before it.
 *
 * @param expiry       of the new entry, as are fresh and ttl (store/extension.ts)
 * @param keeps        KEEPS_…, of the old one, if there is one
 * @returns 0; or ERR_NOT_A_NUMBER, ERR_OVERFLOW, ERR_NEEDS_CLOCK, ERR_NO_MEMORY; ERR_ARGUMENT:
 *          how long a stale one is kept would change; ERR_UNMET: each of ROUNDS was lost to
 *          another thread's change of the line. Nothing has changed then
 */
export function increment(
  keyBytes: u32,
  by: i64,
  initial: i64,
  expiry: u64,
  fresh: u64,
  ttl: u64,
  keeps: u32,
  now: u64,
): i32 {
  assertOutside();
  for (let round: u32 = 0; round < ROUNDS; round++) {
    renewSection();
    const bytes = getVersioned(keyBytes, now);
    const before = bytes == ERR_NOT_FOUND ? initial : bytes < 0 ? 0 : parse(bytes);
    leaveSection();
    if (bytes == ERR_NEEDS_CLOCK) return bytes;
    // None is longer than the scratch.
    if (bytes == ERR_NEEDS_SCRATCH || before > MAX_SAFE) return ERR_NOT_A_NUMBER;
    sum = before + by;
    if (sum > MAX_SAFE || sum < -MAX_SAFE) return ERR_OVERFLOW;
    // What that is, JavaScript knows.
    const isOfNote = bytes >= 0 && (fresh | readFresh()) != 0;
    if (keeps == KEEPS_STALENESS && isOfNote) return ERR_ARGUMENT;
    const isKept = keeps == KEEPS_TIMES && bytes >= 0;
    const until = isKept ? readExpiry() : expiry;
    // What is kept of an entry that is there; of one that is not, the next draft has nothing.
    if (bytes >= 0)
      keepDetails(keyBytes, isKept ? readFresh() : fresh, isKept ? readLongTtl() : ttl);
    else keepExtension(0, 0, keyBytes, fresh, ttl);
    const outcome = store(bytes < 0 ? IF_NONE_YET : IF_VERSION, keyBytes, until);
    if (outcome != ERR_UNMET) return outcome;
  }
  return ERR_UNMET;
}

/** As `keepTags`, of what was just read: only what has tags, or is in a space, is looked for. */
function keepDetails(keyBytes: u32, freshAt: u64, ownTtl: u64): void {
  const isBare = readTags() == 0 && keyBytes >> SPACE_SHIFT == 0;
  if (isBare) keepExtension(0, 0, keyBytes, freshAt, ownTtl);
  else keepTags(keyBytes, freshAt, ownTtl);
}

/** Not asked before it is made whether it is in vain, as `beginIf` does: it has just been read. */
function store(what: u32, keyBytes: u32, expiry: u64): i32 {
  const bytes = format(sum);
  require(what, readVersion());
  beginDraft(keyBytes, bytes, expiry);
  const failure = append(bytes, true);
  return failure == 0 ? commit() : failure;
}

/** The number that stands in the output scratch; more than MAX_SAFE if it is none. */
function parse(bytes: i32): i64 {
  const text = outputScratch();
  if (bytes == 0 || bytes > MAX_DIGITS) return MAX_SAFE + 1;
  const isNegative = peekByte(text) == MINUS;
  let at: i32 = isNegative ? 1 : 0;
  const first = peekByte(text + at);
  // No sign alone, no 00, and -0 is written 0.
  if (at == bytes || (first == ZERO && bytes > 1)) return MAX_SAFE + 1;
  let value: i64 = 0;
  for (; at < bytes; at++) {
    const digit = u32(peekByte(text + at)) - ZERO;
    if (digit > 9) return MAX_SAFE + 1;
    value = value * 10 + digit;
  }
  if (value > MAX_SAFE) return MAX_SAFE + 1;
  return isNegative ? -value : value;
}

/** Writes a number into the input scratch. @returns its length */
function format(value: i64): u32 {
  const text = inputScratch();
  let left: u64 = value < 0 ? -value : value;
  let bytes: u32 = value < 0 ? 2 : 1;
  for (let rest = left / 10; rest != 0; rest /= 10) bytes++;
  for (let at = bytes; left != 0 || at == bytes; left /= 10) {
    at--;
    pokeByte(text + at, ZERO + u32(left % 10));
  }
  if (value < 0) pokeByte(text, MINUS);
  return bytes;
}
