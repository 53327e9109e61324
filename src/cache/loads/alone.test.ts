/**
 * Computations without a lease, for want of room in the table: what happens to their key after they
 * began wins, as it does over those that have one; the computation of other keys does not.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { type LoadOptions, SharedCache, type Status } from '../../index.ts';

type View = Pick<
  SharedCache<unknown>,
  'set' | 'get' | 'delete' | 'deleteTag' | 'clear' | 'getOrSet'
>;

const disposed = { code: 'ERR_PAGELESS_DISPOSED' };

/** A cache whose leases are all taken. */
async function withoutLeases(run: (cache: SharedCache<unknown>) => Promise<void>): Promise<void> {
  const cache = new SharedCache<unknown>({ maxSize: '4MiB', values: 'json' });
  const waiting = Array.from({ length: 600 }, (_, i) =>
    assert.rejects(
      cache.getOrSet(`taken ${i}`, () => new Promise(() => {})),
      disposed,
    ),
  );
  try {
    await run(cache);
    cache.arena.check();
  } finally {
    cache.close();
    await Promise.all(waiting);
  }
}

/** Computes the key, and does something to it meanwhile. @returns what it has then */
async function during(
  cache: SharedCache<unknown>,
  view: View,
  act: () => unknown,
  options?: LoadOptions,
): Promise<unknown> {
  const before = cache.stats().loads;
  let open!: (value: unknown) => void;
  const opened = new Promise((resolve) => {
    open = resolve;
  });
  const call = view.getOrSet('key', () => opened, options);
  assert.equal(cache.stats().loads.alone, before.alone + 1, 'it has a lease');
  act();
  open('older');
  assert.equal(await call, 'older', 'its caller gets it all the same');
  const isKept = view.get('key') === 'older';
  assert.equal(cache.stats().loads.discarded, before.discarded + (isKept ? 0 : 1));
  return view.get('key');
}

const nothing = (): void => {};

test('without a lease: a delete wins, of what is not there as well', async () => {
  await withoutLeases(async (cache) => {
    assert.equal(await during(cache, cache, nothing), 'older');
    cache.delete('key');
    assert.equal(await during(cache, cache, () => cache.delete('key')), undefined);
    assert.equal(await during(cache, cache, () => cache.deleteMany(['key'])), undefined);
    assert.equal(await during(cache, cache, () => cache.set('key', 'newer')), 'newer');
  });
});

test('without a lease: a clear wins, of a cache that is empty as well', async () => {
  await withoutLeases(async (cache) => {
    assert.equal(await during(cache, cache, () => cache.clear()), undefined);
    const names = cache.namespace('names');
    assert.equal(await during(cache, names, () => cache.clear()), undefined);
    assert.equal(await during(cache, names, () => names.clear()), undefined);
    assert.equal(await during(cache, names, nothing), 'older');
  });
});

test('without a lease: what a deleted tag kills takes the place of nothing that lives', async () => {
  await withoutLeases(async (cache) => {
    const tagged = { tags: ['tag'] };
    assert.equal(await during(cache, cache, () => cache.deleteTag('tag'), tagged), undefined);
    cache.set('key', 'living');
    const refresh = { ...tagged, forceRefresh: true };
    assert.equal(await during(cache, cache, () => cache.deleteTag('tag'), refresh), 'living');
    assert.equal(await during(cache, cache, () => cache.deleteTag('other'), refresh), 'older');
  });
});

test('without a lease: of two that compute at once the first is kept', async () => {
  await withoutLeases(async (cache) => {
    const refresh = { forceRefresh: true };
    const second = () => cache.getOrSetSync('key', () => 'first');
    assert.equal(await during(cache, cache, second), 'first');
    const anew = () => cache.getOrSetSync('key', () => 'second', refresh);
    assert.equal(await during(cache, cache, anew, refresh), 'second');
    assert.equal(await during(cache, cache, nothing, refresh), 'older');
  });
});

test('without a lease: what is too large is refused, whatever happened to its key', async () => {
  await withoutLeases(async (cache) => {
    const { discarded } = cache.stats().loads;
    const status: Status = {};
    const tooLarge = 'x'.repeat(2 ** 20);
    const compute = (): string => {
      cache.set('key', 'newer');
      return tooLarge;
    };
    assert.equal(await cache.getOrSet('key', compute, { status }), tooLarge);
    assert.equal(status.refusal, 'too-large');
    assert.equal(cache.stats().loads.discarded, discarded);
    assert.equal(cache.get('key'), 'newer');
  });
});

/** Computes so many keys at once. @returns how many of them the cache has then */
async function burst(cache: SharedCache<unknown>, keys: number, options?: LoadOptions) {
  const numbers = Array.from({ length: keys }, (_, i) => i);
  let begun = 0;
  let open!: () => void;
  const areAllBegun = new Promise<void>((resolve) => {
    open = resolve;
  });
  const compute = async (): Promise<number> => {
    if (++begun === keys) open();
    await areAllBegun;
    return begun;
  };
  await Promise.all(numbers.map((i) => cache.getOrSet(`key ${i}`, compute, options)));
  return numbers.filter((i) => cache.get(`key ${i}`) === keys).length;
}

test('thousands of keys that are computed at once are all kept', async () => {
  using cache = new SharedCache<unknown>({ maxSize: '16MiB', values: 'json' });
  assert.equal(await burst(cache, 5000), 5000);
  for (let i = 0; i < 5000; i++) cache.set(`key ${i}`, 'old');
  assert.equal(await burst(cache, 5000, { forceRefresh: true }), 5000);
  const { computed, alone, discarded } = cache.stats().loads;
  assert.ok(alone > 0);
  assert.deepEqual([computed + alone, discarded], [10_000, 0]);
});

const deeds: Record<string, (cache: SharedCache<unknown>) => void> = {
  set: (cache) => cache.set('key', 'newer'),
  delete: (cache) => cache.delete('key'),
  clear: (cache) => cache.clear(),
  deleteTag: (cache) => cache.deleteTag('tag'),
};
for (const [name, act] of Object.entries(deeds)) {
  test(`without a lease: its signal fires after ${name}, when its caller waits no more`, async () => {
    await withoutLeases(async (cache) => {
      const caller = new AbortController();
      let signal!: AbortSignal;
      const compute = (_key: unknown, _stale: unknown, context: { signal: AbortSignal }) => {
        signal = context.signal;
        return new Promise(() => {});
      };
      const { discarded } = cache.stats().loads;
      const call = cache.getOrSet('key', compute, { tags: ['tag'], signal: caller.signal });
      caller.abort();
      await assert.rejects(call, { name: 'AbortError' });
      assert.equal(signal.aborted, false, 'it may be stored still');
      act(cache);
      await once(signal, 'abort');
      assert.equal(signal.reason.name, 'StaleError');
      assert.equal(cache.stats().loads.discarded, discarded + 1);
    });
  });
}
