/** Threads over a folder of LMDB: the main one writes for all, whoever comes and ends. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { SharedCache } from '../../src/cache/constructor.ts';
import { type Cache, lmdbTest } from '../support/lmdb-folder.ts';
import { MemoryTier } from '../support/memory-tier.ts';
import { until } from '../support/tiered.ts';

const errorOf = (cache: Cache) => cache.stats().tier?.lastError ?? '';

const worker = (cache: Cache, path: string, writer: 'main' | 'here' = 'main') =>
  new Worker(new URL('./lmdb-worker.ts', import.meta.url), {
    workerData: { handle: cache.handle, path, writer },
  });

/** The next message of a worker. */
const heard = (from: Worker) =>
  new Promise<unknown>((resolve, reject) => from.once('message', resolve).once('error', reject));

lmdbTest('other threads write by way of the main one', async (path, open) => {
  const cache = open();
  const thread = worker(cache, path);
  assert.deepEqual(await heard(thread), { written: 1, dropped: 0 });
  await until(() => cache.size > 0);
  assert.equal(await open().getAsync('worker:0'), '0');
  thread.postMessage('on');
  await heard(thread);
  await thread.terminate();
});

lmdbTest('a thread that the main one does not write for says so', async (path, open) => {
  const elsewhere = open({ path: join(path, 'elsewhere') });
  const thread = worker(elsewhere, path);
  thread.postMessage('error');
  assert.match(String(await heard(thread)), /main thread does not write/);
  await thread.terminate();
  const own = worker(elsewhere, path, 'here');
  assert.deepEqual(await heard(own), { written: 1, dropped: 0 });
  own.postMessage('close');
  await heard(own);
  await own.terminate();
});

lmdbTest('a main thread that listens to others only is no writer', async (path) => {
  const tier = Object.assign(new MemoryTier(), { policy: { maxStaleMs: 1000 } });
  const cache = new SharedCache<string>({ maxSize: '16MiB', values: 'string', tier });
  const listener = () => undefined;
  process.on('workerMessage', listener);
  try {
    const thread = worker(cache, path);
    thread.postMessage('error');
    assert.match(String(await heard(thread)), /main thread does not write/);
    await thread.terminate();
  } finally {
    process.off('workerMessage', listener);
    cache.close();
  }
});

lmdbTest('of two caches of a folder one is closed: the other writes on', async (path, open) => {
  for (const last of [false, true]) {
    const [one, other] = [open(), open()];
    for (const cache of [one, other]) {
      cache.set('key', 'value');
      await cache.flush();
    }
    const [closed, left] = last ? [one, other] : [other, one];
    closed.close();
    await sleep(20);
    const thread = worker(left, path);
    assert.deepEqual(await heard(thread), { written: 1, dropped: 0 });
    await thread.terminate();
    left.close();
  }
});

lmdbTest('threads that are terminated while they write stop nobody', async (path, open) => {
  const cache = open();
  for (let round = 0; round < 4; round++) {
    const threads = [worker(cache, path), worker(cache, path)];
    await Promise.all(threads.map(heard));
    for (const thread of threads) thread.postMessage('on');
    await Promise.all(threads.map(heard));
    await Promise.all(threads.map((thread) => thread.terminate()));
    cache.set('main', `${round}`);
    assert.deepEqual((await cache.flush()).dropped, 0);
    assert.equal(await open().getAsync('main'), `${round}`);
  }
});

lmdbTest(
  'a folder that is removed is made anew, and what is flushed is there',
  async (path, open) => {
    const place = join(path, 'in');
    const cache = open({ path: place });
    const thread = worker(cache, place);
    await heard(thread);
    for (let round = 0; round < 3; round++) {
      rmSync(place, { recursive: true });
      if (round === 1) assert.equal(await cache.getAsync('worker:1'), undefined);
      cache.set('key', `${round}`);
      assert.deepEqual(await cache.flush(), { written: 1, dropped: 0 });
      const other = open({ path: place });
      assert.deepEqual(await other.getManyAsync(['key', 'worker:1']), [`${round}`, undefined]);
      other.set('theirs', `${round}`);
      await other.flush();
      await until(() => cache.get('theirs') === undefined);
      assert.equal(await cache.getAsync('theirs'), `${round}`);
    }
    rmSync(place, { recursive: true });
    // By way of the main thread, which has not called since.
    thread.postMessage('on');
    await heard(thread);
    const fresh = open({ path: place });
    while ((await fresh.getAsync('worker:1')) === undefined) await sleep(1);
    assert.equal(errorOf(cache), '');
    await thread.terminate();
  },
);
