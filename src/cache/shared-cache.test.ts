/** SharedCache in one thread: what each operation does, for each kind of value and of key. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DisposedError, type Key, SharedCache, type ValueKind } from '../index.ts';

const samples: [ValueKind, unknown[]][] = [
  [
    'bytes',
    [new Uint8Array(0), Uint8Array.of(0, 255), Uint8Array.from({ length: 9000 }, (_, i) => i)],
  ],
  ['string', ['', 'text', 'ü😀\0', 'x'.repeat(200_000)]],
  ['json', [null, 0, '', false, [], { a: [1, { b: null }] }]],
];

for (const [values, list] of samples) {
  test(`${values}: set, get, peek, has, delete and clear`, () => {
    using cache = new SharedCache({ maxSize: '8MiB', values });
    for (const value of list) {
      assert.equal(cache.get('key'), undefined);
      assert.equal(cache.set('key', value), true);
      assert.deepEqual(cache.get('key'), value);
      assert.deepEqual(cache.peek('key'), value);
      assert.equal(cache.has('key'), true);
      assert.equal(cache.size, 1);
      assert.equal(cache.delete('key'), true);
      assert.equal(cache.delete('key'), false);
      assert.equal(cache.has('key'), false);
    }
    for (const [index, value] of list.entries()) cache.set(`${index}`, value);
    assert.equal(cache.size, list.length);
    cache.clear();
    assert.equal(cache.size, 0);
    assert.deepEqual([...cache.keys()], []);
    cache.arena.check();
  });
}

test('a codec of one’s own: serialize and deserialize see every value', () => {
  const codec = {
    serialize: (date: Date) => new TextEncoder().encode(date.toISOString()),
    deserialize: (bytes: Uint8Array) => new Date(new TextDecoder().decode(bytes)),
  };
  using cache = new SharedCache<Date>({ maxSize: '4MiB', values: codec });
  const now = new Date();
  cache.set('now', now);
  assert.deepEqual(cache.get('now'), now);
});

test('a serializer may use the cache, and its errors change nothing', () => {
  const codec = {
    serialize(text: string): Uint8Array {
      if (text === 'bad') throw new Error('mine');
      if (text === 'nested') cache.set('inner', 'x');
      return new TextEncoder().encode(text);
    },
    deserialize(bytes: Uint8Array): string {
      cache.has('inner');
      return new TextDecoder().decode(bytes);
    },
  };
  using cache: SharedCache<string> = new SharedCache<string>({ maxSize: '4MiB', values: codec });
  assert.equal(cache.set('outer', 'nested'), true);
  assert.equal(cache.get('outer'), 'nested');
  assert.equal(cache.get('inner'), 'x');
  assert.throws(() => cache.set('outer', 'bad'), /mine/);
  assert.equal(cache.get('outer'), 'nested');
});

test('a value is a copy: nobody sees later changes of the bytes', () => {
  using cache = new SharedCache({ maxSize: '4MiB' });
  const bytes = Uint8Array.of(1, 2, 3);
  cache.set('key', bytes);
  bytes[0] = 9;
  const first = cache.get('key')!;
  assert.deepEqual([...first], [1, 2, 3]);
  first[1] = 9;
  assert.deepEqual([...cache.get('key')!], [1, 2, 3]);
  assert.equal(first.buffer instanceof SharedArrayBuffer, false);
});

test('a text and its UTF-8 are the same key', () => {
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  for (const text of ['key', 'ü', '😀', 'a\0b', '\0', 'é'.repeat(60)]) {
    const bytes = new TextEncoder().encode(text);
    cache.set(text, 'by text');
    assert.equal(cache.get(bytes), 'by text');
    cache.set(bytes, 'by bytes');
    assert.equal(cache.get(text), 'by bytes');
    assert.equal(cache.delete(Buffer.from(text)), true);
    assert.equal(cache.has(text), false);
  }
});

test('keys are only bytes: prototype names, NULs, prefixes and look-alikes differ', () => {
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  const keys = ['__proto__', 'constructor', 'toString', '\0', '\0\0', 'a', 'a\0', 'é', 'e\u0301'];
  for (const key of keys) assert.equal(cache.get(key), undefined);
  for (const key of keys) cache.set(key, `of ${key}`);
  for (const key of keys) assert.equal(cache.get(key), `of ${key}`);
  assert.deepEqual([...cache.keys()].sort(), [...keys].sort());
});

test('keys() gives every key once in a quiet cache, also while the index grows', () => {
  using cache = new SharedCache<string>({ maxSize: '16MiB', values: 'string' });
  for (let i = 0; i < 5000; i++) cache.set(`key ${i}`, '');
  const seen = [...cache.keys()];
  assert.equal(new Set(seen).size, 5000);
  assert.equal(seen.length, 5000);
  assert.equal(cache.size, 5000);
});

test('a key that stays is given by keys() though others come and go meanwhile', () => {
  using cache = new SharedCache<string>({ maxSize: '16MiB', values: 'string' });
  for (let i = 0; i < 500; i++) cache.set(`stays ${i}`, '');
  const seen = new Set<Key>();
  let next = 0;
  for (const key of cache.keys()) {
    seen.add(key);
    for (let i = 0; i < 8 && next < 3000; i++) cache.set(`comes ${next++}`, '');
    cache.delete(`comes ${next - 20}`);
  }
  for (let i = 0; i < 500; i++) assert.ok(seen.has(`stays ${i}`), `stays ${i}`);
});

test('stats count hits, misses, sets, deletes and refusals; peek and has are not counted', () => {
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string', maxEntrySize: 1000 });
  cache.set('a', 'x'.repeat(100));
  cache.set('b', 'y');
  cache.set('b', 'z');
  cache.get('a');
  cache.get('nothing');
  cache.peek('a');
  cache.peek('nothing');
  cache.has('a');
  cache.has('nothing');
  cache.delete('b');
  cache.delete('b');
  cache.set('c', 'x'.repeat(1001));
  const { hits, misses, sets, deletes, refusals, evictions, expirations } = cache.stats();
  assert.deepEqual(
    { hits, misses, sets, deletes, refusals, evictions, expirations },
    { hits: 1, misses: 1, sets: 3, deletes: 1, refusals: 1, evictions: 0, expirations: 0 },
  );
  const { entries, keyBytes, valueBytes, storedBytes, compressionRatio } = cache.stats();
  assert.deepEqual({ entries, keyBytes, valueBytes }, { entries: 1, keyBytes: 1, valueBytes: 100 });
  // One of 100 equal letters: a head, and a few bytes of LZ4, in a slot of less than 64.
  assert.deepEqual(
    { storedBytes, compressionRatio },
    { storedBytes: 64, compressionRatio: 101 / 64 },
  );
  assert.deepEqual(cache.stats().refusalsByReason, {
    'too-large': 1,
    'no-memory': 0,
    'stalled-reader': 0,
  });
  assert.equal(cache.stats().hitRatio, 0.5);
  cache.clear();
  assert.equal(cache.stats().storedBytes, 0);
});

test('values that repeat take less than they are long', () => {
  using packed = new SharedCache<string>({ maxSize: '16MiB', values: 'string' });
  using raw = new SharedCache<string>({ maxSize: '16MiB', values: 'string', compression: 'none' });
  for (let i = 0; i < 500; i++) {
    const page = `{"id":${i},"name":"somebody","tags":["a","b","c"]}`.repeat(80);
    packed.set(`${i}`, page);
    raw.set(`${i}`, page);
    assert.equal(packed.get(`${i}`), raw.get(`${i}`));
  }
  assert.ok(packed.stats().compressionRatio > 4, `${packed.stats().compressionRatio}`);
  assert.ok(raw.stats().compressionRatio < 1);
});

test('after dispose everything throws, and dispose again does nothing', () => {
  const cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  const { arena } = cache;
  const keys = cache.keys();
  cache[Symbol.dispose]();
  cache[Symbol.dispose]();
  const calls: (() => unknown)[] = [
    () => cache.get('a'),
    () => cache.peek('a'),
    () => cache.set('a', 'b'),
    () => cache.has('a'),
    () => cache.delete('a'),
    () => cache.clear(),
    () => cache.size,
    () => cache.stats(),
    () => cache.handle,
    () => cache.arena,
    () => [...cache.keys()],
    () => arena.report(),
    () => arena.check(),
  ];
  assert.deepEqual([...keys], [], 'a walk that was asked for is over');
  for (const call of calls) assert.throws(call, DisposedError, String(call));
});
