/** Times of entries: stale ones, new times, and what a call says of itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/support/fake-clock.ts';
import {
  InvalidArgumentError,
  SharedCache,
  type SharedCacheOptions,
  type Status,
} from '../../index.ts';

const FOR_EVER = Number.POSITIVE_INFINITY;

function open(options: { ttl?: number; staleFor?: number } = {}) {
  const { now, tick } = fakeClock();
  const cache = new SharedCache({ maxSize: '8MiB', values: 'string', now, ...options });
  return { cache, tick, [Symbol.dispose]: () => cache.close() };
}

test('a stale value is there only for who allows it', () => {
  using opened = open();
  const { cache, tick } = opened;
  cache.set('key', 'a', { ttl: 10, staleFor: 20 });
  assert.equal(cache.get('key'), 'a');
  assert.equal(cache.getRemainingTTL('key'), 10);
  tick(15);
  assert.equal(cache.get('key'), undefined);
  assert.equal(cache.peek('key'), undefined);
  assert.equal(cache.has('key'), false);
  assert.equal(cache.getInto('key', new Uint8Array(9)), undefined);
  assert.deepEqual([...cache.keys()], []);
  assert.equal(cache.getRemainingTTL('key'), -5);
  assert.equal(cache.info('key')?.ttl, -5);
  assert.equal(cache.get('key', { allowStale: true }), 'a');
  assert.equal(cache.peek('key', { allowStale: true }), 'a');
  assert.equal(cache.info('key')?.isStale, true);
  tick(15);
  assert.equal(cache.get('key', { allowStale: true }), undefined);
  assert.equal(cache.getRemainingTTL('key'), 0);
  assert.equal(cache.size, 0);
  assert.equal(cache.stats().expirations, 1);
});

test('a stale value is none for add, replace and update, and is overwritten', () => {
  using opened = open({ ttl: 10, staleFor: FOR_EVER });
  const { cache, tick } = opened;
  cache.set('key', 'a');
  tick(10_000);
  assert.equal(cache.get('key', { allowStale: true }), 'a');
  assert.equal(cache.replace('key', 'b'), false);
  assert.equal(cache.touch('key'), false);
  assert.equal(
    cache.update('key', (old) => String(old)),
    'undefined',
  );
  assert.equal(cache.get('key'), 'undefined');
  tick(10);
  assert.equal(cache.add('key', 'c'), true);
  assert.equal(cache.get('key'), 'c');
  assert.equal(cache.size, 1);
  tick(10);
  assert.equal(cache.set('key', 'd', { staleFor: 0 }), true);
  tick(10);
  assert.equal(cache.get('key', { allowStale: true }), undefined);
});

test('touch gives an entry its own time again, or another', () => {
  const [minute, day] = [60_000, 86_400_000];
  const coded = [1000, 20_000, 25 * minute, 75 * minute, 21 * 3_600_000, 7 * day, 75 * day];
  const others = [5, 1500, 12_345, 90_000, 21_000, 23 * minute, 80 * minute, 365 * day, 2 ** 40];
  for (const ttl of [...coded, ...others]) {
    using opened = open({ ttl: 777 });
    const { cache, tick } = opened;
    cache.set('own', 'a', { ttl });
    cache.set('usual', 'b');
    cache.set('never', 'c', { ttl: 0 });
    tick(4);
    for (const key of ['own', 'usual', 'never']) assert.equal(cache.touch(key), true);
    assert.equal(cache.getRemainingTTL('own'), ttl);
    assert.equal(cache.getRemainingTTL('usual'), 777);
    assert.equal(cache.getRemainingTTL('never'), FOR_EVER);
    assert.equal(cache.touch('own', { ttl: 50 }), true);
    assert.equal(cache.getRemainingTTL('own'), 50);
    assert.equal(cache.touch('own'), true);
    assert.equal(cache.getRemainingTTL('own'), 50);
    assert.equal(cache.touch('own', { ttl: 0 }), true);
    assert.equal(cache.getRemainingTTL('own'), FOR_EVER);
    assert.equal(cache.touch('none'), false);
    assert.deepEqual([...cache.values()].sort(), ['a', 'b', 'c']);
    assert.equal(cache.stats().sets, 3, 'a touch is no set');
    cache.arena.check();
  }
});

test('touch keeps long values, tags, and how long they may be stale', () => {
  using opened = open();
  const { cache, tick } = opened;
  const value = Array.from({ length: 60_000 }, (_, i) => (i * i).toString(36)).join();
  cache.set('key', value, { ttl: 100, staleFor: 50, tags: ['a', 'b'] });
  tick(90);
  assert.equal(cache.touch('key'), true);
  tick(99);
  assert.equal(cache.get('key'), value);
  tick(2);
  assert.equal(cache.has('key'), false);
  assert.equal(cache.get('key', { allowStale: true }), value);
  assert.deepEqual(cache.info('key')?.tags, ['a', 'b']);
  tick(49);
  assert.equal(cache.get('key', { allowStale: true }), undefined);
  cache.arena.check();
});

test('updateAgeOnGet makes a hit begin anew', () => {
  using opened = open({ ttl: 10 });
  const { cache, tick } = opened;
  cache.set('key', 'a');
  for (let i = 0; i < 5; i++) {
    tick(8);
    assert.equal(cache.get('key', { updateAgeOnGet: true }), 'a');
  }
  tick(8);
  assert.equal(cache.get('key'), 'a');
  tick(2);
  assert.equal(cache.get('key', { updateAgeOnGet: true }), undefined);
});

test('noUpdateTTL leaves the time of what it overwrites', () => {
  using opened = open({ ttl: 100 });
  const { cache, tick } = opened;
  cache.set('key', 'a', { ttl: 50, staleFor: 5 });
  tick(20);
  assert.equal(cache.set('key', 'b', { noUpdateTTL: true }), true);
  assert.equal(cache.get('key'), 'b');
  assert.equal(cache.getRemainingTTL('key'), 30);
  assert.equal(cache.set('new', 'c', { noUpdateTTL: true, ttl: 7 }), true);
  assert.equal(cache.getRemainingTTL('new'), 7);
  tick(32);
  assert.equal(cache.get('key', { allowStale: true }), 'b');
  assert.equal(cache.set('key', 'd', { noUpdateTTL: true }), true);
  assert.equal(cache.getRemainingTTL('key'), 100, 'what is stale is not there');
});

const inTime = { ttl: 100, noUpdateTTL: true };
const overwrites: Record<string, (cache: SharedCache<number>, key: string) => unknown> = {
  set: (cache, key) => cache.set(key, 2, inTime),
  setMany: (cache, key) => cache.setMany([[key, 2, inTime]]),
  replace: (cache, key) => cache.replace(key, 2, inTime),
  setIfVersion: (cache, key) =>
    cache.setIfVersion(key, 2, cache.getWithVersion(key)!.version, inTime),
  update: (cache, key) => cache.update(key, () => 2, inTime),
  increment: (cache, key) => cache.increment(key, 1, inTime),
  'increment with tags': (cache, key) => cache.increment(key, 1, { ...inTime, tags: ['t'] }),
};

for (const [name, overwrite] of Object.entries(overwrites)) {
  test(`noUpdateTTL leaves the time of what it overwrites: ${name}`, () => {
    const { now, tick } = fakeClock();
    using cache = new SharedCache<number>({ maxSize: '4MiB', values: 'json', now });
    cache.set('key', 1, { ttl: 80, staleFor: 50 });
    tick(60);
    overwrite(cache, 'key');
    assert.equal(cache.get('key'), 2);
    assert.equal(cache.getRemainingTTL('key'), 20);
    tick(20);
    assert.equal(cache.replace('key', 3, inTime), false, 'what is stale is not there');
    assert.equal(cache.add('key', 3, inTime), true);
    assert.equal(cache.getRemainingTTL('key'), 100);
  });
}

test('a replace with noUpdateTTL of no value tells no refusal', () => {
  const { now } = fakeClock();
  using cache = new SharedCache<number>({ maxSize: '4MiB', values: 'json', now });
  const status: Status = {};
  assert.equal(cache.replace('key', 2, { noUpdateTTL: true, status }), false);
  assert.deepEqual(status, {});
  assert.equal(cache.stats().refusals, 0);
});

test('a counter with noUpdateTTL counts in fixed windows', () => {
  const { now, tick } = fakeClock();
  using cache = new SharedCache<number>({ maxSize: '4MiB', values: 'json', now });
  const seen = Array.from({ length: 12 }, () => {
    tick(30);
    return cache.increment('user', 1, inTime);
  });
  assert.deepEqual(seen, [1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]);
});

test('update keeps times, and staleFor, unless told otherwise', () => {
  using opened = open({ ttl: 100 });
  const { cache, tick } = opened;
  cache.set('key', '1', { ttl: 12_345, staleFor: 10 });
  tick(45);
  cache.update('key', (old) => `${old}!`);
  assert.equal(cache.getRemainingTTL('key'), 12_300);
  cache.touch('key');
  assert.equal(cache.getRemainingTTL('key'), 12_345);
  cache.set('n', '5', { ttl: 12_345, staleFor: 10, tags: ['t'] });
  tick(45);
  assert.equal(cache.increment('n'), 6);
  assert.equal(cache.getRemainingTTL('n'), 12_300);
  assert.deepEqual(cache.info('n')?.tags, ['t']);
  tick(12_305);
  assert.equal(cache.get('n', { allowStale: true }), '6');
  cache.update('m', () => '1', { ttl: 5, staleFor: 3 });
  tick(6);
  assert.equal(cache.get('m', { allowStale: true }), '1');
});

const restaled: Record<string, (cache: SharedCache<number>, staleFor: number) => unknown> = {
  update: (cache, staleFor) => cache.update('key', () => 2, { staleFor }),
  'update with tags': (cache, staleFor) => cache.update('key', () => 2, { staleFor, tags: ['u'] }),
  increment: (cache, staleFor) => cache.increment('key', 1, { staleFor }),
  'increment with tags': (cache, staleFor) => cache.increment('key', 1, { staleFor, tags: ['u'] }),
};

for (const [name, overwrite] of Object.entries(restaled)) {
  test(`staleFor alone leaves the time to live, and says how long after it: ${name}`, () => {
    for (const ttl of [1000, 12_345, 777])
      for (const before of [0, 50, FOR_EVER])
        for (const after of [0, 20, FOR_EVER])
          for (const tags of [[], ['t']]) {
            const { now, tick } = fakeClock();
            const settings = { maxSize: '4MiB', values: 'json', ttl: 777, now } as const;
            using cache = new SharedCache<number>(settings);
            cache.set('key', 1, { ttl, staleFor: before, tags });
            tick(40);
            overwrite(cache, after);
            assert.equal(cache.getRemainingTTL('key'), ttl - 40);
            tick(ttl - 41);
            assert.equal(cache.get('key'), 2);
            tick(1);
            assert.equal(cache.get('key'), undefined);
            tick(19);
            assert.equal(cache.get('key', { allowStale: true }), after === 0 ? undefined : 2);
            tick(1);
            assert.equal(
              cache.get('key', { allowStale: true }),
              after === FOR_EVER ? 2 : undefined,
            );
            cache.set('key', 1, { ttl, staleFor: before, tags });
            overwrite(cache, after);
            tick(40);
            cache.touch('key');
            assert.equal(cache.getRemainingTTL('key'), ttl, 'its own');
            cache.set('key', 1, { ttl: 0, tags });
            overwrite(cache, after);
            assert.equal(cache.getRemainingTTL('key'), FOR_EVER);
          }
  });
}

test('info tells what is known of an entry', () => {
  using opened = open();
  const { cache } = opened;
  assert.equal(cache.info('key'), undefined);
  cache.set('key', 'x'.repeat(1000), { ttl: 60_000 });
  const { size, storedSize, ttl, isStale, tags } = cache.info('key')!;
  assert.deepEqual(
    { size, ttl, isStale, tags },
    { size: 1000, ttl: 60_000, isStale: false, tags: [] },
  );
  assert.ok(storedSize > 0 && storedSize < 1000, `${storedSize}`);
  cache.set('key', 'x');
  assert.equal(cache.info('key')?.ttl, FOR_EVER);
  assert.deepEqual([cache.stats().hits, cache.stats().misses], [0, 0]);
});

test('a status says what became of the call', () => {
  const { now, tick } = fakeClock();
  using cache = new SharedCache({ maxSize: '4MiB', values: 'string', maxEntrySize: 100, now });
  const status: Status = {};
  const of = (call: (status: Status) => unknown) => {
    for (const name of Object.keys(status)) delete status[name as keyof Status];
    call(status);
    return { ...status };
  };
  const times = { ttl: 5, staleFor: 5 };
  assert.deepEqual(
    of((status) => cache.get('key', { status })),
    { get: 'miss' },
  );
  assert.deepEqual(
    of((status) => cache.set('key', 'abc', { ...times, status })),
    { set: 'add', entrySize: 3 },
  );
  assert.deepEqual(
    of((status) => cache.set('key', 'abcd', { ...times, status })),
    {
      ...{ set: 'replace', entrySize: 4 },
    },
  );
  assert.deepEqual(
    of((status) => cache.add('key', 'x', { status })),
    {},
  );
  assert.deepEqual(
    of((status) => cache.get('key', { status })),
    { get: 'hit', entrySize: 4 },
  );
  tick(5);
  assert.deepEqual(
    of((status) => cache.get('key', { status })),
    { get: 'miss' },
  );
  assert.deepEqual(
    of((status) => cache.get('key', { status, allowStale: true })),
    {
      ...{ get: 'stale', entrySize: 4 },
    },
  );
  const refused = { set: 'refused', refusal: 'too-large', entrySize: 101 };
  const large = 'x'.repeat(101);
  assert.deepEqual(
    of((status) => cache.set('key', large, { status })),
    refused,
  );
  assert.deepEqual(
    of((status) => cache.add('key', large, { status })),
    refused,
  );
  assert.deepEqual(
    of((status) => cache.update('key', () => large, { status })),
    refused,
  );
  assert.deepEqual(
    of((status) => cache.increment('n', 41, { status })),
    { set: 'add', entrySize: 2 },
  );
});

test('options that are wrong are typed errors, and change nothing', () => {
  using opened = open();
  const { cache } = opened;
  cache.set('key', 'a', { tags: ['t'] });
  const wrong = [
    { staleFor: -1 },
    { staleFor: 0.5 },
    { noUpdateTTL: 1 },
    { status: 5 },
    { tags: 'text' },
    { tags: [1] },
    { tags: [''] },
    { tags: ['x'.repeat(257)] },
    { tags: Array.from({ length: 9 }, (_, i) => `${i}`) },
    { tags: ['\ud800'] },
  ];
  for (const options of wrong as never[]) {
    for (const call of ['set', 'replace'] as const) {
      assert.throws(() => cache[call]('key', 'b', options), InvalidArgumentError);
    }
    assert.throws(() => cache.update('key', () => 'b', options), InvalidArgumentError);
  }
  for (const options of [{ ttl: -1 }, { tags: [] }, { tll: 1 }] as never[]) {
    assert.throws(() => cache.touch('key', options), InvalidArgumentError);
  }
  for (const options of [{ allowStale: 1 }, { updateAgeOnGet: 'x' }, { ttl: 1 }] as never[]) {
    assert.throws(() => cache.get('key', options), InvalidArgumentError);
  }
  assert.throws(() => cache.deleteTag(''), InvalidArgumentError);
  assert.equal(cache.get('key'), 'a');
});

test('a clock that changes the key at each look: touch and noUpdateTTL end', () => {
  let act = (): void => {};
  const now = (): number => {
    act();
    return 1000;
  };
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string', now });
  cache.set('key', 'old', { ttl: 50 });
  let looks = 0;
  act = () => {
    const once = act;
    act = () => {};
    looks++;
    cache.set('key', `value ${looks}`, { ttl: 50 });
    act = once;
  };
  const busy = { name: 'BusyError', message: /each of 10000 tries.* by option `now`/ };
  assert.throws(() => cache.touch('key', { ttl: 20 }), busy);
  assert.throws(() => cache.set('key', 'new', { noUpdateTTL: true }), busy);
  act = () => {};
  assert.equal(cache.get('key'), `value ${looks}`);
});

test('increment gives tags in the same step as the sum, by nothing as well', () => {
  for (const values of ['json', 'string'] as const) {
    using cache = new SharedCache({ maxSize: '4MiB', values } as SharedCacheOptions<unknown>);
    assert.equal(cache.increment('n', 2, { tags: ['a'], initial: 40 }), 42);
    assert.deepEqual(cache.info('n')?.tags, ['a']);
    assert.equal(cache.increment('n', 0, { tags: ['b'] }), 42);
    assert.deepEqual(cache.info('n')?.tags, ['b']);
    cache.deleteTag('a');
    assert.equal(cache.increment('n', 1), 43);
    cache.deleteTag('b');
    assert.equal(cache.increment('n', 1), 1);
  }
});
