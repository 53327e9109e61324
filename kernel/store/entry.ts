/**
 * Writing entries, whose shape entry-head.ts says.
 *
 * Everything is written before the entry is published and never again: readers (entry-read.ts) need
 * only their section. A long value is written block by block, in several kernel calls: meanwhile it
 * is its thread's *draft* (slot.draft…), which a survivor frees if the thread dies between two
 * calls. The first object stays UNPUBLISHED until the whole is finished, for its head is not.
 */
import { Place } from '../base/layout';
import { peekWord, pokeWord } from '../base/words';
import { checksum } from '../codec/checksum';
import { compress } from '../codec/lz4';
import { keyScratch, outputScratch, tableScratch } from '../memdesc/thread-pages';
import { assertOutside } from '../thread/context';
import { selfState, ThreadSlot } from '../thread/slot';
import { bytesTaken, zsAlloc, zsSettle } from '../zsmalloc/alloc';
import { zsPlace, zsReadWord, zsWrite, zsWriteHalf, zsWriteWord } from '../zsmalloc/object';
import { MAX_PAYLOAD } from '../zsmalloc/size-class';
import { releaseDoomed } from './chain';
import { highWord, lowWord } from './count';
import { reuseDeferred } from './deferred';
import {
  BLOCK_HEAD_BYTES,
  EXPIRES,
  EXTENDED,
  extensionStart,
  HEAD,
  HEAD_SIZES,
  headBytes,
  isShort,
  KEY_SHIFT,
  LONG,
  LONG_NEXT,
  LONG_VALUE_BYTES,
  MIN_COMPRESS_BYTES,
  PACKED,
  PART_BYTES,
  RAW,
  SHORT_STORED,
  SHORT_SUM,
  SIZE_SHIFT,
  STORED_UNIT_SHIFT,
  sizesOf,
  storedStart,
  TIME_BITS,
  TIME_MASK,
} from './entry-head';
import { extensionScratch, takeExtension } from './extension';
import { selfJournal } from './journal';
import { BLOCK_BYTES } from './limits';
import { LENGTH_MASK } from './spaces';

function setNext(place: Place, part: u32): void {
  zsWriteWord(place, (zsReadWord(place, 0) & HEAD) == 0 ? 0 : LONG_NEXT, part);
}

/** Thread-local: bytes of the draft's extension, and the code of its time to live. */
let extensionBytes: u32 = 0;
let draftTtlCode: u64 = 0;

/**
 * Begins an entry; its key stands in the key scratch, its blocks follow by `appendObject`. The
 * expiry has the code of a time to live in it.
 */
export function beginDraft(keyBytes: u32, valueBytes: u32, expiry: u64): void {
  assertOutside();
  const slot = selfState();
  dropDraft(slot);
  slot.draftKeyBytes = keyBytes;
  slot.draftValueBytes = valueBytes;
  slot.draftExpiry = expiry & TIME_MASK;
  draftTtlCode = expiry >> TIME_BITS;
  extensionBytes = takeExtension(keyBytes);
}

/** Frees a draft, of this thread or of one that is gone. Nobody ever saw it: no grace period. */
export function dropDraft(slot: ThreadSlot): void {
  if (slot.draftHead == 0) return;
  selfJournal().doomed = slot.draftHead;
  slot.draftHead = 0;
  slot.draftTail = 0;
  releaseDoomed(selfJournal());
}

/**
 * Makes a block of the `bytes` ≤ BLOCK_BYTES that stand at `from`: head and stored bytes, in the
 * output scratch.
 *
 * @returns the length of both
 */
export function encodeBlock(from: usize, bytes: u32, isRaw: bool): u32 {
  const body: usize = outputScratch() + BLOCK_HEAD_BYTES;
  let stored = -1;
  if (!isRaw && bytes >= MIN_COMPRESS_BYTES) {
    stored = compress(from, bytes, body, bytes - 1, tableScratch());
  }
  let flag: u32 = 0;
  if (stored < 0) {
    memory.copy(body, from, bytes);
    stored = bytes;
    flag = RAW;
  }
  pokeWord(outputScratch(), u32(stored) | flag);
  pokeWord(outputScratch() + 4, checksum(body, stored));
  return BLOCK_HEAD_BYTES + u32(stored);
}

/**
 * Appends to the draft one object with as much of a block as it holds.
 *
 * @returns how many of the `bytes` at `stream` it took; 0 = out of memory, nothing has changed
 */
export function appendObject(stream: usize, bytes: u32): u32 {
  const slot = selfState();
  if (slot.draftHead == 0) return appendHead(slot, stream, bytes);
  const share = min(bytes, MAX_PAYLOAD - PART_BYTES);
  const part = zsAlloc(PART_BYTES + share);
  if (part == 0) return 0;
  const place = zsPlace(part);
  zsWriteWord(place, 0, 0);
  zsWrite(place, PART_BYTES, stream, share);
  setNext(zsPlace(slot.draftTail), part);
  if (slot.draftTail != slot.draftHead) zsSettle(slot.draftTail);
  slot.draftTail = part;
  selfJournal().draftBytes += bytesTaken(PART_BYTES + share);
  return share;
}

/**
 * Makes the draft's only object of a raw value that stands at `from`, by way of no scratch. Its sum
 * is taken last: meanwhile the object's lines, just written and cold, come from memory, for which
 * the next locked instruction would wait.
 *
 * @returns whether it did. No: it is part of a value, does not fit, or there is no memory; nothing
 *          has changed then
 */
export function appendRaw(from: usize, bytes: u32): bool {
  const slot = selfState();
  if (slot.draftHead != 0 || slot.draftValueBytes != bytes) return false;
  const sizes = flagsOfDraft(slot) | (bytes << SIZE_SHIFT);
  if (draftStart(sizes) + bytes > MAX_PAYLOAD) return false;
  const place = beginChain(slot, sizes, from, bytes);
  if (place == 0) return false;
  zsWriteWord(place, SHORT_SUM, checksum(from, bytes));
  return true;
}

/** Makes the draft a count. @returns false: there is no memory, and nothing has changed */
export function appendCount(value: i64): bool {
  const slot = selfState();
  const sizes = flagsOfDraft(slot) | PACKED | (slot.draftValueBytes << SIZE_SHIFT);
  const place = beginChain(slot, sizes, 0, 0);
  if (place == 0) return false;
  zsWriteWord(place, SHORT_SUM, highWord(value));
  zsWriteWord(place, SHORT_STORED, lowWord(value));
  return true;
}

function appendHead(slot: ThreadSlot, stream: usize, bytes: u32): u32 {
  const sizes = sizesOfDraft(slot, stream, bytes);
  const isWhole = (sizes & LONG) == 0;
  // A short entry has of its block's head what it needs in its own.
  const skip: u32 = isWhole ? BLOCK_HEAD_BYTES : 0;
  const share = min(bytes - skip, MAX_PAYLOAD - draftStart(sizes));
  const place = beginChain(slot, sizes, stream + skip, share);
  if (place == 0) return 0;
  if (isWhole) {
    zsWriteWord(place, SHORT_SUM, peekWord(stream + 4));
    if ((sizes & PACKED) != 0) zsWriteWord(place, SHORT_STORED, peekWord(stream));
  }
  return skip + share;
}

/**
 * Makes the draft's first object, but for what a short entry's head says of its block.
 *
 * @param sizes  its first word
 * @param from  the first `share` of its stored bytes
 * @returns its place; 0 = out of memory, nothing has changed
 */
function beginChain(slot: ThreadSlot, sizes: u32, from: usize, share: u32): Place {
  const start = draftStart(sizes);
  let head = reuseDeferred(start + share, slot.draftKeyBytes);
  if (head == 0) head = zsAlloc(start + share);
  if (head == 0) return 0;
  const place = zsPlace(head);
  zsWrite(place, start, from, share);
  zsWriteWord(place, HEAD_SIZES, sizes);
  if ((sizes & LONG) != 0) {
    zsWriteWord(place, LONG_NEXT, 0);
    zsWriteWord(place, LONG_VALUE_BYTES, slot.draftValueBytes);
  }
  writeExpiry(place, sizes, slot.draftExpiry | (draftTtlCode << TIME_BITS));
  if (extensionBytes != 0) {
    zsWrite(place, extensionStart(sizes), extensionScratch(slot.draftKeyBytes), extensionBytes);
  }
  zsWrite(place, draftKeyStart(sizes), keyScratch(), slot.draftKeyBytes & LENGTH_MASK);
  slot.draftHead = head;
  slot.draftTail = head;
  selfJournal().draftBytes = bytesTaken(start + share);
  return place;
}

/** What the first word says of the draft but for its blocks. */
function flagsOfDraft(slot: ThreadSlot): u32 {
  let flags = HEAD | (((slot.draftKeyBytes & LENGTH_MASK) - 1) << KEY_SHIFT);
  if (slot.draftExpiry != 0) flags |= EXPIRES;
  if (extensionBytes != 0) flags |= EXTENDED;
  return flags;
}

/** The first word of the draft's head: short, if the `bytes` of its block are all and fit. */
function sizesOfDraft(slot: ThreadSlot, stream: usize, bytes: u32): u32 {
  const flags = flagsOfDraft(slot);
  const isRaw = (peekWord(stream) & RAW) != 0;
  const short = flags | (isRaw ? 0 : PACKED);
  const isOnly = isRaw
    ? slot.draftValueBytes == bytes - BLOCK_HEAD_BYTES
    : slot.draftValueBytes <= BLOCK_BYTES;
  const fits = isOnly && draftStart(short) + bytes - BLOCK_HEAD_BYTES <= MAX_PAYLOAD;
  return fits ? short | (slot.draftValueBytes << SIZE_SHIFT) : flags | LONG;
}

/** Where the draft's key begins. */
function draftKeyStart(sizes: u32): u32 {
  return extensionStart(sizes) + extensionBytes;
}

/** Where its stored bytes begin. */
function draftStart(sizes: u32): u32 {
  return storedStart(sizes, draftKeyStart(sizes));
}

function writeExpiry(place: Place, sizes: u32, expiry: u64): void {
  if ((sizes & EXPIRES) == 0) return;
  zsWriteWord(place, headBytes(sizes), u32(expiry));
  zsWriteHalf(place, headBytes(sizes) + 4, u32(expiry >> 32));
}

/** Finishes the draft; until it is published it stays one. @returns its handle */
export function finishDraft(): u32 {
  const slot = selfState();
  const place = zsPlace(slot.draftHead);
  if (!isShort(place)) {
    const units = (selfJournal().draftBytes + ((1 << STORED_UNIT_SHIFT) - 1)) >> STORED_UNIT_SHIFT;
    zsWriteWord(place, HEAD_SIZES, sizesOf(place) | (min(units, 0xffff) << SIZE_SHIFT));
  }
  if (slot.draftTail != slot.draftHead) zsSettle(slot.draftTail);
  zsSettle(slot.draftHead);
  return slot.draftHead;
}
