/** The cache over a real Redis: what one process writes another sees, and news is believed. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SharedCache } from '../../src/cache/constructor.ts';
import { FRAME_VERSION } from '../../src/tier/frame.ts';
import { type RedisTierOptions, redisTier } from '../../src/tier/redis.ts';
import { leftOut, RedisServer } from '../support/redis-server.ts';
import { until } from '../support/tiered.ts';

let server: RedisServer;
let prefixes = 0;
const opened: { close(): void }[] = [];

before(async () => {
  if (!leftOut) server = await RedisServer.start();
});
after(async () => {
  for (const cache of opened.splice(0)) cache.close();
  await server?.stop();
});

/** A cache with a connection of its own; as if it were another process's. */
async function open(keyPrefix: string, options: Partial<RedisTierOptions> = {}) {
  const tier = redisTier({ keyPrefix, socket: { path: server.path }, ...options });
  const cache = new SharedCache({ maxSize: '8MiB', values: 'string', tier });
  opened.push(cache);
  await tier.connect();
  return cache;
}

const redisTest = (what: string, run: (keyPrefix: string) => Promise<void>) =>
  test(what, { skip: leftOut }, () => run(`test:${++prefixes}`));

redisTest('who asks before the connection is there waits for it', async (keyPrefix) => {
  const one = await open(keyPrefix);
  one.set('key', 'from the server');
  await one.flush();
  const tier = redisTier({ keyPrefix, socket: { path: server.path }, timeoutMs: 20_000 });
  const cache = new SharedCache({ maxSize: '8MiB', values: 'string', tier });
  opened.push(cache);
  const events: unknown[] = [];
  cache.on('tier', (event) => events.push(event));
  assert.equal(await cache.getOrSet('key', () => 'computed'), 'from the server');
  assert.deepEqual(await cache.getManyAsync(['key', 'none']), ['from the server', undefined]);
  assert.deepEqual(await cache.flush(), { written: 0, dropped: 0 });
  assert.deepEqual([cache.stats().tier?.errors, events], [0, []]);
});

redisTest('what one writes another finds; a change by one is seen by the other', async (prefix) => {
  const one = await open(prefix);
  const two = await open(prefix);
  const keys = ['plain', 'ключ', new Uint8Array([0, 255, 13, 10, 128])];
  for (const key of keys) one.set(key, `first ${key}`);
  await one.flush();
  const firsts = keys.map((key) => `first ${key}`);
  assert.deepEqual(await two.getManyAsync(keys), firsts);
  assert.deepEqual(two.getMany(keys), firsts);
  for (const key of keys) one.set(key, 'second');
  await one.flush();
  await until(() => two.getMany(keys).every((value) => value === undefined));
  assert.deepEqual(await two.getManyAsync(keys), ['second', 'second', 'second']);
  one.delete('plain');
  await one.flush();
  await until(() => two.get('plain') === undefined);
  assert.equal(await two.getAsync('plain'), undefined);
});

redisTest('one’s own writes are not taken for another’s, and stay tracked', async (prefix) => {
  const one = await open(prefix);
  const two = await open(prefix);
  for (let round = 0; round < 50; round++) {
    one.set('key', `${round}`);
    await one.flush();
    assert.equal(one.get('key'), `${round}`);
  }
  await sleep(20);
  assert.equal(one.get('key'), '49');
  assert.equal(one.stats().tier?.invalidations, 0);
  two.set('key', 'theirs');
  await two.flush();
  await until(() => one.get('key') !== '49');
  assert.equal(await one.getAsync('key'), 'theirs');
});

redisTest('fetch, then changed, then the answer: no old value is ever kept', async (prefix) => {
  const reader = await open(prefix);
  const writer = await open(prefix);
  for (let round = 0; round < 300; round++) {
    const key = `key:${round % 7}`;
    writer.set(key, `${round} old`);
    await writer.flush();
    const asked = reader.getAsync(key);
    writer.set(key, `${round} new`);
    await Promise.all([asked, writer.flush()]);
    await until(() => reader.get(key) !== `${round} old`);
    assert.equal(await reader.getAsync(key), `${round} new`);
  }
});

redisTest('two that write the same keys agree in the end', async (prefix) => {
  const caches = [await open(prefix), await open(prefix), await open(prefix)];
  const keys = Array.from({ length: 5 }, (_, i) => `key:${i}`);
  for (let round = 0; round < 100; round++) {
    for (const [i, cache] of caches.entries()) {
      cache.set(keys[(round + i) % 5]!, `${round} by ${i}`);
      void cache.getAsync(keys[(round * 3 + i) % 5]!);
    }
    if (round % 10 === 0) await sleep(1);
  }
  for (const cache of caches) await cache.flush();
  const own = await open(prefix);
  const truth = await own.getManyAsync(keys);
  assert.ok(truth.every((value) => value !== undefined));
  const agree = () =>
    caches.every((cache) => keys.every((key, i) => [undefined, truth[i]].includes(cache.get(key))));
  await until(agree);
  for (const cache of caches) assert.deepEqual(await cache.getManyAsync(keys), truth);
});

redisTest('expiry goes along, and what has none is kept for maxAgeMs', async (prefix) => {
  const one = await open(prefix, { maxAgeMs: 5_000_000 });
  const two = await open(prefix);
  one.set('hour', 'value', { ttl: 3_600_000 });
  one.set('ever', 'value');
  one.set('short', 'value', { ttl: 50 });
  await one.flush();
  assert.equal(await two.getAsync('hour'), 'value');
  const left = two.getRemainingTTL('hour');
  assert.ok(left > 0 && left <= 3_600_000, `${left}`);
  const client = await server.client();
  const wires = await client.keys(`${prefix}:*`);
  const wireOf = (name: string) => wires.find((key) => key.endsWith(name))!;
  const [hour, ever] = [await client.pTTL(wireOf('hour')), await client.pTTL(wireOf('ever'))];
  assert.ok(hour > 3_000_000 && hour <= 3_600_000, `${hour}`);
  assert.ok(ever > 4_400_000 && ever <= 5_000_000, `${ever}`);
  while ((await two.getAsync('short')) !== undefined) await sleep(1);
  assert.equal(two.get('short'), undefined);
  await client.pExpire(wireOf('ever'), 1);
  await until(() => one.get('ever') === undefined);
  client.destroy();
});

redisTest('clear begins another epoch for all; other prefixes and keys stay', async (prefix) => {
  const one = await open(prefix);
  const two = await open(prefix);
  const other = await open(`${prefix}:other`);
  const client = await server.client();
  await client.set(`${prefix}:foreign`, 'theirs');
  for (const cache of [one, other]) {
    cache.set('key', 'value');
    await cache.flush();
  }
  assert.equal(await two.getAsync('key'), 'value');
  one.clear();
  await one.flush();
  await until(() => two.get('key') === undefined);
  assert.equal(await two.getAsync('key'), undefined);
  assert.equal(await other.getAsync('key'), 'value');
  assert.equal(await client.get(`${prefix}:foreign`), 'theirs');
  two.set('key', 'again');
  await two.flush();
  assert.equal(await one.getAsync('key'), 'again');
  client.destroy();
});

redisTest('who clear at once end in the same epoch', async (prefix) => {
  for (let round = 0; round < 10; round++) {
    const caches = [await open(`${prefix}:${round}`), await open(`${prefix}:${round}`)] as const;
    const [one, two] = caches;
    for (const cache of caches) cache.clear();
    for (const cache of caches) await cache.flush();
    // Who hears of the other's a little late has set something in the epoch before.
    for (let tries = 0; ; tries++) {
      one.set('one', `${tries}`);
      two.set('two', `${tries}`);
      for (const cache of caches) await cache.flush();
      const seen = [await two.getAsync('one'), await one.getAsync('two')];
      if (seen.every((value) => value === `${tries}`)) break;
    }
  }
});

redisTest('FLUSHALL, a lost epoch and a foreign value leave nothing old', async (prefix) => {
  const one = await open(prefix);
  const two = await open(prefix);
  const client = await server.client();
  const fill = async () => {
    one.set('key', 'value');
    await one.flush();
    assert.equal(await two.getAsync('key'), 'value');
  };
  await fill();
  await client.flushAll();
  await until(() => one.get('key') === undefined && two.get('key') === undefined);
  assert.equal(await two.getAsync('key'), undefined);
  await fill();
  await client.del(`${prefix}:epoch`);
  await until(() => one.get('key') === undefined && two.get('key') === undefined);
  assert.equal(await two.getAsync('key'), undefined);
  await fill();
  const [wire] = (await client.keys(`${prefix}:${FRAME_VERSION}:*key`)).slice(-1);
  for (const key of await client.keys(`${prefix}:${FRAME_VERSION}:*key`))
    await client.set(key, 'not a frame');
  await until(() => two.get('key') === undefined);
  assert.equal(await two.getAsync('key'), undefined);
  assert.equal(two.stats().tier?.foreign, 1);
  await client.del(wire!);
  for (const key of await client.keys(`${prefix}:${FRAME_VERSION}:*key`)) {
    await client.del(key);
    await client.lPush(key, 'a list');
  }
  await until(() => one.get('key') === undefined);
  assert.equal(await one.getAsync('key'), undefined);
  await fill();
  client.destroy();
});

redisTest('a tier of another kind of values reads none of these', async (prefix) => {
  const texts = await open(prefix);
  texts.set('key', '[1]');
  await texts.flush();
  const tier = redisTier({ keyPrefix: prefix, socket: { path: server.path } });
  const json = new SharedCache({ maxSize: '8MiB', values: 'json', tier });
  opened.push(json);
  await tier.connect();
  assert.equal(await json.getAsync('key'), undefined);
  assert.equal(json.stats().tier?.foreign, 1);
});
