/**
 * The copies of the LZ4 codec: literals, and matches that repeat what lies a few bytes before.
 *
 * Idea: memory.copy costs a call (about 15 ns), most copies of a codec are shorter than that, so
 * short ones are words in a loop, long ones few memory.copy. A match is *defined* byte by
 * byte: with `offset` below its length it reads what it has just written, so it repeats the
 * `offset` bytes before it. By words of 8 that stays true from an offset of 8 on, below it a word
 * is filled with the period first; for long matches what is there is doubled.
 *
 * Loops move 32 bytes a round, for their exit is a jump that the processor guesses wrong: fewer
 * rounds, fewer wrong guesses.
 *
 * Invariant: nothing here reads or writes beyond what it is told to, but for the three that say
 * so themselves; the caller has checked the ranges. State, locks: none. No tables: a table of
 * constants would be a data segment. Called by lz4.ts.
 */

/** From here on memory.copy beats a loop of words. */
const BULK: u32 = 512;
/**
 * Bytes by which copyApart and copyBack may overshoot: they move as many a round, and in any case.
 */
export const OVERSHOOT: u32 = 32;
/** Bytes that storePeriod writes at most: the last of three words begins at 16. */
export const PERIOD_BYTES: u32 = 24;

/** Bytes that copyShort copies at most, and storePeriod at least. */
export const SHORT_MATCH: u32 = 16;

/** Nibble k: the largest multiple of k that a word of 8 bytes holds. */
const PERIOD_STEPS: u32 = 0x76586880;

/** Copies `count` bytes from elsewhere, with up to OVERSHOOT too many both read and written. */
export function copyApart(to: usize, from: usize, count: u32): void {
  const stop = to + count;
  do {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    to += 32;
    from += 32;
  } while (to < stop);
}

/** Likewise from 8 or more bytes before `to`. */
export function copyBack(to: usize, from: usize, count: u32): void {
  const stop = to + count;
  do {
    store<u64>(to, load<u64>(from)); // a load of 16 would straddle the stores just before it
    store<u64>(to, load<u64>(from, 8), 8);
    store<u64>(to, load<u64>(from, 16), 16);
    store<u64>(to, load<u64>(from, 24), 24);
    to += 32;
    from += 32;
  } while (to < stop);
}

/**
 * Copies 4 to SHORT_MATCH bytes from 8 or more before `to`: one word twice up to 8 bytes, so that
 * a short match waits for no store but those that it needs.
 */
export function copyShort(to: usize, from: usize, count: u32): void {
  const second = (count - 1) & 8;
  store<u64>(to, load<u64>(from));
  store<u64>(to + second, load<u64>(from + second));
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
  else if (offset < 8) copyNear(to, offset, length);
  else copyBytes(to, to - offset, length);
}

/** Copies byte by byte until the distance, a multiple of `offset`, is 8 or more; then by words. */
function copyNear(to: usize, offset: u32, length: u32): void {
  let distance = offset;
  while (distance < 8) distance += offset;
  const first = to + min(distance - offset, length);
  const stop = to + length;
  while (to < first) {
    store<u8>(to, load<u8>(to - offset));
    to++;
  }
  copyBytes(to, to - distance, u32(stop - to));
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

/**
 * Repeats the 1 to 7 bytes before `to` over SHORT_MATCH bytes or more, PERIOD_BYTES at most; reads
 * 8. They are spread over a word, which is stored three times, 5 to 8 bytes apart.
 */
export function storePeriod(to: usize, offset: u32): void {
  const spare = u64(64 - (offset << 3));
  let word = (load<u64>(to - offset) << spare) >> spare;
  word |= word << (offset << 3);
  word |= offset < 4 ? word << (offset << 4) : 0;
  word |= offset < 2 ? word << 32 : 0;
  const step = (PERIOD_STEPS >> (offset << 2)) & 15;
  store<u64>(to, word);
  store<u64>(to + step, word);
  store<u64>(to + step + step, word);
}
