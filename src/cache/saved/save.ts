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
import * as facts from '../../generated/facts.ts';
import { readNames } from '../options/names.ts';
import type { Settings } from '../options/settings.ts';
import { StoredBlocks } from '../transfer/stored.ts';
import { Border } from '../transfer/transfer.ts';
import type { Bytes } from '../values/values.ts';
import { copyOf, walk } from '../walks/iteration.ts';
import { type Extent, headerOf, padded, trailerOf } from './format.ts';

/** What is written at a time: some milliseconds of work. */
const CHUNK_BYTES: number = 2 ** 20;

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

/** Collects records, and writes them when there is a chunk of them. */
class Recorder {
  readonly #saved: Saved;
  readonly #handle: FileHandle;
  readonly #stored: StoredBlocks;
  /** Where the kernel leaves a record's head. */
  readonly #head: Uint8Array;
  readonly #chunk: Buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  #filled = 0;
  #bytes = 0;
  #entries = 0;

  constructor(saved: Saved, handle: FileHandle) {
    const { kernel, memory } = saved.arena;
    this.#saved = saved;
    this.#handle = handle;
    this.#stored = new StoredBlocks(kernel, memory);
    const at = kernel.inputScratch() >>> 0;
    this.#head = new Uint8Array(memory.buffer, at, facts.RECORD_MOST_BYTES);
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
      const parts = this.#recordOf(border, key);
      if (parts === undefined) continue;
      const bytes = new DataView(parts[0]!.buffer).getUint32(0, true);
      if (bytes > CHUNK_BYTES - this.#filled) await this.#flush();
      live();
      await this.#take(parts, bytes);
      this.#bytes += bytes;
      this.#entries++;
    }
  }

  /** Head and key, and the blocks; undefined if the key has no value any more. */
  #recordOf(border: Border, key: Bytes): Uint8Array[] | undefined {
    const { arena, clock } = this.#saved;
    const now = clock.now();
    const keyBytes = border.putKey(key);
    const entry = this.#stored.read(keyBytes, now);
    if (entry === undefined) return undefined;
    const head = this.#head.slice(0, arena.kernel.sealRecord(keyBytes, clock.wallOffset(now)));
    const bytes = entry.blocks.reduce((sum, { length }) => sum + padded(length), head.length);
    new DataView(head.buffer).setUint32(0, bytes, true);
    return [head, ...entry.blocks];
  }

  /** Puts a record into the chunk, or writes one that is longer than that. */
  async #take(parts: Uint8Array[], bytes: number): Promise<void> {
    const isShort = bytes <= CHUNK_BYTES;
    const target = isShort ? this.#chunk : Buffer.alloc(bytes);
    let at = isShort ? this.#filled : 0;
    for (const part of parts) {
      target.set(part, at);
      target.fill(0, at + part.length, at + padded(part.length));
      at += padded(part.length);
    }
    if (isShort) this.#filled = at;
    else await this.#handle.write(target);
  }

  async #flush(): Promise<void> {
    await this.#handle.write(this.#chunk, 0, this.#filled);
    this.#filled = 0;
  }
}
