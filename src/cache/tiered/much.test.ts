/** Much at once with a second tier: long lists, a queue that is full, a thread that is busy. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { MemoryStore, MemoryTier } from '../../../test/support/memory-tier.ts';
import { closeAll, openTiered } from '../../../test/support/tiered.ts';
import { Calls } from '../../tier/calls.ts';
import { SharedCache } from '../constructor.ts';

const keysUpTo = (count: number) => Array.from({ length: count }, (_, i) => `key:${i}`);

test('a tier is asked for a long list in a few calls at a time', async () => {
  const one = openTiered();
  const two = openTiered({ store: one.store });
  const keys = keysUpTo(3000);
  for (const key of keys) one.cache.set(key, key);
  await one.cache.flush();
  let [underWay, most] = [0, 0];
  two.tier.before = () => {
    most = Math.max(most, ++underWay);
    return new Promise(setImmediate);
  };
  two.tier.after = () => {
    underWay--;
  };
  assert.deepEqual(await two.cache.getManyAsync(keys), keys);
  assert.ok(most > 1 && most <= 4, `${most} calls at a time`);
  closeAll(one, two);
});

test('flush tells of writes that were dropped before it was called, once', async () => {
  const { cache, store } = openTiered({ policy: { maxQueue: 40_000 } });
  const keys = keysUpTo(100);
  for (const key of keys) cache.set(key, randomBytes(500).toString('hex'));
  const { dropped } = cache.stats().tier!;
  assert.ok(dropped > 50 && dropped < 100, `${dropped} dropped`);
  assert.deepEqual(await cache.flush(), { written: 100 - dropped, dropped });
  assert.equal(store.frames.size, 100 - dropped);
  assert.deepEqual(await cache.flush(), { written: 0, dropped: 0 });
  cache.set('one', 'more');
  cache.delete('key:99');
  assert.deepEqual(await cache.flush(), { written: 2, dropped: 0 });
  closeAll({ cache });
});

test('a value that no frame holds is dropped, and flush says so', async () => {
  const store = new MemoryStore();
  const tier = new MemoryTier(store);
  using cache = new SharedCache({ maxSize: '160MiB', maxEntrySize: '80MiB', tier });
  cache.set('key', new Uint8Array(10));
  assert.deepEqual(await cache.flush(), { written: 1, dropped: 0 });
  assert.ok(cache.set('key', randomBytes(65 * 2 ** 20)));
  assert.deepEqual(await cache.flush(), { written: 0, dropped: 1 });
  assert.equal(store.frames.size, 0, 'not the older one');
});

test('an answer that came while this thread was busy is in time', async () => {
  const calls = new Calls(20);
  const answer = calls.read(() => new Promise((resolve) => setImmediate(() => resolve('here'))));
  const end = performance.now() + 60;
  while (performance.now() < end);
  assert.deepEqual(await answer, { value: 'here' });
  assert.equal(calls.timeouts, 0);
  assert.equal(await calls.read(() => new Promise(() => undefined)), undefined);
  assert.equal(calls.timeouts, 1);
});
