/** A cache in the memory of one that was closed. */
import type { SharedCache } from '../../src/index.ts';

const TRIES = 40;

/**
 * Where the supervisor gets no processor for half a second the old memory is not free yet, and the
 * cache has memory of its own: then another one is made.
 *
 * @param buffer  of the cache that was closed last
 * @param make  makes one of the same size
 */
export function nextCacheIn<T>(
  buffer: ArrayBufferLike,
  make: () => SharedCache<T>,
): SharedCache<T> {
  const beside: SharedCache<T>[] = [];
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      const cache = make();
      if (cache.arena.memory.buffer === buffer) return cache;
      beside.push(cache);
    }
  } finally {
    for (const cache of beside) cache.close();
  }
  throw new Error(`no cache in the same memory in ${TRIES} attempts`);
}
