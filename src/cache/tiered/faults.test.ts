/** A second tier that is damaged, full, slow, broken and closed; and what is none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { MemoryStore, MemoryTier } from '../../../test/support/memory-tier.ts';
import { poisonZone } from '../../../test/support/poison-zone.ts';
import { closeAll, openTiered as open, until } from '../../../test/support/tiered.ts';
import { InvalidArgumentError } from '../../errors.ts';
import { SharedCache } from '../constructor.ts';

test('frames that are damaged, or somebody else’s, are misses, and counted', async () => {
  const { cache, store } = open();
  const other = open({ store });
  for (const key of ['head', 'body', 'text', 'json']) other.cache.set(key, 'value '.repeat(20));
  await other.cache.flush();
  store.frames.get('head')!.frame[5]! ^= 1;
  store.frames.get('body')!.frame[45]! ^= 1;
  store.frames.get('text')!.frame = Buffer.from('a value of some other program’s');
  const json = new SharedCache({ maxSize: '8MiB', values: 'json', tier: new MemoryTier(store) });
  json.set('json', [1]);
  await json.flush();
  const values = await cache.getManyAsync(['head', 'body', 'text', 'json']);
  assert.deepEqual(values, [undefined, undefined, undefined, undefined]);
  assert.deepEqual([cache.stats().tier?.foreign, cache.stats().tier?.hits], [4, 0]);
  cache.arena.check();
  json.close();
  closeAll({ cache }, other);
});

test('clear and delete reach everybody', async () => {
  const one = open();
  const two = open({ store: one.store });
  for (const key of ['a', 'b']) one.cache.set(key, key);
  await one.cache.flush();
  assert.deepEqual(await two.cache.getManyAsync(['a', 'b']), ['a', 'b']);
  assert.equal(one.cache.delete('a'), true);
  assert.equal(one.cache.delete('never'), false);
  assert.equal(await one.cache.getAsync('a'), undefined, 'although the tier has not heard yet');
  await one.cache.flush();
  assert.deepEqual(two.cache.getMany(['a', 'b']), [undefined, 'b']);
  two.cache.set('c', 'waiting');
  two.cache.clear();
  await two.cache.flush();
  assert.deepEqual(await one.cache.getManyAsync(['a', 'b', 'c']), [
    undefined,
    undefined,
    undefined,
  ]);
  assert.equal(one.store.frames.size, 0);
  closeAll(one, two);
});

test('told to clear, it clears what was there, whatever is set meanwhile', async () => {
  const { cache, tier } = open({ policy: { maxQueue: 10_000 } });
  for (let i = 0; i < 10_000; i++) cache.set(`old:${i}`, 'old');
  tier.hear({ type: 'cleared' });
  for (let turn = 0; turn < 100; turn++) {
    for (let i = 0; i < 100; i++) cache.set(`new:${turn}:${i}`, 'new');
    await setImmediate();
  }
  const left = [...cache.keys()].map(String);
  assert.equal(left.filter((key) => key.startsWith('old')).length, 0);
  assert.ok(left.length > 0);
  closeAll({ cache });
});

test('a zone that is poisoned while it clears for others ends no process', async () => {
  const { cache, tier } = open({ maxSize: '32MiB' });
  for (let i = 0; i < 100_000; i++) cache.set(`key:${i}`, 'value');
  tier.hear({ type: 'cleared' });
  poisonZone(cache.arena.memory);
  // It goes on in later turns of the event loop: what it throws there would be nobody's.
  for (let turn = 0; turn < 100; turn++) await setImmediate();
  assert.throws(() => cache.get('key:0'), { code: 'ERR_PAGELESS_CORRUPTION' });
});

test('a value that is refused here is in neither tier', async () => {
  const { cache, store } = open();
  cache.set('key', 'small');
  await cache.flush();
  assert.equal(cache.set('key', 'x'.repeat(2 ** 21)), false);
  await cache.flush();
  assert.equal(await cache.getAsync('key'), undefined);
  assert.equal(store.frames.size, 0);
  closeAll({ cache });
});

test('a tier that is full refuses, and keeps no older value', async () => {
  const { cache, tier, store } = open();
  cache.set('key', 'old');
  await cache.flush();
  tier.isFull = true;
  cache.set('key', 'new');
  assert.deepEqual(await cache.flush(), { written: 0, dropped: 1 });
  assert.equal(store.frames.size, 0);
  const { refusals, errors, breaker } = cache.stats().tier!;
  assert.deepEqual([refusals, errors, breaker], [1, 0, 'closed']);
  assert.equal(cache.get('key'), 'new');
  closeAll({ cache });
});

test('a broken tier degrades to local, and comes back by itself', async () => {
  const { cache, tier, store } = open({ policy: { timeoutMs: 20 } });
  tier.before = () => {
    throw new Error('broken');
  };
  for (let i = 0; i < 50; i++) {
    cache.set(`key:${i}`, 'value');
    assert.equal(cache.get(`key:${i}`), 'value');
    assert.equal(await cache.getAsync(`absent:${i}`), undefined);
  }
  await until(() => cache.stats().tier?.breaker !== 'closed');
  const { errors, lastError, queue } = cache.stats().tier!;
  assert.ok(errors >= 3 && errors < 50, `${errors} calls failed, the others were not made`);
  assert.equal(lastError, 'broken');
  assert.equal(queue.entries, 50);
  tier.before = () => new Promise(() => undefined);
  await until(() => (cache.stats().tier?.timeouts ?? 0) > 0);
  tier.before = () => undefined;
  assert.deepEqual(await cache.flush(), { written: 50, dropped: 0 });
  assert.equal(store.frames.size, 50);
  assert.equal(cache.stats().tier?.breaker, 'closed');
  closeAll({ cache });
});

test('a tier that takes no writes is read as ever', async () => {
  const { cache, tier, store } = open();
  const other = open({ store });
  for (let i = 0; i < 20; i++) other.cache.set(`key:${i}`, 'value');
  await other.cache.flush();
  tier.before = (call) => {
    if (call !== 'getMany') throw new Error('the disk is full');
  };
  cache.set('own', 'value');
  await until(() => cache.stats().tier?.breaker === 'open');
  for (let i = 0; i < 20; i++) assert.equal(await cache.getAsync(`key:${i}`), 'value');
  assert.notEqual(cache.stats().tier?.breaker, 'closed', 'as long as writes fail');
  tier.before = () => undefined;
  await cache.flush();
  assert.equal(cache.stats().tier?.breaker, 'closed');
  tier.before = (call) => {
    if (call === 'getMany') throw new Error('down');
  };
  for (let i = 0; i < 3; i++) await cache.getAsync(`absent:${i}`);
  assert.notEqual(cache.stats().tier?.breaker, 'closed');
  cache.set('own', 'newer');
  await cache.flush();
  assert.equal(cache.stats().tier?.breaker, 'closed', 'what takes writes can be read');
  closeAll({ cache }, other);
});

test('a queue that is full forgets the oldest, and has the tier forget it too', async () => {
  const policy = { maxQueue: 10_000 };
  const { cache, tier, store } = open({ policy });
  for (let i = 0; i < 10; i++) cache.set(`key:${i}`, 'old');
  await cache.flush();
  tier.before = () => {
    throw new Error('down');
  };
  for (let i = 0; i < 10; i++) cache.set(`key:${i}`, `${i}`.repeat(100_000));
  for (let i = 0; i < 60; i++) cache.set(`more:${i}`, Buffer.alloc(200, `${i}`).toString());
  assert.ok(cache.stats().tier!.queue.bytes < 12_500);
  const { dropped } = cache.stats().tier!;
  assert.ok(dropped > 0);
  tier.before = () => undefined;
  await cache.flush();
  for (const [name, { frame }] of store.frames) {
    if (name.startsWith('key')) assert.ok(frame.length > 100, 'no old value of a key set since');
  }
  assert.ok(store.frames.has('more:59'), 'the newest is written');
  closeAll({ cache });
});

test('so many removals wait that everything is cleared instead', async () => {
  const { cache, tier, store } = open({ policy: { maxQueue: 10_000 } });
  cache.set('other', 'value');
  await cache.flush();
  tier.before = () => {
    throw new Error('down');
  };
  for (let i = 0; i < 1000; i++) cache.delete(`key:${i}`);
  tier.before = () => undefined;
  await cache.flush();
  assert.equal(store.calls.clear, 1);
  assert.equal(store.frames.size, 0);
  closeAll({ cache });
});

test('close writes what waits, for as long as it may', async () => {
  const quick = open({ policy: { writes: 'behind', writeDelayMs: 10_000 } });
  quick.cache.set('key', 'value');
  quick.cache.close();
  await until(() => quick.tier.isClosed);
  assert.equal(quick.store.frames.size, 1);
  const stuck = open({ policy: { closeTimeoutMs: 20 } });
  stuck.tier.before = () => new Promise(() => undefined);
  stuck.cache.set('key', 'value');
  stuck.cache.close();
  await until(() => stuck.tier.isClosed);
  await assert.rejects(stuck.cache.getAsync('key'), { code: 'ERR_PAGELESS_DISPOSED' });
});

test('write-behind writes a key that is set often once', async () => {
  const { cache, store } = open({ policy: { writes: 'behind', writeDelayMs: 5 } });
  for (let i = 0; i < 1000; i++) cache.set('key', `${i}`);
  await cache.flush();
  assert.deepEqual([store.calls.setMany, store.calls.keys], [1, 1]);
  closeAll({ cache });
});

test('a thread without the tier does not keep what it sets for long', async () => {
  const clock = { now: 1 };
  const now = () => clock.now;
  const { cache, store } = open({ policy: { maxStaleMs: 1000 }, now });
  const local = SharedCache.attach<string>(cache.handle, { tier: false, now });
  local.set('key', 'value');
  assert.equal(cache.get('key'), 'value');
  assert.equal(await local.getAsync('other'), undefined);
  clock.now += 1000;
  assert.equal(local.get('key'), undefined);
  assert.deepEqual(store.calls.setMany, 0);
  closeAll({ cache: local }, { cache });
});

test('conditional writes, update and increment go there as well', async () => {
  const one = open();
  const two = open({ store: one.store });
  const { cache } = one;
  assert.ok(cache.add('added', 'a'));
  assert.ok(!cache.add('added', 'b'));
  assert.ok(cache.replace('added', 'c'));
  assert.equal(
    cache.update('updated', () => 'd'),
    'd',
  );
  cache.set('gone', 'e');
  cache.update('gone', () => undefined);
  assert.equal(cache.increment('count', 5), 5);
  assert.equal(cache.increment('count', 2), 7);
  cache.set('version', 'f');
  assert.ok(cache.setIfVersion('version', 'g', cache.getWithVersion('version')!.version));
  await cache.flush();
  const keys = ['added', 'updated', 'gone', 'count', 'version'];
  assert.deepEqual(await two.cache.getManyAsync(keys), ['c', 'd', undefined, '7', 'g']);
  closeAll(one, two);
});

test('update and increment give the tier their time, or the entry’s', async () => {
  const store = new MemoryStore();
  const open = () =>
    new SharedCache({
      ...{ maxSize: '8MiB', values: 'json', ttl: 30_000, now: () => 1 },
      tier: new MemoryTier(store),
    });
  const one = open();
  const two = open();
  for (const key of ['updated', 'kept', 'counted', 'counted on'])
    one.set(key, 1, { ttl: 20_000_000 });
  one.update('updated', () => 2, { ttl: 10_000_000 });
  one.update('kept', () => 2);
  one.increment('counted', 1, { ttl: 10_000_000 });
  one.increment('counted on');
  const before = Date.now();
  await one.flush();
  const lives = ['updated', 'counted', 'kept', 'counted on'].map((key) => {
    const { until } = store.frames.get(key)!;
    return Math.round((until - before) / 10_000_000);
  });
  assert.deepEqual(lives, [1, 1, 2, 2], 'of ten thousand seconds');
  assert.deepEqual(await two.getManyAsync(['updated', 'counted on']), [2, 2]);
  assert.ok(two.getRemainingTTL('updated') <= 10_000_000);
  closeAll({ cache: one }, { cache: two });
});

test('before a tier staleFor alone leaves the time to live, and belief bounds both', () => {
  let time = 1;
  const policy = { maxStaleMs: 100 };
  const { cache } = open({ policy, now: () => time });
  const lives = (ttl: number, staleFor: number, ms: number) => {
    cache.set('key', '1', { ttl });
    time += 10;
    assert.equal(cache.increment('key', 1, { staleFor }), 2);
    const left = cache.getRemainingTTL('key');
    time += ms - 1;
    assert.equal(cache.get('key', { allowStale: true }), '2');
    time += 1;
    assert.equal(cache.get('key', { allowStale: true }), undefined);
    return left;
  };
  assert.equal(lives(50, 20, 60), 40);
  assert.equal(lives(50, 0, 40), 40);
  assert.equal(lives(50, Number.POSITIVE_INFINITY, 100), 40);
  assert.equal(lives(50, 90, 100), 40);
  assert.equal(lives(200, 20, 100), 190);
  assert.equal(lives(0, 20, 100), 100);
  assert.equal(lives(2 ** 50, 20, 100), Number.POSITIVE_INFINITY);
  closeAll({ cache });
});

test('who waits for the tier waits no longer than he wants', async () => {
  const { cache, tier } = open();
  tier.before = () => new Promise(() => undefined);
  const late = { code: 'ERR_PAGELESS_TIMEOUT' };
  await assert.rejects(cache.getAsync('key', { timeoutMs: 5 }), late);
  await assert.rejects(cache.getManyAsync(['key'], { timeoutMs: 0 }), late);
  cache.set('other', 'value');
  await assert.rejects(cache.flush({ timeoutMs: 5 }), late);
  assert.equal(await cache.getAsync('other', { timeoutMs: 5 }), 'value', 'it is here');
  const aborted = AbortSignal.abort(new Error('enough'));
  await assert.rejects(cache.getAsync('key', { signal: aborted }), { message: 'enough' });
  const controller = new AbortController();
  const asked = cache.getAsync('key', { signal: controller.signal });
  controller.abort(new Error('now'));
  await assert.rejects(asked, { message: 'now' });
  const code = 'ERR_PAGELESS_INVALID_ARGUMENT';
  for (const options of [{ timeoutMs: -1 }, { timeout: 5 }, { signal: 5 }]) {
    await assert.rejects(cache.getAsync('key', options as object), { code });
  }
  closeAll({ cache });
});

test('a page, which has no Buffer, is told that it can have no tier', () => {
  const { Buffer } = globalThis;
  const tier = new MemoryTier();
  const plain = new SharedCache({ maxSize: '4MiB' });
  try {
    Reflect.deleteProperty(globalThis, 'Buffer');
    assert.throws(() => new SharedCache({ maxSize: '4MiB', tier }), {
      code: 'ERR_PAGELESS_UNSUPPORTED',
      message: /a second tier needs Buffer/,
    });
    plain.set('key', new Uint8Array(1));
    assert.equal(plain.get('key')?.length, 1);
  } finally {
    globalThis.Buffer = Buffer;
  }
  closeAll({ cache: plain });
});

test('what is no tier is refused by a typed error that says what is missing', () => {
  const code = 'ERR_PAGELESS_INVALID_ARGUMENT';
  const make = (tier: unknown) => new SharedCache({ maxSize: '4MiB', tier: tier as MemoryTier });
  const { getMany: _, ...rest } = Object.fromEntries(
    ['getMany', 'setMany', 'deleteMany', 'clear', 'close'].map((name) => [name, () => undefined]),
  );
  assert.throws(() => make(rest), { code, message: /it has no getMany/ });
  for (const wrong of [null, 5, 'redis://localhost', []])
    assert.throws(() => make(wrong), { code });
  assert.throws(() => make(Object.assign(new MemoryTier(), { invalidations: 5 })), { code });
  for (const policy of [{ maxStaleMs: 0 }, { writes: 'maybe' }, { timeout: 5 }, { maxQueue: '' }]) {
    assert.throws(() => make(Object.assign(new MemoryTier(), { policy })), { code });
  }
  const plain = new SharedCache({ maxSize: '4MiB' });
  const attach = (handle: typeof plain.handle, tier: unknown) => () =>
    SharedCache.attach(handle, { tier: tier as MemoryTier });
  assert.throws(attach(plain.handle, new MemoryTier()), { code, message: /makes the cache/ });
  const { cache } = open();
  assert.throws(attach(cache.handle, undefined), InvalidArgumentError);
  const damaged = { ...cache.handle, tier: { maxStaleMs: 1, writes: new SharedArrayBuffer(8) } };
  assert.throws(attach(damaged, false), { code });
  closeAll({ cache: plain }, { cache });
});
