/**
 * Bytes over shared memory that another thread makes grow, while this one stores them: all types
 * are honest, and the length that was read is old when it is used. What is stored is what was
 * counted or a beginning of it, and nothing beside it changes.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { SharedCache } from '../../src/index.ts';

const ROUNDS = 3000;
/** Longer keys are refused. */
const LONGEST_KEY = 2048;
const LARGE = 200_000;

/** Grows buffer n, at once, a little after the first word says n. */
const grower = `
const { workerData: { turn, buffers }, parentPort } = require('node:worker_threads');
parentPort.postMessage('ready');
for (const [n, buffer] of buffers.entries()) {
  while (Atomics.load(turn, 0) < n) Atomics.wait(turn, 0, n - 1, 1);
  for (let i = 0; i < n % 1000; i++) Atomics.load(turn, 0);
  buffer.grow(${LARGE});
  Atomics.store(turn, 1, n + 1);
}`;

test('what grows while it is stored changes nothing else', async (context) => {
  using cache = new SharedCache({ maxSize: '16MiB' });
  /** A codec that gives out what it is given. */
  using open = SharedCache.attach<Uint8Array>(
    { ...cache.handle, values: 'own' },
    {
      values: { serialize: (value) => value, deserialize: (bytes) => bytes },
    },
  );
  using pool = cache.arena.createZsPool();
  const handle = pool.malloc(0)!;
  const kept = new Uint8Array(500).fill(5);
  for (let i = 0; i < 1000; i++) cache.set(`kept ${i}`, kept);
  const others: ((view: Uint8Array) => unknown)[] = [
    (view) => cache.setMany([['grows', view] as const, ['kept 1', kept] as const]),
    (view) => cache.setMany([[view, kept] as const, ['kept 2', kept] as const]),
    (view) => cache.getMany([view, 'kept 3', view]),
    (view) => cache.deleteMany([view, 'no key', view]),
    (view) => cache.update('grows', () => view),
    (view) => cache.replace('grows', view),
    (view) => cache.getOrSetSync(`new ${view.length}`, () => view),
    (view) => cache.namespace('one').set('grows', view, { tags: ['tag'] }),
    (view) => cache.getInto('kept 4', view),
    (view) => open.set('grows', view),
  ];
  const turn = new Int32Array(new SharedArrayBuffer(8));
  const buffers = Array.from(
    { length: ROUNDS },
    () => new SharedArrayBuffer(100, { maxByteLength: LARGE }),
  );
  const worker = new Worker(grower, { eval: true, workerData: { turn, buffers } });
  context.after(() => worker.terminate());
  await once(worker, 'message');
  for (const [n, buffer] of buffers.entries()) {
    const view = new Uint8Array(buffer).fill(7);
    Atomics.store(turn, 0, n);
    Atomics.notify(turn, 0);
    while (Atomics.load(turn, 1) <= n) {
      cache.set('grows', view);
      if (view.length <= LONGEST_KEY) attempt(() => cache.set(view, kept));
      attempt(() => pool.write(handle, view));
      const other = others[n % others.length]!;
      attempt(() => other(view));
    }
  }
  await once(worker, 'exit');
  for (let i = 0; i < 1000; i++) assert.deepEqual(cache.get(`kept ${i}`), kept, `kept ${i}`);
  cache.arena.check();
});

/** It may have grown beyond what is allowed, or be shorter than what is to be put into it. */
function attempt(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    const { code = '' } = error as { code?: string };
    assert.match(code, /^ERR_PAGELESS_(INVALID_ARGUMENT|TARGET_TOO_SMALL)$/);
  }
}
