/**
 * A thread that calls `getOrSet` of each key that it is told, and says so when it has the value.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { SharedCache, type SharedCacheHandle } from '../../src/index.ts';
import { redisTier } from '../../src/tier/redis.ts';

const { handle, path } = workerData as { handle: SharedCacheHandle; path: string };
const tier = redisTier({ keyPrefix: 'one', socket: { path }, timeoutMs: 5000 });
const cache = SharedCache.attach(handle, { tier });

parentPort!.on('message', async (key: string) => {
  await cache.getOrSet(key, () => {
    throw new Error('the server has it');
  });
  parentPort!.postMessage('done');
});
await tier.connect();
parentPort!.postMessage('ready');
