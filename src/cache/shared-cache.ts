/**
 * SharedCache: one compressed cache for all threads.
 *
 * One copy of each value instead of one for each worker, off the garbage-collected heap, within an
 * exact budget: `maxSize` is the size of the zone, metadata included. Any thread may call anything
 * at any time. Reads take no lock and return copies; `set` returns false, and counts a refusal,
 * when a value cannot be kept. Throws only on misuse, and `CorruptionError` when the zone is
 * poisoned.
 */
import { Arena } from '../arena/arena.ts';
import { checkBytes, checkInteger } from '../border/arguments.ts';
import { isThenable } from '../border/brands.ts';
import { type Now, ZoneClock } from '../border/clock.ts';
import { INSPECT, type Inspect, inspectAs } from '../border/inspect.ts';
import { throwIfPoisoned } from '../border/kernel.ts';
import { isSupported, whyUnsupported } from '../border/support.ts';
import {
  DisposedError,
  IncompatibleZoneError,
  InvalidArgumentError,
  TargetTooSmallError,
  ZoneTooSmallError,
} from '../errors.ts';
import * as facts from '../generated/facts.ts';
import { formatSize } from '../sizes.ts';
import {
  checkEntry,
  copyOf,
  type KeysOptions,
  keyOf,
  listOf,
  readKeysOptions,
} from './iteration.ts';
import {
  type AttachOptions,
  type IncrementOptions,
  readHandle,
  readOptions,
  type SetOptions,
  type Settings,
  type SharedCacheHandle,
  type SharedCacheOptions,
} from './settings.ts';
import { type CacheStats, type Refusal, readStats } from './statistics.ts';
import { Border, type Key } from './transfer.ts';
import { type Bytes, type Decoder, decoderOf, type In, type ValueCodec } from './values.ts';
import { type Version, Writer } from './writer.ts';

export type {
  AttachOptions,
  CacheStats,
  IncrementOptions,
  Key,
  Refusal,
  SetOptions,
  SharedCacheHandle,
  SharedCacheOptions,
  Version,
};

/** The cursor behind the last key: kernel/cache/keys.ts. */
const END_OF_KEYS = 2 ** 32;
/** Entries that one kernel call clears: some hundred microseconds. */
const CLEAR_BATCH = 1024;

/** What a cache is opened with: `attach` alone makes one, and nobody can forge it. */
class Opening<T> {
  readonly arena: Arena;
  readonly settings: Settings;
  readonly codec: ValueCodec<T>;
  readonly now: Now | undefined;
  readonly #brand = true;

  constructor(arena: Arena, settings: Settings, codec: ValueCodec<T>, now?: Now) {
    this.arena = arena;
    this.settings = settings;
    this.codec = codec;
    this.now = now;
  }

  static is(value: unknown): value is Opening<never> {
    return typeof value === 'object' && value !== null && #brand in value;
  }
}

function create<T>(options: SharedCacheOptions<T>): Opening<T> {
  const { size, settings, codec, now } = readOptions(options);
  return new Opening(new Arena({ size }), settings, codec, now);
}

export class SharedCache<T = Bytes> implements Disposable {
  readonly #arena: Arena;
  readonly #border: Border;
  readonly #clock: ZoneClock;
  readonly #decode: Decoder<T>;
  readonly #writer: Writer<T>;
  readonly #settings: Settings;
  #isDisposed = false;

  /** Creates a cache. Throws `InvalidArgumentError`. */
  constructor(options: SharedCacheOptions<T>) {
    const isAttached = Opening.is(options);
    const { arena, settings, codec, now }: Opening<T> = isAttached ? options : create(options);
    this.#arena = arena;
    this.#settings = settings;
    this.#decode = decoderOf(codec);
    try {
      this.#clock = openClock(arena, isAttached, now);
      this.#border = new Border(arena.kernel, arena.memory, this.#clock);
      this.#writer = new Writer({
        ...{ kernel: arena.kernel, clock: this.#clock, codec, decode: this.#decode, settings },
        live: () => this.#live(),
      });
    } catch (error) {
      arena.close();
      throw error;
    }
  }

  /**
   * Attaches this thread to a cache. A cache with a codec of its own needs the same one again.
   * Throws `InvalidArgumentError`, `IncompatibleZoneError`, `TooManyThreadsError`.
   */
  static attach<T = Bytes>(
    handle: SharedCacheHandle,
    options: AttachOptions<T> = {},
  ): SharedCache<T> {
    const { arena, settings, codec, now } = readHandle(handle, options);
    const opening = new Opening(Arena.attach(arena), settings, codec, now);
    return new SharedCache<T>(opening as unknown as SharedCacheOptions<T>);
  }

  static isSupported(): boolean {
    return isSupported();
  }

  static whyUnsupported(): string | undefined {
    return whyUnsupported();
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
    return border.fetch(border.putKey(key), isCounted, this.#decode);
  }

  /**
   * Copies the value's bytes, as they are stored, into `target`, from `offset` on: reading without
   * the heap. Text is UTF-8. If the value is overwritten again and again while it is copied in
   * pieces of 64 KiB, it counts as a miss, and the target holds something of it.
   *
   * @returns how many bytes there are; undefined if the key has no value
   * @throws {TargetTooSmallError} with the length `needed`; nothing was copied
   */
  getInto(key: Key, target: Uint8Array, offset = 0): number | undefined {
    const border = this.#live();
    const room = checkBytes('target', target, Number.POSITIVE_INFINITY);
    checkInteger('offset', offset, 0, room);
    const length = border.fetchInto(border.putKey(key), target, offset, room - offset);
    if (length > room - offset) throw new TargetTooSmallError(length, room - offset);
    return length < 0 ? undefined : length;
  }

  /**
   * Gives `use` the value's bytes, as they are stored, in memory that is lent for that long: what
   * it keeps of them it has to copy. It may call the cache.
   *
   * @returns what `use` returned; undefined if the key has no value
   * @throws {InvalidArgumentError} if that is a promise: then it would go on with bytes that are
   * others'
   */
  read<R>(key: Key, use: (bytes: Uint8Array) => R): R | undefined {
    const border = this.#live();
    if (typeof use !== 'function') throw new InvalidArgumentError('use', 'a function', use);
    const bytes = border.borrow(border.putKey(key));
    if (bytes === undefined) return undefined;
    let result: R;
    try {
      result = use(bytes);
    } finally {
      border.takeBack(bytes);
    }
    if (isThenable(result)) {
      throw new InvalidArgumentError('use', 'a function that returns no promise', result);
    }
    return result;
  }

  /** Stores a value. @returns false when it was refused; the key then has no value */
  set(key: Key, value: In<T>, options?: SetOptions): boolean {
    return this.#writer.set(key, value, options);
  }

  /** Stores a value if the key has none. @returns whether it did; false: nothing has changed */
  add(key: Key, value: In<T>, options?: SetOptions): boolean {
    return this.#writer.setIf(facts.IF_ABSENT, key, value, options);
  }

  /** Stores a value if the key has one. @returns whether it did; false: nothing has changed */
  replace(key: Key, value: In<T>, options?: SetOptions): boolean {
    return this.#writer.setIf(facts.IF_PRESENT, key, value, options);
  }

  /**
   * Makes a new value of the old one, so that no change of another thread is lost. `change` may run
   * more than once, and may call the cache. Undefined deletes; the very value that it was given, even
   * if it was altered, writes nothing. The time to live stays unless `options` say another.
   *
   * @returns the new value; undefined if there is none, or if it was refused: nothing has changed then
   * @throws {InvalidArgumentError} if `change` returns a promise; what it throws is passed on. Nothing has changed
   */
  update(
    key: Key,
    change: (old: T | undefined) => In<T> | undefined,
    options?: SetOptions,
  ): T | undefined {
    return this.#writer.update(key, change, options);
  }

  /**
   * Adds to a whole number, kept as JSON or text. A key without a value counts from `initial`, 0. The
   * time to live stays unless `options` say another.
   *
   * @returns the sum; undefined when it was refused, and nothing has changed
   * @throws {NotANumberError} of a value that is no whole number, or a sum that is no safe integer
   */
  increment(key: Key, by?: number, options?: IncrementOptions): number | undefined {
    return this.#writer.increment(key, by, options);
  }

  /** As `get`, with a version for `setIfVersion`. */
  getWithVersion(key: Key): { value: T; version: Version } | undefined {
    return this.#writer.getWithVersion(key);
  }

  /**
   * Stores a value if the key's has not changed since `getWithVersion`. It may say no when entries
   * beside it in the index have changed: read again.
   *
   * @returns whether it did; false: nothing has changed
   */
  setIfVersion(key: Key, value: In<T>, version: Version, options?: SetOptions): boolean {
    return this.#writer.setIfVersion(key, value, version, options);
  }

  /** Whether the key has a value. Not counted. */
  has(key: Key): boolean {
    const border = this.#live();
    return border.has(border.putKey(key));
  }

  /**
   * Milliseconds until the key's value expires: Infinity for never, 0 if there is none. Not
   * counted.
   */
  getRemainingTTL(key: Key): number {
    const border = this.#live();
    return border.remaining(border.putKey(key));
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

  /** Reads several keys, as `get` does, one after the other. @returns their values, in order */
  getMany(keys: Iterable<Key>): (T | undefined)[] {
    return listOf('keys', keys).map((key) => this.get(key));
  }

  /**
   * Stores several values, as `set` does, one after the other: what stands before an entry that is
   * wrong has been stored when that throws. @returns for each whether it was kept
   */
  setMany(entries: Iterable<readonly [key: Key, value: In<T>, options?: SetOptions]>): boolean[] {
    return listOf('entries', entries).map((entry) => {
      const [key, value, options] = checkEntry(entry);
      return this.set(key, value, options);
    });
  }

  /** Deletes several keys, one after the other. @returns for each whether there was an entry */
  deleteMany(keys: Iterable<Key>): boolean[] {
    return listOf('keys', keys).map((key) => this.delete(key));
  }

  /** The keys, in no order: see iteration.ts for what may come and go meanwhile. */
  keys(): Generator<Key>;
  /** The keys, all as bytes. */
  keys(options: { as: 'bytes' }): Generator<Bytes>;
  keys(options: KeysOptions = {}): Generator<Key> {
    this.#live();
    return this.#walk(readKeysOptions(options) ? copyOf : keyOf);
  }

  *#walk<K>(make: (lent: Uint8Array) => K): Generator<K> {
    for (let cursor = 0; cursor < END_OF_KEYS; ) {
      const now = this.#clock.nowIfNeeded();
      const { keys, next } = this.#live().listKeys(cursor, now, make);
      for (const key of keys) {
        yield key;
        this.#live();
      }
      cursor = next;
    }
  }

  /** Keys and values, as `keys` and `peek` give them. */
  *entries(): Generator<[Key, T]> {
    for (const key of this.#walk(keyOf)) {
      const value = this.peek(key);
      if (value !== undefined) yield [key, value];
    }
  }

  /** The values, as `peek` gives them. */
  *values(): Generator<T> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<[Key, T]> {
    return this.entries();
  }

  /** Calls a function for each entry. It may change the cache, or close it, and then it is over. */
  forEach(visit: (value: T, key: Key, cache: this) => void): void {
    if (typeof visit !== 'function') throw new InvalidArgumentError('visit', 'a function', visit);
    for (const [key, value] of this.entries()) visit(value, key, this);
  }

  /** Figures of all threads together. Cost: a look at each thread, however large the cache is. */
  stats(): CacheStats {
    const { kernel } = this.arena;
    throwIfPoisoned(kernel);
    return readStats(kernel);
  }

  /** Gives back this thread's part; the cache lives on in the others. Twice is once. */
  close(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#clock.close();
    this.#arena.close();
  }

  /** As `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @internal */
  [INSPECT](depth: number, options: object, inspect: Inspect): string {
    const facts = () => ({
      values: this.#settings.values,
      entries: this.size,
      maxSize: formatSize(this.arena.size),
    });
    return inspectAs('SharedCache', facts, depth, options, inspect);
  }

  #live(): Border {
    if (this.#isDisposed) throw new DisposedError('cache');
    return this.#border;
  }
}

/** Makes the arena a cache, or finds that it is one, and its clock. */
function openClock({ kernel, memory }: Arena, isAttached: boolean, now?: Now): ZoneClock {
  if (isAttached) {
    if (kernel.hasStore() === 0) throw new IncompatibleZoneError('the zone holds no cache');
  } else if (kernel.formatStore() < 0) {
    throw new ZoneTooSmallError('a cache');
  }
  return new ZoneClock(kernel, memory, now);
}
