/** Walking a cache, and several keys at once: the same as a Map's, and what differs on purpose. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DisposedError,
  InvalidArgumentError,
  type Key,
  type KeysOptions,
  SharedCache,
} from '../../index.ts';

function filled(entries: number, now?: () => number): SharedCache<string> {
  const options = now === undefined ? {} : { now };
  const cache = new SharedCache({ maxSize: '8MiB', values: 'string', ...options });
  for (let i = 0; i < entries; i++) cache.set(`key ${i}`, `value ${i}`);
  return cache;
}

const sorted = (list: Iterable<unknown>): unknown[] => [...list].sort();

test('keys, values, entries, forEach and the cache itself give what a Map would', () => {
  using cache = filled(2000);
  const map = new Map(Array.from({ length: 2000 }, (_, i) => [`key ${i}`, `value ${i}`]));
  assert.deepEqual(sorted(cache.keys()), sorted(map.keys()));
  assert.deepEqual(sorted(cache.values()), sorted(map.values()));
  assert.deepEqual(new Map(cache.entries()), map);
  assert.deepEqual(new Map(cache), map);
  const visited = new Map<Key, string>();
  cache.forEach((value, key, self) => {
    assert.equal(self, cache);
    visited.set(key, value);
  });
  assert.deepEqual(visited, map);
  const { hits, misses } = cache.stats();
  assert.deepEqual({ hits, misses }, { hits: 0, misses: 0 }, 'looking is not counted');
});

test('a key that is no text is given as bytes, and any key can be', () => {
  using cache = filled(0);
  const texts = ['ascii', 'ü😀\0', '\ufffd', 'a\ufffdb', '\ufeffmark'];
  const bytes = [[255], [0xc3], [0xed, 0xa0, 0x80], [97, 0xf0, 0x9f, 98], [0xef, 0xbf, 0xbd, 0x80]];
  for (const text of texts) cache.set(text, 'text');
  for (const key of bytes) cache.set(Uint8Array.from(key), 'bytes');
  const found = [...cache.keys()];
  assert.deepEqual(found.filter((key) => typeof key === 'string').sort(), texts.sort());
  const others = found.filter((key) => typeof key !== 'string').map((key) => [...key]);
  assert.deepEqual(sorted(others.map(String)), sorted(bytes.map(String)));
  for (const [key, value] of cache) {
    assert.equal(value, typeof key === 'string' ? 'text' : 'bytes');
    assert.equal(cache.get(key), value);
  }
  const options: KeysOptions = { as: 'bytes' };
  const any: Key[] = [...cache.keys(options)];
  const all = [...cache.keys({ as: 'bytes' })];
  assert.deepEqual(sorted(any.map(String)), sorted(all.map(String)));
  assert.equal(all.length, texts.length + bytes.length);
  for (const key of all) {
    assert.ok(key instanceof Uint8Array && !(key.buffer instanceof SharedArrayBuffer));
    assert.equal(cache.delete(key), true);
  }
  assert.equal(cache.size, 0);
});

test('a key that stays is given, whatever comes and goes meanwhile; what is gone is not', () => {
  using cache = filled(500);
  cache.set('doomed', 'value');
  const seen = new Set<Key>();
  let next = 0;
  for (const [key] of cache) {
    seen.add(key);
    if (next === 0) cache.delete('doomed');
    for (let i = 0; i < 8 && next < 3000; i++) cache.set(`comes ${next++}`, '');
    cache.delete(`comes ${next - 20}`);
  }
  for (let i = 0; i < 500; i++) assert.ok(seen.has(`key ${i}`), `key ${i}`);
});

for (const [what, before, after] of [
  ['grows', 0, 60_000],
  ['shrinks', 60_000, 0],
] as const) {
  test(`a key that stays is given once while the index ${what}`, () => {
    using cache = new SharedCache({ maxSize: '32MiB', compression: 'none' });
    const value = new Uint8Array(1);
    const staying = Array.from({ length: 5000 }, (_, i) => `stays ${i}`);
    for (const key of staying) cache.set(key, value);
    for (let i = 0; i < before; i++) cache.set(`comes and goes ${i}`, value);
    const given: unknown[] = [];
    let others = before;
    for (const key of cache.keys()) {
      if (String(key).startsWith('stays')) given.push(key);
      for (let i = 0; i < 50 && others < after; i++) cache.set(`comes and goes ${others++}`, value);
      for (let i = 0; i < 50 && others > after; i++) cache.delete(`comes and goes ${--others}`);
    }
    assert.equal(others, after);
    assert.deepEqual(given.sort(), staying.sort());
  });
}

test('what has expired is not given', () => {
  let now = 1_000_000;
  using cache = filled(3, () => now);
  cache.set('short', 'value', { ttl: 10 });
  const walk = cache.entries();
  const first = walk.next();
  now += 10;
  const rest = [...walk].map(([key]) => key);
  const all = [...rest, first.value?.[0]].filter((key) => key !== 'short');
  assert.equal(all.length, 3);
  assert.ok(!rest.includes('short'));
  assert.deepEqual(sorted(cache.keys()), ['key 0', 'key 1', 'key 2']);
});

test('a walk may be left, begun again, and is over when the cache is closed', () => {
  const cache = filled(100);
  for (const _ of cache) break;
  const walks = [cache.keys(), cache.values(), cache.entries(), cache[Symbol.iterator]()];
  for (const walk of walks) walk.next();
  const [begun, late] = [cache.keys(), cache.entries()];
  let visits = 0;
  cache.forEach(() => {
    visits++;
    cache.close();
  });
  assert.equal(visits, 1);
  for (const walk of [...walks, begun]) assert.deepEqual([...walk], []);
  for (const call of [() => cache.keys(), () => [...late], () => [...cache]]) {
    assert.throws(call, DisposedError);
  }
  assert.throws(() => cache.forEach(() => {}), DisposedError);
});

test('several keys at once: the answers in order', () => {
  using cache = filled(0);
  const large = 'x'.repeat(2 ** 21);
  const kept = cache.setMany([
    ['a', '1'],
    ['b', '2', { ttl: 1000 }],
    ['large', large],
    ['a', '3'],
  ]);
  assert.deepEqual(kept, [true, true, false, true]);
  const keys = new Set(['b', 'none', 'a', 'large']);
  assert.deepEqual(cache.getMany(keys), ['2', undefined, '3', undefined]);
  assert.deepEqual(cache.deleteMany(['a', 'none', 'a']), [true, false, false]);
  assert.deepEqual(cache.getMany([]), []);
  assert.equal(cache.setMany(new Map([['c', '4']]))[0], true);
  const { hits, misses } = cache.stats();
  assert.deepEqual({ hits, misses }, { hits: 2, misses: 2 });
});

test('what is no list of keys or entries is refused', () => {
  using cache = filled(1);
  for (const wrong of ['key 0', 5, null, undefined, {}, { length: 1 }]) {
    for (const call of [
      () => cache.getMany(wrong as never),
      () => cache.setMany(wrong as never),
      () => cache.deleteMany(wrong as never),
    ]) {
      assert.throws(
        call,
        /^InvalidArgumentError: (keys|entries) must be an array or another iterab/,
      );
    }
  }
  assert.throws(
    () => cache.setMany(['ab'] as never),
    /^InvalidArgumentError: entry must be an array/,
  );
  assert.throws(() => cache.keys({ as: 'text' } as never), InvalidArgumentError);
  assert.throws(
    () => cache.forEach('f' as never),
    /^InvalidArgumentError: visit must be a function/,
  );
  assert.equal(cache.size, 1);
});
