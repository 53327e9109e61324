/** `getOrSet` of a key whose value the user's codec cannot read, as one of another format. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { SharedCache, type SharedCacheOptions, type Status } from '../../index.ts';

const unreadable = new SyntaxError('of another format');

type Options = Omit<SharedCacheOptions<string>, 'maxSize' | 'values'>;

/** A cache whose key `old` has a value of another format, at which its `deserialize` throws. */
function cacheWithOld(options: Options = {}): SharedCache<string> {
  const values = {
    serialize: (text: string) => new TextEncoder().encode(text),
    deserialize: (bytes: Uint8Array) => {
      const text = new TextDecoder().decode(bytes);
      if (text.startsWith('old')) throw unreadable;
      return text;
    },
  };
  const cache = new SharedCache<string>({ ...options, maxSize: '4MiB', values });
  cache.set('key', 'old');
  return cache;
}

const kinds: Record<string, Options> = {
  'in the cache alone': {},
  'kept near': { near: { max: 10 } },
};

for (const [kind, options] of Object.entries(kinds)) {
  test(`it is computed anew, once, and takes its place: ${kind}`, async () => {
    using cache = cacheWithOld(options);
    assert.throws(() => cache.get('key'), unreadable);
    let calls = 0;
    const compute = async (_: unknown, stale: string | undefined) => {
      calls++;
      assert.equal(stale, undefined);
      return 'new';
    };
    const status: Status = {};
    const asked = [cache.getOrSet('key', compute, { status }), cache.getOrSet('key', compute)];
    assert.deepEqual(await Promise.all(asked), ['new', 'new']);
    assert.deepEqual([calls, status.load], [1, 'computed']);
    assert.equal(cache.get('key'), 'new');
  });

  test(`the same while the thread stands still: ${kind}`, () => {
    using cache = cacheWithOld(options);
    const compute = () => 'new';
    assert.equal(cache.getOrSetSync('key', compute), 'new');
    assert.equal(cache.get('key'), 'new');
    assert.equal(
      cache.getOrSetSync('key', () => 'newer'),
      'new',
    );
  });
}

test('a stale value that cannot be read is computed anew as well', async () => {
  let now = 0;
  using cache = cacheWithOld({ now: () => now, ttl: 10, staleFor: 1000 });
  cache.set('other', 'old');
  now += 20;
  assert.equal(await cache.getOrSet('key', () => 'new'), 'new');
  assert.equal(
    cache.getOrSetSync('other', () => 'new'),
    'new',
  );
});

test('what the function throws is told, and not that the old value is unreadable', async () => {
  using cache = cacheWithOld();
  const failed = new Error('no source');
  const fail = () => {
    throw failed;
  };
  for (const staleIfError of [false, true]) {
    await assert.rejects(cache.getOrSet('key', fail, { staleIfError }), failed);
    assert.throws(() => cache.getOrSetSync('key', fail, { staleIfError }), failed);
  }
  assert.ok(cache.has('key'));
});

test('what is computed and cannot be read either is told', async () => {
  using cache = cacheWithOld();
  await assert.rejects(
    cache.getOrSet('key', () => 'older'),
    unreadable,
  );
  assert.throws(() => cache.getOrSetSync('key', () => 'older'), unreadable);
});

test('it is kept for those whose codec can read it, and they get no error', async () => {
  using cache = cacheWithOld();
  cache.delete('key');
  const values = {
    serialize: (text: string) => new TextEncoder().encode(text),
    deserialize: (bytes: Uint8Array) => new TextDecoder().decode(bytes),
  };
  using other = SharedCache.attach<string>(cache.handle, { values });
  const compute = async () => {
    await setImmediate();
    return 'older';
  };
  const both = [cache.getOrSet('key', compute), other.getOrSet('key', compute)];
  assert.deepEqual(await Promise.allSettled(both), [
    { status: 'rejected', reason: unreadable },
    { status: 'fulfilled', value: 'older' },
  ]);
  assert.throws(() => cache.getOrSetSync('key', () => 'old too'), unreadable);
  assert.equal(other.get('key'), 'old too');
  // No computation threw: other threads that wait are told of none.
  assert.equal(cache.stats().loads.failed, 0);
});

test('what is wrong with the cache is no unreadable value', async () => {
  const cache = cacheWithOld();
  cache.close();
  const code = 'ERR_PAGELESS_DISPOSED';
  await assert.rejects(
    cache.getOrSet('key', () => 'new'),
    { code },
  );
  assert.throws(() => cache.getOrSetSync('key', () => 'new'), { code });
});
