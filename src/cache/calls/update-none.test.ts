/** `update` that makes no value: it deletes as `delete` does, what is not fresh as well. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../../test/support/fake-clock.ts';
import { closeAll, openTiered } from '../../../test/support/tiered.ts';
import { SharedCache } from '../../index.ts';

function texts(options: { now?: () => number } = {}): SharedCache<string> {
  return new SharedCache({ maxSize: '8MiB', values: 'string', ...options });
}

const deletions: Record<string, (cache: SharedCache<string>) => unknown> = {
  delete: (cache) => cache.delete('key'),
  update: (cache) => cache.update('key', () => undefined),
};

for (const [name, remove] of Object.entries(deletions)) {
  test(`${name} of a key without a fresh value outruns who computes it, and ends a stale one`, async () => {
    const { now, tick } = fakeClock();
    using cache = texts({ now });
    let finish: ((value: string) => void) | undefined;
    const computed = cache.getOrSet('key', () => new Promise((resolve) => (finish = resolve)));
    remove(cache);
    finish!('old');
    assert.equal(await computed, 'old');
    assert.equal(cache.has('key'), false);
    cache.set('key', 'stale', { ttl: 5, staleFor: 500 });
    tick(5);
    remove(cache);
    assert.equal(cache.get('key', { allowStale: true }), undefined);
    assert.equal(cache.stats().deletes, 1);
    cache.arena.check();
  });

  test(`${name} of a key that is in the second tier alone deletes it there`, async () => {
    const one = openTiered();
    const two = openTiered({ store: one.store });
    one.cache.set('key', 'value');
    await one.cache.flush();
    remove(two.cache);
    await two.cache.flush();
    const three = openTiered({ store: one.store });
    assert.equal(await three.cache.getAsync('key'), undefined);
    closeAll(one, two, three);
  });
}

test('a deletion by update of no value deletes none that was set meanwhile', () => {
  using cache = texts();
  const seen: unknown[] = [];
  const change = (old: string | undefined) => {
    seen.push(old);
    if (old === undefined) cache.set('key', 'new');
    return old;
  };
  assert.equal(cache.update('key', change), 'new');
  assert.deepEqual(seen, [undefined, 'new']);
});
