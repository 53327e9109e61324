/** Threads that join a cache which is full, and small: each for a few single pages. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { answers } from '../../test/support/answers.ts';
import * as facts from '../generated/facts.ts';
import { SharedCache } from './shared-cache.ts';

const THREADS = 30;
/** Its own page, its state, key, input, output, table. */
const PAGES = 6;
const VALUE_BYTES = 100;
/** Round a long value goes through a large scratch, of which there are two. */
const LONG_BYTES = 20_000;
const LONG_ROUNDS = 10;

/** Says that it runs, joins when all do, and says so. */
async function newcomer(go: Int32Array<SharedArrayBuffer>): Promise<void> {
  parentPort!.postMessage('runs');
  Atomics.wait(go, 0, 0);
  const cache = SharedCache.attach<Uint8Array>(workerData.handle);
  parentPort!.postMessage(cache.has('newest'));
}

/** Answers whether it has joined and reads; then, when it is asked, what long values came to. */
async function member(index: number): Promise<void> {
  const cache = SharedCache.attach<Uint8Array>(workerData.handle);
  parentPort!.postMessage(cache.has('newest'));
  await once(parentPort!, 'message');
  let outcome = 'good';
  for (let i = 0; i < LONG_ROUNDS; i++) {
    const value = new Uint8Array(LONG_BYTES + i).fill(index);
    if (!cache.set(`long ${index}`, value)) outcome = 'refused';
    const seen = cache.get(`long ${index}`);
    if (seen !== undefined && Buffer.compare(seen, value) !== 0) outcome = 'wrong';
  }
  parentPort!.postMessage(outcome);
  cache.close();
}

function fullCache(): SharedCache<Uint8Array> {
  const options = { maxSize: 4 * 2 ** 20, values: 'bytes', compression: 'none' } as const;
  const cache = new SharedCache<Uint8Array>(options);
  const value = new Uint8Array(VALUE_BYTES);
  for (let i = 0; i < 60_000; i++) cache.set(`key ${i}`, value);
  cache.set('newest', value);
  return cache;
}

if (!isMainThread && workerData?.go !== undefined) await newcomer(workerData.go);
else if (!isMainThread && workerData?.member !== undefined) await member(workerData.member);
else {
  test('30 threads join a full cache of 4 MiB for single pages, and nobody is refused', async () => {
    using cache = fullCache();
    const before = cache.stats().evictions;
    const workers: Worker[] = [];
    for (let index = 0; index < THREADS; index++) {
      const data = { member: index, handle: cache.handle };
      const worker = new Worker(new URL(import.meta.url), { workerData: data });
      workers.push(worker);
      assert.deepEqual(await answers([worker]), [true], `thread ${index}`);
    }
    // An entry takes more than its value: this many, if each page that was taken was full of them.
    const lost = cache.stats().evictions - before;
    const most = (THREADS * PAGES * facts.PAGE_BYTES) / VALUE_BYTES;
    assert.ok(lost <= most, `${lost} entries lost, ${most} at most`);
    for (const worker of workers) worker.postMessage('long');
    const outcomes = await answers(workers);
    assert.deepEqual(new Set(outcomes), new Set(['good']));
    await Promise.all(workers.map((worker) => worker.terminate()));
    cache.arena.check();
  });

  test('16 threads join a full cache at once, and nobody is refused', async () => {
    using cache = fullCache();
    const go = new Int32Array(new SharedArrayBuffer(4));
    const data = { go, handle: cache.handle };
    const workers = Array.from(
      { length: 16 },
      () => new Worker(new URL(import.meta.url), { workerData: data }),
    );
    await answers(workers);
    const joined = answers(workers);
    Atomics.store(go, 0, 1);
    Atomics.notify(go, 0);
    assert.deepEqual(new Set(await joined), new Set([true]));
    await Promise.all(workers.map((worker) => worker.terminate()));
    cache.arena.check();
  });
}
