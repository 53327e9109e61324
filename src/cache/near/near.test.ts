/** Values that a thread keeps near: when they are kept, and that they are never stale. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/support/fake-clock.ts';
import { poisonZone } from '../../../test/support/poison-zone.ts';
import {
  CorruptionError,
  DisposedError,
  InvalidArgumentError,
  type NearOptions,
  SharedCache,
  type SharedCacheOptions,
} from '../../index.ts';

type Value = { n: number; list?: unknown[] };

function make(options: Partial<SharedCacheOptions<Value>> = {}): SharedCache<Value> {
  const fixed = { maxSize: '8MiB', values: 'json', near: { max: 100 } } as const;
  return new SharedCache<Value>({ ...fixed, ...(options as object) });
}

/** Reads until the value is kept. */
function warm(cache: SharedCache<Value>, key = 'key'): Value | undefined {
  cache.get(key);
  return cache.get(key);
}

function nearHits(cache: SharedCache<Value>): number {
  return cache.stats().near!.hits;
}

test('a value is kept from its second read on, and then it is the very same', () => {
  using cache = make();
  cache.set('key', { n: 1 });
  const first = cache.get('key');
  assert.equal(cache.stats().near?.entries, 0, 'most keys are asked for once');
  const second = cache.get('key');
  assert.notEqual(first, second);
  assert.deepEqual(second, { n: 1 });
  assert.equal(cache.get('key'), second);
  assert.equal(cache.get('key'), second);
  const { hits, misses, near } = cache.stats();
  assert.deepEqual([hits, misses, near], [4, 0, { entries: 1, hits: 2, outdated: 0 }]);
});

test('a key without a value is not kept', () => {
  using cache = make();
  for (let i = 0; i < 5; i++) assert.equal(cache.get('key'), undefined);
  assert.deepEqual(cache.stats().near, { entries: 0, hits: 0, outdated: 0 });
  assert.equal(cache.stats().misses, 5);
});

const changes: Record<string, [(other: SharedCache<Value>) => unknown, Value | undefined]> = {
  set: [(other) => other.set('key', { n: 2 }), { n: 2 }],
  replace: [(other) => other.replace('key', { n: 2 }), { n: 2 }],
  update: [(other) => other.update('key', (old) => ({ n: old!.n + 1 })), { n: 2 }],
  setMany: [(other) => other.setMany([['key', { n: 2 }]]), { n: 2 }],
  touch: [(other) => other.touch('key', { ttl: 1000 }), { n: 1 }],
  delete: [(other) => other.delete('key'), undefined],
  deleteMany: [(other) => other.deleteMany(['other', 'key']), undefined],
  deleteTag: [(other) => other.deleteTag('red'), undefined],
  clear: [(other) => other.clear(), undefined],
  'a refused set': [(other) => other.set('key', { n: 2, list: Array(2e6).fill(0) }), undefined],
  'a set and a delete': [(other) => other.set('key', { n: 2 }) && other.delete('key'), undefined],
  'a delete and a set': [(other) => other.delete('key') && other.set('key', { n: 2 }), { n: 2 }],
};

for (const [name, [change, after]] of Object.entries(changes)) {
  for (const isOwn of [true, false]) {
    test(`${name} is seen at once, made ${isOwn ? 'here' : 'elsewhere'}`, () => {
      using cache = make();
      using other = SharedCache.attach<Value>(cache.handle);
      cache.set('key', { n: 1 }, { tags: ['red', 'green'] });
      warm(cache);
      cache.get('key');
      assert.equal(nearHits(cache), 1);
      change(isOwn ? cache : other);
      for (let i = 0; i < 3; i++) assert.deepEqual(cache.get('key'), after);
      assert.equal(cache.stats().near?.outdated, 1);
      assert.equal(cache.has('key'), after !== undefined);
      cache.set('key', { n: 9 });
      for (let i = 0; i < 3; i++) assert.deepEqual(cache.get('key'), { n: 9 });
    });
  }
}

test('a tag that was deleted before, or that is another one, outdates nothing for long', () => {
  using cache = make();
  cache.deleteTag('red');
  cache.set('key', { n: 1 }, { tags: ['red'] });
  warm(cache);
  cache.deleteTag('blue');
  assert.deepEqual(cache.get('key'), { n: 1 });
  const hits = nearHits(cache);
  cache.get('key');
  assert.equal(nearHits(cache), hits + 1, 'kept again');
});

test('time passes for what is near', () => {
  const { now, tick } = fakeClock();
  using cache = make({ now });
  cache.set('key', { n: 1 }, { ttl: 50, staleFor: 50 });
  warm(cache);
  tick(49);
  assert.deepEqual(cache.get('key'), { n: 1 });
  assert.equal(nearHits(cache), 1);
  tick(1);
  assert.equal(cache.get('key'), undefined);
  const status = {};
  assert.deepEqual(cache.get('key', { allowStale: true, status }), { n: 1 });
  assert.deepEqual(status, { get: 'stale', entrySize: 7 });
  assert.deepEqual(cache.get('key', { allowStale: true }), { n: 1 });
  tick(50);
  assert.equal(cache.get('key', { allowStale: true }), undefined);
  assert.equal(nearHits(cache), 1);
});

test('what another thread has told of the time is enough', () => {
  let [here, there] = [0, 0];
  using cache = make({ now: () => here });
  using other = SharedCache.attach<Value>(cache.handle, { now: () => there });
  cache.set('key', { n: 1 }, { ttl: 50 });
  cache.set('other', { n: 1 }, { ttl: 10 });
  warm(cache);
  here = 1;
  assert.deepEqual(cache.get('key'), { n: 1 });
  there = 51;
  other.get('other');
  assert.equal(cache.get('key'), undefined);
});

test('a value is read anew after maxAge', () => {
  const { now, tick } = fakeClock();
  using cache = make({ now, near: { max: 10, maxAge: 20 } });
  cache.set('key', { n: 1 });
  const kept = warm(cache);
  tick(19);
  assert.equal(cache.get('key'), kept);
  tick(1);
  const anew = cache.get('key');
  assert.notEqual(anew, kept);
  assert.deepEqual([anew, cache.stats().near?.outdated], [{ n: 1 }, 1]);
  assert.equal(cache.get('key'), anew);
});

test('JSON that is kept is frozen, with all that is in it; update and peek give copies', () => {
  using cache = make();
  cache.set('key', { n: 1, list: [{ deep: [1] }] });
  const kept = warm(cache)!;
  assert.throws(() => Object.assign(kept, { n: 2 }), TypeError);
  assert.throws(() => void (kept.list as { deep: number[] }[])[0]!.deep.push(2), TypeError);
  cache.peek('key')!.n = 3;
  cache.update('key', (old) => {
    assert.notEqual(old, kept);
    old!.n = 4;
    return old;
  });
  assert.equal(cache.get('key'), kept, 'the same object back writes nothing');
  cache.update('key', (old) => ({ ...old!, n: old!.n + 1 }));
  assert.equal(cache.get('key')!.n, 2);
});

test('bytes are the caller’s own', () => {
  using cache = new SharedCache({ maxSize: '4MiB', near: { max: 10 } });
  cache.set('key', Uint8Array.of(1, 2));
  for (let i = 0; i < 4; i++) {
    const bytes = cache.get('key')!;
    assert.deepEqual(bytes, Uint8Array.of(1, 2));
    bytes.fill(9);
  }
  assert.equal(cache.stats().near?.hits, 2);
});

test('texts and values of a codec are kept, however long', () => {
  using texts = new SharedCache<string>({ maxSize: '8MiB', values: 'string', near: { max: 10 } });
  const long = 'long '.repeat(40_000);
  texts.set('long', long);
  for (let i = 0; i < 4; i++) assert.equal(texts.get('long'), long);
  let decoded = 0;
  const codec = {
    serialize: (value: Date) => new TextEncoder().encode(value.toJSON()),
    deserialize: (bytes: Uint8Array) => {
      decoded++;
      return new Date(new TextDecoder().decode(bytes));
    },
  };
  using dates = new SharedCache<Date>({ maxSize: '4MiB', values: codec, near: { max: 10 } });
  dates.set('key', new Date(5));
  for (let i = 0; i < 9; i++) assert.equal(dates.get('key')?.getTime(), 5);
  assert.deepEqual([texts.stats().near?.hits, decoded], [2, 2]);
});

test('a codec that reads, closes or throws meanwhile', () => {
  let act = (): void => {};
  const codec = {
    serialize: (value: number) => Uint8Array.of(value),
    deserialize: ([value]: Uint8Array) => {
      act();
      return value!;
    },
  };
  using cache = new SharedCache<number>({ maxSize: '4MiB', values: codec, near: { max: 2 } });
  for (let i = 0; i < 4; i++) cache.set(`${i}`, i);
  let depth = 0;
  act = () => {
    if (depth++ < 8) for (let i = 3; i >= 0; i--) assert.equal(cache.get(`${i}`), i);
    depth--;
  };
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 4; i++) assert.equal(cache.get(`${i}`), i);
  }
  cache.set('0', 9);
  act = () => {
    throw new RangeError('of the codec');
  };
  assert.throws(() => cache.get('0'), RangeError);
  act = () => void cache.set('0', 5);
  assert.equal(cache.get('0'), 9, 'it was so when it was read');
  act = () => {};
  for (let i = 0; i < 3; i++) assert.equal(cache.get('0'), 5);
  act = () => cache.close();
  cache.set('0', 6);
  assert.equal(cache.get('0'), 6);
  assert.throws(() => cache.get('0'), DisposedError);
});

test('other reads go by it, or past it, alike', async () => {
  using cache = make();
  const value = { n: 1 };
  cache.set('key', value);
  const kept = warm(cache);
  const status = {};
  assert.equal(cache.get('key', { status }), kept);
  assert.deepEqual(status, { get: 'hit', entrySize: 7 });
  assert.equal(cache.get('key', { allowStale: true }), kept);
  assert.equal(await cache.getOrSet('key', () => assert.fail('there is one')), kept);
  assert.equal(
    cache.getOrSetSync('key', () => assert.fail('there is one')),
    kept,
  );
  assert.equal((await cache.getAsync('key')) as unknown, kept);
  assert.equal(nearHits(cache), 5);
  const before = cache.stats();
  assert.deepEqual([cache.peek('key'), [...cache.values()]], [value, [value]]);
  assert.notEqual(cache.peek('key'), kept);
  assert.ok(cache.has('key'));
  assert.deepEqual(cache.stats(), before, 'what is not counted');
  assert.deepEqual(cache.getWithVersion('key')?.value, value);
  assert.deepEqual(cache.get(new TextEncoder().encode('key')), value, 'keys as bytes go past it');
  assert.equal(nearHits(cache), 5);
  assert.deepEqual(cache.get('key', { updateAgeOnGet: true }), value);
});

test('getMany keeps what is read again, and gives what is kept', async () => {
  using cache = make();
  const keys = Array.from({ length: 70 }, (_, i) => `key ${i}`);
  for (const [n, key] of keys.entries()) if (n !== 5) cache.set(key, { n });
  const expected = keys.map((_, n) => (n === 5 ? undefined : { n }));
  let rounds = 0;
  for (; cache.stats().near!.entries < 69; rounds++) {
    assert.ok(rounds < 200);
    assert.deepEqual(cache.getMany(keys), expected);
  }
  for (; rounds < 200; rounds++) assert.deepEqual(cache.getMany(keys), expected);
  const { near, hits, misses } = cache.stats();
  assert.deepEqual([hits, misses, near?.outdated], [200 * 69, 200, 0]);
  assert.ok(near!.hits > 60 * 69);
  const one = cache.getMany(['key 1', 'key 5', 'key 2'])[0];
  assert.equal(cache.get('key 1'), one);
  cache.set('key 5', { n: 5 });
  cache.delete('key 1');
  assert.deepEqual(await cache.getManyAsync(['key 1', 'key 5']), [undefined, { n: 5 }]);
});

test('no more than max are kept, and those that are hit stay', () => {
  using cache = make({ near: { max: 8 } });
  for (let i = 0; i < 1000; i++) cache.set(`key ${i}`, { n: i });
  const hot = Array.from({ length: 4 }, (_, i) => warm(cache, `key ${i}`));
  for (let i = 4; i < 1000; i++) {
    warm(cache, `key ${i}`);
    for (let n = 0; n < 4; n++) assert.equal(cache.get(`key ${n}`), hot[n]);
    assert.ok(cache.stats().near!.entries <= 8);
  }
  for (let i = 4; i < 1000; i++) assert.equal(cache.get(`key ${i}`)?.n, i);
  for (let n = 0; n < 4; n++) assert.equal(cache.get(`key ${n}`), hot[n], 'a scan drives out none');
});

test('keys that meet at the door, and are asked for in turn, all get in', () => {
  using cache = make({ near: { max: 64 } });
  const keys = Array.from({ length: 60 }, (_, i) => `key ${i}`);
  for (const key of keys) cache.set(key, { n: 1 });
  for (let round = 0; round < 500; round++) for (const key of keys) cache.get(key);
  assert.equal(cache.stats().near?.entries, 60);
});

test('splits and merges of the index, and eviction, are seen', () => {
  using cache = make({ near: { max: 2000 } });
  const value = (n: number) => ({ n, list: [n] });
  const keys = Array.from({ length: 1000 }, (_, n) => `key ${n}`);
  for (const [n, key] of keys.entries()) cache.set(key, value(n));
  for (let i = 0; i < 3; i++) for (const key of keys) cache.get(key);
  for (let n = 0; n < 5000; n++) cache.set(`more ${n}`, value(n));
  for (const [n, key] of keys.entries()) assert.deepEqual(cache.get(key), value(n));
  for (let n = 0; n < 5000; n++) cache.delete(`more ${n}`);
  for (const [n, key] of keys.entries()) assert.deepEqual(cache.get(key), value(n));
  const long = { n: 0, list: Array.from({ length: 3000 }, (_, i) => i * 7919) };
  for (let n = 0; n < 3000; n++) cache.set(`long ${n}`, { ...long, n });
  assert.ok(cache.stats().evictions > 0);
  for (const [n, key] of keys.entries()) {
    const isThere = cache.has(key);
    assert.deepEqual(cache.get(key), isThere ? value(n) : undefined);
  }
  cache.arena.check();
});

test('a near hit is one for eviction', () => {
  using cache = make({ maxSize: '4MiB', compression: 'none' });
  cache.set('key', { n: 1 });
  const kept = warm(cache);
  const list = ['x'.repeat(4000)];
  for (let n = 0; n < 20_000; n++) {
    cache.set(`new ${n}`, { n, list });
    if (n % 10 === 0) assert.deepEqual(cache.get('key'), kept, `evicted after ${n}`);
  }
  assert.ok(cache.stats().evictions > 10_000);
});

test('getMany of a namespace keeps what is read again, several keys a call', () => {
  using cache = make();
  const users = cache.namespace<Value>('users', { values: 'json' });
  const keys = Array.from({ length: 60 }, (_, n) => `key ${n}`);
  for (const [n, key] of keys.entries()) users.set(key, { n });
  for (let rounds = 0; rounds < 20; rounds++) users.getMany(keys);
  assert.ok(users.stats().near!.entries > 20);
});

test('a namespace keeps its own, and its clear is seen', () => {
  using cache = make();
  using other = SharedCache.attach<Value>(cache.handle);
  const users = cache.namespace<Value>('users', { values: 'json' });
  cache.set('key', { n: 1 });
  users.set('key', { n: 2 });
  for (let i = 0; i < 3; i++) {
    assert.deepEqual([cache.get('key'), users.get('key')], [{ n: 1 }, { n: 2 }]);
  }
  assert.equal(users.get('key'), users.get('key'));
  assert.deepEqual([users.stats().hits, users.stats().near?.hits, nearHits(cache)], [5, 3, 4]);
  other.namespace<Value>('users').clear();
  assert.equal(users.get('key'), undefined);
  users.set('key', { n: 3 });
  for (let i = 0; i < 3; i++) assert.deepEqual(users.get('key'), { n: 3 });
  assert.deepEqual(cache.get('key'), { n: 1 });
});

test('closed and poisoned caches say so, whatever is near', () => {
  const cache = make();
  cache.set('key', { n: 1 });
  warm(cache);
  poisonZone(cache.arena.memory);
  assert.throws(() => cache.get('key'), CorruptionError);
  using fresh = cache.recreate();
  assert.equal(fresh.get('key'), undefined);
  assert.ok(fresh.stats().near, 'as this one');
  fresh.set('key', { n: 1 });
  warm(fresh);
  fresh.close();
  assert.throws(() => fresh.get('key'), DisposedError);
});

test('what is no option is refused, and nothing is made', () => {
  using cache = make();
  for (const near of [
    null,
    true,
    5,
    [],
    {},
    { max: 0 },
    { max: 1.5 },
    { max: 1e8 },
    { max: '5' },
  ]) {
    const wrong = near as unknown as NearOptions;
    assert.throws(() => make({ near: wrong }), InvalidArgumentError);
    assert.throws(() => SharedCache.attach(cache.handle, { near: wrong }), InvalidArgumentError);
  }
  for (const maxAge of [-1, 0.5, Number.NaN, '5', null]) {
    const near = { max: 1, maxAge } as unknown as NearOptions;
    assert.throws(() => make({ near }), /near\.maxAge must be whole milliseconds/);
  }
  for (const maxAge of [0, Number.POSITIVE_INFINITY]) make({ near: { max: 1, maxAge } }).close();
  assert.throws(() => make({ near: { max: 1, maxage: 1 } as NearOptions }), /did you mean maxAge/);
  using without = SharedCache.attach<Value>(cache.handle);
  assert.equal(without.stats().near, undefined);
});
