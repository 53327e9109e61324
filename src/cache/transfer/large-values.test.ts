/** Values that cross through a large scratch, of which there are fewer than threads. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { answers } from '../../../test/support/answers.ts';
import { BusyError } from '../../errors.ts';
import { SharedCache } from '../shared-cache.ts';

const THREADS = 8;
const ROUNDS = 6;
const MAX_ENTRY_SIZE = 2 ** 20;
const SIZES = [65_536, 1_000_000, MAX_ENTRY_SIZE];

/** Writes and reads long values. @returns what came of it */
function write(cache: SharedCache<Uint8Array>, index: number): string {
  for (let round = 0; round < ROUNDS; round++) {
    for (const size of SIZES) {
      const value = new Uint8Array(size).fill(index * ROUNDS + round);
      if (!cache.set(`${index}`, value)) return `${size} bytes refused`;
      const seen = cache.get(`${index}`);
      if (seen !== undefined && Buffer.compare(seen, value) !== 0) return `${size} bytes wrong`;
    }
  }
  return 'good';
}

/** Makes the value of 'key' short when it is told to, and says so. */
function shorten({ handle, turn }: { handle: never; turn: Int32Array<SharedArrayBuffer> }): void {
  const cache = SharedCache.attach<Uint8Array>(handle);
  parentPort!.postMessage(true);
  Atomics.wait(turn, 0, 0);
  cache.set('key', Uint8Array.of(1, 2, 3));
  Atomics.store(turn, 0, 2);
  Atomics.notify(turn, 0);
}

/** Works, or takes a large scratch and is never heard of again. */
function member({ handle, index, isHolder }: Record<string, number>): void {
  const cache = SharedCache.attach<Uint8Array>(handle as never);
  if (!isHolder) parentPort!.postMessage(write(cache, index!));
  else parentPort!.postMessage(cache.arena.kernel.takeLarge());
  if (isHolder) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  cache.close();
}

function start(cache: SharedCache<Uint8Array>, index: number, isHolder = false): Worker {
  const data = { isMember: true, handle: cache.handle, index, isHolder: isHolder ? 1 : 0 };
  return new Worker(new URL(import.meta.url), { workerData: data });
}

function open(maxSize: string): SharedCache<Uint8Array> {
  return new SharedCache({
    maxSize,
    maxEntrySize: MAX_ENTRY_SIZE,
    values: 'bytes',
    compression: 'none',
  });
}

/** What two calls that read with a version see. */
const versioned: [string, (cache: SharedCache<Uint8Array>) => Uint8Array | undefined][] = [
  ['getWithVersion', (cache) => cache.getWithVersion('key')?.value],
  [
    'update',
    (cache) => {
      let seen: Uint8Array | undefined;
      cache.update('key', (old) => (seen = old));
      return seen;
    },
  ],
];

if (!isMainThread && workerData?.turn) shorten(workerData);
else if (!isMainThread && workerData?.isMember) member(workerData);
else {
  for (const [name, read] of versioned) {
    test(`${name} of a value that becomes short while it asks for a large scratch`, async (context) => {
      using cache = open('4MiB');
      cache.set('key', new Uint8Array(20_000));
      const turn = new Int32Array(new SharedArrayBuffer(4));
      const workerData = { handle: cache.handle, turn };
      const worker = new Worker(new URL(import.meta.url), { workerData });
      await answers([worker]);
      const { kernel } = cache.arena;
      const { memory } = cache.handle.arena;
      const { takeLarge, giveLarge } = kernel;
      context.mock.method(kernel, 'takeLarge', () => {
        Atomics.store(turn, 0, 1);
        Atomics.notify(turn, 0);
        Atomics.wait(turn, 0, 1);
        return takeLarge.call(kernel);
      });
      // Who has it next writes there.
      context.mock.method(kernel, 'giveLarge', () => {
        const at = kernel.outputScratch() >>> 0;
        giveLarge.call(kernel);
        new Uint8Array(memory.buffer, at, 64).fill(255);
      });
      assert.deepEqual(read(cache), Uint8Array.of(1, 2, 3));
    });
  }

  test('eight threads store values of all lengths, and none is refused', async () => {
    using cache = open('64MiB');
    const workers = Array.from({ length: THREADS }, (_, index) => start(cache, index));
    assert.deepEqual(new Set(await answers(workers)), new Set(['good']));
    assert.equal(cache.stats().refusals, 0);
    cache.arena.check();
    await Promise.all(workers.map((worker) => worker.terminate()));
  });

  test('threads that are killed with all the large scratches leave them to others', async () => {
    using cache = open('4MiB');
    const value = new Uint8Array(20_000).fill(7);
    for (let round = 0; round < 2; round++) {
      const holders = [start(cache, 0, true), start(cache, 1, true)];
      assert.deepEqual(await answers(holders), [1, 1]);
      assert.equal(cache.arena.kernel.takeLarge(), 0, 'there are two');
      await Promise.all(holders.map((worker) => worker.terminate()));
      assert.equal(cache.set('key', value), true);
      assert.deepEqual(cache.get('key'), value);
    }
    cache.arena.check();
  });

  test('what a set that found none was to have, no other entry has', async (context) => {
    using cache = open('4MiB');
    const holders = [start(cache, 0, true), start(cache, 1, true)];
    context.after(() => Promise.all(holders.map((worker) => worker.terminate())));
    await answers(holders);
    const wait = context.mock.method(Atomics, 'wait', () => 'timed-out');
    const long = new Uint8Array(20_000);
    assert.throws(() => cache.set('long', long, { tags: ['a tag'], staleFor: 1e9 }), BusyError);
    wait.mock.restore();
    for (const key of ['a', 'a key of a length that goes beyond', 'another']) {
      cache.set(key, new Uint8Array(8));
      assert.deepEqual(cache.get(key), new Uint8Array(8), key);
      assert.deepEqual(cache.info(key)?.tags, [], key);
    }
    cache.arena.check();
  });
}
