/** What a killed thread leaves in the tier: what `flush` has answered for. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { SharedCache } from '../../src/cache/constructor.ts';
import { lmdbTier } from '../../src/tier/lmdb.ts';
import { until } from '../support/tiered.ts';
import type { Dying } from './dying-writer.ts';

const KEYS = ['set', 'deleted'];

for (const flushes of [true, false]) {
  const what = flushes
    ? 'what a thread had flushed when it was killed is in the tier'
    : 'what a thread had not sent when it was killed is here for maxStaleMs, and never in the tier';
  test(what, async () => {
    const path = mkdtempSync(join(tmpdir(), 'pageless-dying-'));
    const tier = lmdbTier({ path, timeoutMs: 20_000, maxStaleMs: 500 });
    const cache = new SharedCache<string>({ maxSize: '16MiB', values: 'string', tier });
    try {
      for (const key of KEYS) cache.set(key, 'older');
      await cache.flush();
      const program = new URL('./dying-writer.ts', import.meta.url);
      const workerData: Dying = { handle: cache.handle, path, flushes };
      const worker = new Worker(program, { workerData });
      await once(worker, 'message');
      await worker.terminate();
      assert.ok([undefined, 'newer'].includes(cache.get('set')), 'nothing older');
      assert.equal(cache.get('deleted'), undefined);
      await until(() => cache.get('set') === undefined);
      const now = await cache.getManyAsync(KEYS);
      assert.deepEqual(now, flushes ? ['newer', undefined] : ['older', 'older']);
    } finally {
      cache.close();
      rmSync(path, { recursive: true, force: true });
    }
  });
}
