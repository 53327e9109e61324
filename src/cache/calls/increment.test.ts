/** Counters: what `increment` changes where it stands, and what takes another entry. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/support/fake-clock.ts';
import { SharedCache } from '../../index.ts';

const maxSize = '8MiB';

test('a number that increment makes takes at most a word more than one that is set', () => {
  using cache = new SharedCache<number>({ maxSize: '4MiB', values: 'json' });
  const sizes = () =>
    cache.arena.reportZsmalloc().map(({ size, objectsUsed }) => [size, objectsUsed]);
  cache.set('a', 1);
  const [[size]] = sizes() as [[number, number]];
  cache.increment('b');
  assert.deepEqual(sizes(), [
    [size, 1],
    [size + 4, 1],
  ]);
});

test('a counter is what a Map would make of it, at every length and sign', () => {
  const { now, tick } = fakeClock();
  for (const options of [{}, { ttl: 1_000_000 }, { compression: 'none' as const }]) {
    using cache = new SharedCache<number>({ maxSize, values: 'json', now, ...options });
    const steps = [1, 8, 1, -20, -1e6, 1e6, 2 ** 25, -(2 ** 26), 2 ** 40, -(2 ** 50), 2 ** 51, 5];
    let sum = 0;
    for (const step of [...steps, ...steps, -1, 1, 2 ** 24, -1, 1]) {
      for (const by of [step, 1, 1, -1, -1, 0]) {
        sum += by;
        assert.equal(cache.increment('key', by), sum);
        assert.equal(cache.get('key'), sum);
        assert.equal(cache.info('key')?.size, String(sum).length);
      }
      tick(1);
    }
    assert.equal(cache.arena.check(), undefined);
  }
});

test('a counter of one thread is seen by what has kept it near, or read it with a version', () => {
  using cache = new SharedCache<number>({ maxSize, values: 'json', near: { max: 10 } });
  for (let i = 100; i < 140; i++) {
    cache.increment('key', i === 100 ? 100 : 1);
    assert.equal(cache.get('key'), i);
    const { version } = cache.getWithVersion('key')!;
    cache.increment('key', 0);
    assert.equal(cache.setIfVersion('key', 5, version), false);
    assert.equal(cache.get('key'), i);
  }
});

test('a counter keeps its tags, and its namespace, and dies with them', () => {
  using cache = new SharedCache<number>({ maxSize, values: 'json' });
  for (const view of [cache, cache.namespace<number>('own', { values: 'json' })]) {
    view.set('key', 100, { tags: ['a'] });
    for (let i = 1; i < 10; i++) assert.equal(view.increment('key'), 100 + i);
    assert.deepEqual(view.info('key')?.tags, ['a']);
    view.deleteTag('a');
    assert.equal(view.increment('key', 3), 3);
  }
});
