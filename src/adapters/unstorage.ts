/**
 * A driver for unstorage: one SharedCache as a storage, or as a mount, of every thread.
 *
 * Values are texts, which unstorage makes of what it is given, and raw bytes; so the cache holds
 * `values: 'bytes'`. Times are *seconds*, as in unstorage's own drivers. What the cache refuses or
 * evicts is not there any more: this is a cache, not a database. There is no `watch`: no thread is
 * told what another one stores.
 *
 * unstorage's driver contract: a missing item is null; keys are relative to the mount, with `:`
 * between their parts; `base` of `getKeys` and `clear` is such a beginning. No peer is imported:
 * the driver is an object of the shape that unstorage asks for.
 */
import { checkOptions } from '../border/arguments.ts';
import type { EntryInfo } from '../cache/calls/reader.ts';
import type { SharedCache } from '../cache/shared-cache.ts';
import { decodeText, encodeText } from '../cache/values/values.ts';
import { InvalidArgumentError } from '../errors.ts';
import { isArrayBuffer, isBytes } from '../language/brands.ts';
import { checkCache, clearPrefix, entryOf, keysWithPrefix } from './cache-argument.ts';

export interface PagelessDriverOptions {
  /** Made with `values: 'bytes'`, which is the default. Stays open when the storage is disposed. */
  cache: SharedCache<Uint8Array>;
  /** Before every key, so that other users of the cache keep theirs: `'web:'`; none by default. */
  base?: string | undefined;
  /** Seconds after which an item is gone; for ever by default. */
  ttl?: number | undefined;
}

/** What may stand in the last argument of unstorage's calls. */
export interface ItemOptions {
  /** Seconds, for this item; 0 is for ever. */
  ttl?: number | undefined;
}

export interface PagelessDriver {
  name: string;
  options: PagelessDriverOptions;
  getInstance(): SharedCache<Uint8Array>;
  hasItem(key: string): boolean;
  getItem(key: string): string | null;
  getItems(items: { key: string }[]): { key: string; value: string | null }[];
  getItemRaw(key: string): Uint8Array<ArrayBuffer> | null;
  setItem(key: string, value: string, options?: ItemOptions): void;
  setItems(items: { key: string; value: string; options?: ItemOptions }[]): void;
  setItemRaw(key: string, value: unknown, options?: ItemOptions): void;
  removeItem(key: string): void;
  /** Bytes, and the seconds that it has left unless it is for ever. */
  getMeta(key: string): { size: number; ttl?: number } | null;
  getKeys(base?: string): string[];
  clear(base?: string): void;
}

/** Makes the driver. Throws `InvalidArgumentError`. */
export function pagelessDriver(options: PagelessDriverOptions): PagelessDriver {
  const { cache, base = '', ttl } = checkOptions(options ?? {}, ['cache', 'base', 'ttl']);
  checkCache('pagelessDriver', cache, 'bytes');
  if (typeof base !== 'string') throw new InvalidArgumentError('base', 'a text', base);
  const byDefault = timeToLive(ttl);
  const lifeOf = (item?: ItemOptions) => {
    return item?.ttl === undefined ? byDefault : timeToLive(item.ttl);
  };
  const put = (key: string, bytes: Uint8Array, item?: ItemOptions) => {
    cache.set(base + key, bytes, lifeOf(item));
  };
  return {
    name: 'pageless',
    options,
    getInstance: () => cache,
    hasItem: (key) => cache.has(base + key),
    getItem: (key) => textOf(cache.get(base + key)),
    getItems: (items) => {
      const found = cache.getMany(items.map(({ key }) => base + key));
      return items.map(({ key }, i) => ({ key, value: textOf(found[i]) }));
    },
    getItemRaw: (key) => (cache.get(base + key) as Uint8Array<ArrayBuffer> | undefined) ?? null,
    setItem: (key, value, item) => put(key, encodeText('value', value), item),
    setItems: (items) => {
      cache.setMany(
        items.map(({ key, value, options }) => {
          return entryOf<Uint8Array>(base + key, encodeText('value', value), lifeOf(options));
        }),
      );
    },
    setItemRaw: (key, value, item) => put(key, bytesOf(value), item),
    removeItem: (key) => void cache.delete(base + key),
    getMeta: (key) => metaOf(cache.info(base + key)),
    getKeys: (inner = '') => {
      return keysWithPrefix(cache, base + inner).map((key) => key.slice(base.length));
    },
    clear: (inner = '') => clearPrefix(cache, base + inner),
  };
}

function textOf(bytes: Uint8Array | undefined): string | null {
  return bytes ? decodeText(bytes) : null;
}

/** Seconds are whole, as unstorage's server sends them on as `max-age`. */
function metaOf(info: EntryInfo | undefined): { size: number; ttl?: number } | null {
  if (info === undefined || info.isStale) return null;
  const { size, ttl } = info;
  return ttl === Number.POSITIVE_INFINITY ? { size } : { size, ttl: Math.floor(ttl / 1000) };
}

/** The bytes of what somebody gives as raw. */
function bytesOf(value: unknown): Uint8Array {
  if (typeof value === 'string') return encodeText('value', value);
  if (isBytes(value)) return value;
  if (isArrayBuffer(value)) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  throw new InvalidArgumentError('value', 'bytes (a Uint8Array, buffer or view) or a text', value);
}

function timeToLive(seconds: number | undefined): { ttl: number } | undefined {
  if (seconds === undefined || seconds === 0 || seconds === Number.POSITIVE_INFINITY)
    return undefined;
  if (typeof seconds === 'number' && seconds > 0) return { ttl: Math.ceil(seconds * 1000) };
  throw new InvalidArgumentError('ttl', 'a number of seconds, from 0 on', seconds);
}
