/** `update` that gives back what it was given: nothing is written, unless options say more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/support/fake-clock.ts';
import { SharedCache } from '../../index.ts';

test('the same object back writes nothing', () => {
  using cache = new SharedCache<{ n: number }>({ maxSize: '8MiB', values: 'json' });
  cache.set('key', { n: 1 });
  const { sets } = cache.stats();
  const back = cache.update('key', (old) => {
    old!.n = 5;
    return old;
  });
  assert.deepEqual(back, { n: 5 });
  assert.deepEqual(cache.get('key'), { n: 1 });
  assert.equal(cache.stats().sets, sets);
});

test('times and tags that are given are given to an equal value too', () => {
  const { now, tick } = fakeClock();
  using cache = new SharedCache<unknown>({ maxSize: '8MiB', values: 'json', now });
  for (const value of ['ok', 7, null, { n: 1 }]) {
    cache.set('key', value, { ttl: 10 });
    tick(5);
    assert.deepEqual(
      cache.update('key', (old) => old),
      value,
    );
    assert.equal(cache.getRemainingTTL('key'), 5);
    cache.update('key', (old) => old, { ttl: 20 });
    assert.equal(cache.getRemainingTTL('key'), 20);
    cache.update('key', (old) => old, { tags: ['a'] });
    assert.deepEqual(cache.info('key')?.tags, ['a']);
    cache.update('key', (old) => old, { staleFor: 9 });
    tick(20);
    assert.deepEqual(cache.get('key', { allowStale: true }), value);
  }
});
