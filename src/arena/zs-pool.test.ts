/** ZsPool as users see it: contents, handles, misuse, threads, compaction. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { answers } from '../../test/support/answers.ts';
import { wordOfSlot } from '../../test/support/structures.ts';
import * as facts from '../generated/facts.ts';
import { Arena, SharedCache, ZsPool, type ZsPoolHandle } from '../index.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const noise = (seed: number, n: number): Uint8Array =>
  Uint8Array.from({ length: n }, (_, i) => Math.imul(seed + i, 2654435761) >>> 24);

test('what is written is read, until it is freed', () => {
  using arena = new Arena({ size: '8MiB' });
  using pool = arena.createZsPool();
  const handle = pool.malloc(10)!;
  assert.deepEqual(pool.read(handle), new Uint8Array(10));
  for (const n of [0, 1, 100, 4092, 4096]) {
    assert.equal(pool.write(handle, noise(n, n)), true);
    assert.deepEqual(pool.read(handle), noise(n, n));
    assert.ok(pool.read(handle).buffer instanceof ArrayBuffer, 'a copy');
  }
  pool.free(handle);
  const stale = { code: 'ERR_PAGELESS_STALE' };
  assert.throws(() => pool.read(handle), stale);
  assert.throws(() => pool.free(handle), stale);
  assert.throws(() => pool.write(handle, text('x')), stale);
  arena.check();
});

test('misuse is a typed error, and changes nothing', () => {
  using arena = new Arena({ size: '8MiB' });
  using pool = arena.createZsPool();
  using other = arena.createZsPool();
  const handle = pool.malloc(5)!;
  pool.write(handle, text('hello'));
  const foreign = { code: 'ERR_PAGELESS_FOREIGN_HANDLE', handle };
  assert.throws(() => other.read(handle), foreign);
  assert.throws(() => other.free(handle), foreign);
  const invalid = { code: 'ERR_PAGELESS_INVALID_ARGUMENT' };
  for (const bad of [-1, 4097, 1.5, Number.NaN, '5']) {
    assert.throws(() => pool.malloc(bad as number), invalid);
  }
  for (const bad of [0, -1, 2 ** 53, Number.NaN, 'x', undefined]) {
    assert.throws(() => pool.read(bad as number), invalid);
    assert.throws(() => pool.free(bad as number), invalid);
  }
  for (const bad of [new Uint8Array(4097), 'text', [1], undefined]) {
    assert.throws(() => pool.write(handle, bad as Uint8Array), invalid);
  }
  for (const bad of [undefined, {}, { ...pool.handle, pool: 0 }, { ...pool.handle, pool: 5.5 }]) {
    assert.throws(() => ZsPool.attach(bad as ZsPoolHandle), invalid);
  }
  assert.throws(() => pool.compact({ threshold: 2 }), invalid);
  assert.throws(() => pool.compact({ budgetMs: -1 }), invalid);
  assert.deepEqual(pool.read(handle), text('hello'));
  arena.check();
});

test('a disposed pool, or one of a disposed arena, says so', () => {
  const arena = new Arena({ size: '4MiB' });
  const pool = arena.createZsPool();
  const twin = ZsPool.attach(pool.handle);
  pool[Symbol.dispose]();
  pool[Symbol.dispose]();
  assert.throws(() => pool.malloc(1), { code: 'ERR_PAGELESS_DISPOSED' });
  arena[Symbol.dispose]();
  const handle = twin.malloc(3)!;
  twin.write(handle, text('abc'));
  assert.deepEqual(twin.read(handle), text('abc'), 'who attached has an arena of its own');
  twin[Symbol.dispose]();
  assert.throws(() => twin.read(handle), { code: 'ERR_PAGELESS_DISPOSED' });
});

test('a full arena: malloc and write say so, and frees make room again', () => {
  using arena = new Arena({ size: '4MiB' });
  using pool = arena.createZsPool();
  const handles: number[] = [];
  for (let isFull = false; !isFull; ) {
    const handle = pool.malloc(3000);
    isFull = handle === undefined || !pool.write(handle, noise(handles.length, 3000));
    if (handle !== undefined) handles.push(handle);
  }
  assert.ok(handles.length > 700);
  arena.check();
  for (const handle of handles.splice(0, 300)) pool.free(handle);
  for (let i = 0; i < 200; i++) {
    const handle = pool.malloc(0);
    if (handle !== undefined && pool.write(handle, noise(i, 3000))) handles.push(handle);
  }
  assert.ok(handles.length > 550);
  arena.check();
});

test('compaction gives pages back, within its budget, and reports', () => {
  using arena = new Arena({ size: '16MiB' });
  using pool = arena.createZsPool();
  const handles = Array.from({ length: 4000 }, (_, i) => {
    const handle = pool.malloc(0)!;
    assert.ok(pool.write(handle, noise(i, 200 + 70 * (i % 11))));
    return handle;
  });
  const kept = handles.filter((_, i) => i % 4 === 0);
  for (const [i, handle] of handles.entries()) if (i % 4 !== 0) pool.free(handle);
  assert.equal(pool.compact({ budgetMs: 0 }).isComplete, false);
  const before = pool.report();
  const report = pool.compact({ budgetMs: Number.POSITIVE_INFINITY });
  assert.equal(report.isComplete, true);
  assert.ok(report.moved > 0 && report.pagesFreed > 0);
  const freeable = (classes: { freeable: number }[]): number =>
    classes.reduce((sum, one) => sum + one.freeable, 0);
  assert.ok(freeable(before) >= 100);
  // Beside the cost of a few objects that were freed last and wait for their grace period.
  assert.ok(freeable(pool.report()) <= 16);
  for (const [i, handle] of kept.entries()) {
    assert.deepEqual(pool.read(handle), noise(4 * i, 200 + 70 * ((4 * i) % 11)));
  }
  arena.check();
});

test('a reader that stands still makes free busy at last, not lossy', () => {
  using arena = new Arena({ size: '4MiB' });
  using pool = arena.createZsPool();
  const handles = Array.from({ length: 200 }, () => {
    const handle = pool.malloc(0)!;
    pool.write(handle, new Uint8Array(100).fill(9));
    return handle;
  });
  // As if a thread in another slot were inside a read section, and not run by the system.
  const reader = new BigUint64Array(arena.memory.buffer, wordOfSlot(9, 'inKernel'), 1);
  const threads = new Uint32Array(arena.memory.buffer, facts.THREADS_STATE, 2);
  threads[1] = Math.max(threads[1]!, 9);
  // The epoch stands above the 16 bits of the operation.
  Atomics.store(reader, 0, 1n << 16n);
  const freed: number[] = [];
  assert.throws(
    () => {
      for (const handle of handles) {
        pool.free(handle);
        freed.push(handle);
      }
    },
    { code: 'ERR_PAGELESS_BUSY' },
  );
  assert.ok(freed.length >= facts.THREAD_FREED);
  Atomics.store(reader, 0, 0n);
  for (const handle of handles.slice(freed.length)) pool.free(handle);
  arena.check();
});

test('the cache is one pool among others', () => {
  using cache = new SharedCache({ maxSize: '8MiB' });
  using pool = cache.arena.createZsPool();
  const handle = pool.malloc(0)!;
  pool.write(handle, text('beside'));
  cache.set('key', text('value'));
  cache.clear();
  assert.deepEqual(pool.read(handle), text('beside'));
  cache.arena.check();
});

/** Reads, writes, frees and compacts at random; every object says what it is. */
const churn = `
import { workerData, parentPort } from 'node:worker_threads';
const { handles } = workerData;
const { ZsPool } = await import(workerData.index_url);
using pool = ZsPool.attach(workerData.pool);
let state = workerData.seed;
const random = (n) => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8) % n;
const value = (tag) => new Uint8Array(8 + (tag % 2000)).fill(tag & 255).map((b, i) => (i < 4 ? (tag >>> (8 * i)) & 255 : (b + i) & 255));
const check = (bytes) => {
  if (bytes.length < 8) return;
  const tag = bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24);
  const expected = value(tag);
  if (Buffer.compare(bytes, expected) !== 0) throw new Error('torn: ' + tag);
};
let reads = 0;
for (let round = 0; round < workerData.rounds; round++) {
  const handle = handles[random(handles.length)];
  if (random(4) === 0) pool.write(handle, value(1 + random(1e6)));
  else { check(pool.read(handle)); reads++; }
  if (random(200) === 0) pool.compact({ budgetMs: 0.2 });
}
parentPort.postMessage(reads);
`;

test('threads write, read and compact together: nobody sees a mixture', async () => {
  using arena = new Arena({ size: '16MiB' });
  using pool = arena.createZsPool();
  const handles = Array.from({ length: 300 }, () => pool.malloc(0)!);
  const index_url = new URL('../index.ts', import.meta.url).href;
  const workers = [1, 2, 3].map((seed) => {
    const workerData = { index_url, pool: pool.handle, handles, seed, rounds: 4000 };
    const source = new URL(`data:text/javascript,${encodeURIComponent(churn)}`);
    return new Worker(source, { workerData });
  });
  for (const reads of await answers(workers)) assert.ok((reads as number) > 1000);
  await Promise.all(workers.map((worker) => worker.terminate()));
  for (const handle of handles) pool.free(handle);
  arena.check();
});
