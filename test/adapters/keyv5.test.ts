/**
 * `pageless/keyv` under Keyv 5, and under what stands on it: cacheable 2 and cache-manager 7.
 *
 * Keyv's own suite for it runs in `npm run matrix`; here is what concerns this store.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { createCache } from 'cache-manager';
import { Cacheable } from 'cacheable';
import { Keyv } from 'keyv';
import { Keyv as Keyv5 } from 'keyv5';
import { Keyv5Store } from '../../src/adapters/keyv.ts';
import { SharedCache } from '../../src/cache/shared-cache.ts';

let cache: SharedCache<string>;
beforeEach(() => {
  cache = new SharedCache<string>({ now: () => Date.now(), maxSize: '4MiB', values: 'string' });
});
afterEach(() => cache[Symbol.dispose]());

function keyvOf(options: object = {}): Keyv5 {
  const keyv = new Keyv5({ store: new Keyv5Store(cache), ...options });
  keyv.on('error', (error: unknown) => assert.fail(error as Error));
  return keyv;
}

describe('Keyv 5 on a SharedCache', () => {
  test('values come back; a ttl is a span of milliseconds', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 });
    const keyv = keyvOf();
    assert.equal(await keyv.set('a', { b: 1 }), true);
    assert.equal(await keyv.set('soon', 2, 1000), true);
    assert.equal(await keyv.set('zero', 3, 0), true);
    assert.deepEqual(await keyv.get(['a', 'soon', 'zero']), [{ b: 1 }, 2, 3]);
    t.mock.timers.setTime(Date.now() + 1001);
    assert.equal(cache.has('keyv:soon'), false, 'gone in the cache itself');
    assert.deepEqual(await keyv.get(['a', 'soon', 'zero']), [{ b: 1 }, undefined, 3]);
  });

  test('clear keeps to its namespace', async () => {
    const [one, two] = [keyvOf({ namespace: 'one' }), keyvOf({ namespace: 'two' })];
    await one.set('k', 1);
    await two.set('k', 2);
    await one.clear();
    assert.deepEqual([await one.get('k'), await two.get('k')], [undefined, 2]);
  });

  test('iterator', async () => {
    const keyv = keyvOf({ namespace: 'n' });
    await keyvOf({ namespace: 'other' }).set('x', 0);
    await keyv.set('a', 1);
    await keyv.set('b:c', 2);
    const seen: unknown[] = [];
    for await (const entry of keyv.iterator!(undefined)) seen.push(entry);
    assert.deepEqual(seen.sort(), [
      ['a', 1],
      ['b:c', 2],
    ]);
  });

  test('what the cache refuses is false', async () => {
    assert.equal(await keyvOf().set('long', 'x'.repeat(600_000)), false);
  });

  test('Keyv 6 is refused when it is constructed, and told its store', () => {
    assert.throws(() => new Keyv({ store: new Keyv5Store(cache) }), {
      code: 'ERR_PAGELESS_INVALID_ARGUMENT',
      message: /keyv must be version 5 for Keyv5Store.*KeyvStore/,
    });
  });
});

describe('cacheable 2', () => {
  test('get, set with ttl, getOrSet, delete', async () => {
    const cacheable = new Cacheable({ primary: keyvOf() });
    await cacheable.set('a', { b: 1 }, '1h');
    assert.deepEqual(await cacheable.get('a'), { b: 1 });
    let computed = 0;
    const compute = async () => ++computed;
    assert.equal(await cacheable.getOrSet('c', compute, { ttl: 60_000 }), 1);
    assert.equal(await cacheable.getOrSet('c', compute, { ttl: 60_000 }), 1);
    assert.equal(await cacheable.delete('c'), true);
    assert.equal(await cacheable.getOrSet('c', compute), 2);
    assert.ok(cache.size >= 2, 'it is in the shared cache');
  });

  test('a ttl that is over', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 });
    const cacheable = new Cacheable({ primary: keyvOf() });
    await cacheable.set('a', 1, 1000);
    t.mock.timers.setTime(Date.now() + 1001);
    assert.equal(await cacheable.get('a'), undefined);
  });
});

describe('cache-manager 7', () => {
  test('wrap computes once, ttl is known, del and clear', async () => {
    const manager = createCache({ stores: [keyvOf()] });
    let computed = 0;
    const compute = () => ++computed;
    assert.equal(await manager.wrap('k', compute, 60_000), 1);
    assert.equal(await manager.wrap('k', compute, 60_000), 1);
    const expires = await manager.ttl('k');
    assert.ok(expires !== undefined && expires > Date.now(), `${expires}`);
    await manager.mset([
      { key: 'a', value: 1 },
      { key: 'b', value: 2, ttl: 60_000 },
    ]);
    assert.deepEqual(await manager.mget(['a', 'b', 'c']), [1, 2, undefined]);
    await manager.del('k');
    assert.equal(await manager.wrap('k', compute), 2);
    await manager.clear();
    assert.equal(cache.size, 0);
  });
});
