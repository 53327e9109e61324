/**
 * A cache store for undici's cache interceptor: responses that one thread has fetched are there for
 * all of them.
 *
 * Entries, under keys that begin with the store's prefix:
 *
 *   prefix g URI                      the URI's *generation*, a random text
 *   prefix v generation method URI    the names of the request headers that the answer varies on
 *   prefix r generation method URI    a response; with the values of these headers, if any
 *
 * To forget a URI, with all methods and variants, is to give it another generation: what belongs to
 * the last one cannot be found any more, and is evicted in time. So a response that was under way
 * when another thread's POST made it obsolete is not stored: its generation is not the one that it
 * began under.
 *
 * A response is a head (JSON, with a length before it) and the body. Its size is all of that, so
 * headers count. It is kept until `deleteAt`, which is after it became stale: undici revalidates.
 *
 * Nothing here throws into a request, for a cache that fails is a cache that misses. `onError`
 * hears of it. Shapes: undici's CacheStore, which is not imported.
 */
import { createHash, randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { checkOptions } from '../border/arguments.ts';
import type { SharedCache } from '../cache/shared-cache.ts';
import { InvalidArgumentError } from '../errors.ts';
import { checkCache } from './cache-argument.ts';

type Headers = Record<string, string | string[]>;
type VaryHeaders = Record<string, string | string[] | null>;

/** Which response. */
export interface CacheKey {
  origin: string;
  method: string;
  path: string;
  headers?: Headers;
}

/** A response but for its body; times in milliseconds since 1970. */
export interface CacheValue {
  statusCode: number;
  statusMessage: string;
  headers: Headers;
  vary?: VaryHeaders;
  etag?: string;
  cacheControlDirectives?: object;
  cachedAt: number;
  staleAt: number;
  deleteAt: number;
}

export type CachedResponse = CacheValue & {
  body?: Buffer<ArrayBuffer>;
  cacheControlDirectives: object;
};

export interface CacheStoreOptions {
  /** Made with `values: 'bytes'`, which is the default. */
  cache: SharedCache<Uint8Array>;
  /** Longest response, head and body, in bytes: the cache's `maxEntrySize`, or less. */
  maxEntrySize?: number | undefined;
  /** Before every key; `'undici:'` by default. */
  prefix?: string | undefined;
  /** Hears of what went wrong in the store, for example that the cache was disposed. */
  onError?: ((error: unknown) => void) | undefined;
}

/** How long a URI that was never stored is remembered as changed: longer than answers take. */
const FORGOTTEN_MS = 300_000;
const LONGEST_KEY = 1024;
const STORE_OPTIONS = ['cache', 'maxEntrySize', 'prefix', 'onError'];
const HEAD_LENGTH_BYTES = 4;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class CacheStore {
  readonly #cache: SharedCache<Uint8Array>;
  readonly #maxEntrySize: number;
  readonly #prefix: string;
  readonly #onError: ((error: unknown) => void) | undefined;

  /** Throws `InvalidArgumentError`. */
  constructor(options: CacheStoreOptions) {
    const {
      cache,
      maxEntrySize,
      prefix = 'undici:',
      onError,
    } = checkOptions(options ?? {}, STORE_OPTIONS);
    checkCache('CacheStore', cache, 'bytes');
    if (maxEntrySize !== undefined && !(Number.isInteger(maxEntrySize) && maxEntrySize >= 0)) {
      throw new InvalidArgumentError('maxEntrySize', 'an integer from 0 on', maxEntrySize);
    }
    if (typeof prefix !== 'string') throw new InvalidArgumentError('prefix', 'a text', prefix);
    const longest = cache.handle.maxEntrySize;
    if (maxEntrySize !== undefined && maxEntrySize > longest) {
      throw new InvalidArgumentError(
        'maxEntrySize',
        `the cache's, ${longest}, or less`,
        maxEntrySize,
      );
    }
    this.#cache = cache;
    this.#maxEntrySize = maxEntrySize ?? longest;
    this.#prefix = prefix;
    this.#onError = onError;
  }

  /** The response to such a request, fresh or stale, or undefined. */
  get(key: CacheKey): CachedResponse | undefined {
    return this.#attempt(() => {
      const generation = this.#generation(key);
      if (generation === undefined) return undefined;
      const names = this.#cache.get(this.#name('v', generation, key));
      if (!names) return undefined;
      const values = valuesOf(JSON.parse(decoder.decode(names)), key.headers);
      const bytes = this.#cache.get(this.#name('r', generation, key, values));
      return bytes && responseOf(bytes as Uint8Array<ArrayBuffer>);
    });
  }

  /** A stream that takes the body and stores the response at its end; undefined: do not store. */
  createWriteStream(key: CacheKey, value: CacheValue): Writable | undefined {
    return this.#attempt(() => {
      const head = headOf(value);
      const room = this.#maxEntrySize - head.length;
      if (room < 0 || !(value.deleteAt > Date.now())) return undefined;
      const generation = this.#generation(key);
      return bodyStream(room, (body) => {
        this.#attempt(() => this.#store(key, value, generation, Buffer.concat([head, ...body])));
      });
    });
  }

  /** Forgets what is stored for the URI, whatever the method and the headers. */
  delete(key: Pick<CacheKey, 'origin' | 'path'>): void {
    this.#attempt(() => {
      const name = this.#name('g', '', key);
      this.#renew(name, this.#cache.has(name) ? undefined : { ttl: FORGOTTEN_MS });
    });
  }

  #store(key: CacheKey, value: CacheValue, began: string | undefined, bytes: Buffer): void {
    const now = this.#generation(key);
    if (now !== began) return;
    const generation = now ?? this.#renew(this.#name('g', '', key));
    const names = Object.keys(value.vary ?? {}).sort();
    const life = { ttl: Math.max(1, Math.ceil(value.deleteAt - Date.now())) };
    const values = valuesOf(names, value.vary);
    if (!this.#cache.set(this.#name('r', generation, key, values), bytes, life)) return;
    this.#cache.set(this.#name('v', generation, key), encoder.encode(JSON.stringify(names)), life);
  }

  #generation(key: CacheKey): string | undefined {
    const bytes = this.#cache.peek(this.#name('g', '', key));
    return bytes && decoder.decode(bytes);
  }

  #renew(name: string, life?: { ttl: number }): string {
    const generation = randomUUID();
    this.#cache.set(name, encoder.encode(generation), life);
    return generation;
  }

  /** An entry's key. What would be too long is told by its digest. */
  #name(
    kind: 'g' | 'v' | 'r',
    generation: string,
    { origin, path, method }: { origin: string; path: string; method?: string },
    values: unknown[] = [],
  ): string {
    const about = kind === 'g' ? [origin, path] : [generation, method, origin, path, ...values];
    const text = JSON.stringify(about);
    const isShort = Buffer.byteLength(text) <= LONGEST_KEY;
    const name = isShort ? text : createHash('sha256').update(text).digest('base64');
    return `${this.#prefix}${kind}${name}`;
  }

  #attempt<Result>(action: () => Result): Result | undefined {
    try {
      return action();
    } catch (error) {
      this.#tell(error);
      return undefined;
    }
  }

  #tell(error: unknown): void {
    try {
      this.#onError?.(error);
    } catch {
      // A listener that fails is no reason to fail a request.
    }
  }
}

/** Values of these headers; null for one that is not there. */
function valuesOf(names: string[], headers: VaryHeaders | undefined): unknown[] {
  return names.map((name) => headers?.[name] ?? null);
}

function headOf(value: CacheValue): Uint8Array {
  const { statusCode, statusMessage, headers, vary, etag, cacheControlDirectives } = value;
  const { cachedAt, staleAt, deleteAt } = value;
  const json = JSON.stringify({
    ...{ statusCode, statusMessage, headers, vary, etag, cacheControlDirectives },
    ...{ cachedAt, staleAt, deleteAt },
  });
  const text = Buffer.from(json);
  const head = Buffer.alloc(HEAD_LENGTH_BYTES + text.length);
  head.writeUInt32LE(text.length);
  head.set(text, HEAD_LENGTH_BYTES);
  return head;
}

/** The bytes are this thread's own, so the body may be a view of them. */
function responseOf(bytes: Uint8Array<ArrayBuffer>): CachedResponse | undefined {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = HEAD_LENGTH_BYTES + all.readUInt32LE();
  const value = JSON.parse(all.toString('utf8', HEAD_LENGTH_BYTES, end)) as CacheValue;
  if (value.deleteAt <= Date.now()) return undefined;
  const body = end < all.length ? { body: all.subarray(end) } : {};
  return { ...value, cacheControlDirectives: value.cacheControlDirectives ?? {}, ...body };
}

/** Collects up to `room` bytes. More end the stream, which tells undici not to go on. */
function bodyStream(room: number, done: (body: Uint8Array[]) => void): Writable {
  const body: Uint8Array[] = [];
  let left = room;
  return new Writable({
    write(chunk: Uint8Array, _, callback) {
      left -= chunk.byteLength;
      if (left < 0) this.destroy();
      else body.push(chunk);
      callback();
    },
    final(callback) {
      done(body);
      callback();
    },
  });
}
