/** Several keys in one call: the same answers as one after the other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/support/fake-clock.ts';
import { DisposedError, InvalidArgumentError } from '../../errors.ts';
import { type Key, SharedCache } from '../../index.ts';

const keysUpTo = (count: number) => Array.from({ length: count }, (_, i) => `key ${i}`);

test('rows of more keys, and of longer values, than one call takes', () => {
  using cache = new SharedCache<string>({ maxSize: '64MiB', values: 'string' });
  for (const length of [0, 1, 100, 1024, 5000, 65_515, 65_516, 65_520, 65_521, 200_000]) {
    const keys = keysUpTo(length > 10_000 ? 7 : 200);
    const text = (key: string) => key.padEnd(length, 'é').slice(0, length);
    for (const key of keys) if (!key.endsWith('3')) assert.ok(cache.set(key, text(key)));
    for (const key of keys) if (key.endsWith('3')) cache.delete(key);
    const expected = keys.map((key) => (key.endsWith('3') ? undefined : text(key)));
    assert.deepEqual(cache.getMany(keys), expected, `${length}`);
    assert.deepEqual(
      cache.getMany(keys),
      keys.map((key) => cache.get(key)),
    );
  }
  cache.arena.check();
});

test('keys of any length and kind, some more than once', () => {
  using cache = new SharedCache<string>({ maxSize: '16MiB', values: 'string' });
  const bytes = new Uint8Array([0xff, 0, 1]);
  const keys: Key[] = ['a', 'é'.repeat(20), 'k'.repeat(64), 'k'.repeat(65), 'a', bytes];
  keys.push('k'.repeat(2040), 'k'.repeat(2041), 'k'.repeat(2048), new TextEncoder().encode('a'));
  for (const [i, key] of keys.entries()) cache.set(key, `value ${i}`);
  const values = keys.map((key) => cache.get(key));
  assert.equal(values[0], 'value 9');
  for (let turn = 0; turn < keys.length; turn++) {
    assert.deepEqual(cache.getMany(keys), values);
    keys.push(keys.shift()!);
    values.push(values.shift());
  }
  assert.deepEqual(cache.getMany(new Set(['a', 'b'])), ['value 9', undefined]);
  assert.deepEqual(cache.getMany([]), []);
  assert.deepEqual(cache.deleteMany([]), []);
  const found = [true, true, true, true, false, true, true, true, true, false];
  assert.deepEqual(cache.deleteMany(keys), found);
  assert.equal(cache.size, 0);
});

test('what is got is counted as by get, and belongs to the caller', () => {
  using cache = new SharedCache({ maxSize: '16MiB' });
  const value = new Uint8Array(70_000).fill(7);
  for (const key of keysUpTo(80)) cache.set(key, value.subarray(0, 1000));
  cache.set('key 5', value);
  const before = cache.stats();
  const values = cache.getMany(keysUpTo(100));
  const { hits, misses, bytesOut } = cache.stats();
  assert.deepEqual(
    [hits - before.hits, misses - before.misses, bytesOut - before.bytesOut],
    [80, 20, 79 * 1000 + 70_000],
  );
  for (const [i, bytes] of values.entries()) {
    if (bytes === undefined) continue;
    assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype);
    assert.equal(bytes.buffer.byteLength, bytes.length);
    assert.ok(bytes.buffer instanceof ArrayBuffer);
    assert.equal(bytes.length, i === 5 ? 70_000 : 1000);
  }
});

test('what has expired is none, by a clock that calls the cache as well', () => {
  const { now, tick } = fakeClock();
  let caller: SharedCache<string> | undefined;
  const meddling = () => {
    caller?.get('another key, which takes the scratch');
    return now();
  };
  using cache = new SharedCache<string>({ maxSize: '16MiB', values: 'string', now: meddling });
  const keys = keysUpTo(150);
  for (const [i, key] of keys.entries()) cache.set(key, key, i % 3 === 0 ? { ttl: 10 } : {});
  caller = cache;
  assert.deepEqual(cache.getMany(keys), keys);
  tick(10);
  const left = keys.map((key, i) => (i % 3 === 0 ? undefined : key));
  assert.deepEqual(cache.getMany(keys), left);
  assert.equal(cache.stats().expirations, 50);
  assert.deepEqual(
    cache.deleteMany(keys),
    left.map((key) => key !== undefined),
  );
});

test('a codec that calls the cache, and one that closes it', () => {
  let act = () => {};
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const codec = {
    serialize: (value: string) => encoder.encode(value),
    deserialize: (bytes: Uint8Array) => {
      act();
      return decoder.decode(bytes);
    },
  };
  const cache = new SharedCache<string>({ maxSize: '16MiB', values: codec });
  using witness = SharedCache.attach(cache.handle, { values: codec });
  const keys = keysUpTo(100);
  for (const key of keys) cache.set(key, key);
  cache.set('key 7', 'long '.repeat(20_000));
  const values = keys.map((key) => (key === 'key 7' ? 'long '.repeat(20_000) : key));
  let isBusy = false;
  act = () => {
    if (isBusy) return;
    isBusy = true;
    cache.getMany(['key 1', 'key 2', 'key 3']);
    cache.set('another', 'value');
    isBusy = false;
  };
  assert.deepEqual(cache.getMany(keys), values);
  act = () => {
    throw new RangeError('no');
  };
  assert.throws(() => cache.getMany(keys), RangeError);
  act = () => cache.close();
  assert.throws(() => cache.getMany(keys), DisposedError);
  act = () => {};
  assert.deepEqual(witness.getMany(keys), values);
  assert.throws(() => cache.getMany([]), DisposedError);
  assert.throws(() => cache.deleteMany([]), DisposedError);
  witness.arena.check();
});

test('a key that is wrong is named, and of its own row nothing is deleted', () => {
  using cache = new SharedCache<string>({ maxSize: '16MiB', values: 'string' });
  cache.set('a', 'value');
  for (const bad of ['', 7, 'k'.repeat(2049), '\ud800', undefined]) {
    assert.throws(() => cache.deleteMany(['a', bad as string]), InvalidArgumentError);
    assert.throws(() => cache.getMany(['a', bad as string]), InvalidArgumentError);
  }
  assert.equal(cache.get('a'), 'value');
});

test('options of getMany are those of get', () => {
  const clock = { time: 1000 };
  const now = (): number => clock.time;
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string', now });
  cache.set('stale', 'old', { ttl: 100, staleFor: 1000 });
  cache.set('kept', 'value', { ttl: 1000 });
  clock.time += 200;
  const keys = ['stale', 'kept', 'none'];
  assert.deepEqual(cache.getMany(keys), [undefined, 'value', undefined]);
  assert.deepEqual(cache.getMany(keys, { allowStale: true }), ['old', 'value', undefined]);
  cache.getMany(['kept'], { updateAgeOnGet: true });
  assert.equal(cache.getRemainingTTL('kept'), 1000);
  assert.throws(() => cache.getMany(keys, { stale: true } as never), InvalidArgumentError);
});
