/**
 * Entries: key and value of the cache as zsmalloc objects, and what their heads say.
 *
 * An entry is a chain of objects. The first holds the head, the key and the beginning of the
 * *stream*; further parts hold the rest. The stream is a row of blocks, each up to 64 KiB of value:
 *
 *   head   HEAD:1 LONG:1 PACKED:1 EXPIRES:1 keyBytes − 1:11 EXTENDED:1 size:16
 *          · with LONG: next part · valueBytes
 *            else:      checksum of the stored bytes [· with PACKED: stored bytes]
 *          [· with EXPIRES: expiry:41, ttl:7] [· with EXTENDED: extension, padded to 4 before],
 *          then the key, with LONG padded to 4, then stream bytes
 *   part   next part, then stream bytes
 *   count  PACKED, of less than what is ever packed: in place of checksum and stored bytes the two
 *          words of a number (count.ts), and no block
 *   block  stored bytes:31 RAW:1 · checksum of the stored bytes, then the stored bytes
 *
 *   HEAD     tells a head from a part: addresses of cells are even
 *   size     with LONG what the chain takes in zsmalloc, in units of 64 bytes; 65,535 = that or
 *            more. Else the length of the value
 *   expiry   the millisecond from which it is as good as gone
 *   ttl      code of its own time to live, 0 = none; and what else few entries have: extension.ts
 *
 * Most entries are *short*: one block that the first object holds. Of its head only the checksum is
 * kept, and the length if the block is PACKED, for one that is not is as long as the value. Such an
 * entry takes 8 bytes besides its key and value. The key's hash, by which the index and the queues
 * know it, is in none: who wants it takes it anew, from a key of which he reads the head anyway.
 *
 * A block begins at the start of an object's stream, and no object holds bytes of two blocks, so an
 * object's share of the stream follows from its block's length and is written nowhere. A block
 * that LZ4 does not shrink is stored as it is (RAW).
 *
 * A key is told by where it stands and its `keyBytes`: its length and, above that, its space
 * (spaces.ts). Of an entry the length stands in the head and the space, if any, in the extension.
 *
 * Everything is written (entry.ts) before the entry is published and never again, but for the low
 * word of a count.
 */
import { alignUp, Cell, Place, superblock } from '../base/layout';
import { hashKey } from '../codec/hash';
import { keyScratch } from '../memdesc/thread-pages';
import { selfState } from '../thread/slot';
import { bytesTaken } from '../zsmalloc/alloc';
import { toPageEnd, zsContiguous, zsRead, zsReadHalf, zsReadWord } from '../zsmalloc/object';
import { BYTES_MASK, spaceIn } from './extension';
import { KEY_ROOM_AT } from './limits';
import { LENGTH_MASK, SPACE_SHIFT } from './spaces';

export const HEAD: u32 = 1;
export const LONG: u32 = 2;
export const PACKED: u32 = 4;
export const EXPIRES: u32 = 8;
export const KEY_SHIFT: u32 = 4;
const KEY_BYTES_MASK: u32 = 0x7ff;
export const EXTENDED: u32 = 0x8000;
export const SIZE_SHIFT: u32 = 16;
export const STORED_UNIT_SHIFT: u32 = 6;
/** Seventy years since the cache was made. */
export const TIME_BITS: u64 = 41;
export const TIME_MASK: u64 = (1 << TIME_BITS) - 1;
export const TTL_CODE_BITS: u64 = 7;

/** Below this LZ4 cannot win: its end rules alone need 13 bytes. */
export const MIN_COMPRESS_BYTES: u32 = 16;

/** Words of a head. Of a part the first is the next part. */
export const HEAD_SIZES: u32 = 0;
export const SHORT_SUM: u32 = 4;
export const SHORT_STORED: u32 = 8;
export const LONG_NEXT: u32 = 4;
export const LONG_VALUE_BYTES: u32 = 8;
/** Bytes of a head without an expiry. */
const SHORT_BYTES: u32 = 8;
const LONG_BYTES: u32 = 12;
const EXPIRY_BYTES: u32 = 6;
export const PART_BYTES: u32 = 4;
export const BLOCK_HEAD_BYTES: u32 = 8;
export const RAW: u32 = 0x8000_0000;

export function sizesOf(place: Place): u32 {
  return zsReadWord(place, HEAD_SIZES);
}

function keyBytesIn(sizes: u32): u32 {
  return ((sizes >> KEY_SHIFT) & KEY_BYTES_MASK) + 1;
}

export function entryKeyBytes(place: Place): u32 {
  return keyBytesIn(sizesOf(place));
}

export function isShort(place: Place): bool {
  return (sizesOf(place) & LONG) == 0;
}

export function entryValueBytes(place: Place): u32 {
  const sizes = sizesOf(place);
  return (sizes & LONG) == 0 ? sizes >> SIZE_SHIFT : zsReadWord(place, LONG_VALUE_BYTES);
}

/** What the entry takes in zsmalloc: rounded up to units of 64 bytes. */
export function entryStoredBytes(place: Place): u32 {
  const sizes = sizesOf(place);
  if ((sizes & LONG) != 0) return (sizes >> SIZE_SHIFT) << STORED_UNIT_SHIFT;
  return alignUp(bytesTaken(onlyPayload(place)), 1 << STORED_UNIT_SHIFT);
}

/** Bytes of the only object of a short entry; 0 = it is a long one. */
export function onlyPayload(place: Place): u32 {
  return isShort(place) ? streamStart(place) + (shortBlock(place) & ~RAW) : 0;
}

/** Whether the value of an entry with these sizes is a number in its head. */
export function isCount(sizes: u32): bool {
  return (sizes & (LONG | PACKED)) == PACKED && sizes >> SIZE_SHIFT < MIN_COMPRESS_BYTES;
}

/** The block of a short entry: its head's first word, and the checksum. */
export function shortBlock(place: Place): u32 {
  const sizes = sizesOf(place);
  if ((sizes & PACKED) == 0) return (sizes >> SIZE_SHIFT) | RAW;
  return isCount(sizes) ? RAW : zsReadWord(place, SHORT_STORED);
}

export function shortChecksum(place: Place): u32 {
  return zsReadWord(place, SHORT_SUM);
}

/** The millisecond from which the entry is gone; 0 = never. */
export function entryExpiry(place: Place): u64 {
  return expiryCell(place) & TIME_MASK;
}

/** The code of its own time to live, as it was told with the expiry; 0 = none. */
export function entryTtlCode(place: Place): u32 {
  return u32(expiryCell(place) >> TIME_BITS);
}

function expiryCell(place: Place): Cell {
  const sizes = sizesOf(place);
  if ((sizes & EXPIRES) == 0) return 0;
  const at = headBytes(sizes);
  return u64(zsReadWord(place, at)) | (u64(zsReadHalf(place, at + 4)) << 32);
}

/** Whether it has neither expiry nor extension. */
export function isPlain(place: Place): bool {
  return (sizesOf(place) & (EXPIRES | EXTENDED)) == 0;
}

/** Where the extension is, 0 = there is none. */
export function extensionOf(place: Place): u32 {
  const sizes = sizesOf(place);
  return (sizes & EXTENDED) == 0 ? 0 : extensionStart(sizes);
}

/** Bytes of a head without its expiry, which stands behind. */
export function headBytes(sizes: u32): u32 {
  if ((sizes & LONG) != 0) return LONG_BYTES;
  return (sizes & PACKED) == 0 ? SHORT_BYTES : SHORT_BYTES + 4;
}

/** Where the extension begins, which has words, or without one the key. */
export function extensionStart(sizes: u32): u32 {
  if ((sizes & EXPIRES) == 0) return headBytes(sizes);
  const end = headBytes(sizes) + EXPIRY_BYTES;
  return (sizes & EXTENDED) == 0 ? end : alignUp(end, 4);
}

/** Where the key begins. */
function keyStart(place: Place, sizes: u32): u32 {
  const start = extensionStart(sizes);
  return (sizes & EXTENDED) == 0 ? start : start + (zsReadWord(place, start) & BYTES_MASK);
}

/** Where the stored bytes begin: of a short entry the block's, else the stream, which has words. */
export function storedStart(sizes: u32, key: u32): u32 {
  const end = key + keyBytesIn(sizes);
  return (sizes & LONG) == 0 ? end : alignUp(end, 4);
}

/** Where the first object's share of the stream, or a short entry's stored bytes, begin. */
export function streamStart(place: Place): u32 {
  const sizes = sizesOf(place);
  return storedStart(sizes, keyStart(place, sizes));
}

/** Copies an entry's key. @returns its length */
export function readKey(place: Place, to: usize): u32 {
  zsRead(place, keyStart(place, sizesOf(place)), to, entryKeyBytes(place));
  return entryKeyBytes(place);
}

/** The object behind one of a chain, 0 = it is the last. */
export function nextOf(place: Place): u32 {
  const word = zsReadWord(place, 0);
  if ((word & HEAD) == 0) return word;
  return (word & LONG) == 0 ? 0 : zsReadWord(place, LONG_NEXT);
}

/** The space of its key, 0 = the cache's own. */
export function spaceOf(place: Place): u32 {
  return spaceBy(place, sizesOf(place));
}

function spaceBy(place: Place, sizes: u32): u32 {
  return (sizes & EXTENDED) == 0 ? 0 : spaceIn(zsReadWord(place, extensionStart(sizes)));
}

/** Whether the entry has this key. Compares in two pieces where the key spans two pages. */
export function hasKey(place: Place, key: usize, keyBytes: u32): bool {
  const sizes = sizesOf(place);
  const bytes = keyBytesIn(sizes);
  let start = extensionStart(sizes);
  let measure = bytes;
  if ((sizes & EXTENDED) != 0) {
    const word = zsReadWord(place, start);
    start += word & BYTES_MASK;
    measure |= spaceIn(word) << SPACE_SHIFT;
  }
  if (measure != keyBytes) return false;
  let from: u32 = 0;
  while (from < bytes) {
    const part = min(bytes - from, toPageEnd(place, start + from));
    if (memory.compare(zsContiguous(place, start + from, part), key + from, part) != 0) {
      return false;
    }
    from += part;
  }
  return true;
}

/** Tells a key's hashes in two spaces apart: 2^32 over the golden ratio. */
const IN_SPACE: u32 = 0x9e3779b9;

/** The hash of a key: 32 bits, never 0, which marks a record of a queue that is gone. */
export function hashOf(key: usize, keyBytes: u32): u32 {
  const hash = hashKey(key, keyBytes & LENGTH_MASK, superblock().hashSeed);
  return max(u32(hash ^ (hash >> 32)) ^ ((keyBytes >> SPACE_SHIFT) * IN_SPACE), 1);
}

/** The same of the key in this thread's scratch. */
export function keyHash(keyBytes: u32): u32 {
  return hashOf(keyScratch(), keyBytes);
}

/**
 * The hash of an entry's key. Cost: the key is read; one that spans two pages is copied before, to
 * the page of this thread's state.
 */
export function entryHash(place: Place): u32 {
  const sizes = sizesOf(place);
  const bytes = keyBytesIn(sizes);
  const start = keyStart(place, sizes);
  let key = zsContiguous(place, start, bytes);
  if (key == 0) {
    key = selfState().zsThread + KEY_ROOM_AT;
    zsRead(place, start, key, bytes);
  }
  return hashOf(key, bytes | (spaceBy(place, sizes) << SPACE_SHIFT));
}
