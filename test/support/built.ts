/**
 * The library as it is built for Node, with the types of its source: a worker that loads it is at
 * work three times as soon, so that many of them can be killed.
 */
import type * as source from '../../src/index.ts';

const built = new URL('../../dist/node/index.js', import.meta.url);
const library = (await import(built.href)) as typeof source;

export const { SharedCache, CorruptionError } = library;
export type SharedCache<T = source.Bytes> = source.SharedCache<T>;
export type { SharedCacheHandle } from '../../src/index.ts';
