/**
 * Frames: what stands in a second tier for an entry.
 *
 * A frame is a head and the entry's blocks as they are stored here, compressed and checksummed
 * (kernel/store/entry.ts): made once, when the value is set, and never decoded on the way. All
 * numbers are little-endian.
 *
 *    0  'pgls'      so that a value of somebody else's is known
 *    4  version 8 · kind 8 · zero 16
 *    8  expiry      milliseconds since 1970, as a double; 0 = never
 *   16  write       eight bytes that no other write has: a tier knows its own by them
 *   24  valueBytes  of the decoded value
 *   28  checksum    of the seven words before it
 *   32  blocks      stored bytes:31 RAW:1 · checksum of the stored bytes · the stored bytes
 *
 * The expiry is a time of the writer's clock: where the reader's differs, an entry lives longer or
 * shorter by that difference, and by no more. Whatever does not fit is no frame: a miss, and
 * counted.
 */
import { BLOCK_BYTES, BLOCK_HEAD_BYTES, RAW } from '../generated/facts.ts';
import { FrameMemory, type PackedFrame } from './frame-memory.ts';
import { bufferOf } from './key-name.ts';

/** Of this layout. Another one has another prefix and is never met, unless somebody mixes them. */
export const FRAME_VERSION = 2;
export const HEAD_BYTES = 32;
/** Longest frame. */
export const MAX_FRAME_BYTES: number = 64 * 2 ** 20;
const MAGIC = 0x736c6770;
const EXPIRY_AT = 8;
export const WRITE_AT = 16;
export const WRITE_BYTES = 8;
const VALUE_BYTES_AT = 24;
const CHECKSUM_AT = 28;

/** What the values are, so that one kind is not read as another. */
export const FRAME_KINDS = ['bytes', 'string', 'json', 'own'] as const;
export type FrameKind = (typeof FRAME_KINDS)[number];

export interface Frame {
  readonly bytes: Uint8Array;
  /** Milliseconds since 1970; 0: never. */
  readonly expiry: number;
  readonly valueBytes: number;
  readonly blocks: readonly FrameBlock[];
}

/** What the tier has for a key. */
export interface Found {
  /** Undefined: nothing that is ours, or no answer. */
  readonly frame: Frame | undefined;
  /** When the tier was asked, in zone time: belief begins there. */
  readonly since: number;
  /** Whether it may be kept here: to be asked at the moment of keeping it. */
  readonly isCurrent: boolean;
}

/** A block of a frame: as it is stored, and how many bytes of value it holds. */
export interface FrameBlock {
  readonly stored: Uint8Array;
  readonly valueBytes: number;
}

/** Makes frames of one kind of values: each has a number that no other write has. */
export class FrameMaker {
  /** Version and kind. */
  readonly #form: number;
  /** Of all writes, the first half of what they are known by; and the other. */
  readonly #writer: number = Math.floor(Math.random() * 2 ** 32);
  #writes = Math.floor(Math.random() * 2 ** 32);
  readonly #memory: FrameMemory;

  constructor(kind: FrameKind, memory: FrameMemory = new FrameMemory()) {
    this.#memory = memory;
    this.#form = FRAME_VERSION | (FRAME_KINDS.indexOf(kind) << 8);
  }

  /** A frame of stored blocks, copied; to be released. @returns undefined: it is too long */
  make(blocks: readonly Uint8Array[], valueBytes: number, expiry: number): PackedFrame | undefined {
    let length = HEAD_BYTES;
    for (const block of blocks) length += block.length;
    if (length > MAX_FRAME_BYTES) return undefined;
    const frame = this.#memory.take(length);
    const { at, chunk } = frame;
    const { bytes, view } = chunk;
    this.#writes = (this.#writes + 1) >>> 0;
    view.setUint32(at, MAGIC, true);
    view.setUint32(at + 4, this.#form, true);
    view.setFloat64(at + EXPIRY_AT, expiry, true);
    view.setUint32(at + WRITE_AT, this.#writer, true);
    view.setUint32(at + WRITE_AT + 4, this.#writes, true);
    view.setUint32(at + VALUE_BYTES_AT, valueBytes, true);
    view.setUint32(at + CHECKSUM_AT, checksum(bytes, at), true);
    let end = at + HEAD_BYTES;
    for (const block of blocks) {
      bytes.set(block, end);
      end += block.length;
    }
    return frame;
  }

  /** Reads a head. @returns undefined if it is none of this version and kind, or damaged */
  read(bytes: Uint8Array): Frame | undefined {
    if (bytes.length < HEAD_BYTES || bytes.length > MAX_FRAME_BYTES) return undefined;
    const frame = bufferOf(bytes);
    const isOurs =
      wordOf(frame, 0) === MAGIC &&
      wordOf(frame, 4) === this.#form &&
      wordOf(frame, CHECKSUM_AT) === checksum(frame, 0);
    if (!isOurs) return undefined;
    const expiry = frame.readDoubleLE(EXPIRY_AT);
    const valueBytes = frame.readUInt32LE(VALUE_BYTES_AT);
    const blocks = expiry >= 0 ? blocksOf(frame, valueBytes) : undefined;
    return blocks && { bytes: frame, expiry, valueBytes, blocks };
  }
}

/** When a frame expires, as its head says; 0: never, or it is none that is known. */
export function expiryOf(bytes: Uint8Array): number {
  if (bytes.length < HEAD_BYTES) return 0;
  const head = new DataView(bytes.buffer, bytes.byteOffset, HEAD_BYTES);
  const isKnown = head.getUint32(0, true) === MAGIC && head.getUint8(4) === FRAME_VERSION;
  return isKnown ? head.getFloat64(EXPIRY_AT, true) : 0;
}

/** Whether two frames hold the same value, whoever wrote it and when. */
export function isSameValue(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one.subarray(HEAD_BYTES), other.subarray(HEAD_BYTES)) === 0;
}

/** The blocks of a frame; undefined unless they are those of just so many bytes of value. */
function blocksOf(frame: Buffer, valueBytes: number): FrameBlock[] | undefined {
  const count = Math.max(1, Math.ceil(valueBytes / BLOCK_BYTES));
  if (HEAD_BYTES + count * BLOCK_HEAD_BYTES > frame.length) return undefined;
  const blocks = new Array<FrameBlock>(count);
  let at = HEAD_BYTES;
  for (let i = 0; i < count; i++) {
    if (at + BLOCK_HEAD_BYTES > frame.length) return undefined;
    const length = blockLength(frame, at);
    if (length > BLOCK_BYTES + BLOCK_HEAD_BYTES || at + length > frame.length) return undefined;
    const stored = new Uint8Array(frame.buffer, frame.byteOffset + at, length);
    blocks[i] = { stored, valueBytes: Math.min(valueBytes - i * BLOCK_BYTES, BLOCK_BYTES) };
    at += length;
  }
  return at === frame.length ? blocks : undefined;
}

/** Bytes of the block at `at`, its head included. */
function blockLength(bytes: Uint8Array, at: number): number {
  return BLOCK_HEAD_BYTES + (wordOf(bytes, at) & ~RAW);
}

/** FNV-1a of the head at `at`, by words: whichever bits of one are wrong, it differs. */
function checksum(bytes: Uint8Array, at: number): number {
  let hash = 0x811c9dc5;
  for (let i = at; i < at + CHECKSUM_AT; i += 4) {
    hash = Math.imul(hash ^ wordOf(bytes, i), 0x01000193);
  }
  return hash;
}

/** The word at `at`, signed. */
function wordOf(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
