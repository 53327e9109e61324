/**
 * A cache under a worker pool that throws its threads away, through Keyv: 40 threads here, and 200
 * in the matrix. The threads run the built package, as a pool's do.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { SharedCache } from '../../src/cache/shared-cache.ts';
import type { Done } from './pool-task.ts';

const POOLS = Number(process.env.PAGELESS_POOLS ?? 4);
const THREADS = 10;
const TASKS = 12;

test('short-lived threads of Piscina share, and leave nothing behind', async () => {
  const cache = new SharedCache<string>({ maxSize: '16MiB', values: 'string' });
  const filename = fileURLToPath(new URL('pool-task.ts', import.meta.url));
  const threads = new Set<number>();
  let tasks = 0;
  let seen = 0;
  for (let round = 0; round < POOLS; round++) {
    const size = { minThreads: THREADS, maxThreads: THREADS };
    const pool = new Piscina({ filename, ...size, workerData: { cache: cache.handle } });
    const indices = Array.from({ length: TASKS }, () => tasks++);
    const done: Done[] = await Promise.all(indices.map((index) => pool.run(index)));
    for (const { threadId } of pool.threads) threads.add(threadId);
    assert.deepEqual(
      done.flatMap(({ errors }) => errors),
      [],
    );
    seen += done.reduce((sum, one) => sum + one.seen, 0);
    await pool.destroy();
  }
  assert.equal(tasks, POOLS * TASKS);
  assert.equal(threads.size, POOLS * THREADS);
  assert.ok(seen > tasks, `${seen} values of others were seen`);
  cache.arena.check();
  cache.close();
});
