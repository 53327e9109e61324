/**
 * A thread that sets keys to the number of a round and flushes them, round after round, until it is
 * killed; what it has flushed last stands in shared memory.
 */
import { workerData } from 'node:worker_threads';
import { SharedCache, type SharedCacheHandle } from '../../src/index.ts';
import { lmdbTier } from '../../src/tier/lmdb.ts';
import { redisTier } from '../../src/tier/redis.ts';

export interface Flushing {
  readonly handle: SharedCacheHandle;
  readonly kind: 'redis' | 'lmdb';
  readonly place: string;
  readonly keys: string[];
  /** Round that was begun, and round that was flushed, last. */
  readonly rounds: Int32Array;
}

const { handle, kind, place, keys, rounds } = workerData as Flushing;
const policy = { timeoutMs: 20_000 };
const tier =
  kind === 'lmdb'
    ? lmdbTier({ path: place, ...policy })
    : redisTier({ keyPrefix: 'app', socket: { path: place }, ...policy });
await tier.connect();
const cache = SharedCache.attach<string>(handle, { tier });
for (;;) {
  const round = Atomics.add(rounds, 0, 1) + 1;
  cache.setMany(keys.map((key) => [key, `${round}`.padEnd(500)] as const));
  const { dropped } = await cache.flush();
  if (dropped === 0) Atomics.store(rounds, 1, round);
}
