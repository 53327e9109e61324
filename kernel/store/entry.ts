/**
 * Entries: key and value of the cache as zsmalloc objects.
 *
 * An entry is a chain of objects. The first holds the head, the key and the beginning of the
 * *stream*; further parts hold the rest. The stream is a row of blocks, each up to 64 KiB of value:
 *
 *   head   next part · keyBytes:12 EXPIRES:1 unused:3 stored:16 · valueBytes · hash
 *          [· expiry:64], then the key (padded to 4), then stream bytes
 *   part   next part, then stream bytes
 *   block  stored bytes:31 RAW:1 · checksum of the stored bytes, then the stored bytes
 *
 *   stored   what the chain takes in zsmalloc, in units of 64 bytes; 65,535 = that or more
 *   expiry   the millisecond from which it is as good as gone; only with EXPIRES
 *   hash     32 bits of the key's seeded hash: what the index and the queues know it by
 *
 * A block begins at the start of an object's stream, and no object holds bytes of two blocks, so an
 * object's share of the stream follows from its block's length and is written nowhere. A block
 * that LZ4 does not shrink is stored as it is (RAW).
 *
 * Everything is written before the entry is published and never again: readers (entry-read.ts) need
 * only their section. A long value is written block by block, in several kernel calls: meanwhile it
 * is its thread's *draft* (slot.draft…), which a survivor frees if the thread dies between two
 * calls. The first object stays BORN until the whole is finished, for its head is not.
 */
import { alignUp, PAGE_BYTES } from '../base/layout';
import { pokeWord } from '../base/words';
import { checksum } from '../codec/checksum';
import { compress } from '../codec/lz4';
import { enterSection, isInSection, leaveSection } from '../thread/rcu';
import { selfState, ThreadSlot } from '../thread/slot';
import { slotBytes, zsAlloc, zsIsRetired, zsRelease, zsRetire, zsSettle } from '../zsmalloc/alloc';
import {
  zsContiguous,
  zsPlace,
  zsRead,
  zsReadWord,
  zsWrite,
  zsWriteWord,
} from '../zsmalloc/object';
import { MAX_PAYLOAD } from '../zsmalloc/size-class';
import { selfThreadState } from '../zsmalloc/thread-state';
import { Journal, selfJournal } from './journal';

/** Below this LZ4 cannot win: its end rules alone need 13 bytes. */
const MIN_COMPRESS_BYTES: u32 = 16;

/** Where an object names the next part: the same in a head and in a part. */
export const NEXT_PART: u32 = 0;
const HEAD_SIZES: u32 = 4;
const HEAD_VALUE_BYTES: u32 = 8;
const HEAD_HASH: u32 = 12;
const HEAD_BYTES: u32 = 16;
const EXPIRY_BYTES: u32 = 8;
export const PART_BYTES: u32 = 4;
export const BLOCK_HEAD_BYTES: u32 = 8;
export const RAW: u32 = 0x8000_0000;

const KEY_BYTES_MASK: u32 = 0xfff;
const EXPIRES: u32 = 0x1000;
const STORED_SHIFT: u32 = 16;
const STORED_UNIT_SHIFT: u32 = 6;

export function entryKeyBytes(place: u64): u32 {
  return zsReadWord(place, HEAD_SIZES) & KEY_BYTES_MASK;
}

export function entryValueBytes(place: u64): u32 {
  return zsReadWord(place, HEAD_VALUE_BYTES);
}

export function entryHash(place: u64): u32 {
  return zsReadWord(place, HEAD_HASH);
}

/** What the entry takes in zsmalloc. */
export function entryStoredBytes(place: u64): u32 {
  return (zsReadWord(place, HEAD_SIZES) >> STORED_SHIFT) << STORED_UNIT_SHIFT;
}

/** The millisecond from which the entry is gone; 0 = never. */
export function entryExpiry(place: u64): u64 {
  if ((zsReadWord(place, HEAD_SIZES) & EXPIRES) == 0) return 0;
  return u64(zsReadWord(place, HEAD_BYTES)) | (u64(zsReadWord(place, HEAD_BYTES + 4)) << 32);
}

/** Where the key begins. */
function keyStart(sizes: u32): u32 {
  return (sizes & EXPIRES) == 0 ? HEAD_BYTES : HEAD_BYTES + EXPIRY_BYTES;
}

/** Where the first object's share of the stream begins. */
export function streamStart(place: u64): u32 {
  const sizes = zsReadWord(place, HEAD_SIZES);
  return keyStart(sizes) + alignUp(sizes & KEY_BYTES_MASK, 4);
}

/** Copies an entry's key. @returns its length */
export function readKey(place: u64, to: usize): u32 {
  const sizes = zsReadWord(place, HEAD_SIZES);
  zsRead(place, keyStart(sizes), to, sizes & KEY_BYTES_MASK);
  return sizes & KEY_BYTES_MASK;
}

/** Whether the entry has this key. Compares in two pieces where the key spans two pages. */
export function hasKey(place: u64, key: usize, bytes: u32): bool {
  const sizes = zsReadWord(place, HEAD_SIZES);
  if ((sizes & KEY_BYTES_MASK) != bytes) return false;
  const start = keyStart(sizes);
  let from: u32 = 0;
  while (from < bytes) {
    const toPageEnd = PAGE_BYTES - ((u32(place) + start + from) & (PAGE_BYTES - 1));
    const part = min(bytes - from, toPageEnd);
    if (memory.compare(zsContiguous(place, start + from, part), key + from, part) != 0) {
      return false;
    }
    from += part;
  }
  return true;
}

/** Begins an entry; its key stands in the key scratch, its blocks follow by `appendObject`. */
export function beginDraft(keyBytes: u32, valueBytes: u32, expiry: u64): void {
  const slot = selfState();
  dropDraft(slot);
  slot.draftKeyBytes = keyBytes;
  slot.draftValueBytes = valueBytes;
  slot.draftExpiry = expiry;
  selfJournal().draftBytes = 0;
}

/** Frees a draft, of this thread or of one that is gone. Nobody ever saw it: no grace period. */
export function dropDraft(slot: ThreadSlot): void {
  if (slot.draftHead == 0) return;
  selfJournal().doomed = slot.draftHead;
  slot.draftHead = 0;
  slot.draftTail = 0;
  releaseDoomed(selfJournal());
}

/** Whether an object is one of a chain. World halted, or the chain is one's own. */
export function isInChain(first: u32, handle: u32): bool {
  let at = first;
  while (at != 0 && at != handle) at = zsReadWord(zsPlace(at), NEXT_PART);
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
  zsWriteWord(place, NEXT_PART, 0);
  zsWrite(place, PART_BYTES, stream, share);
  zsWriteWord(zsPlace(slot.draftTail), NEXT_PART, part);
  if (slot.draftTail != slot.draftHead) zsSettle(slot.draftTail);
  slot.draftTail = part;
  selfJournal().draftBytes += slotBytes(PART_BYTES + share);
  return share;
}

function appendHead(slot: ThreadSlot, stream: usize, bytes: u32): u32 {
  const sizes = slot.draftKeyBytes | (slot.draftExpiry == 0 ? 0 : EXPIRES);
  const start = keyStart(sizes) + alignUp(slot.draftKeyBytes, 4);
  const share = min(bytes, MAX_PAYLOAD - start);
  const head = zsAlloc(start + share);
  if (head == 0) return 0;
  const place = zsPlace(head);
  zsWriteWord(place, NEXT_PART, 0);
  zsWriteWord(place, HEAD_SIZES, sizes);
  zsWriteWord(place, HEAD_VALUE_BYTES, slot.draftValueBytes);
  if ((sizes & EXPIRES) != 0) {
    zsWriteWord(place, HEAD_BYTES, u32(slot.draftExpiry));
    zsWriteWord(place, HEAD_BYTES + 4, u32(slot.draftExpiry >> 32));
  }
  zsWrite(place, keyStart(sizes), slot.keyScratch, slot.draftKeyBytes);
  zsWrite(place, start, stream, share);
  slot.draftHead = head;
  slot.draftTail = head;
  selfJournal().draftBytes += slotBytes(start + share);
  return share;
}

/**
 * Finishes the draft of a key with this hash; until it is published it stays one. @returns its
 * handle
 */
export function finishDraft(hash: u32): u32 {
  const slot = selfState();
  const place = zsPlace(slot.draftHead);
  const units = (selfJournal().draftBytes + ((1 << STORED_UNIT_SHIFT) - 1)) >> STORED_UNIT_SHIFT;
  const sizes = zsReadWord(place, HEAD_SIZES) & ((1 << STORED_SHIFT) - 1);
  zsWriteWord(place, HEAD_SIZES, sizes | (min(units, 0xffff) << STORED_SHIFT));
  zsWriteWord(place, HEAD_HASH, hash);
  if (slot.draftTail != slot.draftHead) zsSettle(slot.draftTail);
  zsSettle(slot.draftHead);
  return slot.draftHead;
}

/** The part after an object, in or out of a section: the page that it is on may be moved. */
export function nextPart(handle: u32): u32 {
  const wasInside = isInSection();
  if (!wasInside) enterSection();
  const link = zsReadWord(zsPlace(handle), NEXT_PART);
  if (!wasInside) leaveSection();
  return link;
}

/**
 * Frees what hangs from a journal's `doomed`, this thread's or a dead one's: no reader can have it.
 * An object is named by `doomed` until it is `ownCell` on this thread's state: a survivor goes on.
 */
export function releaseDoomed(journal: Journal): void {
  while (journal.doomed != 0) {
    const handle = journal.doomed;
    // Taken out first: what is out is not moved, so that its place holds.
    if (!zsIsRetired(handle)) zsRetire(handle);
    const next = nextPart(handle);
    selfThreadState().ownCell = handle;
    journal.doomed = next;
    zsRelease(handle);
  }
}

/** Objects in a chain; more than `limit` means a loop. */
export function countParts(first: u32, limit: u32): u32 {
  let parts: u32 = 0;
  for (let at = first; at != 0 && parts <= limit; parts++) at = zsReadWord(zsPlace(at), NEXT_PART);
  return parts;
}
