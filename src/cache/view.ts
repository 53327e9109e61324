/**
 * A view of a cache: all that is done with keys and values. SharedCache adds where they are, and
 * this thread's part in that; the rooms beside do it.
 */
import { listOf } from '../border/arguments.ts';
import { metrics } from '../border/channels.ts';
import { type KernelExports, throwIfPoisoned } from '../border/kernel.ts';
import { readWait, type WaitOptions } from '../border/waiting.ts';
import { InvalidArgumentError } from '../errors.ts';
import * as facts from '../generated/facts.ts';
import type { EntryInfo } from './calls/reader.ts';
import { checkEntry } from './calls/set-many.ts';
import type { Compute, ComputeSync, LoadOptions, LoadSyncOptions } from './loads/options.ts';
import { getOr, serve, serveSync } from './loads/serving.ts';
import { readPeekOptions } from './options/call.ts';
import type {
  GetManyOptions,
  GetOptions,
  IncrementOptions,
  SetOptions,
  TimeOptions,
} from './options/settings.ts';
import { type CacheStats, readStats } from './telemetry/statistics.ts';
import { removed, setTold } from './told.ts';
import { copyKey, type Key } from './transfer/transfer.ts';
import { checkTag } from './values/tags.ts';
import type { Bytes, In } from './values/values.ts';
import type { Version } from './values/versions.ts';
import type { ViewParts } from './view-parts.ts';
import { copyOf, type KeysOptions, keyOf, readKeysOptions, walk } from './walks/iteration.ts';
import { clearEntries, type PurgeOptions, purgeStale, readPurgeOptions } from './walks/purge.ts';

export class CacheView<T> {
  readonly #parts: ViewParts<T>;

  /** @internal */
  constructor(parts: ViewParts<T>) {
    this.#parts = parts;
    parts.view = this;
  }

  /**
   * Entries. Those that are over, or that `deleteTag` or the `clear` of a namespace has deleted,
   * count until somebody meets them, or `purgeStale` does. A cache's namespaces count theirs.
   */
  get size(): number {
    return this.#sound().spaceTotal(this.#parts.space, facts.TOTAL_ENTRIES);
  }

  /** A copy of the key's value, or undefined. What is kept `near` is the thread's. */
  get(key: Key, options?: GetOptions): T | undefined {
    if (options !== undefined || metrics.hasSubscribers)
      return this.#parts.reader.get(key, options);
    const border = this.#parts.live();
    const { near, decode } = this.#parts;
    return near
      ? near.get(border, key)
      : border.incoming.fetch(border.putKey(key), decode, facts.GET_COUNTED);
  }

  /** Like `get`, but counts neither as hit nor as miss. */
  peek(key: Key, options?: Pick<GetOptions, 'allowStale'>): T | undefined {
    const stale = options !== undefined && readPeekOptions(options) ? facts.GET_STALE : 0;
    const border = this.#parts.live();
    return border.incoming.fetch(border.putKey(key), this.#parts.decode, stale);
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
    return this.#parts.reader.into(key, target, offset);
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
    return this.#parts.reader.lend(key, use);
  }

  /** Stores a value. @returns false when it was refused; the key then has no value */
  set(key: Key, value: In<T>, options?: SetOptions): boolean {
    if (metrics.hasSubscribers) return setTold(this.#parts, key, value, options);
    return this.#parts.writer.set(key, value, options);
  }

  /** Stores a value if the key has none. @returns whether it did; false: nothing has changed */
  add(key: Key, value: In<T>, options?: SetOptions): boolean {
    return this.#parts.writer.setIf(facts.IF_ABSENT, key, value, options);
  }

  /** Stores a value if the key has one. @returns whether it did; false: nothing has changed */
  replace(key: Key, value: In<T>, options?: SetOptions): boolean {
    return this.#parts.writer.setIf(facts.IF_PRESENT, key, value, options);
  }

  /**
   * Makes a new value of the old one, so that no change of another thread is lost. `change` may run
   * more than once, and may call the cache; when it has lost twice, other threads' `update` and
   * `increment` of the key wait for it for up to 250 ms, where they may stand still. Undefined
   * deletes; the very value that it was given, even if it was altered, writes nothing, unless
   * `ttl`, `staleFor` or `tags` are given. The time to live stays unless `ttl` says another, and so
   * do `staleFor` and `tags`: each leaves the others.
   *
   * @returns the new value; undefined if there is none, or it was refused: nothing has changed
   * @throws {InvalidArgumentError} if `change` returns a promise; what it throws is passed on.
   * Nothing has changed
   * @throws {BusyError} if the key was changed during each of 10,000 tries, by other threads or by
   * `change` itself. Nothing has changed but by them
   */
  update(
    key: Key,
    change: (old: T | undefined) => In<T> | undefined,
    options?: SetOptions,
  ): T | undefined {
    return this.#parts.updater.update(key, change, options);
  }

  /**
   * Adds to a whole number, kept as JSON or text. A key without a value counts from `initial`, 0.
   * Time to live and tags stay unless others are given, as in `update`.
   *
   * @returns the sum; undefined when it was refused, and nothing has changed
   * @throws {NotANumberError} of a value that is no whole number, or a sum that is no safe integer
   */
  increment(key: Key, by?: number, options?: IncrementOptions): number | undefined {
    return this.#parts.updater.increment(key, by, options);
  }

  /** As `get`, with a version for `setIfVersion`. */
  getWithVersion(key: Key): { value: T; version: Version } | undefined {
    return this.#parts.writer.getWithVersion(key);
  }

  /**
   * Stores a value if the key's has not changed since `getWithVersion`. It may say no when entries
   * beside it in the index have changed: read again.
   *
   * @returns whether it did; false: nothing has changed
   */
  setIfVersion(key: Key, value: In<T>, version: Version, options?: SetOptions): boolean {
    return this.#parts.writer.setIfVersion(key, value, version, options);
  }

  /**
   * The key's value; if it has none, what `compute` returns, which is stored. Of all threads that
   * ask meanwhile one computes and the others wait for it. If it gives undefined, or what cannot be
   * kept (too large, no memory), each of them computes itself: `stats().loads.alone` counts those.
   * A value at which the codec's `deserialize` throws is none: what is computed takes its place.
   * A `compute` that awaits `getOrSet` of its own key waits for itself, for `timeoutMs`.
   *
   * @returns a copy, as `get` would give; undefined if `compute` gave none
   * @throws {InvalidArgumentError} as all of these, by the promise
   * @throws {ComputeError} if `compute` threw in another thread; in this one, what it threw
   * @throws {TimeoutError} if `compute` took longer than `timeoutMs`
   */
  getOrSet(key: Key, compute: Compute<T, In<T>>, options?: LoadOptions): Promise<T>;
  getOrSet(key: Key, compute: Compute<T>, options?: LoadOptions): Promise<T | undefined>;
  async getOrSet(key: Key, compute: Compute<T>, options?: LoadOptions): Promise<T | undefined> {
    const call = { key, compute, options, isSync: false };
    return getOr(this, call, (request) => serve(this.#parts.loader, request));
  }

  /**
   * The same for a `compute` that returns its value at once. This thread stands still while another
   * one computes, unless there is a stale value: then it gets that.
   *
   * @throws {BusyError} if it would wait for itself: for a computation of this thread, or a ring of
   * them
   */
  getOrSetSync(key: Key, compute: ComputeSync<T, In<T>>, options?: LoadSyncOptions): T;
  getOrSetSync(key: Key, compute: ComputeSync<T>, options?: LoadSyncOptions): T | undefined;
  getOrSetSync(key: Key, compute: ComputeSync<T>, options?: LoadSyncOptions): T | undefined {
    const call = { key, compute: compute as Compute<T>, options, isSync: true };
    return getOr(this, call, (request) => serveSync(this.#parts.loader, request));
  }

  /** Whether the key has a value. Not counted. */
  has(key: Key): boolean {
    const border = this.#parts.live();
    return border.has(border.putKey(key));
  }

  /** Milliseconds that the value has: Infinity for ever, 0 of none, ≤ 0 if stale. Not counted. */
  getRemainingTTL(key: Key): number {
    const border = this.#parts.live();
    return border.remaining(border.putKey(key));
  }

  /**
   * Gives the key's value a time to live that begins now: its own, or another one. A copy takes its
   * place, so the cost is that of a `set` without the codec.
   *
   * @returns whether it did: false if there is no value that is fresh, or no memory
   */
  touch(key: Key, options?: TimeOptions): boolean {
    return this.#parts.writer.touch(key, options);
  }

  /** What is known of the key's entry, a stale one as well. Not counted. */
  info(key: Key): EntryInfo | undefined {
    return this.#parts.reader.info(key);
  }

  /**
   * Deletes every entry that has the tag, at once, whatever their number, and those whose `set` is
   * under way: of the cache's own, or of this namespace. Until their memory is needed `size` counts
   * them; nothing else finds them. Deletions are remembered, some 200 for each MiB of the cache up
   * to 1 GiB. Beyond, every older entry that has any tag may go as well: who deletes a tag for
   * each user or request empties a small cache of what has tags.
   */
  deleteTag(tag: string): void {
    // As a text, as keys are mostly: that way is warm.
    const name = checkTag(tag);
    this.#parts.kernel.deleteTag(this.#parts.live().putKey(name));
  }

  /** @returns whether there was an entry, a stale one included; one that is over is none */
  delete(key: Key): boolean {
    const border = this.#parts.live();
    // Before the key is put: a clock of the user's own may use the scratch.
    this.#parts.clock.nowIfNeeded();
    return removed(this.#parts, key, this.#parts.writer.remove(key, border.putKey(key)));
  }

  /**
   * Removes every entry; those that other threads add meanwhile may stay. Of a cache with those of
   * all its namespaces, one by one; of a namespace its own, in one step.
   */
  clear(): void {
    clearEntries(this.#sound(), this.#parts);
  }

  /**
   * Takes out entries that have expired, those of all namespaces, which otherwise go when somebody
   * meets them, or when memory is short. Only pages of queues that hold some are looked at, 678
   * entries each.
   *
   * @returns how many went; with `maxMs` some may be left for another call
   */
  purgeStale(options: PurgeOptions = {}): number {
    const maxMs = readPurgeOptions(options);
    return purgeStale(this.#sound(), this.#parts.clock, maxMs);
  }

  /**
   * Reads several keys, as `get` does, without options up to 64 in one call of the kernel. No
   * snapshot: others may change the cache meanwhile. @returns their values, in order
   */
  getMany(keys: Iterable<Key>, options?: GetManyOptions): (T | undefined)[] {
    this.#parts.live();
    const list = listOf('keys', keys);
    if (!options && !metrics.hasSubscribers) return this.#parts.many.get(list);
    return list.map((key) => this.get(key, options));
  }

  /**
   * Stores several values, as `set` does, one after the other, up to 64 in a call of the kernel.
   * What stands before a wrong one is stored when that throws. @returns whether each was kept
   */
  setMany(entries: Iterable<readonly [key: Key, value: In<T>, options?: SetOptions]>): boolean[] {
    const list = listOf('entries', entries);
    // The second tier, and who listens, are told of each.
    if (!this.#parts.tier && !metrics.hasSubscribers) return this.#parts.manySetter.set(list);
    return list.map((entry) => this.set(...checkEntry(entry)));
  }

  /**
   * Deletes several keys, as `delete` does, up to 64 in one call of the kernel: some of those
   * before a wrong one are deleted when that throws. @returns for each whether there was an entry
   */
  deleteMany(keys: Iterable<Key>): boolean[] {
    this.#parts.live();
    const list = listOf('keys', keys);
    // As above.
    if (!this.#parts.tier && !metrics.hasSubscribers) return this.#parts.many.delete(list);
    return list.map((key) => this.delete(key));
  }

  /**
   * The key's value, here or in the second tier: that is kept here then. Of all threads that miss
   * it meanwhile one asks, each if that fails. What the tier does not answer in time is none.
   */
  async getAsync(key: Key, options?: WaitOptions): Promise<T | undefined> {
    const wait = readWait('Looking in the tier', options);
    const value = this.get(key);
    const { tier } = this.#parts;
    return value !== undefined || !tier ? value : wait(tier.fetch(key));
  }

  /** The same for several, in order: the tier is asked for all that are not here at once. */
  async getManyAsync(keys: Iterable<Key>, options?: WaitOptions): Promise<(T | undefined)[]> {
    const wait = readWait('Looking in the tier', options);
    this.#parts.live();
    const copies = listOf('keys', keys).map(copyKey);
    // None is asked for before all are known to be keys.
    const values = this.#parts.many.get(copies);
    const { tier } = this.#parts;
    if (!tier || !values.includes(undefined)) return values;
    const found = await wait(tier.fetchMany(copies.filter((_, i) => values[i] === undefined)));
    let next = 0;
    return values.map((value) => (value === undefined ? found[next++] : value));
  }

  /**
   * Resolved when what this thread has set and deleted so far is in the second tier, or dropped.
   *
   * @returns how many keys were written since this was answered last, and how many were dropped, or
   *   refused there
   */
  async flush(options?: WaitOptions): Promise<{ written: number; dropped: number }> {
    const wait = readWait('Writing to the tier', options);
    this.#parts.live();
    const session = this.#parts.tier?.session;
    return session ? session.flush(wait) : { written: 0, dropped: 0 };
  }

  /**
   * The keys, in no order; over when this thread closes the cache. What comes or goes
   * meanwhile may be given or not. Of a namespace it is a walk over the whole cache.
   */
  keys(options: { as: 'bytes' }): Generator<Bytes>;
  keys(options?: KeysOptions): Generator<Key>;
  keys(options: KeysOptions = {}): Generator<Key> {
    this.#parts.live();
    return this.#walk(readKeysOptions(options) ? copyOf : keyOf);
  }

  #walk<K>(make: (lent: Uint8Array) => K): Generator<K> {
    const parts = this.#parts;
    return walk(parts.live(), parts.clock, () => parts.isClosed, make);
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

  /**
   * Figures of all threads together: of a cache with its namespaces; of one of these its own, but
   * for `loads`, `limboWaits` and the threads. Cost: a look at each thread, and namespace.
   */
  stats(): CacheStats {
    const { tier, space } = this.#parts;
    const [kept, behind] = [this.#parts.nearStats(), tier?.session?.stats()];
    const stats = readStats(this.#sound(), space);
    return { ...stats, ...(kept && { near: kept }), ...(behind && { tier: behind }) };
  }

  #sound(): KernelExports {
    this.#parts.live();
    throwIfPoisoned(this.#parts.kernel);
    return this.#parts.kernel;
  }
}
