/**
 * The cache that an adapter is given: a SharedCache whose values are of the kind that it needs.
 *
 * Known by its face, not by its class: a program may hold the library twice, once as ES module and
 * once as CommonJS, and both are at home in the same zone.
 */
import type { SharedCache } from '../cache/shared-cache.ts';
import type { ValueKind } from '../cache/values/values.ts';
import { InvalidArgumentError } from '../errors.ts';

/**
 * Throws `InvalidArgumentError` unless `cache` is a SharedCache of this kind, and all that is
 * given; names the right one.
 */
export function checkCache(adapter: string, cache: unknown, values: ValueKind, rest = 0): void {
  if (rest > 0) {
    const expected = `left out: ${adapter} takes the cache alone, and Keyv the namespace and ttl`;
    throw new InvalidArgumentError('options', expected, `${rest} more`);
  }
  const handle = (cache as SharedCache | undefined)?.handle;
  if (handle?.kind !== 'pageless-cache') {
    throw new InvalidArgumentError('cache', `a SharedCache with values: '${values}'`, cache);
  }
  if (handle.values !== values) {
    const expected = `'${values}' for ${adapter}, as in new SharedCache({ values: '${values}', … })`;
    throw new InvalidArgumentError('cache.handle.values', expected, handle.values);
  }
}

/** An entry for `setMany`. */
export function entryOf<V>(key: string, value: V, life?: { ttl: number }): Entry<V> {
  return life === undefined ? [key, value] : [key, value, life];
}

type Entry<V> = readonly [key: string, value: V, life?: { ttl: number }];

/** Removes the entries whose keys begin so; those that other threads add meanwhile may stay. */
export function clearPrefix<T>(cache: SharedCache<T>, prefix: string): void {
  if (prefix === '') cache.clear();
  else for (const key of keysWithPrefix(cache, prefix)) cache.delete(key);
}

/** The keys that begin so. Cost: a look at every key of the cache. */
export function keysWithPrefix<T>(cache: SharedCache<T>, prefix: string): string[] {
  const keys = new Set<string>();
  for (const key of cache.keys()) {
    if (typeof key === 'string' && key.startsWith(prefix)) keys.add(key);
  }
  return [...keys];
}
