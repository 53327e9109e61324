/** A thread that changes two keys, sends one of them or both, says so, and waits to be killed. */
import { parentPort, workerData } from 'node:worker_threads';
import { SharedCache, type SharedCacheHandle } from '../../src/index.ts';
import { lmdbTier } from '../../src/tier/lmdb.ts';

export interface Dying {
  readonly handle: SharedCacheHandle;
  readonly path: string;
  readonly flushes: boolean;
}

const { handle, path, flushes } = workerData as Dying;
const behind = { writes: 'behind', writeDelayMs: 600_000, timeoutMs: 20_000 } as const;
const cache = SharedCache.attach<string>(handle, { tier: lmdbTier({ path, ...behind }) });
cache.set('set', 'newer');
cache.delete('deleted');
if (flushes) await cache.flush();
parentPort!.postMessage('changed');
setInterval(() => {}, 60_000);
