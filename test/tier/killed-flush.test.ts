/** Threads that are killed while they flush: what `flush` had answered for is in the tier. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { SharedCache } from '../../src/cache/constructor.ts';
import { lmdbTier } from '../../src/tier/lmdb.ts';
import { redisTier } from '../../src/tier/redis.ts';
import { leftOut, RedisServer } from '../support/redis-server.ts';
import { until } from '../support/tiered.ts';
import type { Flushing } from './killed-flush.ts';

const KILLS = 12;
/** More than a batch, so that some of a flush may be there and the rest not. */
const keys = Array.from({ length: 300 }, (_, i) => `key:${i}`);

async function killAndLook(kind: 'redis' | 'lmdb', place: string): Promise<void> {
  const open = () => {
    const policy = { timeoutMs: 20_000 };
    const tier =
      kind === 'lmdb'
        ? lmdbTier({ path: place, ...policy })
        : redisTier({ keyPrefix: 'app', socket: { path: place }, ...policy });
    return new SharedCache<string>({ maxSize: '16MiB', values: 'string', tier });
  };
  const cache = open();
  const rounds = new Int32Array(new SharedArrayBuffer(8));
  for (let kill = 0; kill < KILLS; kill++) {
    const workerData: Flushing = { handle: cache.handle, kind, place, keys, rounds };
    const worker = new Worker(new URL('./killed-flush.ts', import.meta.url), { workerData });
    const before = Atomics.load(rounds, 1);
    await until(() => Atomics.load(rounds, 1) > before);
    // Somewhere in a round.
    await sleep(kill % 4);
    await worker.terminate();
    const [begun, flushed] = rounds;
    // Answers to what it had sent may still be on their way.
    await sleep(20);
    const fresh = open();
    for (const [i, value] of (await fresh.getManyAsync(keys)).entries()) {
      const round = Number(value);
      assert.ok(
        round >= flushed! && round <= begun!,
        `${keys[i]}: ${round} of ${flushed}–${begun}`,
      );
    }
    fresh.close();
  }
  // Nobody waits for a dead one: the next writer goes on.
  cache.set('after', 'all');
  assert.equal((await cache.flush()).dropped, 0);
  cache.close();
}

test('killed while it flushes to Redis', { skip: leftOut }, async () => {
  const server = await RedisServer.start();
  try {
    await killAndLook('redis', server.path);
  } finally {
    await server.stop();
  }
});

test('killed while it flushes to LMDB, by way of the main thread', async () => {
  const path = mkdtempSync(join(tmpdir(), 'pageless-killed-'));
  try {
    await killAndLook('lmdb', path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
});
