/** How long an entry is kept when it is stale: it stays, whatever gives it another time to live. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/support/fake-clock.ts';
import { SharedCache } from '../../index.ts';

type Options = { ttl?: number; staleFor?: number };
type Change = (cache: SharedCache<number>, options: Options) => void;

const changes: Record<string, Change> = {
  touch: (cache, options) => cache.touch('key', options),
  update: (cache, options) => cache.update('key', (old) => old! + 1, options),
  increment: (cache, options) => cache.increment('key', 1, options),
  'increment with tags': (cache, options) =>
    cache.increment('key', 1, { ...options, tags: ['tag'] }),
};

/** Milliseconds for which the key is kept after its time to live of `ttl`. */
function kept(cache: SharedCache<number>, tick: (ms: number) => void, ttl: number): number {
  tick(ttl);
  assert.equal(cache.has('key'), false, 'it is over');
  let ms = 0;
  for (; cache.peek('key', { allowStale: true }) !== undefined; ms += 10) tick(10);
  return ms;
}

for (const [name, change] of Object.entries(changes)) {
  test(`${name} that gives a time to live leaves staleFor as it was`, () => {
    for (const ofCache of [0, 50]) {
      for (const own of [0, 30, undefined]) {
        const { now, tick } = fakeClock();
        const options = { maxSize: '4MiB', values: 'json', now, staleFor: ofCache } as const;
        using cache = new SharedCache<number>(options);
        cache.set('key', 1, { ttl: 100, ...(own !== undefined && { staleFor: own }) });
        change(cache, { ttl: 200 });
        assert.equal(kept(cache, tick, 200), own ?? ofCache, `${own} in a cache with ${ofCache}`);
        cache.set('key', 1, { ttl: 100, staleFor: 20 });
        change(cache, { ttl: 200, staleFor: 40 });
        assert.equal(kept(cache, tick, 200), 40, 'unless another is given');
      }
    }
  });

  test(`${name} gives what never expired the staleFor of the cache`, () => {
    const { now, tick } = fakeClock();
    const options = { maxSize: '4MiB', values: 'json', now, staleFor: 50 } as const;
    using cache = new SharedCache<number>(options);
    cache.set('key', 1);
    change(cache, { ttl: 100 });
    assert.equal(kept(cache, tick, 100), 50);
  });
}
