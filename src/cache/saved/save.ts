/**
 * Saving: the entries of a cache into a file, while every thread goes on.
 *
 * The world does not stop. It is a walk, as iteration is: an entry that is there all the time is in
 * the file, one that comes, goes or changes meanwhile may be, and then as it was at one moment.
 * Each step holds a read section for one entry, and between two steps nothing. After each
 * CHUNK_BYTES the event loop turns.
 *
 * The file is written under another name, and has its own when it is whole and on the disk. One
 * that is there leaves it its mode, and links lead to it still.
 */
import type { FileHandle } from 'node:fs/promises';
import type { Arena } from '../../arena/arena.ts';
import type { ZoneClock } from '../../border/clock.ts';
import { draftOf, fileError, keepMode, nodeFiles, removeQuietly } from '../../border/files.ts';
import { viewOf } from '../../border/views.ts';
import * as facts from '../../generated/facts.ts';
import { copyOut } from '../../language/copies.ts';
import { readNames } from '../options/names.ts';
import type { Settings } from '../options/settings.ts';
import { StoredBlocks } from '../transfer/stored.ts';
import { Border } from '../transfer/transfer.ts';
import type { Bytes } from '../values/values.ts';
import { copyOf, walk } from '../walks/iteration.ts';
import { type Extent, headerOf, padded, trailerOf } from './format.ts';

/** What is written at a time: some milliseconds of work. */
const CHUNK_BYTES: number = 2 ** 20;
/** Longest record of one block, with room to spare: it goes into a chunk that is not yet full. */
const SHORT_BYTES: number = facts.RECORD_MOST_BYTES + facts.BLOCK_BYTES + 64;

export interface Saved {
  arena: Arena;
  clock: ZoneClock;
  settings: Settings;
  /** Of the cache's own keys. Throws when the cache is closed. */
  live(): Border;
}

/** Throws `BadImageError` and leaves no file behind. */
export async function saveCache(saved: Saved, file: string): Promise<void> {
  const { fs, crc32 } = nodeFiles(file, 'saved cache');
  const draft = draftOf(fs, file, 'saved cache');
  try {
    const handle = await fs.promises.open(draft.name, 'wx', draft.mode);
    try {
      keepMode(fs, handle.fd, draft);
      saved.live();
      const { tier: _, ...settings } = saved.settings;
      const namespaces = readNames(saved.arena);
      const header = { ...settings, maxSize: saved.arena.size, namespaces };
      await handle.write(headerOf(header, crc32));
      saved.live();
      const extent = await new Recorder(saved, handle).write(namespaces.length);
      await handle.write(trailerOf(extent, crc32));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.promises.rename(draft.name, draft.target);
  } catch (error) {
    removeQuietly(fs, draft.name);
    throw fileError(file, 'written', error, 'saved cache');
  }
}

/**
 * Collects records, and writes them when there is a chunk of them: in any order. What is short gets
 * there without an array of its own, or a promise: for small entries they were half of the time.
 */
class Recorder {
  readonly #saved: Saved;
  readonly #handle: FileHandle;
  readonly #stored: StoredBlocks;
  readonly #memory: Uint8Array;
  readonly #chunk: Buffer = Buffer.allocUnsafe(CHUNK_BYTES + SHORT_BYTES);
  #filled = 0;
  #bytes = 0;
  #entries = 0;

  constructor(saved: Saved, handle: FileHandle) {
    const { kernel, memory } = saved.arena;
    this.#saved = saved;
    this.#handle = handle;
    this.#stored = new StoredBlocks(kernel, memory);
    this.#memory = viewOf(memory.buffer);
  }

  /** Of the cache, and of so many namespaces. */
  async write(namespaces: number): Promise<Extent> {
    const { arena, clock, live } = this.#saved;
    await this.#walk(live());
    for (let space = 1; space <= namespaces; space++) {
      live();
      await this.#walk(new Border(arena.kernel, arena.memory, clock, space));
    }
    await this.#flush();
    return { bytes: this.#bytes, entries: this.#entries };
  }

  async #walk(border: Border): Promise<void> {
    const { clock, live } = this.#saved;
    // A file of half the entries would look whole.
    const isOver = (): boolean => live() === undefined;
    for (const key of walk(border, clock, isOver, copyOf)) {
      const long = this.#take(border, key);
      if (long !== undefined) await this.#handle.write(long);
      else if (this.#filled < CHUNK_BYTES) continue;
      else await this.#flush();
      live();
    }
  }

  /** Puts the key's record, if it has a value still, into the chunk; @returns one of many blocks */
  #take(border: Border, key: Bytes): Buffer | undefined {
    const { arena, clock } = this.#saved;
    const now = clock.now();
    const keyBytes = border.putKey(key);
    return this.#stored.lend(keyBytes, now, ({ blocks }) => {
      const headBytes = arena.kernel.sealRecord(keyBytes, clock.wallOffset(now));
      const at = arena.kernel.inputScratch() >>> 0;
      return this.#put([this.#memory.subarray(at, at + headBytes), ...blocks]);
    });
  }

  #put(parts: readonly Uint8Array[]): Buffer | undefined {
    const bytes = parts.reduce((sum, { length }) => sum + padded(length), 0);
    const isShort = bytes <= SHORT_BYTES;
    const target = isShort ? this.#chunk : Buffer.alloc(bytes);
    const start = isShort ? this.#filled : 0;
    let at = start;
    for (const part of parts) {
      copyOut(target, at, part);
      const end = at + part.length;
      at += padded(part.length);
      if (at > end) target.fill(0, end, at);
    }
    target.writeUInt32LE(bytes, start);
    this.#bytes += bytes;
    this.#entries++;
    if (!isShort) return target;
    this.#filled = at;
    return undefined;
  }

  async #flush(): Promise<void> {
    await this.#handle.write(this.#chunk, 0, this.#filled);
    this.#filled = 0;
  }
}
