/**
 * Blocks as they are stored: out of the zone and into it again without being compressed anew.
 *
 * For whoever keeps entries elsewhere: in a second tier, in a file. A block comes with its head
 * (store/entry.ts), so that its length, its coding and its checksum travel with it.
 *
 *   out   getStored, then getMoreStored while bytes of value are left
 *   in    begin, appendStored for each block, commit (cache.ts)
 *
 * What comes from outside is not believed: a block is taken only if its checksum is right and it
 * decodes to as many bytes as it has to. So whatever is published can be read, and no bytes from
 * outside poison a zone. Expiries are not part of it: another clock told them.
 */
import { ERR_ARGUMENT, ERR_NEEDS_CLOCK, ERR_NEEDS_SCRATCH, ERR_NOT_FOUND } from '../base/fault';
import { peekWord } from '../base/words';
import { checksum } from '../codec/checksum';
import { decompress } from '../codec/lz4';
import { inputScratch, outputScratch, scratchRoom } from '../memdesc/thread-pages';
import { dropDraft } from '../store/entry';
import { BLOCK_HEAD_BYTES, RAW } from '../store/entry-head';
import { beginRead, continueRead, isTooLong } from '../store/entry-read';
import { extensionScratch } from '../store/extension';
import { freshUntil } from '../store/life';
import { BLOCK_BYTES } from '../store/limits';
import { assertInSection } from '../thread/context';
import { selfState } from '../thread/slot';
import { zsPlace } from '../zsmalloc/object';
import { appendBytes } from './cache';
import { findFresh, NEEDS_CLOCK, noteTimes, readTags } from './read';
import { readNames } from './touch';

/** Thread-local: of the entry that `getStored` found last, beside what `noteTimes` notes. */
let expiry: u64 = 0;
let valueBytes: u32 = 0;
let nameBytes: u32 = 0;

/**
 * Copies the first block of the key's entry to the output scratch. Not counted.
 *
 * @returns the length of the whole value, or ERR_NOT_FOUND, ERR_NEEDS_CLOCK
 */
export function getStored(keyBytes: u32, now: u64): i32 {
  assertInSection();
  const handle = findFresh(keyBytes, now);
  if (handle == NEEDS_CLOCK) return ERR_NEEDS_CLOCK;
  if (handle == 0) return ERR_NOT_FOUND;
  const place = zsPlace(handle);
  if (isTooLong(place)) return ERR_NEEDS_SCRATCH;
  // Who keeps it elsewhere keeps it no longer than it is fresh.
  expiry = freshUntil(place);
  noteTimes(place);
  nameBytes = readTags() == 0 ? 0 : readNames(place, extensionScratch(keyBytes));
  valueBytes = beginRead(handle, true);
  return i32(valueBytes);
}

/** Of the tags' names, behind the key in the key scratch. */
export function storedNameBytes(): u32 {
  return nameBytes;
}

/** Copies the next block. @returns bytes of value in it, or ERR_RESTART */
export function getMoreStored(): i32 {
  assertInSection();
  return continueRead(true);
}

/** When what `getStored` found expires, in zone time; 0 = never. */
export function storedExpiry(): u64 {
  return expiry;
}

export function storedValueBytes(): u32 {
  return valueBytes;
}

/** Of a block with its head, as the head says. */
export function blockBytes(block: usize): u32 {
  return BLOCK_HEAD_BYTES + (peekWord(block) & ~RAW);
}

/**
 * Whether the `bytes` in the input scratch are a block, and decode to `valueBytes`: these are in
 * the output scratch then.
 */
export function decodeStored(bytes: u32, valueBytes: u32): bool {
  const block: usize = inputScratch();
  if (max(valueBytes, bytes - BLOCK_HEAD_BYTES) > scratchRoom()) return false;
  if (!isSound(block, bytes, valueBytes)) return false;
  const body = block + BLOCK_HEAD_BYTES;
  const stored = bytes - BLOCK_HEAD_BYTES;
  if ((peekWord(block) & RAW) == 0) {
    return decompress(body, stored, outputScratch(), valueBytes) == i32(valueBytes);
  }
  memory.copy(outputScratch(), body, stored);
  return true;
}

/**
 * Whether `bytes` at `block` are a block of so long a value, by its head: length, coding and
 * checksum of the stored bytes. What LZ4 has made is shorter than the value, and what is raw is
 * not, so that no part of the head can be wrong alone.
 */
export function isSound(block: usize, bytes: u32, valueBytes: u32): bool {
  if (bytes < BLOCK_HEAD_BYTES) return false;
  const stored = blockBytes(block) - BLOCK_HEAD_BYTES;
  if (stored > BLOCK_BYTES || stored + BLOCK_HEAD_BYTES != bytes) return false;
  const isRaw = (peekWord(block) & RAW) != 0;
  if (isRaw ? stored != valueBytes : stored >= valueBytes) return false;
  return checksum(block + BLOCK_HEAD_BYTES, stored) == peekWord(block + 4);
}

/**
 * Appends the block in the input scratch to the draft; decoded, it is in the output scratch after.
 *
 * @returns 0, ERR_ARGUMENT: it is none; or ERR_NO_MEMORY: refused
 */
export function appendStored(bytes: u32, valueBytes: u32): i32 {
  if (!decodeStored(bytes, valueBytes)) {
    dropDraft(selfState());
    return ERR_ARGUMENT;
  }
  return appendBytes(inputScratch(), bytes);
}
