/**
 * `pageless/lmdb`: a second tier in a folder, for the processes of one machine and for restarts.
 *
 * Each thread reads LMDB's mapping by itself, in microseconds; one thread of a process writes
 * (lmdb-writer.ts). What lies there is lmdb-store.ts. A page that is not in memory is read from the
 * disk while the thread stands still.
 *
 * LMDB tells nobody of writes, so neither does this: what comes from it is believed for
 * `maxStaleMs`, a second unless its user says otherwise.
 */
import { mkdirSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { TierError } from '../errors.ts';
import type { Tier, TierEntry, TierPolicy } from './interface.ts';
import { type LmdbTierOptions, type ReadLmdbOptions, readLmdbOptions } from './lmdb-options.ts';
import { LmdbStore } from './lmdb-store.ts';
import { type LmdbWriter, offer, RemoteWriter } from './lmdb-writer.ts';

export type { LmdbTierOptions, Tier, TierPolicy };

/** A tier that may be waited for. */
export interface LmdbTier extends Tier {
  /** Resolved when the folder is open. Rejects with a `TierError`. */
  connect(): Promise<void>;
}

interface Open {
  readonly store: LmdbStore;
  readonly writer: LmdbWriter;
}

/**
 * A tier in the folder at `path`, which is opened at once; one for each cache and thread. Throws
 * `InvalidArgumentError`.
 */
export function lmdbTier(options: LmdbTierOptions): LmdbTier {
  return new FolderTier(readLmdbOptions(options));
}

class FolderTier implements LmdbTier {
  readonly name: string = 'lmdb';
  readonly policy: TierPolicy;
  readonly #options: ReadLmdbOptions;
  #opened: Promise<Open> | undefined;
  #isClosed = false;

  constructor(options: ReadLmdbOptions) {
    this.#options = options;
    this.policy = options.policy;
    this.#open().catch(() => undefined);
  }

  async connect(): Promise<void> {
    await this.#open();
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return (await this.#open()).store.read(keys);
  }

  async setMany(entries: readonly TierEntry[]): Promise<boolean[]> {
    return (await this.#open()).writer.write(entries);
  }

  async deleteMany(keys: readonly Uint8Array[]): Promise<void> {
    const changes = keys.map((key) => ({ key, frame: undefined }));
    await (await this.#open()).writer.write(changes);
  }

  async clear(): Promise<void> {
    await (await this.#open()).writer.clear();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const opened = await this.#opened?.catch(() => undefined);
    if (opened) await closeFolder(opened);
  }

  /** Opens the folder once, and anew for a call after a failure, or when it was removed. */
  async #open(): Promise<Open> {
    if (this.#isClosed) throw new TierError(this.name, 'it was closed');
    this.#opened ??= openFolder(this.#options, async () => (await this.#open()).store);
    const opening = this.#opened;
    const opened = await opening.catch((error: unknown) => {
      this.#forget(opening);
      throw error;
    });
    if (opened.store.isThere) return opened;
    if (this.#forget(opening)) await closeFolder(opened);
    return this.#open();
  }

  /** @returns whether nobody has before */
  #forget(opening: Promise<Open>): boolean {
    const isFirst = this.#opened === opening;
    if (isFirst) this.#opened = undefined;
    return isFirst;
  }
}

async function closeFolder({ store, writer }: Open): Promise<void> {
  writer.close();
  await store.close();
}

/** @param find  how other threads of the process get at the store, if this is the main one */
async function openFolder(
  { path, maxBytes, writer }: ReadLmdbOptions,
  find: () => Promise<LmdbStore>,
): Promise<Open> {
  try {
    mkdirSync(path, { recursive: true });
  } catch (cause) {
    const { code } = cause as { code?: unknown };
    throw new TierError('lmdb', `the folder cannot be made (${String(code)})`, { cause });
  }
  const store = await LmdbStore.open(path, maxBytes);
  if (writer === 'main' && !isMainThread) return { store, writer: new RemoteWriter(path) };
  store.startSweeping();
  const end = isMainThread ? offer(path, find) : () => undefined;
  const local: LmdbWriter = {
    write: (changes) => store.write(changes),
    clear: () => store.clear(),
    close: end,
  };
  return { store, writer: local };
}
