/**
 * The shape of SharedCache's public API, signed before the code: names and meanings that agree with
 * Map, lru-cache 11 and Keyv, and with what threads and bytes allow.
 *
 * test/types/api.ts compares it with the declarations that are built, and has the list of what is
 * signed and not there yet. What is not signed may not be built.
 */
import type { Arena, ArenaHandle, Tier, TierHandle, TierStats } from '../dist/index.js';

/** 1–2,048 bytes; a text and its UTF-8 are one key. */
export type Key = string | Uint8Array;
/** What comes out is the caller's own, never shared. */
export type Bytes = Uint8Array<ArrayBuffer>;
export type In<V> = V | (V extends Uint8Array ? Uint8Array : never);

export interface ValueCodec<V> {
  serialize(value: V): Uint8Array;
  deserialize(bytes: Bytes): V;
}

/** For what JSON loses; by `node:v8`. */
export declare function structuredCloneCodec<V = unknown>(): ValueCodec<V>;

export type ValueKind = 'bytes' | 'string' | 'json';
export type Refusal = 'too-large' | 'no-memory' | 'stalled-reader';

/** Of a call, filled in by it, as lru-cache's `status`. */
export interface Status {
  get?: 'hit' | 'stale' | 'miss';
  set?: 'add' | 'replace' | 'refused';
  refusal?: Refusal;
  load?: 'hit' | 'stale' | 'computed' | 'waited' | 'tier';
  entrySize?: number;
}

/** Milliseconds; ttl 0 or Infinity: never expires. */
export interface TimeOptions {
  ttl?: number | undefined;
  staleFor?: number | undefined;
}

export interface GetOptions {
  allowStale?: boolean | undefined;
  updateAgeOnGet?: boolean | undefined;
  status?: Status | undefined;
}

/** Of `keys`: all of them as bytes, those that are texts as well. */
export interface KeysOptions {
  as?: 'bytes' | undefined;
}

/** Of several keys, of which one `status` could not tell. */
export type GetManyOptions = Omit<GetOptions, 'status'>;

export interface SetOptions extends TimeOptions {
  tags?: readonly string[] | undefined;
  noUpdateTTL?: boolean | undefined;
  status?: Status | undefined;
}

/** As much of an AbortSignal as is used: types of our own need neither `dom` nor @types/node. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export interface WaitOptions {
  signal?: Signal | undefined;
  timeoutMs?: number | undefined;
}

export interface LoadOptions extends SetOptions, WaitOptions {
  forceRefresh?: boolean | undefined;
  staleIfError?: boolean | undefined;
}

/** Of who stands still, and hears no signal. */
export type LoadSyncOptions = Omit<LoadOptions, 'signal'>;

/**
 * The shape of lru-cache's fetchMethod. What it returns may be what `set` takes; callers get
 * copies.
 */
export type Compute<V, R = In<V> | undefined> = {
  compute(
    key: Key,
    stale: V | undefined,
    context: { readonly signal: AbortSignal; readonly options: SetOptions },
  ): R | Promise<R>;
}['compute'];

export type ComputeSync<V, R = In<V> | undefined> = {
  compute(key: Key, stale: V | undefined, context: { readonly options: SetOptions }): R;
}['compute'];

export interface EntryInfo {
  size: number;
  storedSize: number;
  ttl: number;
  isStale: boolean;
  tags: string[];
}

/** Opaque; only for `setIfVersion`. */
export type Version = bigint & { readonly kind: unique symbol };

export interface NamespaceOptions<V> extends TimeOptions {
  values?: ValueKind | ValueCodec<V> | undefined;
}

/** A cache, or a namespace of one. */
export interface CacheView<V> {
  /** Entries; may count dead ones that are not yet gone. */
  readonly size: number;
  get(key: Key, options?: GetOptions): V | undefined;
  peek(key: Key, options?: { allowStale?: boolean | undefined }): V | undefined;
  has(key: Key): boolean;
  getInto(key: Key, target: Uint8Array, offset?: number): number | undefined;
  /** A promise as result is a typed error. */
  read<R>(key: Key, use: (bytes: Uint8Array) => R): R | undefined;
  /** False: refused, the key has no value. */
  set(key: Key, value: In<V>, options?: SetOptions): boolean;
  /** Only if absent. Refused: nothing has changed, as for all that follow. */
  add(key: Key, value: In<V>, options?: SetOptions): boolean;
  /** Only if present. */
  replace(key: Key, value: In<V>, options?: SetOptions): boolean;
  update(
    key: Key,
    change: (old: V | undefined) => In<V> | undefined,
    options?: SetOptions,
  ): V | undefined;
  increment(
    key: Key,
    by?: number,
    options?: SetOptions & { initial?: number | undefined },
  ): number | undefined;
  getWithVersion(key: Key): { value: V; version: Version } | undefined;
  setIfVersion(key: Key, value: In<V>, version: Version, options?: SetOptions): boolean;
  delete(key: Key): boolean;
  /** Undefined only where the function may give that. */
  getOrSet(key: Key, compute: Compute<V, In<V>>, options?: LoadOptions): Promise<V>;
  getOrSet(key: Key, compute: Compute<V>, options?: LoadOptions): Promise<V | undefined>;
  getOrSetSync(key: Key, compute: ComputeSync<V, In<V>>, options?: LoadSyncOptions): V;
  getOrSetSync(key: Key, compute: ComputeSync<V>, options?: LoadSyncOptions): V | undefined;
  getMany(keys: Iterable<Key>, options?: GetManyOptions): (V | undefined)[];
  setMany(entries: Iterable<readonly [key: Key, value: In<V>, options?: SetOptions]>): boolean[];
  deleteMany(keys: Iterable<Key>): boolean[];
  deleteTag(tag: string): void;
  /** As lru-cache: Infinity none, 0 absent, 0 or less stale. */
  getRemainingTTL(key: Key): number;
  touch(key: Key, options?: TimeOptions): boolean;
  info(key: Key): EntryInfo | undefined;
  /** Generators, not IterableIterators: leaving a loop early calls `return`. */
  keys(options: { as: 'bytes' }): Generator<Bytes>;
  keys(options?: KeysOptions): Generator<Key>;
  values(): Generator<V>;
  entries(): Generator<[Key, V]>;
  [Symbol.iterator](): Generator<[Key, V]>;
  forEach(visit: (value: V, key: Key, cache: this) => void): void;
  clear(): void;
  purgeStale(options?: { maxMs?: number | undefined }): number;
  stats(): CacheStats;
  /** Here, then the tier. */
  getAsync(key: Key, options?: WaitOptions): Promise<V | undefined>;
  getManyAsync(keys: Iterable<Key>, options?: WaitOptions): Promise<(V | undefined)[]>;
  /** The tier's queue. */
  flush(options?: WaitOptions): Promise<{ written: number; dropped: number }>;
}

export interface SharedCache<V> extends CacheView<V> {
  readonly handle: SharedCacheHandle;
  /** One: a cache of several zones is not built, and would have `arenas` beside it. */
  readonly arena: Arena;
  /**
   * Of a cache alone: a namespace in another one would be a longer name. The first who registers a
   * name says its options, the others agree or leave them out. Tags are of a view, `clear` of a cache
   * is of all its namespaces as well.
   */
  namespace<W extends Uint8Array = Bytes>(
    name: string,
    options: NamespaceOptions<W> & { values: 'bytes' },
  ): CacheView<W>;
  namespace<W extends string = string>(
    name: string,
    options: NamespaceOptions<W> & { values: 'string' },
  ): CacheView<W>;
  namespace<W = unknown>(
    name: string,
    options: NamespaceOptions<W> & { values: 'json' },
  ): CacheView<W>;
  namespace<W>(
    name: string,
    options: NamespaceOptions<W> & { values: ValueCodec<W> },
  ): CacheView<W>;
  /** What it holds is known from before, or as in the cache. */
  namespace<W = V>(name: string, options?: TimeOptions & { values?: undefined }): CacheView<W>;
  /** Of a kind that is known only when the program runs. */
  namespace(name: string, options: NamespaceOptions<unknown>): CacheView<unknown>;
  save(file: string): Promise<void>;
  /** Prometheus' text; labels tell several caches apart. */
  metrics(labels?: Record<string, string>): string;
  on<E extends keyof CacheEvents>(event: E, listener: (event: CacheEvents[E]) => void): this;
  off<E extends keyof CacheEvents>(event: E, listener: (event: CacheEvents[E]) => void): this;
  /** A fresh cache with a new handle, after poison. */
  recreate(own?: { tier?: Tier | false | undefined }): SharedCache<V>;
  /** This thread's part; idempotent. */
  close(): void;
  [Symbol.dispose](): void;
}

/** Of a thread that has ended without closing the cache. */
export interface DeadThread {
  threadId: number | undefined;
  slot: number;
}

/** Told to listeners of this thread, of whichever thread. */
export interface CacheEvents {
  poisoned: { error: Error };
  threadDied: DeadThread & { operation: 'read' | 'write' | 'delete' | 'other' | undefined };
  recovered: DeadThread & { pages: number };
  evicted: { entries: number };
  /** Of this thread's second tier. */
  tier: { isDegraded: boolean; reason: string | undefined };
}

/** What came of calls of `getOrSet` that found no value. */
export interface LoadStats {
  computed: number;
  waited: number;
  alone: number;
  discarded: number;
  failed: number;
}

export interface CacheStats {
  entries: number;
  keyBytes: number;
  valueBytes: number;
  storedBytes: number;
  compressionRatio: number;
  hits: number;
  misses: number;
  hitRatio: number;
  sets: number;
  refusals: number;
  refusalsByReason: Record<Refusal, number>;
  deletes: number;
  evictions: number;
  expirations: number;
  bytesIn: number;
  bytesOut: number;
  limboWaits: number;
  loads: LoadStats;
  threads: number;
  isSupervised: boolean;
  near?: NearStats;
  tier?: TierStats;
}

/** Of a thread: values that are kept are shared in it; JSON is frozen, bytes are copied. */
export interface NearOptions {
  max: number;
  maxAge?: number | undefined;
}

/** This thread's. */
export interface NearStats {
  entries: number;
  hits: number;
  outdated: number;
}

/** What each thread brings. `now`, a clock for tests, stays: expiry cannot be tested otherwise. */
export interface AttachOptions<V> {
  values?: ValueKind | ValueCodec<V> | undefined;
  now?: (() => number) | undefined;
  near?: NearOptions | undefined;
  /** False: this thread writes nothing there. */
  tier?: Tier | false | undefined;
}

/**
 * `compression` and `now` stay. minSize, zoneSize, shrink and `trim` wait for caches of several
 * zones: the memory of one cannot be given back.
 */
export interface SharedCacheOptions<V> extends TimeOptions, AttachOptions<V> {
  maxSize: number | string;
  maxEntrySize?: number | string | undefined;
  compression?: 'lz4' | 'none' | undefined;
  tier?: Tier | undefined;
}

/** The rest is in the file. */
export interface RestoreOptions<V> extends AttachOptions<V> {
  maxSize?: number | string | undefined;
}

export interface SharedCacheHandle {
  kind: 'pageless-cache';
  arena: ArenaHandle;
  values: ValueKind | 'own';
  ttl: number;
  staleFor: number;
  maxEntrySize: number;
  compression: 'lz4' | 'none';
  tier?: TierHandle;
}

type Only<V, Kind> = [V] extends [Kind] ? unknown : never;

export interface SharedCacheConstructor {
  new <V = Bytes>(
    options: SharedCacheOptions<V> & { values?: 'bytes' | undefined } & Only<V, Uint8Array>,
  ): SharedCache<V>;
  new <V = string>(
    options: SharedCacheOptions<V> & { values: 'string' } & Only<V, string>,
  ): SharedCache<V>;
  new <V = unknown>(options: SharedCacheOptions<V> & { values: 'json' }): SharedCache<V>;
  new <V>(options: SharedCacheOptions<V> & { values: ValueCodec<V> }): SharedCache<V>;
  /** Of a kind that is known only when the program runs. */
  new (options: SharedCacheOptions<unknown>): SharedCache<unknown>;
  readonly prototype: SharedCache<unknown>;
  attach<V = Bytes>(handle: SharedCacheHandle, options?: AttachOptions<V>): SharedCache<V>;
  load<V = Bytes>(file: string, options?: RestoreOptions<V>): Promise<SharedCache<V>>;
  isSupported(): boolean;
  whyUnsupported(): string | undefined;
}

/** What follows `ERR_PAGELESS_` in the codes of errors that the above can throw. */
export type ErrorName =
  | ('INVALID_ARGUMENT' | 'UNSUPPORTED' | 'DISPOSED' | 'CORRUPTION')
  | ('INCOMPATIBLE_ZONE' | 'TOO_MANY_THREADS' | 'TOO_MANY_NAMESPACES' | 'ZONE_TOO_SMALL')
  | ('TARGET_TOO_SMALL' | 'BUSY' | 'BAD_IMAGE')
  | ('COMPUTE' | 'TIMEOUT' | 'NOT_A_NUMBER' | 'TIER');
