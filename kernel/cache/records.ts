/**
 * Records: whole entries as they stand in a file, a key with its blocks as they are stored.
 *
 *    0  bytes       of the whole record, a multiple of 4
 *    4  sum         checksum of what follows it, up to the first block
 *    8  valueBytes
 *   12  keyBytes:12 · extBytes:12 · 8 bits that are 0
 *   16  expiry      milliseconds since 1970; 0 = never
 *   24  ext         padded to 4: for what entries may have beside; nothing yet, and 0 bytes long
 *       key         padded to 4
 *       blocks      each padded to 4 (stored.ts)
 *
 *   out   getStored and getMoreStored for the blocks, then `sealRecord` for what stands before them
 *   in    `adoptRecords` for a row of records whose values have one block; longer ones by
 *         `adoptHead`, appendStored for each block, commit
 *
 * Lengths are compared with the room there is, and sums are made anew: damage is found before
 * anything of the record is taken. Blocks are not decoded, which would cost as much as all the
 * rest: whoever forges a file, sums and all, gets a zone that poisons itself when the value is
 * read, as an image's forger does. What is damaged ends the row; what came before it is kept.
 */
import { ERR_ARGUMENT } from '../base/fault';
import { peekCell, peekWord, pokeCell, pokeWord } from '../base/words';
import { checksum } from '../codec/checksum';
import { beginDraft } from '../store/entry';
import { BLOCK_HEAD_BYTES } from '../store/entry-head';
import { BLOCK_BYTES, MAX_KEY_BYTES } from '../store/limits';
import { leaveSection } from '../thread/rcu';
import { selfState } from '../thread/slot';
import { appendBytes, commit } from './cache';
import { blockBytes, isSound, storedExpiry, storedValueBytes } from './stored';

const SUM: usize = 4;
const VALUE_BYTES: usize = 8;
const SIZES: usize = 12;
const EXPIRY: usize = 16;
export const RECORD_HEAD_BYTES: u32 = 24;
/** Expiries have 48 bits. */
const LAST: f64 = 281474976710655;
const KEY_BYTES_MASK: u32 = 0xfff;

function padded(bytes: u32): u32 {
  return (bytes + 3) & ~3;
}

/** What a sum stands for: the head behind it, and the key. */
function sumOf(record: usize, keyBytes: u32): u32 {
  return checksum(record + VALUE_BYTES, RECORD_HEAD_BYTES - u32(VALUE_BYTES) + keyBytes);
}

/**
 * Makes head and key of the record of what `getStored` found last, in the input scratch; `bytes` is
 * the caller's to write, who knows the blocks. The key stands in the key scratch.
 *
 * @param offset  milliseconds from zone time to the wall's
 * @returns the length of both
 */
export function sealRecord(keyBytes: u32, offset: f64): u32 {
  const record: usize = selfState().inputScratch;
  const expiry = storedExpiry();
  pokeWord(record + VALUE_BYTES, storedValueBytes());
  pokeWord(record + SIZES, keyBytes);
  pokeCell(record + EXPIRY, expiry == 0 ? 0 : u64(max(1, f64(expiry) + offset)));
  pokeCell(record + RECORD_HEAD_BYTES + ((keyBytes & ~3) as usize), 0);
  memory.copy(record + RECORD_HEAD_BYTES, selfState().keyScratch, keyBytes);
  pokeWord(record + SUM, sumOf(record, keyBytes));
  return RECORD_HEAD_BYTES + padded(keyBytes);
}

/** Thread-local: what the record of `readHead` says. */
let valueBytes: u32 = 0;
let keyBytes: u32 = 0;
let expiry: u64 = 0;

/** Reads head and key, of which `room` bytes are there. @returns whether they are whole */
function readHead(record: usize, room: u32, offset: f64): bool {
  if (room < RECORD_HEAD_BYTES) return false;
  const sizes = peekWord(record + SIZES);
  keyBytes = sizes & KEY_BYTES_MASK;
  if (keyBytes != sizes || keyBytes == 0 || keyBytes > MAX_KEY_BYTES) return false;
  if (RECORD_HEAD_BYTES + padded(keyBytes) > room) return false;
  if (peekWord(record + SUM) != sumOf(record, keyBytes)) return false;
  valueBytes = peekWord(record + VALUE_BYTES);
  const wall = peekCell(record + EXPIRY);
  // What expired before the zone's time began has a time, too: its first millisecond.
  expiry = wall == 0 ? 0 : u64(min(max(1, f64(wall) - offset), LAST));
  return i32(valueBytes) >= 0;
}

function beginRecord(record: usize): void {
  memory.copy(selfState().keyScratch, record + RECORD_HEAD_BYTES, keyBytes);
  beginDraft(keyBytes, valueBytes, expiry);
}

/**
 * Stores the records in the input scratch, up to the first that is not whole or has several blocks;
 * those that have expired are left out. Refused is one that no memory can be had for.
 *
 * @returns bytes of the records that are done, or ERR_ARGUMENT: the first is damaged
 */
export function adoptRecords(bytes: u32, offset: f64, now: u64): i32 {
  const start: usize = selfState().inputScratch;
  let done: u32 = 0;
  while (bytes - done >= RECORD_HEAD_BYTES) {
    const record = start + done;
    const length = peekWord(record);
    if (length > bytes - done || i32(peekWord(record + VALUE_BYTES)) > i32(BLOCK_BYTES)) break;
    if (!adoptRecord(record, length, offset, now)) return done == 0 ? ERR_ARGUMENT : i32(done);
    done += length;
  }
  return i32(done);
}

/** @returns false: it is damaged */
function adoptRecord(record: usize, length: u32, offset: f64, now: u64): bool {
  if (!readHead(record, length, offset)) return false;
  const block = record + RECORD_HEAD_BYTES + padded(keyBytes);
  const room = length - u32(block - record);
  if (room < BLOCK_HEAD_BYTES || padded(blockBytes(block)) != room) return false;
  if (!isSound(block, blockBytes(block))) return false;
  if (expiry != 0 && expiry <= now) return true;
  beginRecord(record);
  if (appendBytes(block, blockBytes(block)) == 0) commit();
  leaveSection();
  return true;
}

/**
 * Begins an entry with head and key in the input scratch; its blocks follow.
 *
 * @returns 1; 0: it has expired; ERR_ARGUMENT: they are damaged
 */
export function adoptHead(bytes: u32, offset: f64, now: u64): i32 {
  const record: usize = selfState().inputScratch;
  if (!readHead(record, bytes, offset)) return ERR_ARGUMENT;
  if (expiry != 0 && expiry <= now) return 0;
  beginRecord(record);
  return 1;
}
