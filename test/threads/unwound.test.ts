/**
 * Calls that the engine ends without `catch` or `finally`: a time-out of `node:vm`. What they have left
 * is repaired, nothing hangs, and the zone lives on. `unwound.ts` does the same for as long as one likes.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { subjects, type UnwoundFigures } from './unwound.ts';

/** Of these some changes cannot be repaired yet. */
const mayPoison = ['long set'];
const ROUNDS = 12;
const PATIENCE_MS = 60_000;

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
      if (!mayPoison.includes(subject)) assert.equal(figures.poisoned, 0);
    } finally {
      await worker.terminate();
    }
  });
}
