/**
 * Loading: the file that `save` has written, into a new cache.
 *
 * Blocks go in as they are stored, checked and not compressed anew (kernel/cache/records.ts), some
 * dozens in a call. What has expired meanwhile, by the wall's clock, is left out. The first thing
 * that is not as it was written ends it.
 */
import type { FileHandle } from 'node:fs/promises';
import type { Arena } from '../../arena/arena.ts';
import type { ZoneClock } from '../../border/clock.ts';
import { fileError, nodeFiles } from '../../border/files.ts';
import type { KernelExports } from '../../border/kernel.ts';
import { BadImageError } from '../../errors.ts';
import * as facts from '../../generated/facts.ts';
import { placeBytes } from '../../language/copies.ts';
import { type LargeScratch, largeScratchOf } from '../../threads/large-scratch.ts';
import type { SavedSettings } from '../options/settings.ts';
import {
  type Extent,
  HEADER_BYTES,
  padded,
  readHeader,
  readTrailer,
  TRAILER_BYTES,
} from './format.ts';

/** Read at a time; the last window of it is read again. */
const CHUNK_BYTES: number = 2 ** 20;
/** Records that the kernel takes at a time: what the input scratch holds. */
const WINDOW_BYTES: number = facts.BLOCK_BYTES + facts.BLOCK_HEAD_BYTES;
/** Of an entry, what the index and its queues take beside what a file holds. */
const OVERHEAD_BYTES = 32;

/** Opens a file and reads what it says of itself. Throws `BadImageError`. */
export async function openSaved(file: string): Promise<SavedCache> {
  const { fs, crc32 } = nodeFiles(file, 'saved cache');
  let handle: FileHandle | undefined;
  try {
    handle = await fs.promises.open(file, 'r');
    const { size } = await handle.stat();
    const start = await read(handle, 0, Math.min(size, HEADER_BYTES));
    const { settings, bytes } = readHeader(file, start, crc32);
    const end = size - TRAILER_BYTES;
    const trailer = await read(handle, Math.max(end, 0), TRAILER_BYTES);
    return new SavedCache(
      file,
      handle,
      settings,
      bytes,
      readTrailer(file, trailer, end - bytes, crc32),
    );
  } catch (error) {
    await handle?.close();
    throw fileError(file, 'read', error, 'saved cache');
  }
}

/** Bytes of the file from a position on; fewer where it ends. */
async function read(
  handle: FileHandle,
  position: number,
  length: number,
  bytes: Buffer = Buffer.allocUnsafe(length),
): Promise<Buffer> {
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

export class SavedCache {
  readonly settings: SavedSettings;
  readonly #file: string;
  readonly #handle: FileHandle;
  readonly #start: number;
  readonly #extent: Extent;
  readonly #buffers: Buffer[] = [CHUNK_BYTES, CHUNK_BYTES].map((length) =>
    Buffer.allocUnsafe(length),
  );

  constructor(
    file: string,
    handle: FileHandle,
    settings: SavedSettings,
    start: number,
    extent: Extent,
  ) {
    this.settings = settings;
    this.#file = file;
    this.#handle = handle;
    this.#start = start;
    this.#extent = extent;
  }

  /** Fills a new cache. Throws `BadImageError`; it holds some of the entries then. */
  async into({ kernel, memory, size }: Arena, clock: ZoneClock): Promise<void> {
    try {
      const { bytes, entries } = this.#extent;
      // As many as there is memory for: a smaller cache takes fewer.
      const room = Math.floor(size / (bytes / entries + OVERHEAD_BYTES));
      while (entries > 0 && kernel.growIndexFor(Math.min(entries, room)) !== 0);
      await this.#take(new Intake(kernel, memory, clock));
    } catch (error) {
      throw fileError(this.#file, 'read', error, 'saved cache');
    }
  }

  async #take(intake: Intake): Promise<void> {
    const { bytes } = this.#extent;
    let chunk: Buffer = Buffer.alloc(0);
    let [from, end] = [0, 0];
    let ahead = this.#readAhead(0);
    for (let at = 0; at < bytes; ) {
      while (at + WINDOW_BYTES > end && end < bytes) {
        chunk = await ahead.chunk;
        ({ from, end } = ahead);
        if (end < bytes) ahead = this.#readAhead(Math.max(at, end - WINDOW_BYTES));
      }
      const rest = chunk.subarray(at - from);
      // The first is longer than a window, if it is not damaged.
      const taken = intake.takeRecords(rest) || (await this.#takeLong(intake, rest, at));
      if (taken === 0) throw this.#damaged(at);
      at += taken;
    }
  }

  /** Begins to read a chunk, which goes on while the kernel takes the one before. */
  #readAhead(from: number): { from: number; end: number; chunk: Promise<Buffer> } {
    const length = Math.min(CHUNK_BYTES, this.#extent.bytes - from);
    const buffer = this.#buffers.reverse()[0]!;
    const chunk = read(this.#handle, this.#start + from, length, buffer);
    // Nobody waits for it when the one before is damaged.
    chunk.catch(() => {});
    return { from, end: from + length, chunk };
  }

  /** @returns the record's length; 0: it is damaged */
  async #takeLong(intake: Intake, chunk: Buffer, at: number): Promise<number> {
    const length = chunk.length < facts.RECORD_HEAD_BYTES ? 0 : chunk.readUInt32LE(0);
    if (length > this.#extent.bytes - at) return 0;
    return intake.takeRecord(await read(this.#handle, this.#start + at, length)) ? length : 0;
  }

  #damaged(at: number): BadImageError {
    return new BadImageError(
      this.#file,
      `byte ${this.#start + at} begins what is damaged`,
      'saved cache',
    );
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Puts what was read into the input scratch, and has the kernel take it. */
class Intake {
  readonly #kernel: KernelExports;
  readonly #clock: ZoneClock;
  readonly #memory: Uint8Array;
  readonly #large: LargeScratch;

  constructor(kernel: KernelExports, memory: WebAssembly.Memory, clock: ZoneClock) {
    this.#kernel = kernel;
    this.#clock = clock;
    this.#memory = new Uint8Array(memory.buffer);
    this.#large = largeScratchOf(kernel);
  }

  #put(bytes: Uint8Array): void {
    placeBytes(this.#memory, this.#kernel.inputScratch() >>> 0, bytes);
  }

  /**
   * Takes records from the chunk's start on, while they are whole and short. @returns their bytes
   */
  takeRecords(chunk: Uint8Array): number {
    return this.#large.during(() => this.#takeRecords(chunk));
  }

  #takeRecords(chunk: Uint8Array): number {
    const now = this.#clock.now();
    const offset = this.#clock.wallOffset(now);
    let taken = 0;
    while (taken < chunk.length) {
      const window = chunk.subarray(taken, taken + WINDOW_BYTES);
      this.#put(window);
      const done = this.#kernel.adoptRecords(window.length, offset, now);
      if (done <= 0) break;
      taken += done;
    }
    return taken;
  }

  /** Takes one record of any length, block by block. @returns false if it is damaged */
  takeRecord(record: Buffer): boolean {
    return this.#large.during(() => this.#takeRecord(record));
  }

  #takeRecord(record: Buffer): boolean {
    if (record.length < facts.RECORD_HEAD_BYTES) return false;
    const sizes = record.readUInt32LE(facts.RECORD_SIZES_AT);
    const ext = (sizes >>> facts.RECORD_EXT_SHIFT) & facts.RECORD_SIZE_MASK;
    let at = facts.RECORD_HEAD_BYTES + ext + padded(sizes & facts.RECORD_SIZE_MASK);
    const now = this.#clock.now();
    this.#put(record.subarray(0, at));
    const begun = this.#kernel.adoptHead(
      Math.min(at, record.length),
      this.#clock.wallOffset(now),
      now,
    );
    if (begun <= 0) return begun === 0;
    const valueBytes = record.readUInt32LE(facts.RECORD_VALUE_BYTES_AT);
    for (let left = valueBytes, isFirst = true; isFirst || left > 0; isFirst = false) {
      const block = blockAt(record, at);
      if (block === undefined) return false;
      this.#put(block);
      const failure = this.#kernel.appendStored(block.length, Math.min(left, facts.BLOCK_BYTES));
      // Without memory for it an entry is refused, as `set` refuses it.
      if (failure < 0) return failure !== facts.ERR_ARGUMENT;
      left -= facts.BLOCK_BYTES;
      at += padded(block.length);
    }
    if (at !== record.length) return false;
    this.#kernel.commitSet();
    return true;
  }
}

/** The block that begins at `at`; undefined if it is not whole. */
function blockAt(record: Buffer, at: number): Uint8Array | undefined {
  if (at + facts.BLOCK_HEAD_BYTES > record.length) return undefined;
  const bytes = facts.BLOCK_HEAD_BYTES + (record.readUInt32LE(at) & ~facts.RAW);
  if (bytes > WINDOW_BYTES || at + bytes > record.length) return undefined;
  return record.subarray(at, at + bytes);
}
