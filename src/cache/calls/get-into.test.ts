/** Reading without the heap: `getInto` and `read`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sample } from '../../../test/support/store-face.ts';
import { SharedCache } from '../../index.ts';

const BLOCK = 65_520;
const lengths = [0, 1, 100, 3000, 5000, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5];

for (const compression of ['lz4', 'none'] as const) {
  test(`every length comes into the target, and into a view that is lent: ${compression}`, () => {
    using cache = new SharedCache({ maxSize: '8MiB', compression });
    const target = new Uint8Array(4 * BLOCK).fill(255);
    for (const length of lengths) {
      const value = sample(length, length, length % 2 === 0);
      cache.set('key', value);
      target.fill(255);
      assert.equal(cache.getInto('key', target, 7), length);
      assert.ok(Buffer.from(value).equals(target.subarray(7, 7 + length)), `${length} bytes`);
      assert.ok(
        [0, 6, 7 + length].every((at) => target[at] === 255),
        'nothing beside it',
      );
      assert.ok(cache.read('key', (bytes) => Buffer.from(value).equals(bytes)));
    }
  });
}

test('bytes come and go from every place of a buffer', () => {
  using cache = new SharedCache({ maxSize: '8MiB' });
  const buffer = new Uint8Array(3 * BLOCK);
  for (const length of [255, 256, 1027, BLOCK, 65_536, 65_537, 2 * BLOCK + 5]) {
    for (let at = 0; at <= 8; at++) {
      const value = sample(length + at, length);
      buffer.fill(0).set(value, at);
      assert.ok(cache.set('key', buffer.subarray(at, at + length)));
      buffer.fill(0);
      assert.equal(cache.getInto('key', buffer, at), length);
      assert.ok(Buffer.from(value).equals(buffer.subarray(at, at + length)), `${length} at ${at}`);
      assert.equal(buffer[at + length], 0);
    }
  }
});

test('a key that is missing, or over, is undefined', () => {
  let now = 1000;
  using cache = new SharedCache({ maxSize: '4MiB', now: () => now });
  const target = new Uint8Array(10);
  assert.equal(cache.getInto('key', target), undefined);
  assert.equal(
    cache.read('key', () => assert.fail('nothing to read')),
    undefined,
  );
  cache.set('key', Uint8Array.of(1), { ttl: 50 });
  assert.equal(cache.getInto('key', target), 1);
  now += 50;
  assert.equal(cache.getInto('key', target), undefined);
  const { hits, misses } = cache.stats();
  assert.deepEqual([hits, misses], [1, 3]);
});

test('a target that exactly fits; one at whose end it begins', () => {
  using cache = new SharedCache({ maxSize: '4MiB' });
  cache.set('key', Uint8Array.of(1, 2));
  cache.set('empty', new Uint8Array(0));
  const target = new Uint8Array(2);
  assert.equal(cache.getInto('key', target), 2);
  assert.equal(cache.getInto('empty', target, 2), 0);
  for (const offset of [-1, 3, 0.5, Number.NaN, '0' as unknown as number]) {
    assert.throws(() => cache.getInto('key', target, offset), /^InvalidArgumentError: offset/);
  }
  for (const wrong of [[], null, 'text', new DataView(new ArrayBuffer(8))]) {
    assert.throws(
      () => cache.getInto('key', wrong as unknown as Uint8Array),
      /^InvalidArgumentError: target/,
    );
  }
});

test('text and JSON are read as they are stored', () => {
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  cache.set('key', 'héllo');
  const target = Buffer.alloc(20);
  const bytes = cache.getInto('key', target);
  assert.equal(target.toString('utf8', 0, bytes), 'héllo');
  assert.equal(
    cache.read('key', (lent) => Buffer.from(lent).toString()),
    'héllo',
  );
});

test('who reads may call the cache: what was lent stays what it is', () => {
  using cache = new SharedCache({ maxSize: '4MiB' });
  cache.set('a', new Uint8Array(1000).fill(1));
  cache.set('b', new Uint8Array(1000).fill(2));
  const seen = cache.read('a', (a) => {
    cache.get('b');
    cache.delete('a');
    const inner = cache.read('b', (b) => [a[0], b[0], b[999]]);
    cache.set('c', new Uint8Array(1000).fill(3));
    return [...inner!, a[999]];
  });
  assert.deepEqual(seen, [1, 2, 2, 1]);
});

test('a promise cannot be had of what is lent; what the reader throws is passed on', () => {
  using cache = new SharedCache({ maxSize: '4MiB' });
  cache.set('key', Uint8Array.of(1));
  assert.throws(() => cache.read('key', async (bytes) => bytes), /returns no promise/);
  assert.throws(
    () =>
      cache.read('key', () => {
        throw new RangeError('mine');
      }),
    /^RangeError: mine$/,
  );
  assert.throws(
    () => cache.read('key', 1 as never),
    /^InvalidArgumentError: use must be a function/,
  );
  assert.equal(
    cache.read('key', (bytes) => bytes[0]),
    1,
  );
});
