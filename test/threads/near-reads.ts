/** What reader and writer of near.test.ts agree on, and the reader's loop. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { SharedCache, type SharedCacheHandle } from '../../src/index.ts';

export const KEYS = 8;

export interface WriterData {
  handle: SharedCacheHandle;
  /** By key: the number that its last write has had when it was over. Then: whether to end. */
  acknowledged: Int32Array;
}

export function keyOf(key: number): string {
  return `key ${key}`;
}

export interface Reads {
  /** Reads of a number below what had been acknowledged, or below one that was read before. */
  stale: number;
  hits: number;
  outdated: number;
}

/** Reads beside a writer until so many hits were near, and so many were outdated. */
export async function readBeside(hits: number, outdated: number): Promise<Reads> {
  const near = { max: KEYS };
  using cache = new SharedCache<{ n: number }>({ maxSize: '8MiB', values: 'json', near });
  const acknowledged = new Int32Array(new SharedArrayBuffer(4 * (KEYS + 1)));
  const workerData: WriterData = { handle: cache.handle, acknowledged };
  const worker = new Worker(new URL('./near-writer.ts', import.meta.url), { workerData });
  const exit = once(worker, 'exit');
  let failure: unknown;
  worker.once('error', (error) => {
    failure = error;
  });
  const seen = new Int32Array(KEYS);
  let stale = 0;
  let stats = cache.stats().near!;
  while (stats.hits < hits || (stats.outdated < outdated && stale === 0)) {
    for (let i = 0; i < 1000; i++) {
      const key = i % KEYS;
      const least = Math.max(Atomics.load(acknowledged, key), seen[key]!);
      const n = cache.get(keyOf(key))?.n;
      if (n === undefined) continue;
      if (n < least) stale++;
      seen[key] = n;
    }
    stats = cache.stats().near!;
    await new Promise(setImmediate);
    if (failure !== undefined) throw failure;
  }
  Atomics.store(acknowledged, KEYS, 1);
  Atomics.notify(acknowledged, KEYS);
  await exit;
  return { stale, hits: stats.hits, outdated: stats.outdated };
}
