/** `update` beside a thread that changes the same key: no change is lost, at whichever try. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { SharedCache } from '../../src/index.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { ASKED, CHANGES, DONE, type UpdaterData } from './updater.ts';

/** Runs beside a thread that makes one change each time it is asked, or `many` on its own. */
async function beside(
  kind: UpdaterData['kind'],
  many: number,
  run: (cache: SharedCache<number>, words: Int32Array, ask: () => void) => void,
): Promise<void> {
  using cache = new SharedCache<number>({ maxSize: '8MiB', values: 'json' });
  cache.set('key', 0);
  const words = new Int32Array(new SharedArrayBuffer(8));
  const workerData: UpdaterData = { handle: cache.handle, words, kind, many };
  const worker = new Worker(new URL('./updater.ts', import.meta.url), { workerData });
  const end = new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', resolve);
  });
  const ask = () => {
    const asked = Atomics.add(words, ASKED, 1) + 1;
    Atomics.notify(words, ASKED);
    const done = Atomics.wait(words, DONE, asked - 1, PATIENCE_MS);
    assert.notEqual(done, 'timed-out', 'the other thread answers');
  };
  try {
    run(cache, words, ask);
  } finally {
    Atomics.store(words, ASKED, -1);
    Atomics.notify(words, ASKED);
    await end;
  }
  cache.arena.check();
}

for (const kind of Object.keys(CHANGES) as UpdaterData['kind'][]) {
  test(`a slow update loses no ${kind} of another thread`, async () => {
    await beside(kind, 0, (cache, _words, ask) => {
      for (let losses = 0; losses < 8; losses++) {
        cache.set('key', 0);
        let calls = 0;
        const sum = cache.update('key', (old) => {
          if (calls++ < losses) ask();
          return old! + 1;
        });
        assert.deepEqual([calls, sum, cache.get('key')], [losses + 1, losses + 1, losses + 1]);
      }
    });
  });
}

test('two threads that update one key as fast as they can lose nothing', async () => {
  const many = 5000;
  await beside('update', many, (cache, words, ask) => {
    ask();
    for (let i = 0; i < many; i++) cache.update('key', (old) => old! + 1);
    Atomics.wait(words, DONE, 1, PATIENCE_MS);
    assert.equal(cache.get('key'), 2 * many);
  });
});

for (const kind of ['update', 'increment'] as const) {
  test(`a slow update gets its turn among quick calls of ${kind}`, async () => {
    const sleeping = new Int32Array(new SharedArrayBuffer(4));
    await beside(kind, Number.POSITIVE_INFINITY, (cache, words, ask) => {
      ask();
      let calls = 0;
      for (let i = 0; i < 5; i++) {
        cache.update('key', (old) => {
          calls++;
          Atomics.wait(sleeping, 0, 0, 5);
          return old! + 1;
        });
      }
      // Without a turn it loses each of 10,000 tries.
      assert.ok(calls < 500, `${calls} calls`);
      assert.equal(Atomics.load(words, DONE), 1, 'the other thread is at it still');
    });
  });
}

test('a turn ends with its thread, and is waited for by who changes the same key only', async () => {
  using cache = new SharedCache<number>({ maxSize: '8MiB', values: 'json' });
  cache.set('key', 0);
  const words = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(HANGING, {
    eval: true,
    workerData: {
      index: new URL('../../src/index.ts', import.meta.url).href,
      handle: cache.handle,
      words,
    },
  });
  try {
    await Atomics.waitAsync(words, DONE, 0).value;
    assert.equal(
      cache.update('other', () => 1),
      1,
    );
    assert.equal(cache.increment('other'), 2);
  } finally {
    await worker.terminate();
  }
  assert.equal(
    cache.update('key', (old) => old! + 1),
    4,
  );
  cache.arena.check();
});

/** Loses until it has the turn, and hangs. */
const HANGING = `
const { workerData: { index, handle, words } } = require('node:worker_threads');
import(index).then(({ SharedCache }) => {
  const cache = SharedCache.attach(handle);
  let calls = 0;
  cache.update('key', (old) => {
    if (++calls <= 3) cache.set('key', calls);
    else {
      Atomics.store(words, 1, 1);
      Atomics.notify(words, 1);
      Atomics.wait(words, 0, 0);
    }
    return old + 1;
  });
});
`;
