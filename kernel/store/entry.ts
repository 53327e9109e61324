/**
 * Entries: key and value of the cache as zsmalloc objects.
 *
 * An entry is a chain of objects. The first holds the head, the key and the beginning of the
 * *stream*; further parts hold the rest. The stream is a row of blocks, each up to 64 KiB of value:
 *
 *   head   keyBytes · valueBytes · next part · 0, then the key (padded to 4), then stream bytes
 *   part   next part, then stream bytes
 *   block  stored bytes:31 RAW:1 · checksum of the stored bytes, then the stored bytes
 *
 * A block begins at the start of an object's stream, and no object holds bytes of two blocks, so an
 * object's share of the stream follows from its block's length and is written nowhere. A block
 * that LZ4 does not shrink is stored as it is (RAW).
 *
 * Everything is written before the entry is published and never again: readers need only their
 * section. A long value is written and read block by block, in several kernel calls:
 *   draft  (slot.draft…) an unpublished chain that belongs to its thread; a survivor frees it if
 *          the thread dies between two calls
 *   read   (slot.read…) each call checks that the first cell is still the one that was seen,
 *          generation included; if not, the value has changed: ERR_RESTART
 */
import { ERR_RESTART, FAULT_DAMAGED_DATA, fail } from '../base/fault';
import { alignUp, PAGE_BYTES } from '../base/layout';
import { loadCell, pokeWord } from '../base/words';
import { checksum } from '../codec/checksum';
import { compress, decompress } from '../codec/lz4';
import { enterSection, isInSection, leaveSection } from '../thread/rcu';
import { beginChange, selfState, ThreadSlot } from '../thread/slot';
import { zsAlloc, zsIsCell, zsIsRetired, zsRelease, zsRetire, zsSettle } from '../zsmalloc/alloc';
import { CELL_LIVE, cellState, isSameLife } from '../zsmalloc/handle';
import {
  zsContiguous,
  zsPlace,
  zsRead,
  zsReadWord,
  zsWrite,
  zsWriteWord,
} from '../zsmalloc/object';
import { MAX_PAYLOAD } from '../zsmalloc/size-class';

/** Value bytes in a block: 64 KiB, LZ4's window, less room for the block's head in the scratch. */
export const BLOCK_BYTES: u32 = 65520;
/** A key leaves room for a useful piece of value in the first object. */
export const MAX_KEY_BYTES: u32 = 2048;
/** Below this LZ4 cannot win: its end rules alone need 13 bytes. */
const MIN_COMPRESS_BYTES: u32 = 16;

const HEAD_KEY_BYTES: u32 = 0;
const HEAD_VALUE_BYTES: u32 = 4;
const HEAD_NEXT: u32 = 8;
const HEAD_BYTES: u32 = 16;
const PART_NEXT: u32 = 0;
const PART_BYTES: u32 = 4;
const BLOCK_HEAD_BYTES: u32 = 8;
const RAW: u32 = 0x8000_0000;

export function entryKeyBytes(place: u64): u32 {
  return zsReadWord(place, HEAD_KEY_BYTES);
}

export function entryValueBytes(place: u64): u32 {
  return zsReadWord(place, HEAD_VALUE_BYTES);
}

/** Bytes that the entry's objects hold; of several blocks as many as if all shrank like the first. */
export function entryStoredBytes(place: u64): u32 {
  const start = streamStart(entryKeyBytes(place));
  const first = zsReadWord(place, start) & ~RAW;
  const blocks = entryValueBytes(place) / BLOCK_BYTES;
  return start + BLOCK_HEAD_BYTES + (blocks > 1 ? first * blocks : first);
}

/** Where the first object's share of the stream begins. */
function streamStart(keyBytes: u32): u32 {
  return HEAD_BYTES + alignUp(keyBytes, 4);
}

/** Copies an entry's key. @returns its length */
export function readKey(place: u64, to: usize): u32 {
  const bytes = entryKeyBytes(place);
  zsRead(place, HEAD_BYTES, to, bytes);
  return bytes;
}

/** Whether the entry has this key. Compares in two pieces where the key spans two pages. */
export function hasKey(place: u64, key: usize, bytes: u32): bool {
  if (entryKeyBytes(place) != bytes) return false;
  let from: u32 = 0;
  while (from < bytes) {
    const toPageEnd = PAGE_BYTES - ((u32(place) + HEAD_BYTES + from) & (PAGE_BYTES - 1));
    const part = min(bytes - from, toPageEnd);
    if (memory.compare(zsContiguous(place, HEAD_BYTES + from, part), key + from, part) != 0) {
      return false;
    }
    from += part;
  }
  return true;
}

/** Begins an entry; its key stands in the key scratch, its blocks follow by `appendObject`. */
export function beginDraft(keyBytes: u32, valueBytes: u32): void {
  const slot = selfState();
  dropDraft(slot);
  slot.draftKeyBytes = keyBytes;
  slot.draftValueBytes = valueBytes;
}

/** Frees a draft, of this thread or of one that is gone. Nobody ever saw it: no grace period. */
export function dropDraft(slot: ThreadSlot): void {
  const head = slot.draftHead;
  // Once the slot does not name it, only we know the chain.
  if (head != 0) beginChange();
  slot.draftHead = 0;
  slot.draftTail = 0;
  if (head != 0) releaseEntry(head);
}

/** Whether an object hangs from the draft of a thread. */
export function isInDraft(slot: ThreadSlot, handle: u32): bool {
  let at = slot.draftHead;
  if (at == handle || at == 0) return at != 0;
  at = zsReadWord(zsPlace(at), HEAD_NEXT);
  while (at != 0 && at != handle) at = zsReadWord(zsPlace(at), PART_NEXT);
  return at != 0;
}

/**
 * Makes a block of the `bytes` ≤ BLOCK_BYTES in the input scratch: head and stored bytes, in the
 * output scratch.
 *
 * @returns the length of both
 */
export function encodeBlock(bytes: u32, isRaw: bool): u32 {
  const slot = selfState();
  const body: usize = slot.outputScratch + BLOCK_HEAD_BYTES;
  let stored = -1;
  if (!isRaw && bytes >= MIN_COMPRESS_BYTES) {
    stored = compress(slot.inputScratch, bytes, body, bytes - 1, slot.tableScratch);
  }
  let flag: u32 = 0;
  if (stored < 0) {
    memory.copy(body, slot.inputScratch, bytes);
    stored = bytes;
    flag = RAW;
  }
  pokeWord(slot.outputScratch, u32(stored) | flag);
  pokeWord(slot.outputScratch + 4, checksum(body, stored));
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
  zsWriteWord(place, PART_NEXT, 0);
  zsWrite(place, PART_BYTES, stream, share);
  const isHead = slot.draftTail == slot.draftHead;
  zsWriteWord(zsPlace(slot.draftTail), isHead ? HEAD_NEXT : PART_NEXT, part);
  zsSettle(slot.draftTail);
  slot.draftTail = part;
  return share;
}

function appendHead(slot: ThreadSlot, stream: usize, bytes: u32): u32 {
  const start = streamStart(slot.draftKeyBytes);
  const share = min(bytes, MAX_PAYLOAD - start);
  const head = zsAlloc(start + share);
  if (head == 0) return 0;
  const place = zsPlace(head);
  zsWriteWord(place, HEAD_KEY_BYTES, slot.draftKeyBytes);
  zsWriteWord(place, HEAD_VALUE_BYTES, slot.draftValueBytes);
  zsWriteWord(place, HEAD_NEXT, 0);
  zsWrite(place, HEAD_BYTES, slot.keyScratch, slot.draftKeyBytes);
  zsWrite(place, start, stream, share);
  slot.draftHead = head;
  slot.draftTail = head;
  return share;
}

/** Hands the finished draft to the caller, who publishes or releases it. */
export function takeDraft(): u32 {
  const slot = selfState();
  const head = slot.draftHead;
  zsSettle(slot.draftTail);
  slot.draftHead = 0;
  slot.draftTail = 0;
  return head;
}

/** A word of an object, in or out of a section: the page that it is on may be moved. */
function readLink(handle: u32, from: u32): u32 {
  const wasInside = isInSection();
  if (!wasInside) enterSection();
  const link = zsReadWord(zsPlace(handle), from);
  if (!wasInside) leaveSection();
  return link;
}

/** Frees every object of an entry that no reader can have. */
export function releaseEntry(handle: u32): void {
  if (!zsIsRetired(handle)) zsRetire(handle);
  let next = readLink(handle, HEAD_NEXT);
  zsRelease(handle);
  while (next != 0) {
    const part = next;
    // Taken out first: what is out is not moved, so that its place holds.
    zsRetire(part);
    next = readLink(part, PART_NEXT);
    zsRelease(part);
  }
}

/**
 * Decodes the first block of an entry into the output scratch and remembers how to go on.
 *
 * @returns the length of the whole value
 */
export function beginRead(handle: u32): u32 {
  const slot = selfState();
  const place = zsPlace(handle);
  const total = entryValueBytes(place);
  slot.readCell = handle;
  slot.readSeen = loadCell(handle);
  slot.readLeft = total;
  readBlock(slot, place, streamStart(entryKeyBytes(place)), HEAD_NEXT);
  // A value already in limbo may be freed between our calls: it is not read on.
  if (cellState(slot.readSeen) != CELL_LIVE) slot.readLeft = 0;
  return total;
}

/**
 * Decodes the next block of the value that `beginRead` began.
 *
 * @returns its length, or ERR_RESTART when the value has changed since
 */
export function continueRead(): i32 {
  const slot = selfState();
  if (slot.readLeft == 0) return ERR_RESTART;
  // The cell's page may have left the slab since, and hold anything.
  if (!zsIsCell(slot.readCell) || !isSameLife(loadCell(slot.readCell), slot.readSeen)) {
    return ERR_RESTART;
  }
  return i32(readBlock(slot, zsPlace(slot.readNext), PART_BYTES, PART_NEXT));
}

/** Reads the block whose stream begins at `start` of the object at `place`. @returns its length */
function readBlock(slot: ThreadSlot, place: u64, start: u32, nextAt: u32): u32 {
  const word = zsReadWord(place, start);
  const sum = zsReadWord(place, start + 4);
  const stored = word & ~RAW;
  const length = min(slot.readLeft, BLOCK_BYTES);
  if (stored > BLOCK_BYTES) fail(FAULT_DAMAGED_DATA, slot.readCell);
  const share = min(stored, MAX_PAYLOAD - start - BLOCK_HEAD_BYTES);
  let body = share == stored ? zsContiguous(place, start + BLOCK_HEAD_BYTES, stored) : 0;
  slot.readNext = zsReadWord(place, nextAt);
  if (body == 0) {
    body = slot.inputScratch;
    zsRead(place, start + BLOCK_HEAD_BYTES, body, share);
    gatherParts(slot, share, stored);
  }
  if (checksum(body, stored) != sum) fail(FAULT_DAMAGED_DATA, slot.readCell);
  decodeBlock(slot, body, word, length);
  slot.readLeft -= length;
  return length;
}

/** Collects the rest of a block from its parts into the input scratch. */
function gatherParts(slot: ThreadSlot, got: u32, stored: u32): void {
  while (got < stored) {
    if (slot.readNext == 0) fail(FAULT_DAMAGED_DATA, slot.readCell);
    const place = zsPlace(slot.readNext);
    const share = min(stored - got, MAX_PAYLOAD - PART_BYTES);
    zsRead(place, PART_BYTES, slot.inputScratch + got, share);
    slot.readNext = zsReadWord(place, PART_NEXT);
    got += share;
  }
}

function decodeBlock(slot: ThreadSlot, body: usize, word: u32, length: u32): void {
  const stored = word & ~RAW;
  if ((word & RAW) != 0) {
    if (stored != length) fail(FAULT_DAMAGED_DATA, slot.readCell);
    memory.copy(slot.outputScratch, body, length);
  } else if (decompress(body, stored, slot.outputScratch, length) != i32(length)) {
    fail(FAULT_DAMAGED_DATA, slot.readCell);
  }
}

/** Objects in an entry's chain; more than `limit` means a loop. */
export function countParts(handle: u32, limit: u32): u32 {
  let parts: u32 = 1;
  let next = zsReadWord(zsPlace(handle), HEAD_NEXT);
  while (next != 0 && parts <= limit) {
    next = zsReadWord(zsPlace(next), PART_NEXT);
    parts++;
  }
  return parts;
}
