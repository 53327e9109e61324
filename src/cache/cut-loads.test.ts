/**
 * Computations that are cut short, by a full stack or a time-out of `node:vm`: their key can be
 * computed again when the turn is over, here and elsewhere.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { SharedCache } from '../index.ts';

const ways = ['getOrSetSync', 'getOrSet'] as const;

/**
 * Calls `way` with a function that loops until it is ended from outside. All of it has run before,
 * so that it is the function that is cut, and nothing on the way to it (own-loads.ts).
 */
function cutShort(cache: SharedCache<unknown>, way: (typeof ways)[number]): void {
  runInNewContext(`cache.${way}('warm', () => 1)`, { cache });
  const called = { is: false };
  const source = `cache.${way}('key', () => { called.is = true; while (true); })`;
  const late = { code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' };
  assert.throws(() => runInNewContext(source, { cache, called }, { timeout: 50 }), late);
  assert.ok(called.is, 'it was cut before the function was called');
}

for (const way of ways) {
  test(`${way}: a computation that a time-out of node:vm ends is over with its turn`, async () => {
    using cache = new SharedCache<unknown>({ maxSize: '4MiB', values: 'json' });
    cutShort(cache, way);
    await null;
    assert.equal(
      cache.getOrSetSync('key', () => 1),
      1,
    );
    cache.delete('key');
    cutShort(cache, way);
    await null;
    assert.equal(await cache.getOrSet('key', async () => 2), 2);
    assert.equal(cache.get('key'), 2);
    cache.arena.check();
  });

  test(`${way}: a computation that fills the stack is over with its turn`, async () => {
    using cache = new SharedCache<unknown>({ maxSize: '4MiB', values: 'json' });
    let depth = 0;
    const dive = (): unknown => {
      depth++;
      // Each on the stack of the one before.
      const answer = cache[way](`key ${depth}`, dive);
      if (answer instanceof Promise) answer.catch(() => {});
      return answer;
    };
    for (let round = 0; round < 20; round++) {
      depth = 0;
      try {
        await dive();
      } catch (error) {
        assert.ok(error instanceof RangeError, (error as Error).stack);
      }
      assert.ok(depth > 10);
      await null;
      for (let at = 1; at <= depth + 1; at++) {
        cache.delete(`key ${at}`);
        assert.equal(
          cache.getOrSetSync(`key ${at}`, () => at),
          at,
        );
        cache.delete(`key ${at}`);
      }
    }
    cache.arena.check();
  });
}

test('a computation in another turn is nobody’s to give back', async () => {
  using cache = new SharedCache<unknown>({ maxSize: '4MiB', values: 'json' });
  let open = (_: unknown): void => {};
  const slow = cache.getOrSet('slow', () => new Promise((resolve) => (open = resolve)));
  cutShort(cache, 'getOrSetSync');
  await null;
  const joined = cache.getOrSet('slow', () => assert.fail('computed twice'));
  open(7);
  assert.deepEqual([await slow, await joined, cache.get('slow')], [7, 7, 7]);
});
