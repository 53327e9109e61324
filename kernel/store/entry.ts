/**
 * Entries: key and value of the cache as zsmalloc objects.
 *
 * An entry is a chain of objects. The first holds the head, the key and the beginning of the
 * *stream*; further parts hold the rest. The stream is a row of blocks, each up to 64 KiB of value:
 *
 *   head   HEAD:1 LONG:1 PACKED:1 EXPIRES:1 keyBytes:12 size:16 · hash
 *          · with LONG: next part · valueBytes
 *            else:      checksum of the stored bytes [· with PACKED: stored bytes]
 *          [· with EXPIRES: expiry:64], then the key, with LONG padded to 4, then stream bytes
 *   part   next part, then stream bytes
 *   block  stored bytes:31 RAW:1 · checksum of the stored bytes, then the stored bytes
 *
 *   HEAD     tells a head from a part: addresses of cells are even
 *   size     with LONG what the chain takes in zsmalloc, in units of 64 bytes; 65,535 = that or
 *            more. Else the length of the value
 *   expiry   the millisecond from which it is as good as gone
 *   hash     32 bits of the key's seeded hash: what the index and the queues know it by
 *
 * Most entries are *short*: one block that the first object holds. Of its head only the checksum is
 * kept, and the length if the block is PACKED, for one that is not is as long as the value. Such an
 * entry takes 12 bytes besides its key and value.
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
import { alignUp, PAGE_BYTES, superblock } from '../base/layout';
import { peekWord, pokeWord } from '../base/words';
import { checksum } from '../codec/checksum';
import { hashKey } from '../codec/hash';
import { compress } from '../codec/lz4';
import { enterSection, isInSection, leaveSection } from '../thread/rcu';
import { selfState, ThreadSlot } from '../thread/slot';
import {
  slotBytes,
  slotBytesAt,
  zsAlloc,
  zsIsRetired,
  zsRelease,
  zsRetire,
  zsSettle,
} from '../zsmalloc/alloc';
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
import { BLOCK_BYTES } from './limits';

/** Below this LZ4 cannot win: its end rules alone need 13 bytes. */
const MIN_COMPRESS_BYTES: u32 = 16;

const HEAD: u32 = 1;
const LONG: u32 = 2;
const PACKED: u32 = 4;
const EXPIRES: u32 = 8;
const KEY_SHIFT: u32 = 4;
const KEY_BYTES_MASK: u32 = 0xfff;
const SIZE_SHIFT: u32 = 16;
const STORED_UNIT_SHIFT: u32 = 6;

/** Words of a head. Of a part the first is the next part. */
const HEAD_SIZES: u32 = 0;
const HEAD_HASH: u32 = 4;
const SHORT_SUM: u32 = 8;
const SHORT_STORED: u32 = 12;
const LONG_NEXT: u32 = 8;
const LONG_VALUE_BYTES: u32 = 12;
/** Bytes of a head without an expiry. */
const SHORT_BYTES: u32 = 12;
const LONG_BYTES: u32 = 16;
const EXPIRY_BYTES: u32 = 8;
export const PART_BYTES: u32 = 4;
export const BLOCK_HEAD_BYTES: u32 = 8;
export const RAW: u32 = 0x8000_0000;

function sizesOf(place: u64): u32 {
  return zsReadWord(place, HEAD_SIZES);
}

export function entryKeyBytes(place: u64): u32 {
  return (sizesOf(place) >> KEY_SHIFT) & KEY_BYTES_MASK;
}

export function isShort(place: u64): bool {
  return (sizesOf(place) & LONG) == 0;
}

export function entryValueBytes(place: u64): u32 {
  const sizes = sizesOf(place);
  return (sizes & LONG) == 0 ? sizes >> SIZE_SHIFT : zsReadWord(place, LONG_VALUE_BYTES);
}

export function entryHash(place: u64): u32 {
  return zsReadWord(place, HEAD_HASH);
}

/** What the entry takes in zsmalloc: rounded up to units of 64 bytes. */
export function entryStoredBytes(place: u64): u32 {
  const sizes = sizesOf(place);
  if ((sizes & LONG) != 0) return (sizes >> SIZE_SHIFT) << STORED_UNIT_SHIFT;
  return alignUp(slotBytesAt(place), 1 << STORED_UNIT_SHIFT);
}

/** The block of a short entry: its head's first word, and the checksum. */
export function shortBlock(place: u64): u32 {
  const sizes = sizesOf(place);
  return (sizes & PACKED) == 0 ? (sizes >> SIZE_SHIFT) | RAW : zsReadWord(place, SHORT_STORED);
}

export function shortChecksum(place: u64): u32 {
  return zsReadWord(place, SHORT_SUM);
}

/** The millisecond from which the entry is gone; 0 = never. */
export function entryExpiry(place: u64): u64 {
  const sizes = sizesOf(place);
  if ((sizes & EXPIRES) == 0) return 0;
  const at = headBytes(sizes);
  return u64(zsReadWord(place, at)) | (u64(zsReadWord(place, at + 4)) << 32);
}

/** Bytes of a head without its expiry, which stands behind. */
function headBytes(sizes: u32): u32 {
  if ((sizes & LONG) != 0) return LONG_BYTES;
  return (sizes & PACKED) == 0 ? SHORT_BYTES : SHORT_BYTES + 4;
}

/** Where the key begins. */
function keyStart(sizes: u32): u32 {
  return headBytes(sizes) + ((sizes & EXPIRES) == 0 ? 0 : EXPIRY_BYTES);
}

/** Where the stored bytes begin: of a short entry the block's, else the stream, which has words. */
function storedStart(sizes: u32): u32 {
  const end = keyStart(sizes) + ((sizes >> KEY_SHIFT) & KEY_BYTES_MASK);
  return (sizes & LONG) == 0 ? end : alignUp(end, 4);
}

/** Where the first object's share of the stream, or a short entry's stored bytes, begin. */
export function streamStart(place: u64): u32 {
  return storedStart(sizesOf(place));
}

/** Copies an entry's key. @returns its length */
export function readKey(place: u64, to: usize): u32 {
  zsRead(place, keyStart(sizesOf(place)), to, entryKeyBytes(place));
  return entryKeyBytes(place);
}

/** The object behind one of a chain, 0 = it is the last. */
export function nextOf(place: u64): u32 {
  const word = zsReadWord(place, 0);
  if ((word & HEAD) == 0) return word;
  return (word & LONG) == 0 ? 0 : zsReadWord(place, LONG_NEXT);
}

function setNext(place: u64, part: u32): void {
  zsWriteWord(place, (zsReadWord(place, 0) & HEAD) == 0 ? 0 : LONG_NEXT, part);
}

/** Whether the entry has this key. Compares in two pieces where the key spans two pages. */
export function hasKey(place: u64, key: usize, bytes: u32): bool {
  const sizes = sizesOf(place);
  if (((sizes >> KEY_SHIFT) & KEY_BYTES_MASK) != bytes) return false;
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

/** The hash of a key: 32 bits, never 0, which marks a record of a queue that is gone. */
export function hashOf(key: usize, bytes: u32): u32 {
  const hash = hashKey(key, bytes, superblock().hashSeed);
  return max(u32(hash ^ (hash >> 32)), 1);
}

/**
 * Whether the entry's key has this hash. A key that spans two pages is copied to this thread's key
 * scratch; without one it is believed.
 */
export function hasHash(place: u64, hash: u32): bool {
  const bytes = entryKeyBytes(place);
  let key = zsContiguous(place, keyStart(zsReadWord(place, HEAD_SIZES)), bytes);
  if (key == 0 && bytes != 0) {
    key = selfState().keyScratch;
    if (key == 0) return true;
    readKey(place, key);
  }
  return hashOf(key, bytes) == hash;
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
  while (at != 0 && at != handle) at = nextOf(zsPlace(at));
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
  zsWriteWord(place, 0, 0);
  zsWrite(place, PART_BYTES, stream, share);
  setNext(zsPlace(slot.draftTail), part);
  if (slot.draftTail != slot.draftHead) zsSettle(slot.draftTail);
  slot.draftTail = part;
  selfJournal().draftBytes += slotBytes(PART_BYTES + share);
  return share;
}

function appendHead(slot: ThreadSlot, stream: usize, bytes: u32): u32 {
  const sizes = sizesOfDraft(slot, stream, bytes);
  const start = storedStart(sizes);
  const isWhole = (sizes & LONG) == 0;
  // A short entry has of its block's head what it needs in its own.
  const skip: u32 = isWhole ? BLOCK_HEAD_BYTES : 0;
  const share = min(bytes - skip, MAX_PAYLOAD - start);
  const head = zsAlloc(start + share);
  if (head == 0) return 0;
  const place = zsPlace(head);
  zsWriteWord(place, HEAD_SIZES, sizes);
  if (isWhole) {
    zsWriteWord(place, SHORT_SUM, peekWord(stream + 4));
    if ((sizes & PACKED) != 0) zsWriteWord(place, SHORT_STORED, peekWord(stream));
  } else {
    zsWriteWord(place, LONG_NEXT, 0);
    zsWriteWord(place, LONG_VALUE_BYTES, slot.draftValueBytes);
  }
  writeExpiry(place, sizes, slot.draftExpiry);
  zsWrite(place, keyStart(sizes), slot.keyScratch, slot.draftKeyBytes);
  zsWrite(place, start, stream + skip, share);
  slot.draftHead = head;
  slot.draftTail = head;
  selfJournal().draftBytes += slotBytes(start + share);
  return skip + share;
}

/** The first word of the draft's head: short, if the `bytes` of its block are all and fit. */
function sizesOfDraft(slot: ThreadSlot, stream: usize, bytes: u32): u32 {
  const sizes = HEAD | (slot.draftKeyBytes << KEY_SHIFT) | (slot.draftExpiry == 0 ? 0 : EXPIRES);
  const isRaw = (peekWord(stream) & RAW) != 0;
  const packed = isRaw ? 0 : PACKED;
  const isOnly = isRaw
    ? slot.draftValueBytes == bytes - BLOCK_HEAD_BYTES
    : slot.draftValueBytes <= BLOCK_BYTES;
  if (!isOnly || storedStart(sizes | packed) + bytes - BLOCK_HEAD_BYTES > MAX_PAYLOAD) {
    return sizes | LONG;
  }
  return sizes | packed | (slot.draftValueBytes << SIZE_SHIFT);
}

function writeExpiry(place: u64, sizes: u32, expiry: u64): void {
  if ((sizes & EXPIRES) == 0) return;
  zsWriteWord(place, headBytes(sizes), u32(expiry));
  zsWriteWord(place, headBytes(sizes) + 4, u32(expiry >> 32));
}

/**
 * Finishes the draft of a key with this hash; until it is published it stays one. @returns its
 * handle
 */
export function finishDraft(hash: u32): u32 {
  const slot = selfState();
  const place = zsPlace(slot.draftHead);
  if (!isShort(place)) {
    const units = (selfJournal().draftBytes + ((1 << STORED_UNIT_SHIFT) - 1)) >> STORED_UNIT_SHIFT;
    zsWriteWord(place, HEAD_SIZES, sizesOf(place) | (min(units, 0xffff) << SIZE_SHIFT));
  }
  zsWriteWord(place, HEAD_HASH, hash);
  if (slot.draftTail != slot.draftHead) zsSettle(slot.draftTail);
  zsSettle(slot.draftHead);
  return slot.draftHead;
}

/** The part after an object, in or out of a section: the page that it is on may be moved. */
export function nextPart(handle: u32): u32 {
  const wasInside = isInSection();
  if (!wasInside) enterSection();
  const link = nextOf(zsPlace(handle));
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
  for (let at = first; at != 0 && parts <= limit; parts++) at = nextOf(zsPlace(at));
  return parts;
}
