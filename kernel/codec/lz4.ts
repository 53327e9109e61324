/**
 * The LZ4 block format, in place on shared memory.
 *
 * Idea: a block is a row of sequences: *token · literals · offset · match*. The token's high nibble
 * is the number of literals, its low nibble the match length less 4; a nibble of 15 goes on in
 * bytes that are added up to and with the first below 255. The last sequence ends after its
 * literals. Both directions work in two tiers: where the margins to the two ends allow it, copies
 * are a few whole words that may overshoot; nearer to an end a second, byte-exact form takes over.
 *
 *   src ├─ token ─ literals ─ offset ─ ... ─┤ end        dst ├─ written ─ op ─ ... ─┤ limit
 *       ip moves up, every read in [src, end)            every write in [dst, limit)
 *
 * Invariants: dst <= op <= limit, src <= ip <= end before each sequence; a length or offset is read
 * once into a local and judged there, so a source that another thread overwrites meanwhile yields
 * wrong bytes or -1, never an access outside. Nothing of this file lives in memory: no state, no
 * tables of constants; the compressor's hash table is the caller's, private to its thread.
 *
 * The ranges must lie inside the memory and apart from each other: that is the caller's promise
 * (a range beyond the memory traps). Locks: none. Called by the store, on the caller's thread.
 *
 * Source: the LZ4 block format description (lz4.org); the search (skip after misses, one follow-up
 * look) is the known one of fast LZ4 compressors. Numbers: docs/design/60-codec.md.
 */
import { BULK, copyBytes, copyMatch, copyWords, OVERSHOOT } from './copy';

/** Scratch that `compress` needs: 2^13 slots of a u16 position. */
export const LZ4_TABLE_BYTES: u32 = 16384;
/** Positions are u16, so is the format's offset: 2^16 bytes have the positions 0..65535. */
export const LZ4_MAX_INPUT: u32 = 65536;

/** Sums of length bytes stay below 255 * 2^23 < 2^31, so no length computation wraps. */
const MAX_BLOCK: u32 = 1 << 23;
const MIN_MATCH: u32 = 4;
/** The format: none of a block's last 5 bytes is in a match, and no match starts in the last 12. */
const END_MARGIN: u32 = 5;
/** Here 16: two words of literals can always be read. Costs 0.05 % of the ratio at 4 KiB. */
const START_MARGIN: u32 = 16;
/** The stride of the search grows by 1 after each 2^6 looks without a match. */
const LOOKS_SHIFT: u32 = 6;
/** 2^32 / golden ratio: the usual multiplier to spread four bytes over the high bits. */
const SPREAD: u32 = 2654435761;
/** What the length bytes of a count sum up to when the source ends before they do. */
const UNENDED: u32 = 0xffffffff;
/** Bytes that a short match (its nibble below 15, so 4 + 14 at most) is always written as. */
const SHORT_MATCH: u32 = 18;
/** Fast decoding reads a token with 16 bytes of literals, or with 14 and an offset: 17 at most. */
const FAST_IN: u32 = 17;
/** Fast decoding writes 14 literals and a short match. */
const FAST_OUT: u32 = 14 + SHORT_MATCH;
/** Fast encoding writes a token and 16 bytes, of which 14 literals and an offset stay. */
const FAST_EMIT: u32 = 17;

/**
 * Compresses [src, src + n) into [dst, dst + cap); the output depends on the input alone.
 * `table` is LZ4_TABLE_BYTES of scratch, cleared here as far as it is used.
 * Returns the bytes written, or -1 exactly when they would be more than `cap`, or when n is over
 * LZ4_MAX_INPUT. 45 lines: the search keeps its state in locals that no call could return.
 */
export function compress(src: usize, n: u32, dst: usize, cap: u32, table: usize): i32 {
  if (n > LZ4_MAX_INPUT || src + n < src || dst + cap < dst) return -1;
  const end = src + n;
  const limit = dst + cap;
  if (n <= START_MARGIN) return finish(src, end, dst, dst, limit);

  const mask = slotMask(n);
  memory.fill(table, 0, mask + 2);
  const lastStart = end - START_MARGIN;
  const matchEnd = end - END_MARGIN;
  let op = dst;
  let anchor = src;
  let at = src + 1; // a cleared slot says position 0, so 0 needs no entry
  while (true) {
    let from: usize;
    let looks: u32 = 1 << LOOKS_SHIFT;
    while (true) {
      if (at > lastStart) return finish(anchor, end, dst, op, limit);
      const four = load<u32>(at);
      from = exchange(table, mask, src, at, four);
      if (load<u32>(from) == four) break;
      at += looks >> LOOKS_SHIFT;
      looks++;
    }
    while (at > anchor && from > src && load<u8>(at - 1) == load<u8>(from - 1)) {
      at--;
      from--;
    }
    while (true) {
      const length = matchLength(at + MIN_MATCH, from + MIN_MATCH, matchEnd);
      op = emit(op, limit, anchor, at, from, length);
      if (op == 0) return -1;
      at += MIN_MATCH + length;
      anchor = at;
      if (at > lastStart) return finish(anchor, end, dst, op, limit);
      exchange(table, mask, src, at - 2, load<u32>(at - 2));
      const four = load<u32>(at); // often the next match starts where this one ended
      from = exchange(table, mask, src, at, four);
      if (load<u32>(from) != four) break;
    }
    at++;
  }
}

/** Two slots per input byte, 2^13 at most, as a mask of byte offsets: small inputs clear little. */
function slotMask(n: u32): u32 {
  const bytes = u32(4) << (32 - clz(n - 1));
  return (bytes < LZ4_TABLE_BYTES ? bytes : LZ4_TABLE_BYTES) - 2;
}

/** Enters position `at` under its four bytes; returns the one that stood there: below `at`. */
function exchange(table: usize, mask: u32, src: usize, at: usize, four: u32): usize {
  const slot = table + (((four * SPREAD) >> 18) & mask);
  const found = src + load<u16>(slot);
  store<u16>(slot, u16(at - src));
  return found;
}

/** Counts equal bytes at `at` and `from` < `at`, up to `stop`. */
function matchLength(at: usize, from: usize, stop: usize): u32 {
  const start = at;
  while (at + 8 <= stop) {
    const differing = load<u64>(at) ^ load<u64>(from);
    if (differing != 0) return u32(at - start) + (u32(ctz(differing)) >> 3);
    at += 8;
    from += 8;
  }
  while (at < stop && load<u8>(at) == load<u8>(from)) {
    at++;
    from++;
  }
  return u32(at - start);
}

/**
 * Writes one sequence at `op`; `length` is the match's less MIN_MATCH. Returns the new end, or 0
 * when it does not fit. Reads up to START_MARGIN bytes beyond the literals, which lie there.
 */
function emit(op: usize, limit: usize, anchor: usize, at: usize, from: usize, length: u32): usize {
  const literals = u32(at - anchor);
  const offset = u32(at - from);
  if ((literals > length ? literals : length) < 15 && u32(limit - op) >= FAST_EMIT) {
    store<u8>(op, u8((literals << 4) | length));
    store<u64>(op, load<u64>(anchor), 1);
    store<u64>(op, load<u64>(anchor, 8), 9);
    op += literals;
    store<u16>(op, u16(offset), 1);
    return op + 3;
  }
  return emitSlow(op, limit, anchor, literals, offset, length);
}

/** Writes a sequence of any lengths, as exactly as the room requires. */
function emitSlow(
  op: usize,
  limit: usize,
  anchor: usize,
  literals: u32,
  offset: u32,
  length: u32,
): usize {
  const room = u32(limit - op);
  const need: u32 = 3 + literals + extraBytes(literals) + extraBytes(length);
  if (room < need) return 0;
  op = putCounts(op, literals, length);
  if (room >= need + OVERSHOOT && literals < BULK) copyWords(op, anchor, literals);
  else copyBytes(op, anchor, literals);
  op += literals;
  store<u16>(op, u16(offset));
  op += 2;
  return length < 15 ? op : putLength(op, length - 15);
}

/** Writes the last literals of a block; returns its size, or -1 when they do not fit. */
function finish(anchor: usize, end: usize, dst: usize, op: usize, limit: usize): i32 {
  const literals = u32(end - anchor);
  if (u32(limit - op) < 1 + literals + extraBytes(literals)) return -1;
  op = putCounts(op, literals, 0);
  copyBytes(op, anchor, literals);
  return i32(op + literals - dst);
}

/** Writes a token, and the length bytes of the literals; returns the new end. */
function putCounts(op: usize, literals: u32, length: u32): usize {
  store<u8>(op, u8(((literals < 15 ? literals : 15) << 4) | (length < 15 ? length : 15)));
  return literals < 15 ? op + 1 : putLength(op + 1, literals - 15);
}

/** Length bytes that a count needs beside its nibble. */
function extraBytes(count: u32): u32 {
  return count < 15 ? 0 : (count - 15) / 255 + 1;
}

function putLength(op: usize, rest: u32): usize {
  while (rest >= 255) {
    store<u8>(op++, 255);
    rest -= 255;
  }
  store<u8>(op, u8(rest));
  return op + 1;
}

/**
 * Decodes the block [src, src + n) into [dst, dst + cap). Returns the bytes produced, or -1 for a
 * malformed or unended block, one that needs more than `cap`, or n of 0 or over MAX_BLOCK.
 *
 * The loop takes sequences with FAST_IN and FAST_OUT bytes to spare; what is longer than it looks
 * and comes too close to an end is left to decodeExact, which starts over at the token.
 * 65 lines: a helper for a sequence would have to return two positions.
 */
export function decompress(src: usize, n: u32, dst: usize, cap: u32): i32 {
  if (n > MAX_BLOCK || src + n < src || dst + cap < dst) return -1;
  const end = src + n;
  const limit = dst + cap;
  if (n < FAST_IN || cap < FAST_OUT) return decodeExact(src, end, dst, dst, limit);

  const lastIn = end - FAST_IN;
  const lastOut = limit - FAST_OUT;
  let ip = src;
  let op = dst;
  while (true) {
    if (ip > lastIn) break;
    if (op > lastOut) break; // two jumps: a condition with && costs 5 to 8 %
    const token = u32(load<u8>(ip));
    const literals = token >> 4;
    let inAt = ip + 1;
    let outAt = op;
    if (literals < 15) {
      store<u64>(outAt, load<u64>(inAt));
      store<u64>(outAt, load<u64>(inAt, 8), 8);
      inAt += literals;
      outAt += literals;
    } else {
      const rest = lengthBytes(inAt, end);
      if (rest == UNENDED) return -1;
      const count = literals + rest;
      inAt += rest / 255 + 1;
      if (u32(end - inAt) < count + OVERSHOOT) break; // that leaves 2 for the offset, too
      if (u32(limit - outAt) < count + SHORT_MATCH) break;
      copyWords(outAt, inAt, count);
      inAt += count;
      outAt += count;
    }
    const offset = u32(load<u16>(inAt));
    inAt += 2;
    if (u32(outAt - dst) < offset) return -1;
    const from = outAt - offset;
    let length = MIN_MATCH + (token & 15);
    if (length < MIN_MATCH + 15) {
      if (offset >= 8) {
        store<u64>(outAt, load<u64>(from));
        store<u64>(outAt, load<u64>(from, 8), 8);
        store<u16>(outAt, load<u16>(from, 16), 16);
        ip = inAt;
        op = outAt + length;
        continue;
      }
    } else {
      const rest = lengthBytes(inAt, end);
      if (rest == UNENDED) return -1;
      length += rest;
      inAt += rest / 255 + 1;
    }
    if (offset == 0) return -1;
    if (u32(limit - outAt) < length + OVERSHOOT) break;
    if (offset >= 8 && length < BULK) copyWords(outAt, from, length);
    else copyMatch(outAt, offset, length);
    ip = inAt;
    op = outAt + length;
  }
  return decodeExact(ip, end, dst, op, limit);
}

/** Decodes from any token on with exact bounds and copies, to the block's end. */
function decodeExact(ip: usize, end: usize, dst: usize, op: usize, limit: usize): i32 {
  while (ip < end) {
    const token = u32(load<u8>(ip++));
    let literals = token >> 4;
    if (literals == 15) {
      const rest = lengthBytes(ip, end);
      if (rest == UNENDED) return -1;
      literals += rest;
      ip += rest / 255 + 1;
    }
    if (u32(end - ip) < literals || u32(limit - op) < literals) return -1;
    copyBytes(op, ip, literals);
    ip += literals;
    op += literals;
    if (ip == end) return i32(op - dst);

    if (u32(end - ip) < 2) return -1;
    const offset = u32(load<u16>(ip));
    ip += 2;
    if (offset == 0 || u32(op - dst) < offset) return -1;
    let length = MIN_MATCH + (token & 15);
    if (length == MIN_MATCH + 15) {
      const rest = lengthBytes(ip, end);
      if (rest == UNENDED) return -1;
      length += rest;
      ip += rest / 255 + 1;
    }
    if (u32(limit - op) < length) return -1;
    copyMatch(op, offset, length);
    op += length;
  }
  return -1;
}

/**
 * Sums the length bytes at `ip`: 255 * k + last, which also tells that they were k + 1 = sum / 255
 * + 1 many, so that position and length come from one reading. Returns UNENDED at the end.
 */
function lengthBytes(ip: usize, end: usize): u32 {
  let sum: u32 = 0;
  while (ip < end) {
    const byte = u32(load<u8>(ip++));
    sum += byte;
    if (byte != 255) return sum;
  }
  return UNENDED;
}
