/**
 * `pageless/keyv` under Keyv 6: what its storage contract says, each as a test, since its own suite
 * is not published.
 */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { Keyv, type KeyvStorageAdapter } from 'keyv';
import { Keyv as Keyv5 } from 'keyv5';
import { KeyvStore } from '../../src/adapters/keyv.ts';
import { SharedCache } from '../../src/cache/shared-cache.ts';
import { InvalidArgumentError } from '../../src/errors.ts';

let cache: SharedCache<string>;
beforeEach(() => {
  cache = new SharedCache<string>({ now: () => Date.now(), maxSize: '4MiB', values: 'string' });
});
afterEach(() => cache[Symbol.dispose]());

/** Asserts that nothing went wrong behind Keyv's back, which turns errors into events. */
function keyvOf(namespace?: string, ttl?: number): Keyv {
  const store = new KeyvStore(cache);
  const keyv = new Keyv({ store, ...(namespace && { namespace }), ...(ttl && { ttl }) });
  keyv.on('error', (error: unknown) => assert.fail(error as Error));
  assert.equal(keyv.store, store, 'Keyv uses it as it is, without a bridge');
  return keyv;
}

describe('the contract of a storage adapter', () => {
  test('its shape is the one that Keyv declares, awaited', () => {
    type Answers = Pick<KeyvStorageAdapter, 'get' | 'set' | 'delete' | 'has' | 'clear'>;
    type Awaitable<T> = {
      [K in keyof T]: T[K] extends (...args: infer A) => Promise<infer R>
        ? (...args: A) => R | Promise<R>
        : never;
    };
    const store: Awaitable<Omit<Answers, 'get'>> = new KeyvStore(cache);
    assert.ok(store);
  });

  test('get gives strings, and undefined for what is not there', () => {
    const store = new KeyvStore(cache);
    assert.equal(store.set('a', '{"value":1}'), true);
    assert.equal(store.get('a'), '{"value":1}');
    assert.equal(store.get('b'), undefined);
    assert.deepEqual(store.getMany(['a', 'b']), ['{"value":1}', undefined]);
  });

  test('has and hasMany do not count as reads', () => {
    const store = new KeyvStore(cache);
    store.set('a', '1');
    assert.equal(store.has('a'), true);
    assert.deepEqual(store.hasMany(['a', 'b']), [true, false]);
    assert.equal(cache.stats().hits + cache.stats().misses, 0);
  });

  test('expires is a time, not a span', (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 });
    const store = new KeyvStore(cache);
    store.set('later', '1', Date.now() + 1000);
    store.set('never', '2', undefined);
    store.set('endless', '3', Number.POSITIVE_INFINITY);
    store.set('fraction', '4', Date.now() + 0.25);
    assert.equal(store.get('fraction'), '4');
    t.mock.timers.setTime(Date.now() + 1001);
    assert.equal(store.get('later'), undefined);
    assert.equal(store.has('later'), false);
    assert.equal(store.get('fraction'), undefined);
    assert.deepEqual(store.getMany(['never', 'endless']), ['2', '3']);
  });

  test('an expiry that has passed removes the key, and is obeyed', () => {
    const store = new KeyvStore(cache);
    store.set('a', '1');
    assert.equal(store.set('a', '2', Date.now() - 1), true);
    assert.equal(store.has('a'), false);
  });

  test('several keys are one call of the cache', (t) => {
    const store = new KeyvStore(cache);
    const [getMany, setMany] = [t.mock.method(cache, 'getMany'), t.mock.method(cache, 'setMany')];
    const deleteMany = t.mock.method(cache, 'deleteMany');
    const expires = Date.now() + 60_000;
    store.setMany([
      { key: 'a', value: '1' },
      { key: 'b', value: '2', expires },
    ]);
    assert.deepEqual(store.getMany(['b', 'a', 'none']), ['2', '1', undefined]);
    assert.deepEqual(store.deleteMany(['a', 'none']), [true, false]);
    for (const { mock } of [getMany, setMany, deleteMany]) assert.equal(mock.callCount(), 1);
    const over = { key: 'b', value: '3', expires: Date.now() - 1 };
    assert.deepEqual(store.setMany([{ key: 'a', value: '1' }, over]), [true, true]);
    assert.deepEqual(store.getMany(['a', 'b']), ['1', undefined], 'what is over removes');
  });

  test('set, setMany, delete and deleteMany say what happened to each', () => {
    const store = new KeyvStore(cache);
    const soon = Date.now() + 60_000;
    const entries = [
      { key: 'a', value: '1' },
      { key: 'b', value: '2', expires: soon },
      { key: 'c', value: 'x'.repeat(600_000) },
    ];
    assert.deepEqual(store.setMany(entries), [true, true, false]);
    assert.deepEqual(store.getMany(['a', 'b', 'c']), ['1', '2', undefined]);
    assert.equal(store.delete('a'), true);
    assert.equal(store.delete('a'), false);
    assert.deepEqual(store.deleteMany(['a', 'b']), [false, true]);
  });

  test('clear removes one namespace; without one, everything', () => {
    const [users, pages, all] = ['users', 'pages', undefined].map((namespace) => {
      return Object.assign(new KeyvStore(cache), { namespace });
    });
    users!.set('a', '1');
    pages!.set('a', '2');
    users!.clear();
    assert.equal(users!.get('a'), undefined);
    assert.equal(pages!.get('a'), '2');
    all!.clear();
    assert.equal(cache.size, 0);
  });

  test('no namespace is the beginning of another', async () => {
    for (const [one, other, key] of [
      ['a', 'a:', ':b'],
      ['a', 'a::b', 'b::c'],
      ['a', 'A', 'k'],
      ['ä ö', 'ä', ' ö'],
      ['%', '%25', 'k'],
    ] as const) {
      const first = Object.assign(new KeyvStore(cache), { namespace: one });
      const second = Object.assign(new KeyvStore(cache), { namespace: other });
      first.set(key, 'first');
      second.set('kept', 'second');
      first.clear();
      assert.equal(second.get('kept'), 'second', `${one} and ${other}`);
      second.clear();
    }
  });

  test('iterator gives keys without their namespace, and only these', async () => {
    const store = Object.assign(new KeyvStore(cache), { namespace: 'n' });
    store.set('a', '1');
    store.set('b::c', '2');
    new KeyvStore(cache).set('other', '3');
    const seen = [];
    for await (const entry of store.iterator()) seen.push(entry);
    assert.deepEqual(seen.sort(), [
      ['a', '1'],
      ['b::c', '2'],
    ]);
  });
});

describe('Keyv 6 on a SharedCache', () => {
  test('values of all kinds come back', async () => {
    const keyv = keyvOf();
    const values = [false, null, 0, '', 'text', '"', ':colon', { a: [1, { b: 2 }] }, 10n ** 18n];
    for (const [index, value] of values.entries()) {
      assert.equal(await keyv.set(`key ${index}`, value), true);
      assert.deepEqual(await keyv.get(`key ${index}`), value === null ? null : value);
    }
    await keyv.set('bytes', Buffer.from([1, 2, 3]));
    assert.deepEqual(await keyv.get('bytes'), Buffer.from([1, 2, 3]));
  });

  test('two Keyvs on one cache, each with a store of its own, keep apart', async () => {
    const [one, two] = [keyvOf('one'), keyvOf('two')];
    await one.set('k', 1);
    await two.set('k', 2);
    assert.deepEqual([await one.get('k'), await two.get('k')], [1, 2]);
    await one.clear();
    assert.deepEqual([await one.get('k'), await two.get('k')], [undefined, 2]);
  });

  test('ttl of the Keyv, of the call, and none', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 1_800_000_000_000 });
    const keyv = keyvOf('n', 1000);
    await keyv.set('default', 1);
    await keyv.set('own', 2, 5000.5);
    await keyv.set('zero', 3, 0);
    t.mock.timers.setTime(Date.now() + 1001);
    assert.deepEqual(await keyv.get(['default', 'own', 'zero']), [undefined, 2, 3]);
    t.mock.timers.setTime(Date.now() + 4001);
    assert.equal(await keyv.has('own'), false);
  });

  test('many at once, and iteration', async () => {
    const keyv = keyvOf('n');
    const entries = ['a', 'b', 'c'].map((key, index) => ({ key, value: index }));
    assert.deepEqual(await keyv.setMany(entries), [true, true, true]);
    assert.deepEqual(await keyv.get(['a', 'c', 'x']), [0, 2, undefined]);
    assert.deepEqual(await keyv.has(['a', 'x']), [true, false]);
    const seen: unknown[] = [];
    for await (const entry of keyv.iterator()) seen.push(entry);
    assert.deepEqual(seen.sort(), [
      ['a', 0],
      ['b', 1],
      ['c', 2],
    ]);
    assert.deepEqual(await keyv.deleteMany(['a', 'x']), [true, false]);
  });

  test('what the cache refuses is false, and no error', async () => {
    const keyv = keyvOf();
    assert.equal(await keyv.set('long', 'x'.repeat(600_000)), false);
    assert.equal(await keyv.get('long'), undefined);
  });

  test('values without serialisation are refused by type', async () => {
    const keyv = new Keyv({ store: new KeyvStore(cache), serialization: false });
    let error: unknown;
    keyv.on('error', (seen: unknown) => {
      error = seen;
    });
    assert.equal(await keyv.set('a', { b: 1 }), false);
    assert.ok(error instanceof InvalidArgumentError);
  });

  test('disconnect leaves the cache open', async () => {
    const keyv = keyvOf();
    await keyv.set('a', 1);
    await keyv.disconnect();
    assert.equal(await keyv.get('a'), 1);
  });
});

describe('what KeyvStore refuses', () => {
  test('a cache of other values, by the name of the right ones', () => {
    const json = new SharedCache({ now: () => Date.now(), maxSize: '4MiB', values: 'json' });
    assert.throws(() => new KeyvStore(json as never), {
      code: 'ERR_PAGELESS_INVALID_ARGUMENT',
      message: /values must be 'string' for KeyvStore.*seen: "json"/,
    });
    json[Symbol.dispose]();
  });

  test('what is no cache, or was disposed', () => {
    for (const wrong of [undefined, null, {}, new Map(), cache.handle]) {
      assert.throws(() => new KeyvStore(wrong as never), InvalidArgumentError);
    }
    const gone = new SharedCache<string>({
      now: () => Date.now(),
      maxSize: '4MiB',
      values: 'string',
    });
    gone[Symbol.dispose]();
    assert.throws(() => new KeyvStore(gone), { code: 'ERR_PAGELESS_DISPOSED' });
  });

  test('the cache itself as a store, when the Keyv is made; and what is told Keyv', () => {
    const told = {
      code: 'ERR_PAGELESS_INVALID_ARGUMENT',
      message: /^store must be new KeyvStore\(cache\), or Keyv5Store, of pageless\/keyv; seen/,
    };
    const store = cache as never;
    assert.throws(() => new Keyv(store), told);
    assert.throws(() => new Keyv({ store, namespace: 'users' }), told);
    assert.throws(() => new Keyv5(store), told);
    assert.throws(() => new Keyv5({ store, namespace: 'users' }), told);
    const Loose = KeyvStore as new (...all: unknown[]) => KeyvStore;
    assert.throws(() => new Loose(cache, { namespace: 'users' }), {
      message: /^options must be left out: KeyvStore takes the cache alone/,
    });
  });

  test('a Keyv that is too old, by version, when it is constructed', () => {
    assert.throws(() => new Keyv5({ store: new KeyvStore(cache) }), {
      code: 'ERR_PAGELESS_INVALID_ARGUMENT',
      message: /keyv must be version 6 or later for KeyvStore.*Keyv5Store/,
    });
  });
});
