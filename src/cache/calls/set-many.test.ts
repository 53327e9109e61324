/** Several entries set in one call: as one after the other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/support/fake-clock.ts';
import { DisposedError, InvalidArgumentError } from '../../errors.ts';
import { type CacheView, type SetOptions, SharedCache, type Status } from '../../index.ts';

type Entry = [key: string | Uint8Array, value: string, options?: SetOptions];

/** All that is known of a key. */
function known(cache: CacheView<string>, key: string | Uint8Array): unknown {
  const { storedSize: _, ...info } = cache.info(key) ?? {};
  return [cache.peek(key, { allowStale: true }), cache.getRemainingTTL(key), info];
}

/** Sets them one by one in one cache, and together in another one: both are the same then. */
function compare(
  entries: Entry[],
  options: { ttl?: number; staleFor?: number; maxEntrySize?: number } = {},
  open: (cache: SharedCache<string>) => CacheView<string> = (cache) => cache,
): void {
  const { now } = fakeClock();
  const [one, two] = [0, 1].map(() => {
    return new SharedCache<string>({ maxSize: '64MiB', values: 'string', now, ...options });
  }) as [SharedCache<string>, SharedCache<string>];
  for (let turn = 0; turn < 2; turn++) {
    const statuses = entries.map((): [Status, Status] => [{}, {}]);
    const kept = entries.map(([key, value, own], i) =>
      open(one).set(key, value, { ...own, status: statuses[i]![0] }),
    );
    const together = entries.map(
      ([key, value, own], i): Entry => [key, value, { ...own, status: statuses[i]![1] }],
    );
    assert.deepEqual(open(two).setMany(together), kept);
    for (const [alone, row] of statuses) assert.deepEqual(row, alone);
    for (const [key] of entries) assert.deepEqual(known(open(two), key), known(open(one), key));
    assert.equal(open(two).size, open(one).size);
  }
  const { sets, refusals, bytesIn, refusalsByReason } = one.stats();
  assert.deepEqual(two.stats().refusalsByReason, refusalsByReason);
  assert.deepEqual(
    [two.stats().sets, two.stats().refusals, two.stats().bytesIn],
    [sets, refusals, bytesIn],
  );
  two.arena.check();
  one.close();
  two.close();
}

const lengths = [0, 1, 7, 8, 9, 100, 1024, 21_000, 21_800, 60_000, 65_519, 65_520, 65_521, 200_000];

test('more entries than a row takes, of any length, some more than once', () => {
  compare(Array.from({ length: 300 }, (_, i): Entry => [`key ${i % 250}`, `value ${i}`]));
  for (const letter of ['a', 'é', '€', '𝄞']) {
    compare(
      lengths.map(
        (length): Entry => [`${letter} ${length}`, letter.repeat(length / letter.length)],
      ),
    );
  }
});

test('keys of any length and kind', () => {
  const bytes = new Uint8Array([0xff, 0, 1]);
  const keys = ['a', 'é'.repeat(20), 'k'.repeat(64), 'k'.repeat(65), bytes, 'k'.repeat(2048)];
  compare(keys.map((key, i): Entry => [key, `value ${i}`]));
  compare(
    keys.map((key, i): Entry => [key, `value ${i}`]),
    {},
    (cache) => cache.namespace('n'),
  );
});

test('times, tags and what is kept of an entry', () => {
  const options: SetOptions[] = [
    ...[{}, { ttl: 10 }, { ttl: 12_345, staleFor: 7 }, { ttl: 0 }, { tags: ['a'] }],
    ...[{ tags: ['a', 'b', 'a'], ttl: 5 }, { tags: [] }, { ttl: 99, noUpdateTTL: true }],
    { tags: Array.from({ length: 8 }, (_, i) => `${i}`.repeat(200)) },
  ];
  const entries = Array.from(
    { length: 90 },
    (_, i): Entry => [`key ${i % 40}`, `value ${i}`, options[i % options.length]!],
  );
  for (const own of [{}, { ttl: 1000 }, { ttl: 1000, staleFor: 500 }]) {
    compare(entries, own);
    compare(entries, own, (cache) => cache.namespace('n', { ttl: 50 }));
  }
});

test('a tag that is deleted kills what was set with it, and nothing that is set later', () => {
  using cache = new SharedCache<string>({ maxSize: '16MiB', values: 'string' });
  const row: Entry[] = [
    ['a', '1', { tags: ['t'] }],
    ['b', '2'],
    ['c', '3', { tags: ['t', 'u'] }],
  ];
  cache.setMany(row);
  cache.deleteTag('t');
  assert.deepEqual(cache.getMany(['a', 'b', 'c']), [undefined, '2', undefined]);
  cache.setMany(row);
  assert.deepEqual(cache.getMany(['a', 'b', 'c']), ['1', '2', '3']);
});

test('what is too long is refused alone, in its turn, and leaves no old value', () => {
  const long = 'x'.repeat(200);
  compare(
    [
      ['a', 'old'],
      ['b', 'old'],
      ['a', long],
      ['c', 'new'],
      ['b', 'é'.repeat(101)],
      ['a', 'new'],
    ],
    {
      maxEntrySize: 200 - 1,
    },
  );
});

test('without memory each is refused, and has no value; the others go on', () => {
  const cache = new SharedCache({ maxSize: '4MiB', compression: 'none' });
  const value = new Uint8Array(60_000);
  cache.set('a', value.subarray(0, 10));
  cache.set('b', value.subarray(0, 10));
  for (let order = 9; order >= 0; ) if (cache.arena.allocPages(order) === undefined) order--;
  const status: Status = {};
  const kept = cache.setMany([
    ['a', value],
    ['b', value.subarray(0, 10)],
    ['a', value, { status }],
  ]);
  assert.deepEqual(
    [kept[0], kept[2], status.set, status.refusal],
    [false, false, 'refused', 'no-memory'],
  );
  assert.equal(cache.has('a'), false);
  assert.ok(cache.stats().refusals >= 2);
  cache.close();
});

test('a wrong entry is named; those before it are stored, and none behind', () => {
  using cache = new SharedCache<string>({ maxSize: '16MiB', values: 'string' });
  const good: Entry[] = [
    ['a', '1'],
    ['b', '2'],
  ];
  const wrong: unknown[] = [
    ['', 'x'],
    ['x', 7],
    ['x', '\ud800'],
    ['x'.repeat(2049), 'x'],
    7,
    ['x', 'x', { tll: 1 }],
  ];
  wrong.push(['x', 'x', { tags: [''] }], ['x'.repeat(2048), 'x', { tags: tooLong }]);
  for (const bad of wrong) {
    cache.clear();
    const entries = [...good, bad, ['c', '3']] as Entry[];
    assert.throws(() => cache.setMany(entries), InvalidArgumentError, JSON.stringify(bad));
    assert.deepEqual([...cache].sort(), good);
  }
});

const tooLong = Array.from({ length: 8 }, (_, i) => `${i}`.repeat(256));

test('a codec that uses its bytes again, calls the cache, throws, or closes it', () => {
  const buffer = Buffer.alloc(1000);
  let act = (_value: string): void => {};
  const codec = {
    serialize: (value: string) => {
      act(value);
      return buffer.subarray(0, buffer.write(value));
    },
    deserialize: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
  };
  const cache = new SharedCache<string>({ maxSize: '16MiB', values: codec });
  using witness = SharedCache.attach(cache.handle, { values: codec });
  const entries = Array.from({ length: 150 }, (_, i): Entry => [`key ${i}`, `value ${i}`]);
  let depth = 0;
  act = (value) => {
    if (depth > 1) return;
    depth++;
    cache.setMany([
      [`in ${value}`, 'x'],
      [`in ${value}, too`, 'y'],
    ]);
    cache.get('key 1');
    depth--;
  };
  assert.ok(cache.setMany(entries).every((isKept) => isKept));
  for (const [key, value] of entries) assert.equal(cache.get(key), value);
  assert.deepEqual(cache.getMany(['in value 149', 'in value 149, too']), ['x', 'y']);
  act = (value) => {
    if (value === 'value 100') throw new RangeError('on purpose');
  };
  cache.clear();
  assert.throws(() => cache.setMany(entries), RangeError);
  assert.equal(cache.size, 100);
  act = (value) => {
    if (value === 'value 100') cache.close();
  };
  assert.throws(() => cache.setMany(entries), DisposedError);
  assert.throws(() => cache.setMany([]), DisposedError);
  act = () => {};
  assert.equal(witness.size, 100);
  witness.arena.check();
});

test('bytes of any kind are copied, wherever they begin', () => {
  using cache = new SharedCache({ maxSize: '16MiB' });
  const all = Uint8Array.from({ length: 4000 }, (_, i) => i);
  const shared = new Uint8Array(new SharedArrayBuffer(100)).fill(7);
  const values = [
    all.subarray(3, 700),
    Buffer.from(all),
    new Uint8Array(0),
    shared,
    all.subarray(1, 9),
  ];
  cache.setMany(values.map((value, i) => [`${i}`, value] as const));
  const expected = values.map((value) => new Uint8Array(value));
  assert.deepEqual(cache.getMany(values.map((_, i) => `${i}`)), expected);
});
