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
import {
  copyApart,
  copyBack,
  copyBytes,
  copyMatch,
  copyShort,
  OVERSHOOT,
  PERIOD_BYTES,
  SHORT_MATCH,
  storePeriod,
} from './copy';

/** Positions are u16, so is the format's offset: 2^16 bytes have the positions 0..65535. */
export const LZ4_MAX_INPUT: u32 = 65536;

/** Sums of length bytes stay below 255 * 2^23 < 2^31, so no length computation wraps. */
const MAX_BLOCK: u32 = 1 << 23;
const MIN_MATCH: u32 = 4;
/** The format: none of a block's last 5 bytes is in a match, and no match starts in the last 12. */
const END_MARGIN: u32 = 5;
/**
 * Here 17: 16 bytes of literals can always be read, and the first 8 bytes behind a match's four
 * never reach the last 5. Costs 0.07 % of the ratio at 4 KiB.
 */
const START_MARGIN: u32 = 17;
/** Looks at each stride of the search before it grows by 1. */
const LOOKS: u32 = 64;
/** Leaves the 13 bits of a slot's number: a u16 position each, 16 KiB. */
const SLOT_SHIFT: u32 = 19;
/** Up to a page of input does with a page of table: 11 bits. */
const SHORT_INPUT: u32 = 4096;
const SHORT_SHIFT: u32 = 21;
/** 2^32 / golden ratio: the usual multiplier to spread four bytes over the high bits. */
const SPREAD: u32 = 2654435761;
/** What the length bytes of a count sum up to when the source ends before they do. */
const UNENDED: u32 = 0xffffffff;
/** A sequence's offset; fast decoding names a token by where the offset before it is. */
const OFFSET_BYTES: u32 = 2;
/** Fast decoding reads a token, 14 literals, an offset and a length byte. */
const FAST_IN: u32 = 18;
/** Fast decoding writes 14 literals and a short match, of a short period at worst. */
const FAST_OUT: u32 = 14 + PERIOD_BYTES;
/** Below this address, `op - offset` could wrap. */
const MAX_OFFSET: usize = 65535;
/** Fast encoding writes a token and 16 bytes, of which 14 literals, an offset and one more stay. */
const FAST_EMIT: u32 = 18;

/**
 * Compresses [src, src + n) into [dst, dst + cap); the output depends on the input alone.
 * `table` is 16 KiB of scratch, 4 KiB for inputs up to that; cleared here.
 * Returns the bytes written, or -1 exactly when they would be more than `cap`, or when n is over
 * LZ4_MAX_INPUT.
 *
 * A match is measured from where it was found: what it has before that is told by `back`, which
 * nothing waits for. Its second position is entered as well, which depends on no length.
 */
export function compress(src: usize, n: u32, dst: usize, cap: u32, table: usize): i32 {
  if (n > LZ4_MAX_INPUT || src + n < src || dst + cap < dst) return -1;
  const end = src + n;
  const limit = dst + cap;
  if (n <= START_MARGIN) return finish(src, end, dst, dst, limit);

  const shift = n <= SHORT_INPUT ? SHORT_SHIFT : SLOT_SHIFT;
  memory.fill(table, 0, (<u32>2) << (32 - shift));
  const lastStart = end - START_MARGIN;
  const matchEnd = end - END_MARGIN;
  let op = dst;
  let anchor = src;
  let at = src + 1; // a cleared slot says position 0, so 0 needs no entry
  while (true) {
    let from: usize;
    let stride: u32 = 1;
    let lastLook = min(at + LOOKS - 1, lastStart);
    while (true) {
      const four = load<u32>(at);
      from = exchange(table, shift, src, at, four);
      if (load<u32>(from) == four) break;
      at += stride;
      if (at <= lastLook) continue;
      if (at > lastStart) return finish(anchor, end, dst, op, limit);
      stride++;
      lastLook = min(at + LOOKS * stride - 1, lastStart);
    }
    const literals = u32(at - anchor);
    const back = min(backLength(at, from, src), literals);
    store<u16>(slotOf(table, shift, load<u32>(at, 1)), u16(at + 1 - src));
    const length = matchLength(at, from, matchEnd);
    const next = at + MIN_MATCH + length;
    op = emit(op, limit, anchor, literals - back, u32(at - from), length + back);
    if (op == 0) return -1;
    at = next;
    anchor = next;
    if (at > lastStart) return finish(anchor, end, dst, op, limit);
  }
}

/** The slot for a position that begins with these four bytes. */
function slotOf(table: usize, shift: u32, four: u32): usize {
  return table + (((four * SPREAD) >> shift) << 1);
}

/** Enters position `at` under its four bytes; returns the one that stood there: below `at`. */
function exchange(table: usize, shift: u32, src: usize, at: usize, four: u32): usize {
  const slot = slotOf(table, shift, four);
  const found = src + load<u16>(slot);
  store<u16>(slot, u16(at - src));
  return found;
}

/** Counts equal bytes before `at` and `from` < `at`, 4 at most: none if they were not all input. */
function backLength(at: usize, from: usize, src: usize): u32 {
  return from < src + 4 ? 0 : u32(clz(load<u32>(at - 4) ^ load<u32>(from - 4))) >> 3;
}

/** Counts equal bytes behind the four at `at` and `from` < `at`, up to `stop`, 12 or more away. */
function matchLength(at: usize, from: usize, stop: usize): u32 {
  const first = load<u64>(at, 4) ^ load<u64>(from, 4);
  if (first != 0) return u32(ctz(first)) >> 3;
  const start = at + MIN_MATCH;
  at += MIN_MATCH + 8;
  from += MIN_MATCH + 8;
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
function emit(
  op: usize,
  limit: usize,
  anchor: usize,
  literals: u32,
  offset: u32,
  length: u32,
): usize {
  while (true) {
    if (literals >= 15) break;
    if (length >= 15 + 255) break;
    if (u32(limit - op) < FAST_EMIT) break;
    v128.store(op, v128.load(anchor), 1);
    if (length < 15) {
      store<u8>(op, u8((literals << 4) | length));
      op += literals;
      store<u16>(op, u16(offset), 1);
      return op + 3;
    }
    store<u8>(op, u8((literals << 4) | 15));
    op += literals;
    store<u16>(op, u16(offset), 1);
    store<u8>(op, u8(length - 15), 3);
    return op + 4;
  }
  return emitSlow(op, limit, anchor, literals, offset, length);
}

/**
 * Writes a sequence of any lengths, as exactly as the room requires: the literals last, for after
 * a call of memory.copy nothing is in registers.
 */
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
  const to = putCounts(op, literals, length);
  op = to + literals;
  store<u16>(op, u16(offset));
  op += 2;
  if (length >= 15) op = putLength(op, length - 15);
  copyBytes(to, anchor, literals);
  return op;
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
 * The inner loop takes sequences with FAST_IN and FAST_OUT bytes to spare and calls nothing, so
 * that what it works with stays in registers. At what is rare, or looks wrong, it stops with `at`
 * and `op` still before the sequence: decodeExact takes it from its token on, and judges.
 * `next`, where the next token will be, is the longest chain of dependent steps and kept short:
 * `at` and `next` count from OFFSET_BYTES before a token, so that no access needs a subtraction.
 * 68 lines: a helper for a sequence would have to return two positions.
 */
export function decompress(src: usize, n: u32, dst: usize, cap: u32): i32 {
  if (n > MAX_BLOCK || src + n < src || dst + cap < dst) return -1;
  const end = src + n;
  const limit = dst + cap;
  if (n < FAST_IN || cap < FAST_OUT || src < OFFSET_BYTES || dst < MAX_OFFSET) {
    const ends = decodeExact(src, end, dst, dst, limit, true);
    return ends == 0 ? -1 : i32(u32(ends) - u32(dst));
  }

  const lastIn = end - (FAST_IN + OFFSET_BYTES);
  const lastOut = limit - FAST_OUT;
  // Differences: of a parameter V8 does not know that it is zero-extended, and it extends each
  // index.
  let at = end - n - OFFSET_BYTES;
  let op = limit - cap;
  while (true) {
    while (true) {
      // Both margins in one jump, by signs. A room of 2^31 or more looks negative: decoded exactly.
      const spareIn = u32(lastIn - at);
      const spareOut = u32(lastOut - op);
      if (i32(spareIn | spareOut) < 0) break;
      const token = u32(load<u8>(at, OFFSET_BYTES));
      const literals = token >> 4;
      let next = at + OFFSET_BYTES + 1 + literals;
      let to = op + literals;
      v128.store(op, v128.load(at, OFFSET_BYTES + 1));
      if (literals == 15) {
        const rest = u32(load<u8>(at, OFFSET_BYTES + 1));
        if (rest == 255) break;
        const count = rest + 15;
        const from = at + OFFSET_BYTES + 2;
        if (spareIn < count + OVERSHOOT) break;
        if (spareOut < count + OVERSHOOT) break;
        copyApart(op, from, count);
        next = from + count;
        to = op + count;
      }
      const offset = u32(load<u16>(next));
      const from = to - offset;
      if (from < dst) break;
      const nibble = token & 15;
      if (nibble <= SHORT_MATCH - MIN_MATCH) {
        at = next;
        op = to + nibble + MIN_MATCH;
        if (offset < 8) {
          if (offset == 0) return -1;
          storePeriod(to, offset);
        } else copyShort(to, from, nibble + MIN_MATCH);
      } else {
        if (offset < 8) break;
        const extended = u32(nibble == 15);
        const rest = u32(load<u8>(next, OFFSET_BYTES)) & (0 - extended);
        if (rest == 255) break;
        const length = nibble + MIN_MATCH + rest;
        if (i32(lastOut - to) < i32(length)) break; // FAST_OUT is more than OVERSHOOT
        copyBack(to, from, length);
        at = next + extended;
        op = to + length;
      }
    }
    const ends = decodeExact(at + OFFSET_BYTES, end, dst, op, limit, false);
    if (ends == 0) return -1;
    op = u32(ends);
    at = u32(ends >> 32);
    if (at == end) return i32(op - dst);
    at -= OFFSET_BYTES;
  }
}

/**
 * Decodes from any token on with exact bounds and copies: to the block's end, or, if not `toEnd`,
 * until the fast loop has room again. Returns the new position in the block in the upper half and
 * that in the output in the lower, or 0 for what is malformed.
 */
function decodeExact(ip: usize, end: usize, dst: usize, op: usize, limit: usize, toEnd: bool): u64 {
  while (ip < end) {
    const token = u32(load<u8>(ip++));
    let literals = token >> 4;
    if (literals == 15) {
      const rest = lengthBytes(ip, end);
      if (rest == UNENDED) return 0;
      literals += rest;
      ip += rest / 255 + 1;
    }
    if (u32(end - ip) < literals || u32(limit - op) < literals) return 0;
    copyBytes(op, ip, literals);
    ip += literals;
    op += literals;
    if (ip == end) return ((<u64>ip) << 32) | op;

    if (u32(end - ip) < 2) return 0;
    const offset = u32(load<u16>(ip));
    ip += 2;
    if (offset == 0 || u32(op - dst) < offset) return 0;
    let length = MIN_MATCH + (token & 15);
    if (length == MIN_MATCH + 15) {
      const rest = lengthBytes(ip, end);
      if (rest == UNENDED) return 0;
      length += rest;
      ip += rest / 255 + 1;
    }
    if (u32(limit - op) < length) return 0;
    copyMatch(op, offset, length);
    op += length;
    if (toEnd || u32(end - ip) < FAST_IN || u32(limit - op) < FAST_OUT) continue;
    return ((<u64>ip) << 32) | op;
  }
  return 0;
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
