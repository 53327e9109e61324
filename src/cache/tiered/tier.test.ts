/** A cache and its second tier: what is found there, kept, and believed. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryTier } from '../../../test/support/memory-tier.ts';
import { closeAll, openTiered as open, until } from '../../../test/support/tiered.ts';
import { expiryOf } from '../../tier/frame.ts';
import { SharedCache } from '../constructor.ts';
import type { Status } from '../options/settings.ts';

/** Runs with a clock that stands, and with the wall's, of the same hour. */
async function withTime(t: TestContext, run: (clock: { now: number }) => Promise<void>) {
  const clock = { now: 1 };
  const start = Date.now();
  t.mock.method(Date, 'now', () => start + clock.now);
  await run(clock);
}

test('what one cache sets another finds, and keeps', async () => {
  const one = open();
  const two = open({ store: one.store });
  assert.ok(one.cache.set('key', 'value'));
  assert.deepEqual(await one.cache.flush(), { written: 1, dropped: 0 });
  assert.equal(two.cache.get('key'), undefined);
  assert.equal(await two.cache.getAsync('key'), 'value');
  assert.equal(two.cache.get('key'), 'value');
  assert.equal(await two.cache.getAsync('key'), 'value');
  assert.equal(one.store.calls.getMany, 1);
  const { tier } = two.cache.stats();
  assert.deepEqual([tier?.gets, tier?.hits, tier?.foreign, tier?.outrun], [1, 1, 0, 0]);
  two.cache.arena.check();
  closeAll(one, two);
});

test('values of every length and key of every kind go through', async () => {
  const one = open();
  const two = open({ store: one.store });
  const entries: [string | Uint8Array, string][] = [
    ['empty', ''],
    ['long', 'x'.repeat(300_000)],
    ['ключ', 'text'],
    [new Uint8Array([0, 255, 128, 7]), 'bytes'],
  ];
  for (const [key, value] of entries) assert.ok(one.cache.set(key, value));
  await one.cache.flush();
  const keys = entries.map(([key]) => key);
  const values = entries.map(([, value]) => value);
  assert.deepEqual(await two.cache.getManyAsync(keys), values);
  assert.deepEqual(two.cache.getMany(keys), values);
  assert.deepEqual(one.store.calls, { getMany: 1, setMany: 1, deleteMany: 0, clear: 0, keys: 8 });
  closeAll(one, two);
});

test('values that drive each other out are handed out right', async () => {
  const one = open({ maxSize: '32MiB' });
  const two = open({ store: one.store, maxSize: '4MiB' });
  const values = Array.from({ length: 4000 }, () => randomBytes(1500).toString('base64'));
  const keys = [...values.keys()].map((i) => `key:${i}`);
  for (const [i, key] of keys.entries()) assert.ok(one.cache.set(key, values[i]!));
  await one.cache.flush();
  assert.deepEqual(await two.cache.getManyAsync(keys), values);
  assert.ok(two.cache.size < keys.length, 'some had to go');
  closeAll(one, two);
});

test('a value of JSON that is null is a value', async () => {
  const tier = new MemoryTier();
  const cache = new SharedCache({ maxSize: '8MiB', values: 'json', tier });
  cache.set('key', null);
  assert.equal(await cache.getAsync('key'), null);
  assert.equal(tier.store.calls.getMany, 0);
  cache.close();
});

test('fetch, then changed, then the answer: the old value is handed out and not kept', async () => {
  const one = open();
  const two = open({ store: one.store });
  one.cache.set('key', 'old');
  await one.cache.flush();
  two.tier.after = async (call) => {
    if (call !== 'getMany') return;
    two.tier.after = () => undefined;
    one.cache.set('key', 'new');
    await one.cache.flush();
  };
  assert.equal(await two.cache.getAsync('key'), 'old');
  assert.equal(two.cache.get('key'), undefined, 'not kept');
  assert.equal(two.cache.stats().tier?.outrun, 1);
  assert.equal(await two.cache.getAsync('key'), 'new');
  closeAll(one, two);
});

const MEANWHILE: [what: string, happens: (opened: ReturnType<typeof open>) => void][] = [
  ['everything is told to be cleared', ({ tier }) => tier.hear({ type: 'cleared' })],
  ['news are lost', ({ tier }) => tier.hear({ type: 'lost' })],
  ['news are told again', ({ tier }) => tier.hear({ type: 'armed' })],
  ['the key is set and deleted here', ({ cache }) => cache.set('key', '') && cache.delete('key')],
  ['this thread clears', ({ cache }) => cache.clear()],
];

for (const [what, happens] of MEANWHILE) {
  test(`fetch, then ${what}, then the answer: it is not kept`, async () => {
    const two = open();
    const one = open({ store: two.store });
    one.cache.set('key', 'old');
    await one.cache.flush();
    two.tier.after = (call) => {
      if (call === 'getMany') happens(two);
    };
    assert.equal(await two.cache.getAsync('key'), 'old');
    assert.equal(two.cache.get('key'), undefined);
    assert.equal(two.cache.stats().tier?.outrun, 1);
    closeAll(one, two);
  });
}

test('what is set here meanwhile is newer than what comes', async () => {
  const { cache, tier, store } = open();
  const other = open({ store });
  other.cache.set('key', 'old');
  await other.cache.flush();
  tier.after = (call) => {
    if (call === 'getMany') cache.set('key', 'own');
  };
  assert.equal(await cache.getAsync('key'), 'own');
  assert.equal(cache.get('key'), 'own');
  closeAll({ cache }, other);
});

test('a change is told late, and a newer value is here', async () => {
  const { cache, tier, store } = open({ policy: { writes: 'behind', writeDelayMs: 20 } });
  cache.set('key', 'newer');
  tier.hear({ type: 'changed', keys: [Buffer.from('key')] });
  assert.equal(cache.get('key'), 'newer', 'while its write waits');
  await cache.flush();
  tier.hear({ type: 'changed', keys: [Buffer.from('key')] });
  assert.equal(cache.get('key'), 'newer', 'written lately: it is looked at first');
  await until(() => store.calls.getMany > 0);
  await sleep(1);
  assert.equal(cache.get('key'), 'newer', 'as the tier has it');
  closeAll({ cache });
});

test('a change by another removes, at once or when it was looked at', async () => {
  const one = open();
  const two = open({ store: one.store });
  one.cache.set('key', 'first');
  await one.cache.flush();
  assert.equal(await two.cache.getAsync('key'), 'first');
  one.cache.set('key', 'second');
  await one.cache.flush();
  assert.equal(two.cache.get('key'), undefined, 'at once: nobody here has written it');
  two.cache.set('key', 'third');
  await two.cache.flush();
  await until(() => one.cache.get('key') !== 'second');
  assert.ok([undefined, 'third'].includes(one.cache.get('key')));
  assert.equal(await one.cache.getAsync('key'), 'third');
  closeAll(one, two);
});

test('threads with a connection each do not remove each other’s newer values', async () => {
  const { cache: a, tier: first, store } = open();
  const second = new MemoryTier(store);
  const b = SharedCache.attach<string>(a.handle, { tier: second });
  for (let round = 0; round < 20; round++) {
    a.set('key', `a${round}`);
    await a.flush();
    b.set('key', `b${round}`);
    assert.equal(a.get('key'), `b${round}`);
    await b.flush();
    assert.equal(a.get('key'), `b${round}`, 'told to the other connection, and still there');
    b.delete('key');
    assert.equal(a.get('key'), undefined);
    await b.flush();
    assert.equal(await a.getAsync('key'), undefined);
  }
  assert.equal(store.tiers.size, 2);
  assert.ok(!first.isClosed);
  closeAll({ cache: b }, { cache: a });
});

test('expiry is a time: it goes along', (t) => {
  return withTime(t, async (clock) => {
    const now = () => clock.now;
    const one = open({ now });
    const two = open({ store: one.store, now });
    one.cache.set('short', 'value', { ttl: 1000 });
    one.cache.set('long', 'value', { ttl: 3_600_000 });
    await one.cache.flush();
    clock.now += 400;
    assert.deepEqual(await two.cache.getManyAsync(['short', 'long']), ['value', 'value']);
    assert.equal(two.cache.getRemainingTTL('short'), 600);
    clock.now += 599;
    assert.equal(two.cache.get('short'), 'value');
    clock.now += 1;
    assert.deepEqual(two.cache.getMany(['short', 'long']), [undefined, 'value']);
    assert.equal(await two.cache.getAsync('short'), undefined);
    closeAll(one, two);
  });
});

test('a clock that is wrong moves an expiry by its error, and belief not at all', (t) => {
  return withTime(t, async (clock) => {
    const policy = { maxStaleMs: 5000 };
    const one = open();
    const two = open({ store: one.store, policy, now: () => clock.now });
    const wall = Date.now;
    for (const error of [3000, -3000]) {
      t.mock.method(Date, 'now', () => wall() + error);
      one.cache.set('key', 'value', { ttl: 4000 });
      one.cache.set('long', 'value', { ttl: 60_000 });
      await one.cache.flush();
      t.mock.method(Date, 'now', wall);
      assert.deepEqual(await two.cache.getManyAsync(['key', 'long']), ['value', 'value']);
      assert.equal(two.cache.getRemainingTTL('key'), 4000 + error);
      clock.now += Math.min(4000 + error, 5000) - 1;
      assert.equal(two.cache.get('key'), 'value');
      clock.now += 1;
      assert.equal(two.cache.get('key'), undefined);
      clock.now += 5000;
      assert.equal(two.cache.get('long'), undefined);
    }
    closeAll(one, two);
  });
});

test('nothing is believed for longer than maxStaleMs, though nobody tells', async () => {
  const clock = { now: 1 };
  const policy = { maxStaleMs: 1000 };
  const { cache, tier, store } = open({ policy, now: () => clock.now });
  const other = open({ store });
  cache.set('own', 'a');
  other.cache.set('theirs', 'a');
  await cache.flush();
  await other.cache.flush();
  assert.equal(await cache.getAsync('theirs'), 'a');
  store.tiers.delete(tier);
  other.cache.set('own', 'b');
  other.cache.set('theirs', 'b');
  await other.cache.flush();
  clock.now += 999;
  assert.deepEqual(cache.getMany(['own', 'theirs']), ['a', 'a']);
  clock.now += 1;
  assert.deepEqual(cache.getMany(['own', 'theirs']), [undefined, undefined]);
  assert.deepEqual(await cache.getManyAsync(['own', 'theirs']), ['b', 'b']);
  closeAll({ cache }, other);
});

test('belief begins with the question, however slow the answer', async () => {
  const clock = { now: 1 };
  const policy = { maxStaleMs: 1000 };
  const { cache, tier, store } = open({ policy, now: () => clock.now });
  const other = open({ store });
  for (const key of ['slow', 'slower']) other.cache.set(key, 'value');
  await other.cache.flush();
  const after = async (key: string, ms: number) => {
    tier.after = () => {
      clock.now += ms;
    };
    assert.equal(await cache.getAsync(key), 'value');
    return cache.getRemainingTTL(key);
  };
  assert.equal(await after('slow', 400), 600);
  assert.equal(await after('slower', 1000), 0, 'handed out, not kept');
  closeAll({ cache }, other);
});

test('get neither knows of a tier nor waits for one', async () => {
  const { cache, tier, store } = open();
  const plain = new SharedCache({ maxSize: '8MiB', values: 'string' });
  assert.equal(cache.get, plain.get);
  assert.doesNotMatch(cache.get.toString(), /tier/i);
  tier.before = () => new Promise(() => undefined);
  cache.set('key', 'value');
  for (let i = 0; i < 1000; i++) {
    assert.equal(cache.get('key'), 'value');
    assert.equal(cache.get(`absent:${i}`), undefined);
  }
  assert.deepEqual(store.calls, { getMany: 0, setMany: 0, deleteMany: 0, clear: 0, keys: 0 });
  plain.close();
  cache.close();
});

test('one question for all who ask for the same meanwhile', async () => {
  const one = open();
  one.cache.set('key', 'value');
  await one.cache.flush();
  const two = open({ store: one.store });
  const values = await Promise.all(Array.from({ length: 50 }, () => two.cache.getAsync('key')));
  assert.deepEqual(new Set(values), new Set(['value']));
  assert.equal(one.store.calls.getMany, 1);
  closeAll(one, two);
});

test('getOrSet asks the tier first, once, and writes there what was computed', async () => {
  const one = open();
  const two = open({ store: one.store, policy: { maxStaleMs: 5000 } });
  let computed = 0;
  const compute = () => `computed ${++computed}`;
  assert.equal(await one.cache.getOrSet('key', compute), 'computed 1');
  assert.equal(one.cache.getOrSetSync('sync', compute), 'computed 2');
  await one.cache.flush();
  const asked = one.store.calls.getMany;
  const all = Array.from({ length: 20 }, () => two.cache.getOrSet('key', compute));
  assert.deepEqual(new Set(await Promise.all(all)), new Set(['computed 1']));
  assert.equal(one.store.calls.getMany, asked + 1);
  assert.equal(await two.cache.getAsync('sync'), 'computed 2');
  assert.equal(two.cache.get('key'), 'computed 1', 'kept');
  assert.equal(computed, 2);
  assert.equal(await two.cache.getOrSet('own', compute), 'computed 3');
  assert.ok(two.cache.getRemainingTTL('own') <= 5000, 'not believed for longer');
  await two.cache.flush();
  assert.equal(await two.cache.getOrSet('key', compute, { forceRefresh: true }), 'computed 4');
  await two.cache.flush();
  assert.equal(await one.cache.getOrSet('own', compute), 'computed 3');
  await until(() => one.cache.get('key') !== 'computed 1');
  assert.equal(await one.cache.getAsync('key'), 'computed 4');
  closeAll(one, two);
});

for (const ttl of [0, 500, 100_000]) {
  test(`update and increment keep the time to live, ${ttl || 'cache'}`, (t) => {
    return withTime(t, async (clock) => {
      const options = { policy: { maxStaleMs: 1000 }, now: () => clock.now };
      const one = open(options);
      const two = open({ ...options, store: one.store });
      const check = async ({ cache, store }: typeof one, left: number) => {
        await cache.flush();
        const expiry = expiryOf(store.frames.get('n')!.frame);
        assert.equal(expiry, left && Date.now() + left);
        if (left > 0) assert.equal(cache.getRemainingTTL('n'), left);
      };
      one.cache.set('n', '1', { ttl });
      await check(one, ttl);
      clock.now += 400;
      assert.equal(one.cache.increment('n'), 2);
      assert.equal(
        one.cache.update('n', (old) => `${old}0`),
        '20',
      );
      one.cache.set('n', '30', { noUpdateTTL: true });
      const left = ttl && ttl - 400;
      await check(one, left);
      assert.equal(await two.cache.getAsync('n'), '30');
      assert.equal(two.cache.increment('n', 5), 35);
      await check(two, left);
      clock.now += 900;
      if (ttl === 100_000) {
        assert.equal(two.cache.get('n'), '35');
        assert.equal(two.cache.increment('n'), 36);
        await check(two, left - 900);
        clock.now += 900;
        assert.equal(two.cache.get('n'), '36', 'believed anew');
      }
      clock.now += 1000;
      assert.equal(two.cache.get('n'), undefined, 'not believed any more');
      closeAll(one, two);
    });
  });
}

test('a counter before a tier refuses what one without refuses', () => {
  const one = open();
  one.cache.set('n', '1.5');
  assert.throws(() => one.cache.increment('n'), { code: 'ERR_PAGELESS_NOT_A_NUMBER' });
  one.cache.set('n', String(Number.MAX_SAFE_INTEGER));
  assert.throws(() => one.cache.increment('n'), { code: 'ERR_PAGELESS_NOT_A_NUMBER' });
  assert.equal(one.cache.increment('n', -1), Number.MAX_SAFE_INTEGER - 1);
  assert.equal(one.cache.increment('m', 2, { initial: 40 }), 42);
  closeAll(one);
});

test('a tier that fails and is there again is told to listeners, and getOrSet says who gave', async () => {
  const one = open({ policy: { timeoutMs: 50 } });
  const told: { isDegraded: boolean; reason: string | undefined }[] = [];
  one.cache.on('tier', (event) => told.push(event));
  one.tier.before = () => {
    throw new Error('the tier is down');
  };
  one.cache.set('key', 'value');
  const keepsAlive = setInterval(() => {}, 1000);
  await until(() => told.length === 1);
  assert.deepEqual(told, [{ isDegraded: true, reason: 'the tier is down' }]);
  one.tier.before = () => undefined;
  await until(() => told.length === 2);
  assert.deepEqual(told[1], { isDegraded: false, reason: undefined });
  clearInterval(keepsAlive);
  await one.cache.flush();
  const two = open({ store: one.store });
  const status: Status = {};
  await two.cache.getOrSet('key', () => assert.fail('it is there'), { status });
  assert.equal(status.load, 'tier');
  closeAll(one, two);
});
