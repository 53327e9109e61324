/**
 * SharedCache: one compressed cache for all threads.
 *
 * One copy of each value instead of one for each worker, off the garbage-collected heap, within an
 * exact budget: `maxSize` is the size of the zone, metadata included. Any thread may call anything
 * at any time. Reads take no lock and return copies; `set` returns false, and counts a refusal, when
 * a value cannot be kept. Throws only on misuse, and `CorruptionError` when the zone is poisoned.
 */
import { Arena, type ArenaHandle } from '../arena/arena.ts';
import { checkInteger, throwIfPoisoned } from '../border/kernel.ts';
import {
  DisposedError,
  IncompatibleZoneError,
  InvalidArgumentError,
  ZoneTooSmallError,
} from '../errors.ts';
import type { ZoneReport } from '../inspect/zone.ts';
import { parseSize } from '../sizes.ts';
import { wasmPagesFor } from '../threads/zone.ts';
import { Border, type Key } from './transfer.ts';
import { type Decoder, decoderOf, type ValueCodec, type ValueKind, valueCodec } from './values.ts';

export type { Key };

export interface SharedCacheOptions<T> {
  /** Bytes, or a text like `'256MiB'`; 4 MiB … 4 GiB, everything included. Never exceeded. */
  maxSize: number | string;
  /** What the cache holds: `'bytes'` (Uint8Array), `'string'`, `'json'`, or a codec of one's own. */
  values?: ValueKind | ValueCodec<T>;
  /** Milliseconds after which an entry is as good as gone; none by default. */
  ttl?: number;
  /** Longest value, in bytes as stored before compression; default maxSize / 8. */
  maxEntrySize?: number | string;
  /** `'lz4'` (default) or `'none'`. */
  compression?: 'lz4' | 'none';
}

export interface SetOptions {
  /** Milliseconds, for this entry. */
  ttl?: number;
}

/** What another thread needs to attach. Structured-cloneable. */
export interface SharedCacheHandle {
  kind: 'pageless-cache';
  arena: ArenaHandle;
  /** `'own'`: the codec is code, so the attaching thread must bring the same one. */
  values: ValueKind | 'own';
  ttl: number;
  maxEntrySize: number;
  compression: 'lz4' | 'none';
}

/** Figures of a cache, summed over all threads. */
export type CacheStats = Pick<
  ZoneReport,
  | 'entries'
  | 'keyBytes'
  | 'valueBytes'
  | 'storedBytes'
  | 'compressionRatio'
  | 'hits'
  | 'misses'
  | 'sets'
  | 'refusals'
  | 'deletes'
  | 'evictions'
  | 'expirations'
>;

/** Entries that one kernel call clears: some hundred microseconds. */
const CLEAR_BATCH = 1024;

type Settings = Omit<SharedCacheHandle, 'kind' | 'arena'>;

export class SharedCache<T = Uint8Array> implements Disposable {
  readonly #arena: Arena;
  readonly #border: Border;
  readonly #codec: ValueCodec<T>;
  readonly #decode: Decoder<T>;
  readonly #settings: Settings;
  #isDisposed = false;

  /** Creates a cache. Throws `InvalidArgumentError`. */
  constructor(options: SharedCacheOptions<T>);
  /** @internal */
  constructor(arena: Arena, settings: Settings, codec: ValueCodec<T>);
  constructor(first: SharedCacheOptions<T> | Arena, settings?: Settings, codec?: ValueCodec<T>) {
    const isAttached = first instanceof Arena;
    this.#settings = settings ?? settingsOf(first as SharedCacheOptions<T>);
    this.#codec = codec ?? valueCodec(valuesOf(first as SharedCacheOptions<T>));
    this.#decode = decoderOf(this.#codec);
    this.#arena = isAttached ? first : new Arena({ size: first.maxSize });
    try {
      this.#border = openBorder(this.#arena, isAttached);
    } catch (error) {
      this.#arena[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Attaches this thread to a cache. A cache with a codec of its own needs the same one again.
   * Throws `InvalidArgumentError`, `IncompatibleZoneError`, `TooManyThreadsError`.
   */
  static attach<T = Uint8Array>(
    handle: SharedCacheHandle,
    options: { values?: ValueCodec<T> } = {},
  ): SharedCache<T> {
    if (handle?.kind !== 'pageless-cache') {
      throw new InvalidArgumentError('handle', "another thread's cache.handle", handle);
    }
    const { arena, kind: _, ...settings } = handle;
    const values = settings.values === 'own' ? options.values : settings.values;
    const codec = valueCodec<T>(values as ValueKind | ValueCodec<T>);
    return new SharedCache<T>(Arena.attach(arena), settings, codec);
  }

  get handle(): SharedCacheHandle {
    return { kind: 'pageless-cache', arena: this.arena.handle, ...this.#settings };
  }

  /** The arena that the cache fills: for reports, checks and images. */
  get arena(): Arena {
    if (this.#isDisposed) throw new DisposedError('cache');
    return this.#arena;
  }

  /** Entries, expired ones that nobody has met yet included. */
  get size(): number {
    const { kernel } = this.arena;
    throwIfPoisoned(kernel);
    return kernel.entryCount();
  }

  /** A copy of the key's value, or undefined. */
  get(key: Key): T | undefined {
    return this.#read(key, true);
  }

  /** Like `get`, but counts neither as hit nor as miss. */
  peek(key: Key): T | undefined {
    return this.#read(key, false);
  }

  #read(key: Key, isCounted: boolean): T | undefined {
    const border = this.#live();
    return border.fetch(border.putKey(key), Date.now(), isCounted, this.#decode);
  }

  /** Stores a value. @returns false when it was refused; the key then has no value */
  set(key: Key, value: T, options?: SetOptions): boolean {
    this.#live();
    const bytes = this.#codec.serialize(value);
    if (!(bytes instanceof Uint8Array)) {
      throw new InvalidArgumentError('serialize(value)', 'a Uint8Array', bytes);
    }
    const given = options?.ttl;
    // So far the user's code may have run, and have disposed the cache or used the scratch.
    const border = this.#live();
    const ttl = given === undefined ? this.#settings.ttl : checkTtl(given);
    const keyBytes = border.putKey(key);
    if (bytes.length > this.#settings.maxEntrySize) {
      this.#arena.kernel.refuseSet(keyBytes);
      return false;
    }
    const expiry = ttl === 0 ? 0 : Date.now() + ttl;
    return border.store(keyBytes, bytes, this.#settings.compression === 'none', expiry);
  }

  /** Whether the key has a value. Not counted. */
  has(key: Key): boolean {
    const border = this.#live();
    return this.#arena.kernel.has(border.putKey(key), Date.now()) !== 0;
  }

  /** @returns whether there was an entry */
  delete(key: Key): boolean {
    const border = this.#live();
    return this.#arena.kernel.remove(border.putKey(key)) !== 0;
  }

  /** Removes every entry; those that other threads add meanwhile may stay. */
  clear(): void {
    const { kernel } = this.arena;
    let left = kernel.entryCount();
    let removed: number;
    do {
      removed = kernel.clearSome(CLEAR_BATCH);
      left -= removed;
    } while (removed > 0 && left > 0);
  }

  /**
   * The keys, in no order, as texts. A key that is there all the time is given at least once; one
   * that comes, goes or moves meanwhile may be missed or given twice.
   */
  *keys(): Generator<string> {
    for (let bucket = 0; bucket < this.arena.kernel.buckets(); bucket++) {
      yield* this.#live().bucketKeys(bucket, Date.now());
    }
  }

  stats(): CacheStats {
    const report = this.arena.report();
    const { entries, keyBytes, valueBytes, storedBytes, compressionRatio } = report;
    const { hits, misses, sets, refusals, deletes, evictions, expirations } = report;
    return {
      ...{ entries, keyBytes, valueBytes, storedBytes, compressionRatio },
      ...{ hits, misses, sets, refusals, deletes, evictions, expirations },
    };
  }

  /** Gives back this thread's part; the cache lives on in the others. */
  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#arena[Symbol.dispose]();
  }

  #live(): Border {
    if (this.#isDisposed) throw new DisposedError('cache');
    return this.#border;
  }
}

function openBorder({ kernel, memory }: Arena, isAttached: boolean): Border {
  if (isAttached) {
    if (kernel.hasStore() === 0) throw new IncompatibleZoneError('the zone holds no cache');
  } else if (kernel.formatStore() < 0) {
    throw new ZoneTooSmallError('a cache');
  }
  return new Border(kernel, memory);
}

function valuesOf<T>(options: SharedCacheOptions<T>): ValueKind | ValueCodec<T> {
  return options?.values ?? ('bytes' as ValueKind);
}

function settingsOf<T>(options: SharedCacheOptions<T>): Settings {
  if (options === null || typeof options !== 'object') {
    throw new InvalidArgumentError('options', 'an object with maxSize', options);
  }
  const values = valuesOf(options);
  wasmPagesFor('maxSize', options.maxSize);
  const maxSize = parseSize('maxSize', options.maxSize);
  const compression = options.compression ?? 'lz4';
  if (compression !== 'lz4' && compression !== 'none') {
    throw new InvalidArgumentError('compression', "'lz4' or 'none'", compression);
  }
  const maxEntrySize =
    options.maxEntrySize === undefined
      ? Math.floor(maxSize / 8)
      : parseSize('maxEntrySize', options.maxEntrySize);
  return {
    values: typeof values === 'string' ? values : 'own',
    ttl: options.ttl === undefined ? 0 : checkTtl(options.ttl),
    maxEntrySize: Math.min(maxEntrySize, 2 ** 31 - 1),
    compression,
  };
}

function checkTtl(ttl: unknown): number {
  return checkInteger('ttl', ttl, 1, Number.MAX_SAFE_INTEGER);
}
