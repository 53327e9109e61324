/** SharedCache at its limits: sizes of keys and values, time, options, and a full zone. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { noise } from '../../test/support/numbers.ts';
import { settled } from '../../test/support/settled.ts';
import * as facts from '../generated/facts.ts';
import {
  InvalidArgumentError,
  type SetOptions,
  SharedCache,
  type SharedCacheHandle,
  type SharedCacheOptions,
} from '../index.ts';

test('keys have 1 to 2048 bytes', () => {
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  for (const length of [1, 63, 64, 65, 2047, 2048]) {
    const key = 'k'.repeat(length);
    cache.set(key, `${length}`);
    assert.equal(cache.get(new TextEncoder().encode(key)), `${length}`);
  }
  assert.equal(cache.set('é'.repeat(1024), '2048 bytes'), true);
  const before = cache.stats();
  const wrong = ['', 'k'.repeat(2049), 'é'.repeat(1025), 'k'.repeat(65536)];
  for (const key of [...wrong, new Uint8Array(0), new Uint8Array(2049), new Uint8Array(65536)]) {
    for (const call of [() => cache.get(key), () => cache.set(key, ''), () => cache.delete(key)]) {
      assert.throws(call, (error: unknown) => {
        assert.ok(error instanceof InvalidArgumentError);
        return /^key must be 1 to 2048 bytes long; seen: /.test(error.message);
      });
    }
  }
  for (const key of [undefined, null, 5, {}, ['a'], new Uint16Array(4)]) {
    assert.throws(() => cache.get(key as string), InvalidArgumentError);
  }
  assert.deepEqual(cache.stats(), before, 'nothing has changed');
});

test('a lone surrogate has no UTF-8: refused as key and as value, and nothing has changed', () => {
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  cache.set('key', 'old');
  const before = cache.stats();
  for (const bad of ['\ud800', 'a\udc00', `${'x'.repeat(100)}\ud800`]) {
    assert.throws(() => cache.set(bad, 'value'), /key must be well-formed text/);
    assert.throws(() => cache.get(bad), InvalidArgumentError);
    assert.throws(() => cache.set('key', bad), /value must be well-formed text/);
  }
  assert.deepEqual(cache.stats(), before);
  assert.equal(cache.get('key'), 'old');
});

test('values of every length around blocks and pages come back', () => {
  const { BLOCK_BYTES } = facts;
  const edges = [0, 1, 12, 13, 16, 4076, 4095, 4096, 4097, BLOCK_BYTES - 1, BLOCK_BYTES];
  const lengths = [...edges, BLOCK_BYTES + 1, 3 * BLOCK_BYTES, 3 * BLOCK_BYTES + 1, 2 ** 20];
  for (const compression of ['lz4', 'none'] as const) {
    using cache = new SharedCache({ maxSize: '32MiB', compression });
    for (const length of lengths) {
      for (const value of [noise(length), new Uint8Array(length).fill(7)]) {
        assert.equal(cache.set(`${length}`, value), true, `${length}`);
        assert.deepEqual(cache.get(`${length}`), value);
      }
    }
    cache.arena.check();
  }
});

test('a value longer than maxEntrySize is refused and counted, and the old one is gone', () => {
  for (const maxEntrySize of [10, 4096, 100_000]) {
    using cache = new SharedCache({ maxSize: '8MiB', maxEntrySize });
    assert.equal(cache.set('key', noise(maxEntrySize)), true);
    assert.equal(cache.set('less', noise(maxEntrySize - 1)), true);
    assert.equal(cache.set('key', noise(maxEntrySize + 1)), false);
    assert.equal(cache.get('key'), undefined, 'never stale');
    assert.equal(cache.stats().refusals, 1);
    assert.equal(cache.size, 1);
  }
  using cache = new SharedCache({ maxSize: '8MiB' });
  assert.equal(cache.set('key', noise(2 ** 20)), true, 'an eighth by default');
  assert.equal(cache.set('key', noise(2 ** 20 + 1)), false);
});

test('entries expire, lazily', () => {
  const clock = fakeClock();
  const { now } = clock;
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string', ttl: 100, now });
  cache.set('default', 'a');
  cache.set('short', 'b', { ttl: 10 });
  cache.set('long', 'c'.repeat(100_000), { ttl: 1000 });
  cache.set('for ever', 'd', { ttl: Number.MAX_SAFE_INTEGER });
  clock.tick(9);
  assert.equal(cache.get('short'), 'b');
  clock.tick(1);
  assert.equal(cache.size, 4, 'nobody has met it yet');
  assert.deepEqual([...cache.keys()].sort(), ['default', 'for ever', 'long']);
  assert.equal(cache.has('short'), false);
  assert.equal(cache.size, 3);
  assert.equal(cache.stats().expirations, 1);
  clock.tick(90);
  assert.equal(cache.get('default'), undefined);
  assert.equal(cache.peek('long')?.length, 100_000);
  clock.tick(900);
  assert.equal(cache.peek('long'), undefined);
  assert.equal(cache.get('for ever'), 'd');
  assert.equal(cache.stats().expirations, 3);
});

test('setting again starts the time anew; no ttl means no end', () => {
  const clock = fakeClock();
  const { now } = clock;
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string', now });
  cache.set('key', 'a', { ttl: 10 });
  clock.tick(8);
  cache.set('key', 'b', { ttl: 10 });
  clock.tick(8);
  assert.equal(cache.get('key'), 'b');
  cache.set('key', 'c');
  clock.tick(1e9);
  assert.equal(cache.get('key'), 'c');
});

test('options that make no sense are refused, with what was seen', () => {
  const wrong: [Record<string, unknown>, RegExp][] = [
    [{}, /^maxSize must be .*; seen: undefined/],
    [{ maxSize: Number.NaN }, /seen: NaN/],
    [{ maxSize: -1 }, /seen: -1/],
    [{ maxSize: 2 ** 33 }, /from 4 MiB to 4 GiB; seen: 8589934592/],
    [{ maxSize: 2 ** 22 - 1 }, /from 4 MiB to 4 GiB; seen: 4194303$/],
    [{ maxSize: '4 MB' }, /from 4 MiB to 4 GiB; seen: "4 MB"; that is 4000000 bytes$/],
    [{ maxSize: '12 parsecs' }, /seen: "12 parsecs"/],
    [{ maxSize: '8MiB', compression: 'zip' }, /'lz4' or 'none'; seen: "zip"/],
    [{ maxSize: '8MiB', values: 'xml' }, /^values must be/],
    [{ maxSize: '8MiB', values: { serialize() {} } }, /^values must be/],
    [{ maxSize: '8MiB', maxEntrySize: 0 }, /^maxEntrySize must be/],
    [{ maxSize: '8MiB', maxEntrySize: 0.5 }, /^maxEntrySize must be .*; seen: 0.5$/],
    [
      { maxSize: '8MiB', maxEntrySize: '9MiB' },
      /^maxEntrySize must be maxSize or less; seen: "9MiB"$/,
    ],
    [
      { maxSize: '4GiB', maxEntrySize: '3GiB' },
      /^maxEntrySize must be less than 2 GiB; seen: "3GiB"$/,
    ],
    [{ maxSize: '4GiB', maxEntrySize: 2 ** 31 }, /must be less than 2 GiB; seen: 2147483648$/],
    [{ maxSize: '8MiB', maxEntries: 4 }, /did you mean maxEntrySize\?$/],
    [{ maxSize: '8MiB', ttlMs: 4 }, /did you mean ttl\?$/],
    ...[-1, 1.5, Number.NaN, 2 ** 53, '100', null, 1n].map(
      (ttl): [Record<string, unknown>, RegExp] => [{ maxSize: '8MiB', ttl }, /^ttl must be/],
    ),
  ];
  for (const [options, message] of wrong) {
    const create = () => new SharedCache(options as unknown as SharedCacheOptions<Uint8Array>);
    assert.throws(create, (error: unknown) => {
      assert.ok(error instanceof InvalidArgumentError, `${error}`);
      assert.match(error.message, message);
      return true;
    });
  }
  for (const options of [undefined, null, 5, 'text']) {
    const create = () => new SharedCache(options as unknown as SharedCacheOptions<Uint8Array>);
    assert.throws(create, InvalidArgumentError);
  }
  using cache = new SharedCache({ maxSize: '4MiB' });
  for (const ttl of [-1, 0.5, Number.NaN, 'soon' as unknown as number]) {
    assert.throws(() => cache.set('key', noise(1), { ttl }), /^InvalidArgumentError: ttl must be/);
  }
  assert.equal(cache.size, 0);
});

test('options where no options are, and unknown ones, are refused: nothing is ignored', () => {
  using cache = new SharedCache({ maxSize: '4MiB' });
  const wrong: [unknown, RegExp][] = [
    [
      5000,
      /^options must be an object of \{ ttl, staleFor, tags, noUpdateTTL, status \}; seen: 5000$/,
    ],
    [null, /seen: null$/],
    [new Date(), /seen: a Date$/],
    [{ ttlMs: 5 }, /seen: "ttlMs"; did you mean ttl\?$/],
  ];
  for (const [options, message] of wrong) {
    const set = () => cache.set('key', noise(1), options as SetOptions);
    assert.throws(set, { code: 'ERR_PAGELESS_INVALID_ARGUMENT', message });
    const attach = () => SharedCache.attach(cache.handle, options as object);
    assert.throws(attach, { code: 'ERR_PAGELESS_INVALID_ARGUMENT' });
  }
  const attach = () => SharedCache.attach(cache.handle, { values: 'json' });
  assert.throws(
    attach,
    /^InvalidArgumentError: values must be 'bytes', as in the cache, or left out/,
  );
  assert.equal(cache.size, 0);
});

test('a ttl of 0 or Infinity is never, also where the cache has another', () => {
  const clock = fakeClock();
  const { now } = clock;
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string', ttl: 100, now });
  cache.set('zero', 'a', { ttl: 0 });
  cache.set('infinite', 'b', { ttl: Number.POSITIVE_INFINITY });
  cache.set('default', 'c', {});
  clock.tick(1e12);
  assert.deepEqual([...cache.keys()].sort(), ['infinite', 'zero']);
  for (const ttl of [0, Number.POSITIVE_INFINITY]) {
    using other = new SharedCache<string>({ maxSize: '4MiB', values: 'string', ttl, now });
    assert.equal(other.handle.ttl, 0);
    other.set('key', 'd');
    clock.tick(1e12);
    assert.equal(other.get('key'), 'd');
  }
});

test('getRemainingTTL and info tell for how long it has been stale, from 0 on', () => {
  let time = 0;
  using cache = new SharedCache({ maxSize: '4MiB', values: 'json', now: () => time });
  cache.set('key', 1, { ttl: 10, staleFor: 1000 });
  for (time of [9, 10, 11, 25, 1009]) {
    assert.equal(cache.getRemainingTTL('key'), 10 - time);
    const { ttl, isStale } = cache.info('key')!;
    assert.deepEqual([ttl, isStale], [10 - time, time >= 10]);
  }
  time = 1010;
  assert.deepEqual([cache.getRemainingTTL('key'), cache.info('key')], [0, undefined]);
});

test('getRemainingTTL: Infinity for never, 0 for what is not there', () => {
  const clock = fakeClock();
  const { now } = clock;
  using cache = new SharedCache({ maxSize: '4MiB', values: 'string', ttl: 100, now });
  cache.set('default', 'a');
  cache.set('own', 'b'.repeat(100_000), { ttl: 2 ** 40 });
  cache.set('never', 'c', { ttl: 0 });
  assert.equal(cache.getRemainingTTL('none'), 0);
  assert.equal(cache.getRemainingTTL('never'), Number.POSITIVE_INFINITY);
  clock.tick(99);
  assert.equal(cache.getRemainingTTL('default'), 1);
  assert.equal(cache.getRemainingTTL(Buffer.from('own')), 2 ** 40 - 99);
  clock.tick(1);
  assert.equal(cache.getRemainingTTL('default'), 0);
  const { hits, misses, expirations } = cache.stats();
  assert.deepEqual({ hits, misses, expirations }, { hits: 0, misses: 0, expirations: 1 });
});

test('no length is believed: bytes are what they are, whatever they say', () => {
  const real = noise(100);
  class Liar extends Uint8Array {
    override get length(): number {
      return 50_000;
    }
    override get byteLength(): number {
      return 3;
    }
    override subarray(): never {
      throw new Error('asked');
    }
  }
  using cache = new SharedCache<Uint8Array>({ maxSize: '8MiB' });
  for (let i = 0; i < 100; i++) cache.set(`other ${i}`, noise(1000, i));
  const key = new Liar(Buffer.from('key'));
  assert.equal(cache.set(key, new Liar(real)), true);
  assert.deepEqual(cache.get('key'), real);
  const large = noise(200_000);
  assert.equal(cache.set(key, new Liar(large)), true);
  assert.deepEqual(cache.get('key'), large);
  for (let i = 0; i < 100; i++) assert.deepEqual(cache.get(`other ${i}`), noise(1000, i));
  cache.arena.check();
});

test('the zone never grows: a full cache evicts and stays sound', () => {
  using cache = new SharedCache({ maxSize: '4MiB' });
  assert.equal(cache.arena.size, 2 ** 22);
  for (let i = 0; i < 3000; i++) assert.equal(cache.set(`${i}`, noise(4000, i)), true, `${i}`);
  const { evictions, entries } = cache.stats();
  assert.ok(evictions > 0 && evictions + entries === 3000);
  const left = [...cache.keys()];
  assert.equal(left.length, entries);
  for (const key of left) assert.deepEqual(cache.get(key), noise(4000, Number(key)));
  cache.arena.check();
  cache.clear();
  assert.equal(cache.set('after', noise(400_000)), true);
  cache.arena.check();
});

test('a value that fits nowhere is refused, also after everything was evicted', () => {
  const maxSize = 2 ** 22 + 1;
  using made = new SharedCache({ maxSize, maxEntrySize: maxSize });
  // The memory is of whole pages: 1 byte less than both options say.
  using cache = made.recreate();
  cache.set('key', noise(1000));
  assert.equal(cache.set('key', noise(2 ** 22)), false);
  assert.equal(cache.get('key'), undefined);
  assert.equal(cache.stats().refusals, 1);
  cache.arena.check();
  assert.equal(cache.set('key', noise(1000)), true);
});

test('what is passed instead of a handle is told what was meant', () => {
  using cache = new SharedCache({ maxSize: '4MiB' });
  const told: [unknown, RegExp][] = [
    [cache, /seen: a SharedCache; its \.handle is one$/],
    [structuredClone(cache), /; a cache that is sent itself arrives as \{\}: send cache\.handle$/],
    [{ name: 'x', pages: cache.handle }, /; what it has as "pages" is one$/],
    [cache.arena.handle, /; an arena is attached by Arena\.attach$/],
    [{ maxSize: '4MiB' }, /seen: an Object$/],
    [JSON.stringify(cache.handle), /seen: a string of \d+ characters$/],
  ];
  for (const [seen, message] of told) {
    assert.throws(() => SharedCache.attach(seen as SharedCacheHandle), message);
  }
});

test('the supervisor is no thread of the cache', async () => {
  using cache = new SharedCache({ maxSize: '4MiB' });
  await settled(cache.arena);
  assert.equal(cache.stats().threads, 1);
});
