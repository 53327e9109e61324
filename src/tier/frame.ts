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
import { FNV_BASIS, fnv } from './fnv.ts';
import { FrameMemory, type PackedFrame } from './frame-memory.ts';
import { bufferOf } from './key-name.ts';

/** Of this layout. Another one has another prefix and is never met, unless somebody mixes them. */
export const FRAME_VERSION = 2;
export const HEAD_BYTES = 32;
/** Longest frame. */
export const MAX_FRAME_BYTES: number = 64 * 2 ** 20;
const MAGIC = 0x736c6770;
export const WRITE_AT = 16;
export const WRITE_BYTES = 8;

/** Words of a head. */
const FORM = 1;
const EXPIRY = 2;
const WRITER = 4;
const WRITE = 5;
const VALUE_BYTES = 6;
const CHECKSUM = 7;

/** A head that is looked at. */
const head: Uint8Array = new Uint8Array(HEAD_BYTES);
const words: Int32Array = new Int32Array(head.buffer);
/** An expiry on its way. */
const expiry: Float64Array = new Float64Array(head.buffer, EXPIRY * 4, 1);

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
  readonly #writer: number = anyWord();
  #writes: number = anyWord();
  readonly #memory: FrameMemory;

  constructor(kind: FrameKind, memory: FrameMemory = new FrameMemory()) {
    this.#memory = memory;
    this.#form = FRAME_VERSION | (FRAME_KINDS.indexOf(kind) << 8);
  }

  /**
   * A frame of stored blocks, copied; to be released.
   *
   * @param end  milliseconds since 1970; 0: never
   * @returns undefined: it is too long
   */
  make(blocks: readonly Uint8Array[], valueBytes: number, end: number): PackedFrame | undefined {
    let length = HEAD_BYTES;
    for (const block of blocks) length += block.length;
    if (length > MAX_FRAME_BYTES) return undefined;
    const frame = this.#memory.take(length);
    const { at, chunk } = frame;
    this.#makeHead(chunk.words, at >>> 2, valueBytes, end);
    let next = at + HEAD_BYTES;
    for (const block of blocks) {
      chunk.bytes.set(block, next);
      next += block.length;
    }
    return frame;
  }

  #makeHead(to: Int32Array, at: number, valueBytes: number, end: number): void {
    expiry[0] = end;
    to[at] = MAGIC;
    to[at + FORM] = this.#form;
    to[at + EXPIRY] = words[EXPIRY]!;
    to[at + EXPIRY + 1] = words[EXPIRY + 1]!;
    to[at + WRITER] = this.#writer;
    to[at + WRITE] = this.#writes = (this.#writes + 1) | 0;
    to[at + VALUE_BYTES] = valueBytes;
    to[at + CHECKSUM] = checksum(to, at);
  }

  /** Reads a head. @returns undefined if it is none of this version and kind, or damaged */
  read(bytes: Uint8Array): Frame | undefined {
    if (bytes.length > MAX_FRAME_BYTES || !takeHead(bytes)) return undefined;
    if (words[FORM] !== this.#form || words[CHECKSUM] !== checksum(words, 0)) return undefined;
    const end = expiry[0]!;
    const valueBytes = words[VALUE_BYTES]! >>> 0;
    const frame = bufferOf(bytes);
    const blocks = end >= 0 ? blocksOf(frame, valueBytes) : undefined;
    return blocks && { bytes: frame, expiry: end, valueBytes, blocks };
  }
}

function anyWord(): number {
  return (Math.random() * 2 ** 32) | 0;
}

/** Takes the head of what may be a frame. @returns whether it begins as frames do */
function takeHead(bytes: Uint8Array): boolean {
  if (bytes.length < HEAD_BYTES) return false;
  for (let i = 0; i < HEAD_BYTES; i++) head[i] = bytes[i]!;
  return words[0] === MAGIC;
}

/** When a frame expires, as its head says; 0: never, or it is none that is known. */
export function expiryOf(bytes: Uint8Array): number {
  const isKnown = takeHead(bytes) && head[FORM * 4] === FRAME_VERSION;
  return isKnown ? expiry[0]! : 0;
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

/** FNV-1a of the head at word `at`: whichever bits of one are wrong, it differs. */
function checksum(of: Int32Array, at: number): number {
  let hash = FNV_BASIS;
  for (let i = at; i < at + CHECKSUM; i++) hash = fnv(hash, of[i]!);
  return hash;
}

/** The word at `at`, signed. */
function wordOf(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
