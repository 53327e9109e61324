/**
 * The copies of the LZ4 codec: literals, and matches that repeat what lies a few bytes before.
 *
 * Idea: memory.copy costs a call (about 15 ns), most copies of a codec are shorter than that, so
 * short ones are words of 8 in a loop, long ones few memory.copy. A match is *defined* byte by
 * byte: with `offset` below its length it reads what it has just written, so it repeats the
 * `offset` bytes before it. By words that stays true from an offset of 8 on, below it a word is
 * filled with the period first; for long matches what is there is doubled.
 *
 * Invariant: nothing here reads or writes beyond what it is told to, with the one exception that
 * copyWords says itself; the caller has checked the ranges. State, locks: none. No tables: a table
 * of constants would be a data segment. Called by lz4.ts.
 */

/** From here on memory.copy beats a loop of words. */
export const BULK: u32 = 512;
/** Bytes by which copyWords may overshoot: it moves 16 at a time, and 16 for a count of 0. */
export const OVERSHOOT: u32 = 16;

/** Nibble k: the largest multiple of k that a word of 8 bytes holds. */
const PATTERN_STEPS: u32 = 0x76586880;

/**
 * Copies `count` bytes, with up to OVERSHOOT too many both read and written;
 * `from` is apart, or 8 or more before `to`.
 */
export function copyWords(to: usize, from: usize, count: u32): void {
  const stop = to + count;
  do {
    store<u64>(to, load<u64>(from)); // one 16-byte load would wait for the store just before it
    store<u64>(to, load<u64>(from, 8), 8);
    to += 16;
    from += 16;
  } while (to < stop);
}

/** Copies exactly `count` bytes; `from` is apart, or 8 or more before `to`. */
export function copyBytes(to: usize, from: usize, count: u32): void {
  if (count >= BULK) memory.copy(to, from, count);
  else if (count >= 8) {
    const lastTo = to + count - 8;
    const lastFrom = from + count - 8;
    while (to < lastTo) {
      store<u64>(to, load<u64>(from));
      to += 8;
      from += 8;
    }
    store<u64>(lastTo, load<u64>(lastFrom)); // overlaps what is already there
  } else if (count >= 4) {
    store<u32>(to, load<u32>(from));
    store<u32>(to + count - 4, load<u32>(from + count - 4));
  } else {
    if (count >= 2) store<u16>(to, load<u16>(from));
    if (count & 1) store<u8>(to + count - 1, load<u8>(from + count - 1));
  }
}

/** Repeats the `offset` bytes before `to` over exactly `length` bytes from there. */
export function copyMatch(to: usize, offset: u32, length: u32): void {
  if (length >= BULK) doublePeriod(to, offset, length);
  else if (offset < 8) repeatPattern(to, offset, length);
  else copyBytes(to, to - offset, length);
}

/** Copies all that is there already, again and again: its size stays a multiple of `offset`. */
function doublePeriod(to: usize, offset: u32, length: u32): void {
  const from = to - offset;
  while (length > 0) {
    const there = u32(to - from);
    const part = there < length ? there : length;
    memory.copy(to, from, part);
    to += part;
    length -= part;
  }
}

/** Fills exactly `length` bytes with a period of 1 to 7 bytes, kept in a word. */
function repeatPattern(to: usize, offset: u32, length: u32): void {
  let pattern = periodWord(to - offset, offset);
  const step = (PATTERN_STEPS >> (offset << 2)) & 15;
  while (length >= 8) {
    store<u64>(to, pattern);
    to += step;
    length -= step;
  }
  if (length & 4) {
    store<u32>(to, u32(pattern));
    to += 4;
    pattern >>= 32;
  }
  if (length & 2) {
    store<u16>(to, u16(pattern));
    to += 2;
    pattern >>= 16;
  }
  if (length & 1) store<u8>(to, u8(pattern));
}

/** The `offset` bytes at `from`, repeated over a word; reads not a byte more. */
function periodWord(from: usize, offset: u32): u64 {
  let word: u64 = 0;
  for (let index: u32 = 0; index < offset; index++) {
    word |= u64(load<u8>(from + index)) << (index << 3);
  }
  word |= word << (offset << 3);
  if (offset < 4) word |= word << (offset << 4);
  if (offset < 2) word |= word << 32;
  return word;
}
