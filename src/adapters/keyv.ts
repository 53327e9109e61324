/**
 * Stores for Keyv: `KeyvStore` for Keyv 6 and later, `Keyv5Store` for Keyv 5 (and so for cacheable
 * 2 and cache-manager 7).
 *
 * Keyv serialises, so the cache holds texts: `values: 'string'`. A store is one small object for
 * *one* Keyv, since Keyv writes its namespace into it; any number of them may stand on one cache.
 * All methods answer at once; Keyv awaits them. No peer is imported: these are objects of the shape
 * that Keyv asks for.
 *
 *                    KeyvStore (6)                       Keyv5Store (5)
 *   expiry           an absolute time, `expires`         milliseconds from now, `ttl`
 *   key              `namespace::key`, made here         `namespace:key`, made by Keyv
 *   how it tells     reads `capabilities`                reads `opts`
 *
 * So each refuses the other's Keyv when it is constructed, by a getter that only that one reads.
 *
 * An answer of false from `set` means that the cache refused the value: it is too long, or there is
 * no memory; the key then has no value.
 */
import type { SharedCache } from '../cache/shared-cache.ts';
import { InvalidArgumentError } from '../errors.ts';
import { checkCache, clearPrefix, entryOf, keysWithPrefix } from './cache-argument.ts';

/** What a Keyv 6 hands to `setMany`; times in milliseconds since 1970. */
export interface KeyvEntry {
  key: string;
  value: unknown;
  expires?: number | undefined;
}

/** What a Keyv 5 hands to `setMany`; `ttl` in milliseconds from now. */
export interface Keyv5Entry {
  key: string;
  value: unknown;
  ttl?: number | undefined;
}

/** A store for one Keyv, version 6 or later. */
export class KeyvStore {
  /** Set by Keyv. Without one, the store is the whole cache. */
  namespace?: string | undefined;
  readonly #cache: SharedCache<string>;

  /** Throws `InvalidArgumentError` unless the cache was made with `values: 'string'`. */
  constructor(cache: SharedCache<string>, ...none: []) {
    checkCache('KeyvStore', cache, 'string', none.length);
    this.#cache = cache;
  }

  /** Tells Keyv 6 that expiry is a time and that keys get their namespace here. */
  get capabilities(): { expires: true } {
    return { expires: true };
  }

  /** Only a Keyv before 6 asks for it. */
  get opts(): never {
    throw new InvalidArgumentError(
      'keyv',
      'version 6 or later for KeyvStore',
      'an older Keyv, which takes a Keyv5Store',
    );
  }

  /**
   * Before every key of this store. Encoded, so that no namespace can be the beginning of another.
   */
  get #prefix(): string {
    return this.namespace ? `${encodeURIComponent(this.namespace)}::` : '';
  }

  get(key: string): string | undefined {
    return this.#cache.get(this.#prefix + key);
  }

  getMany(keys: string[]): (string | undefined)[] {
    return this.#cache.getMany(this.#named(keys));
  }

  has(key: string): boolean {
    return this.#cache.has(this.#prefix + key);
  }

  hasMany(keys: string[]): boolean[] {
    return keys.map((key) => this.has(key));
  }

  /** @param expires milliseconds since 1970; a time that has passed removes the key */
  set(key: string, value: unknown, expires?: number): boolean {
    const ttl = isTime(expires) ? expires - Date.now() : undefined;
    return put(this.#cache, this.#prefix + key, value, ttl);
  }

  setMany(entries: KeyvEntry[]): boolean[] {
    const [now, prefix] = [Date.now(), this.#prefix];
    return putMany(
      this.#cache,
      entries.map(({ key, value, expires }) => {
        return { key: prefix + key, value, ttl: isTime(expires) ? expires - now : undefined };
      }),
    );
  }

  /** @returns whether there was an entry */
  delete(key: string): boolean {
    return this.#cache.delete(this.#prefix + key);
  }

  deleteMany(keys: string[]): boolean[] {
    return this.#cache.deleteMany(this.#named(keys));
  }

  #named(keys: string[]): string[] {
    const prefix = this.#prefix;
    return keys.map((key) => prefix + key);
  }

  /** Removes what is in this namespace; without one, everything. */
  clear(): void {
    clearPrefix(this.#cache, this.#prefix);
  }

  async *iterator(): AsyncGenerator<[key: string, value: string], void> {
    const prefix = this.#prefix;
    for (const [key, value] of entriesOf(this.#cache, prefix)) {
      yield [key.slice(prefix.length), value];
    }
  }
}

/** A store for one Keyv, version 5. Keys come with their namespace. */
export class Keyv5Store {
  /** Set by Keyv. */
  namespace?: string | undefined;
  /**
   * Keyv 5 iterates only over stores of the dialects that it knows, and asks for nothing but the
   * name; this one behaves as that one does.
   */
  readonly opts: { dialect: string; url: string } = { dialect: 'redis', url: 'pageless:' };
  readonly #cache: SharedCache<string>;

  /** Throws `InvalidArgumentError` unless the cache was made with `values: 'string'`. */
  constructor(cache: SharedCache<string>, ...none: []) {
    checkCache('Keyv5Store', cache, 'string', none.length);
    this.#cache = cache;
  }

  /** Only a Keyv from 6 on asks for it. */
  get capabilities(): never {
    throw new InvalidArgumentError(
      'keyv',
      'version 5 for Keyv5Store',
      'a later Keyv, which takes a KeyvStore',
    );
  }

  get(key: string): string | undefined {
    return this.#cache.get(key);
  }

  getMany(keys: string[]): (string | undefined)[] {
    return this.#cache.getMany(keys);
  }

  has(key: string): boolean {
    return this.#cache.has(key);
  }

  hasMany(keys: string[]): boolean[] {
    return keys.map((key) => this.has(key));
  }

  /** @param ttl milliseconds from now; none, and 0, means for ever */
  set(key: string, value: unknown, ttl?: number): boolean {
    return put(this.#cache, key, value, ttl === 0 ? undefined : ttl);
  }

  setMany(entries: Keyv5Entry[]): boolean[] {
    return putMany(
      this.#cache,
      entries.map(({ key, value, ttl }) => ({ key, value, ttl: ttl === 0 ? undefined : ttl })),
    );
  }

  delete(key: string): boolean {
    return this.#cache.delete(key);
  }

  /** @returns whether there were entries of all these keys */
  deleteMany(keys: string[]): boolean {
    return this.#cache.deleteMany(keys).every(Boolean);
  }

  /** Removes what is in this namespace; without one, everything. */
  clear(): void {
    clearPrefix(this.#cache, this.namespace ? `${this.namespace}:` : '');
  }

  /** Keys with their namespace, as Keyv 5 wants them. */
  async *iterator(namespace?: string): AsyncGenerator<[key: string, value: string], void> {
    yield* entriesOf(this.#cache, namespace ? `${namespace}:` : '');
  }
}

function isTime(expires: number | undefined): expires is number {
  return typeof expires === 'number' && Number.isFinite(expires);
}

/** Stores for `ttl` milliseconds; none or an endless one is for ever, one that is over removes. */
function put(cache: SharedCache<string>, key: string, value: unknown, ttl?: number): boolean {
  if (ttl === undefined || ttl > 0) return cache.set(key, value as string, lifeOf(ttl));
  cache.delete(key);
  return true;
}

/** The same for several, in one call unless one is over. */
function putMany(cache: SharedCache<string>, entries: Keyv5Entry[]): boolean[] {
  if (entries.some(({ ttl }) => ttl !== undefined && !(ttl > 0))) {
    return entries.map(({ key, value, ttl }) => put(cache, key, value, ttl));
  }
  return cache.setMany(
    entries.map(({ key, value, ttl }) => entryOf(key, value as string, lifeOf(ttl))),
  );
}

/** Rounded up: Keyv looks at the exact time, which it stores in the value. */
function lifeOf(ttl: number | undefined): { ttl: number } | undefined {
  if (ttl === undefined || ttl === Number.POSITIVE_INFINITY) return undefined;
  return { ttl: Math.min(Math.ceil(ttl), Number.MAX_SAFE_INTEGER) };
}

function* entriesOf(cache: SharedCache<string>, prefix: string): Generator<[string, string], void> {
  for (const key of keysWithPrefix(cache, prefix)) {
    const value = cache.peek(key);
    if (value !== undefined) yield [key, value];
  }
}
