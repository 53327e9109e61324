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

/** What another thread makes of 'key', and when. */
interface Change {
  handle: unknown;
  turn: Int32Array<SharedArrayBuffer>;
  /** Whether the cache has a clock of its own. */
  isOwn: boolean;
  value: Uint8Array;
  ttl: number;
}

const now = () => 1000;

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

/** Sets 'key' to another value when it is told to, and says so. */
function change({ handle, turn, isOwn, value, ttl }: Change): void {
  const cache = SharedCache.attach<Uint8Array>(handle as never, isOwn ? { now } : {});
  parentPort!.postMessage(true);
  Atomics.wait(turn, 0, 0);
  cache.set('key', value, { ttl });
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

function open(maxSize: string, own: { now?: () => number } = {}): SharedCache<Uint8Array> {
  return new SharedCache({
    ...own,
    maxSize,
    maxEntrySize: MAX_ENTRY_SIZE,
    values: 'bytes',
    compression: 'none',
  });
}

type Read = (cache: SharedCache<Uint8Array>) => Uint8Array | undefined;

/** What calls that read see. */
const reads: Record<string, Read> = {
  get: (cache) => cache.get('key'),
  peek: (cache) => cache.peek('key'),
  read: (cache) => cache.read('key', (bytes) => bytes.slice()),
  getInto: (cache) => {
    const target = new Uint8Array(MAX_ENTRY_SIZE);
    const length = cache.getInto('key', target);
    return length === undefined ? undefined : target.slice(0, length);
  },
  getWithVersion: (cache) => cache.getWithVersion('key')?.value,
  update: (cache) => {
    let seen: Uint8Array | undefined;
    cache.update('key', (old) => (seen = old));
    return seen;
  },
};

/** What a value becomes while it is read. */
const changes: [string, Omit<Change, 'handle' | 'turn'>][] = [
  ['becomes short', { isOwn: false, value: Uint8Array.of(1, 2, 3), ttl: 0 }],
  ['expires from then on', { isOwn: false, value: new Uint8Array(20_000).fill(7), ttl: 1e6 }],
  ['expires by a clock of one’s own', { isOwn: true, value: new Uint8Array(30_000), ttl: 1e6 }],
];

if (!isMainThread && workerData?.turn) change(workerData);
else if (!isMainThread && workerData?.isMember) member(workerData);
else {
  for (const [what, changed] of changes) {
    for (const [name, read] of Object.entries(reads)) {
      test(`${name} asks for a large scratch while the value ${what}`, async (context) => {
        using cache = open('4MiB', changed.isOwn ? { now } : {});
        cache.set('key', new Uint8Array(20_000));
        const turn = new Int32Array(new SharedArrayBuffer(4));
        const workerData = { handle: cache.handle, turn, ...changed };
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
        assert.deepEqual(read(cache), changed.value);
      });
    }
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
