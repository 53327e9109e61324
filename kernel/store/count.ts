/**
 * Counts: entries of whole numbers, which are changed where they stand.
 *
 * A short entry whose value is a number in decimal text may have that in two words of its head, and
 * no block (entry-head.ts). Each word has a checksum of its own:
 *
 *   high, low   25 bits of the number, in two's complement:25 (0–24) · these modulo 127:7 (25–31)
 *
 * A sum with the same high word and as many digits is one atomic store of `low`; any other is
 * another entry. So a reader without a lock has the number before or after, a death in the middle
 * leaves one of these, and neither lengths nor totals change.
 *
 *   low   the leaf's lock and the zspage's (changeCount, change.ts); loaded by readers without.
 *         Who moves the object, or its page, copies it under the zspage's
 */
import { FAULT_DAMAGED_DATA, fail } from '../base/fault';
import { Handle, Place } from '../base/layout';
import { pokeByte } from '../base/words';
import { zsLoadWord, zsReadWord } from '../zsmalloc/object';
import { SHORT_STORED, SHORT_SUM } from './entry-head';

const PART_BITS: u32 = 25;
const PART_MASK: u32 = 0x1ff_ffff;
const MODULUS: u32 = 127;
/** Numbers of two parts: up to 15 digits, of which LZ4 makes nothing shorter. */
const LIMIT: i64 = 0x2_0000_0000_0000;
const MINUS: u32 = 0x2d;
const ZERO: u32 = 0x30;

export function isCountable(value: i64): bool {
  return value < LIMIT && value > -LIMIT;
}

/** Whether two numbers differ in their low words alone. */
export function isBeside(value: i64, other: i64): bool {
  return (value ^ other) >> i64(PART_BITS) == 0;
}

function sealed(part: u32): u32 {
  return part | ((part % MODULUS) << PART_BITS);
}

export function highWord(value: i64): u32 {
  return sealed(u32(value >> i64(PART_BITS)) & PART_MASK);
}

export function lowWord(value: i64): u32 {
  return sealed(u32(value) & PART_MASK);
}

/** The number of a count. Fails on one that is damaged. */
export function numberIn(place: Place, handle: Handle): i64 {
  const high = zsReadWord(place, SHORT_SUM);
  const low = zsLoadWord(place, SHORT_STORED);
  const part = low & PART_MASK;
  if (sealed(high & PART_MASK) != high || sealed(part) != low) fail(FAULT_DAMAGED_DATA, handle);
  // Signed by its upper bit.
  return ((i64(high) << (64 - 25)) >> (64 - 2 * 25)) | i64(part);
}

/** Characters of a number as text. */
export function lengthOf(value: i64): u32 {
  let bytes: u32 = value < 0 ? 2 : 1;
  for (let rest = u64(abs(value)) / 10; rest != 0; rest /= 10) bytes++;
  return bytes;
}

/** Writes a number as text of so many characters. @returns whether it has as many */
export function writeNumber(value: i64, bytes: u32, to: usize): bool {
  let left = u64(abs(value));
  const first: u32 = value < 0 ? 1 : 0;
  if (first != 0) pokeByte(to, MINUS);
  let digit: u32 = 0;
  for (let at = bytes; at > first; left /= 10) {
    digit = u32(left % 10);
    pokeByte(to + --at, ZERO + digit);
  }
  return left == 0 && (digit != 0 || bytes == 1);
}
