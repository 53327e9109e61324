/** Entries that never expire, before a tier: only belief in them ends, which is not their time. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fakeClock } from '../../../test/support/fake-clock.ts';
import { MemoryTier } from '../../../test/support/memory-tier.ts';
import { tempFolder } from '../../../test/support/temp-folder.ts';
import { SharedCache } from '../constructor.ts';

const BELIEF_MS = 1_000_000;

function open(times: { ttl?: number; staleFor?: number }) {
  const { now, tick } = fakeClock();
  const own = () => ({ tier: Object.assign(new MemoryTier(), { policy }), now });
  const policy = { maxStaleMs: BELIEF_MS };
  const options = { maxSize: '8MiB', values: 'string', ...times } as const;
  return { cache: new SharedCache<string>({ ...options, ...own() }), own, tick };
}

const renewals: Record<string, (cache: SharedCache<string>) => unknown> = {
  touch: (cache) => cache.touch('key'),
  'get with updateAgeOnGet': (cache) => cache.get('key', { updateAgeOnGet: true }),
  update: (cache) => cache.update('key', () => 'new'),
  'set with noUpdateTTL': (cache) => cache.set('key', 'new', { noUpdateTTL: true }),
};

for (const [name, renew] of Object.entries(renewals)) {
  test(`${name} gives it no time to live, nor does it after a warm restart`, async () => {
    const { cache, own, tick } = open({ ttl: 1000 });
    cache.set('key', '1', { ttl: 0 });
    tick(10);
    renew(cache);
    const file = join(tempFolder(), 'cache');
    await cache.save(file);
    using loaded = await SharedCache.load<string>(file, own());
    renew(loaded);
    tick(BELIEF_MS / 2);
    for (const one of [cache, loaded]) {
      assert.ok(one.has('key'));
      assert.equal(one.getRemainingTTL('key'), Number.POSITIVE_INFINITY);
    }
    cache.close();
  });
}

const endings: Record<string, (cache: SharedCache<string>) => unknown> = {
  touch: (cache) => cache.touch('key', { ttl: 10 }),
  update: (cache) => cache.update('key', () => '2', { ttl: 10 }),
  increment: (cache) => cache.increment('key', 1, { ttl: 10 }),
};

for (const [name, end] of Object.entries(endings)) {
  for (const [kind, times, ttl] of [
    ['by the cache', { staleFor: 500 }, undefined],
    ['by itself', { ttl: 1000, staleFor: 500 }, 0],
  ] as const) {
    test(`one that never expires, ${kind}, is kept when ${name} has ended it`, () => {
      const { cache, tick } = open(times);
      cache.set('key', '1', { ttl });
      end(cache);
      tick(509);
      assert.equal(cache.get('key'), undefined);
      assert.equal(typeof cache.get('key', { allowStale: true }), 'string');
      tick(1);
      assert.equal(cache.get('key', { allowStale: true }), undefined);
      cache.close();
    });
  }
}

test('one that is stale for ever is so when it has lost its tags, within its time', () => {
  const { cache, tick } = open({ ttl: 1000, staleFor: Number.POSITIVE_INFINITY });
  cache.set('key', '1', { tags: ['a'] });
  cache.set('key', '2', { noUpdateTTL: true });
  tick(BELIEF_MS - 1);
  assert.equal(cache.get('key', { allowStale: true }), '2');
  tick(1);
  assert.equal(cache.get('key', { allowStale: true }), undefined);
  cache.close();
});
