/**
 * `pageless/unstorage`: the cases of unstorage's own driver test, which is not published, restated;
 * and what concerns this driver.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createStorage, type Driver, type Storage } from 'unstorage';
import { pagelessDriver } from '../../src/adapters/unstorage.ts';
import { SharedCache } from '../../src/cache/shared-cache.ts';

let cache: SharedCache;
let storage: Storage;
beforeEach(() => {
  cache = new SharedCache({ now: () => Date.now(), maxSize: '4MiB' });
  const driver: Driver = pagelessDriver({ cache });
  storage = createStorage({ driver });
});
afterEach(() => cache[Symbol.dispose]());

describe("unstorage's driver contract", () => {
  test('nothing is there at first', async () => {
    assert.equal(await storage.hasItem('s1:a'), false);
    assert.equal(await storage.getItem('s1:a'), null);
    assert.deepEqual(await storage.getKeys(), []);
  });

  test('set, has, get and remove', async () => {
    await storage.setItem('s1:a', 'test_data');
    await storage.setItem('s2:a', 'test_data');
    await storage.setItem('s3:a?q=1', 'test_data');
    assert.equal(await storage.hasItem('s1:a'), true);
    assert.equal(await storage.getItem('s1:a'), 'test_data');
    assert.equal(await storage.getItem('s3:a?q=2'), 'test_data', 'queries are no part of a key');
    await storage.removeItem('s1:a');
    assert.equal(await storage.hasItem('s1:a'), false);
    assert.equal(await storage.getItem('s1:a'), null);
  });

  test('keys, by base and by depth', async () => {
    for (const key of ['s1:a', 's2:a', 's3:a:b:c']) await storage.setItem(key, 'x');
    assert.deepEqual((await storage.getKeys()).sort(), ['s1:a', 's2:a', 's3:a:b:c']);
    assert.deepEqual(await storage.getKeys('s1'), ['s1:a']);
    assert.deepEqual((await storage.getKeys('', { maxDepth: 1 })).sort(), ['s1:a', 's2:a']);
  });

  test('objects, primitives and what has toJSON', async () => {
    await storage.setItem('object', { json: { works: true } });
    assert.deepEqual(await storage.getItem('object'), { json: { works: true } });
    for (const value of [100, true, false, 0, '']) {
      await storage.setItem('primitive', value);
      assert.equal(await storage.getItem('primitive'), value);
    }
    await storage.setItem('json', { toJSON: () => ({ works: 1 }) } as never);
    assert.deepEqual(await storage.getItem('json'), { works: 1 });
    await storage.setItem('null', null);
    assert.equal(await storage.hasItem('null'), true);
    assert.equal(await storage.getItem('null'), null);
    await storage.setItem('object', undefined as never);
    assert.equal(await storage.hasItem('object'), false, 'undefined removes');
  });

  test('raw bytes of every shape come back, and are the own copy', async () => {
    const bytes = Uint8Array.of(0, 1, 254, 255);
    const shapes = [
      bytes,
      Buffer.from(bytes),
      bytes.buffer,
      new DataView(bytes.buffer),
      new Uint16Array(bytes.buffer),
    ];
    for (const shape of shapes) {
      await storage.setItemRaw('data:raw.bin', shape);
      const raw = (await storage.getItemRaw('data:raw.bin')) as Uint8Array;
      assert.deepEqual([...raw], [...bytes]);
      assert.ok(raw.buffer instanceof ArrayBuffer);
      raw.fill(7);
    }
    await storage.setItemRaw('text', 'grüß');
    assert.equal(await storage.getItem('text'), 'grüß');
    assert.equal(await storage.getItemRaw('nothing'), null);
    await assert.rejects(storage.setItemRaw('object', { a: 1 }), {
      code: 'ERR_PAGELESS_INVALID_ARGUMENT',
    });
  });

  test('several at once', async () => {
    await storage.setItems<string | number>([
      { key: 'a', value: 'one' },
      { key: 'b', value: 2 },
    ]);
    assert.deepEqual(await storage.getItems(['a', 'b', 'c']), [
      { key: 'a', value: 'one' },
      { key: 'b', value: 2 },
      { key: 'c', value: null },
    ]);
  });

  test('meta', async () => {
    await storage.setItem('a', 1);
    await storage.setMeta('a', { mtime: new Date(1000) });
    assert.deepEqual({ ...(await storage.getMeta('a')) }, { size: 1, mtime: new Date(1000) });
    assert.deepEqual({ ...(await storage.getMeta('none')) }, {});
  });

  test('clear, of everything, of a mount, and of nothing', async () => {
    await storage.clear();
    await storage.setItem('a', 1);
    const mounted = pagelessDriver({ cache, base: 'mount:' });
    storage.mount('users', mounted);
    await storage.setItem('users:1', 'Ada');
    await storage.setItem('users:2', 'Bob');
    await storage.clear('users');
    assert.deepEqual(await storage.getKeys('users'), []);
    assert.equal(await storage.getItem('a'), 1);
    await storage.clear();
    assert.equal(cache.size, 0);
  });

  test('watch is told of what this storage does', async () => {
    const seen: string[] = [];
    await storage.watch((event, key) => void seen.push(`${event} ${key}`));
    await storage.setItem('a', 1);
    await storage.removeItem('a');
    assert.deepEqual(seen, ['update a', 'remove a']);
    await storage.unwatch();
  });

  test('dispose leaves the cache open', async () => {
    await storage.setItem('a', 1);
    await storage.dispose();
    assert.equal(cache.size, 1);
  });
});

describe('the driver of a SharedCache', () => {
  test('clear and getKeys of the driver keep to a base', () => {
    const driver = pagelessDriver({ cache, base: 'app:' });
    for (const key of ['users:1', 'users:2', 'pages:1']) driver.setItem(key, 'x');
    cache.set('elsewhere', Uint8Array.of(1));
    assert.deepEqual(driver.getKeys('users:').sort(), ['users:1', 'users:2']);
    driver.clear('users:');
    assert.deepEqual(driver.getKeys(), ['pages:1']);
    driver.clear();
    assert.deepEqual([...cache.keys()], ['elsewhere']);
  });

  test('ttl is in seconds: of the driver, of the call, and none', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 });
    storage = createStorage({ driver: pagelessDriver({ cache, ttl: 2 }) });
    await storage.setItem('default', 1);
    await storage.setItem('own', 1, { ttl: 0.5 });
    await storage.setItem('zero', 1, { ttl: 0 });
    await storage.setItemRaw('raw', Uint8Array.of(1), { ttl: 3 });
    await storage.setItems([{ key: 'many', value: 1, options: { ttl: 1 } }]);
    t.mock.timers.setTime(Date.now() + 501);
    assert.deepEqual((await storage.getKeys()).sort(), ['default', 'many', 'raw', 'zero']);
    t.mock.timers.setTime(Date.now() + 1500);
    assert.deepEqual((await storage.getKeys()).sort(), ['raw', 'zero']);
    t.mock.timers.setTime(Date.now() + 1000);
    assert.deepEqual(await storage.getKeys(), ['zero']);
  });

  test('meta tell the size, and the whole seconds that are left', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 });
    await storage.setItem('a', 'four', { ttl: 60 });
    const own = { nativeOnly: true };
    assert.deepEqual({ ...(await storage.getMeta('a', own)) }, { size: 4, ttl: 60 });
    t.mock.timers.setTime(Date.now() + 1);
    assert.deepEqual({ ...(await storage.getMeta('a', own)) }, { size: 4, ttl: 59 });
    t.mock.timers.setTime(Date.now() + 60_000);
    assert.deepEqual({ ...(await storage.getMeta('a', own)) }, {});
    cache.set('stale', Uint8Array.of(1), { ttl: 10, staleFor: 1000 });
    t.mock.timers.setTime(Date.now() + 11);
    assert.deepEqual({ ...(await storage.getMeta('stale', own)) }, {});
  });

  test('several items are one call of the cache', async (t) => {
    const [getMany, setMany] = [t.mock.method(cache, 'getMany'), t.mock.method(cache, 'setMany')];
    await storage.setItems(
      [
        { key: 'a', value: 1 },
        { key: 'b', value: 2 },
      ],
      { ttl: 5 },
    );
    assert.deepEqual(
      (await storage.getItems(['b', 'none'])).map(({ value }) => value),
      [2, null],
    );
    assert.deepEqual([setMany.mock.callCount(), getMany.mock.callCount()], [1, 1]);
    assert.ok(['a', 'b'].every((key) => cache.getRemainingTTL(key) <= 5000));
  });

  test('a ttl that is none is refused, and nothing has changed', async () => {
    await storage.setItem('a', 1);
    for (const ttl of [-1, Number.NaN, '60', null]) {
      await assert.rejects(storage.setItem('a', 2, { ttl }), /ttl must be a number of seconds/);
      assert.throws(() => pagelessDriver({ cache, ttl: ttl as number }), /ttl must be/);
    }
    assert.equal(await storage.getItem('a'), 1);
  });

  test('a text with a lone surrogate is refused, for it has no UTF-8', async () => {
    await assert.rejects(storage.setItem('a', '\ud800'), /well-formed text/);
  });

  test('what the cache refuses is not there', async () => {
    await storage.setItem('a', 1);
    await storage.setItem('a', 'x'.repeat(600_000));
    assert.equal(await storage.getItem('a'), null);
    assert.equal(cache.stats().refusals, 1);
  });

  test('a cache of other values is refused, by the name of the right ones', () => {
    const text = new SharedCache<string>({
      now: () => Date.now(),
      maxSize: '4MiB',
      values: 'string',
    });
    assert.throws(() => pagelessDriver({ cache: text as never }), {
      message: /values must be 'bytes' for pagelessDriver.*seen: "string"/,
    });
    assert.throws(() => pagelessDriver(undefined as never), /cache must be a SharedCache/);
    text[Symbol.dispose]();
  });
});
