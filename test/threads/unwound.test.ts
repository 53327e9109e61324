/**
 * Calls that the engine ends without `catch` or `finally`: a time-out of `node:vm`. What they have
 * left is repaired, nothing hangs, and the zone lives on. `unwound.ts` does the same for as long as
 * one likes.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import * as facts from '../../src/generated/facts.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { Actor, createCache, wordOf } from './crew.ts';
import { subjects, type UnwoundFigures } from './unwound.ts';

const ROUNDS = 12;

for (const subject of Object.keys(subjects)) {
  test(`${subject}: cut short ${ROUNDS} times, in a loop of calls`, async (context) => {
    const file = new URL('./unwound.ts', import.meta.url);
    // On a thread of its own: should it hang, the test fails.
    const worker = new Worker(file, { workerData: { subject, rounds: ROUNDS } });
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      const [figures] = (await once(worker, 'message', { signal })) as [UnwoundFigures];
      context.diagnostic(JSON.stringify(figures));
      assert.equal(figures.cut, ROUNDS);
      assert.equal(figures.poisoned, 0);
    } finally {
      await worker.terminate();
    }
  });
}

test('a thread that was cut short, and makes no other call, is found by who waits for it', async () => {
  using cache = await createCache();
  const idle = await Actor.start(cache.handle);
  const words = new Int32Array(cache.arena.memory.buffer);
  await idle.call('leaveLock');
  // It waits for that lock, and the next one until nobody is inside.
  cache.arena.registerType({ name: 'of a test', descriptorBytes: 32 });
  cache.arena.check();
  assert.equal(words[facts.MEMDESC_STATE >> 2], 0, 'its lock is free');
  assert.equal(words[wordOf(3, 'inKernel')], 0, 'its call is over');
  await idle.call('set', 'key', 1000);
  assert.equal(cache.get('key')?.length, 1000);
  await idle.call('dispose');
  await idle.worker.terminate();
});

test('its own next call finds it, and so does the end of its turn', async () => {
  using cache = await createCache();
  const words = new Int32Array(cache.arena.memory.buffer);
  const mark = wordOf(1, 'inKernel');
  words[mark] = facts.OP_WRITE;
  assert.equal(cache.set('key', Uint8Array.of(1)), true);
  words[mark] = facts.OP_OBJECT;
  await null;
  assert.equal(words[mark], 0);
  cache.arena.check();
});
