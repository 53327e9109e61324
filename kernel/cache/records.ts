/**
 * Records: whole entries as they stand in a file, a key with its blocks as they are stored.
 *
 *    0  bytes       of the whole record, a multiple of 4
 *    4  sum         checksum of what follows it, up to the first block
 *    8  valueBytes
 *   12  keyBytes:12 · extBytes:12 · space:8 (store/spaces.ts)
 *   16  expiry:48, ttl:7, 9   milliseconds since 1970, 0 = never; code of its own time to live
 *   24  ext         for what few entries have: fresh:64, by the wall · ttl:64 · tags:32 · their
 *                   names, a byte with the length − 1 before each, padded to 4
 *       key         padded to 4
 *       blocks      each padded to 4 (stored.ts)
 *
 *   out   getStored and getMoreStored for the blocks, then `sealRecord` for what stands before them
 *   in    `adoptRecords` for a row of records whose values have one block; longer ones by
 *         `adoptHead`, appendStored for each block, commit
 *
 * Lengths are compared with the room there is, a block's coding with its length, and sums are made
 * anew: damage is found before anything of the record is taken. Blocks are not decoded, which would
 * cost as much as all the rest: whoever forges a file, sums and all, gets a zone that poisons
 * itself when the value is read, as an image's forger does. What is damaged ends the row; what came
 * before it is kept.
 */
import { ERR_ARGUMENT } from '../base/fault';
import { peekByte, peekCell, peekWord, pokeCell, pokeWord } from '../base/words';
import { checksum } from '../codec/checksum';
import { inputScratch, keyScratch, outputScratch } from '../memdesc/thread-pages';
import { beginDraft } from '../store/entry';
import { BLOCK_HEAD_BYTES, TIME_BITS, TIME_MASK, TTL_CODE_BITS } from '../store/entry-head';
import { describeDraft, extensionScratch, forgetExtension, MAX_TAGS } from '../store/extension';
import { BLOCK_BYTES, MAX_KEY_BYTES } from '../store/limits';
import { LENGTH_MASK, SPACE_SHIFT, spaceCount } from '../store/spaces';
import { tagClock } from '../store/tags';
import { leaveSection } from '../thread/rcu';
import { appendBytes, commit } from './cache';
import { readExpiry, readFresh, readLongTtl, readTags } from './read';
import { blockBytes, isSound, storedNameBytes, storedValueBytes } from './stored';

/** Places in a record. */
const SUM: usize = 4;
export const RECORD_VALUE_BYTES_AT: usize = 8;
export const RECORD_SIZES_AT: usize = 12;
const EXPIRY: usize = 16;
export const RECORD_HEAD_BYTES: u32 = 24;
/** Of head, extension and key, at most: keys and names of tags have 3,980 (store/extension.ts). */
export const RECORD_MOST_BYTES: u32 = 4080;
/** Times have TIME_BITS in the zone, and 48 by the wall. */
const LAST: f64 = f64(TIME_MASK);
const WALL_BITS: u64 = 48;
const WALL_MASK: u64 = (1 << WALL_BITS) - 1;
export const RECORD_SIZE_MASK: u32 = 0xfff;
export const RECORD_EXT_SHIFT: u32 = 12;
const IN_SPACE_SHIFT: u32 = 24;
/** Places in the extension. */
const EXT_TTL: usize = 8;
const EXT_TAGS: usize = 16;
const EXT_NAMES: u32 = 20;

function padded(bytes: u32): u32 {
  return (bytes + 3) & ~3;
}

/** What a sum stands for: the head behind it, extension and key. */
function sumOf(record: usize, bytes: u32): u32 {
  return checksum(
    record + RECORD_VALUE_BYTES_AT,
    RECORD_HEAD_BYTES - u32(RECORD_VALUE_BYTES_AT) + bytes,
  );
}

function toWall(time: u64, offset: f64): u64 {
  if (time == TIME_MASK) return WALL_MASK;
  return time == 0 ? 0 : u64(max(1, f64(time) + offset));
}

/**
 * What was over before the zone's time began has a time, too: its first millisecond. What ends
 * behind LAST, as of a wall that was set back, never does.
 */
function fromWall(time: u64, offset: f64): u64 {
  return time == 0 ? 0 : u64(min(max(1, f64(time) - offset), LAST));
}

/**
 * Makes head, extension and key of the record of what `getStored` found last, in the input scratch;
 * `bytes` is the caller's to write, who knows the blocks. The key stands in the key scratch, and
 * behind it the names of its tags.
 *
 * @param offset  milliseconds from zone time to the wall's
 * @returns the length of all three
 */
export function sealRecord(keyBytes: u32, offset: f64): u32 {
  const record: usize = inputScratch();
  const length = keyBytes & LENGTH_MASK;
  const ext = sealExtension(record + RECORD_HEAD_BYTES, keyBytes, offset);
  const key = record + RECORD_HEAD_BYTES + ext;
  const sizes = length | (ext << RECORD_EXT_SHIFT) | ((keyBytes >> SPACE_SHIFT) << IN_SPACE_SHIFT);
  pokeWord(record + RECORD_VALUE_BYTES_AT, storedValueBytes());
  pokeWord(record + RECORD_SIZES_AT, sizes);
  const until = toWall(readExpiry() & TIME_MASK, offset);
  pokeCell(record + EXPIRY, until | ((readExpiry() >> TIME_BITS) << WALL_BITS));
  pokeWord(key + ((length & ~3) as usize), 0);
  memory.copy(key, keyScratch(), length);
  pokeWord(record + SUM, sumOf(record, ext + length));
  return RECORD_HEAD_BYTES + ext + padded(length);
}

/** @returns the length of the extension at `ext`, 0 = there is none */
function sealExtension(ext: usize, keyBytes: u32, offset: f64): u32 {
  if (readFresh() == 0 && readLongTtl() == 0 && readTags() == 0) return 0;
  const names = storedNameBytes();
  pokeCell(ext, toWall(readFresh(), offset));
  pokeCell(ext + EXT_TTL, readLongTtl());
  pokeWord(ext + EXT_TAGS, readTags());
  memory.copy(ext + EXT_NAMES, extensionScratch(keyBytes), names);
  return EXT_NAMES + names;
}

/** Thread-local: what the record of `readHead` says; keyBytes with the space. */
let valueBytes: u32 = 0;
let keyBytes: u32 = 0;
let extBytes: u32 = 0;
let expiry: u64 = 0;

/** Where the first block begins, in the record of `readHead`. */
function blocksAt(): u32 {
  return RECORD_HEAD_BYTES + extBytes + padded(keyBytes & LENGTH_MASK);
}

/** Reads all before the blocks, of which `room` bytes are there. @returns whether it is whole */
function readHead(record: usize, room: u32, offset: f64): bool {
  if (room < RECORD_HEAD_BYTES) return false;
  const sizes = peekWord(record + RECORD_SIZES_AT);
  const length = sizes & RECORD_SIZE_MASK;
  const space = sizes >> IN_SPACE_SHIFT;
  extBytes = (sizes >> RECORD_EXT_SHIFT) & RECORD_SIZE_MASK;
  keyBytes = length | (space << SPACE_SHIFT);
  if (length == 0 || length > MAX_KEY_BYTES || space > spaceCount()) return false;
  if (blocksAt() > room || peekWord(record + SUM) != sumOf(record, extBytes + length)) return false;
  if (extBytes != 0 && !areNamesWhole(record + RECORD_HEAD_BYTES)) return false;
  valueBytes = peekWord(record + RECORD_VALUE_BYTES_AT);
  const wall = peekCell(record + EXPIRY);
  if (wall >> (WALL_BITS + TTL_CODE_BITS) != 0) return false;
  expiry = fromWall(wall & WALL_MASK, offset);
  if (expiry != 0) expiry |= (wall >> WALL_BITS) << TIME_BITS;
  return i32(valueBytes) >= 0;
}

function areNamesWhole(ext: usize): bool {
  if (extBytes < EXT_NAMES || (extBytes & 3) != 0 || peekWord(ext + EXT_TAGS) > MAX_TAGS)
    return false;
  let end: u32 = EXT_NAMES;
  for (let left = peekWord(ext + EXT_TAGS); left != 0; left--) {
    if (end >= extBytes) return false;
    end += 2 + u32(peekByte(ext + end));
  }
  return end <= extBytes;
}

function isOver(now: u64): bool {
  return expiry != 0 && (expiry & TIME_MASK) <= now;
}

/** @returns false: key and tags are too long together, as no entry's are */
function beginRecord(record: usize, offset: f64): bool {
  const ext = record + RECORD_HEAD_BYTES;
  memory.copy(keyScratch(), ext + extBytes, keyBytes & LENGTH_MASK);
  forgetExtension();
  if (extBytes != 0) {
    memory.copy(outputScratch(), ext + EXT_NAMES, extBytes - EXT_NAMES);
    const fresh = fromWall(peekCell(ext), offset);
    const ttl = peekCell(ext + EXT_TTL);
    const tags = peekWord(ext + EXT_TAGS);
    if (!describeDraft(keyBytes, fresh, ttl, tagClock(), tags)) return false;
  }
  beginDraft(keyBytes, valueBytes, expiry);
  return true;
}

/**
 * Stores the records in the input scratch, up to the first that is not whole or has several blocks;
 * those that have expired are left out. Refused is one that no memory can be had for.
 *
 * @returns bytes of the records that are done, or ERR_ARGUMENT: the first is damaged
 */
export function adoptRecords(bytes: u32, offset: f64, now: u64): i32 {
  const start: usize = inputScratch();
  let done: u32 = 0;
  while (bytes - done >= RECORD_HEAD_BYTES) {
    const record = start + done;
    const length = peekWord(record);
    if (length > bytes - done || i32(peekWord(record + RECORD_VALUE_BYTES_AT)) > i32(BLOCK_BYTES))
      break;
    if (!adoptRecord(record, length, offset, now)) return done == 0 ? ERR_ARGUMENT : i32(done);
    done += length;
  }
  return i32(done);
}

/** @returns false: it is damaged */
function adoptRecord(record: usize, length: u32, offset: f64, now: u64): bool {
  if (!readHead(record, length, offset)) return false;
  const block = record + blocksAt();
  const room = length - u32(block - record);
  if (room < BLOCK_HEAD_BYTES || padded(blockBytes(block)) != room) return false;
  if (!isSound(block, blockBytes(block), valueBytes)) return false;
  if (isOver(now)) return true;
  if (!beginRecord(record, offset)) return false;
  if (appendBytes(block, blockBytes(block)) == 0) commit();
  leaveSection();
  return true;
}

/**
 * Begins an entry with all before its blocks in the input scratch; its blocks follow.
 *
 * @returns 1; 0: it has expired; ERR_ARGUMENT: they are damaged
 */
export function adoptHead(bytes: u32, offset: f64, now: u64): i32 {
  const record: usize = inputScratch();
  if (!readHead(record, bytes, offset)) return ERR_ARGUMENT;
  if (isOver(now)) return 0;
  return beginRecord(record, offset) ? 1 : ERR_ARGUMENT;
}
