/** Values near, before a second tier: a hit near is never what the key has no more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryTier } from '../../../test/support/memory-tier.ts';
import { closeAll, type Open, openTiered, until } from '../../../test/support/tiered.ts';
import { SharedCache } from '../constructor.ts';

const open = (options: Open = {}) => openTiered({ near: { max: 10 }, ...options });

type Opened = ReturnType<typeof open>;

/** Reads until the value is kept near, and once from there. */
function warm({ cache }: Opened, key = 'key'): string | undefined {
  for (let i = 0; i < 2; i++) cache.get(key);
  const { hits } = cache.stats().near!;
  cache.get(key);
  assert.equal(cache.stats().near!.hits, hits + 1, 'it is near');
  return cache.get(key);
}

/** Two caches over one tier: the second has near what the first has set. */
async function pair(options: Open = {}) {
  const one = openTiered(options);
  const two = open({ ...options, store: one.store });
  one.cache.set('key', 'old');
  await one.cache.flush();
  assert.equal(await two.cache.getAsync('key'), 'old');
  assert.equal(warm(two), 'old');
  return { one, two };
}

const CHANGES: [what: string, change: (one: Opened) => unknown, then: string | undefined][] = [
  ['set', ({ cache }) => cache.set('key', 'new'), 'new'],
  ['deleted', ({ cache }) => cache.delete('key'), undefined],
  ['cleared', ({ cache }) => cache.clear(), undefined],
  ['given a tag', ({ cache }) => cache.set('key', 'new', { tags: ['tag'] }), undefined],
];

for (const [what, change, then] of CHANGES) {
  test(`a value from the tier is near, and ${what} by another: gone with the news`, async () => {
    const { one, two } = await pair();
    change(one);
    assert.equal(two.cache.get('key'), 'old', 'nobody has told yet');
    await one.cache.flush();
    assert.equal(two.cache.get('key'), undefined);
    assert.deepEqual(two.cache.getMany(['key']), [undefined]);
    assert.equal(two.cache.stats().near?.outdated, 1);
    assert.equal(await two.cache.getAsync('key'), then);
    if (then !== undefined) assert.equal(warm(two), then);
    closeAll(one, two);
  });
}

test('a value near is believed for no longer than maxStaleMs, though nobody tells', async () => {
  let now = 1;
  const { one, two } = await pair({ policy: { maxStaleMs: 1000 }, now: () => now });
  two.cache.set('own', 'old');
  await two.cache.flush();
  assert.equal(warm(two, 'own'), 'old');
  two.store.tiers.delete(two.tier);
  for (const key of ['key', 'own']) one.cache.set(key, 'new');
  await one.cache.flush();
  now += 999;
  assert.deepEqual([two.cache.get('key'), two.cache.get('own')], ['old', 'old']);
  now += 1;
  assert.deepEqual([two.cache.get('key'), two.cache.get('own')], [undefined, undefined]);
  assert.deepEqual(await two.cache.getManyAsync(['key', 'own']), ['new', 'new']);
  closeAll(one, two);
});

test('a suspect that was near is read anew when it was looked at', async () => {
  const { one, two } = await pair();
  two.cache.set('key', 'own');
  await two.cache.flush();
  assert.equal(warm(two), 'own');
  // Of a key that is written here as well.
  one.cache.set('key', 'theirs');
  await one.cache.flush();
  await until(() => two.cache.get('key') !== 'own');
  assert.equal(await two.cache.getAsync('key'), 'theirs');
  closeAll(one, two);
});

test('news to one thread reach what another keeps near', async () => {
  const { one, two } = await pair();
  const deaf = Object.assign(new MemoryTier(one.store), { invalidations: undefined });
  const near = { max: 10 };
  const thread = SharedCache.attach<string>(two.cache.handle, { tier: deaf, near });
  assert.equal(warm({ ...two, cache: thread }), 'old');
  one.cache.set('key', 'new');
  await one.cache.flush();
  assert.equal(thread.get('key'), undefined);
  assert.equal(await thread.getAsync('key'), 'new');
  closeAll(one, { cache: thread }, two);
});

test('while the channel is down nothing that is fetched is kept, near or not', async () => {
  const { one, two } = await pair();
  two.tier.hear({ type: 'lost' });
  assert.equal(two.cache.get('key'), 'old', 'believed for maxStaleMs');
  one.cache.set('other', 'value');
  await one.cache.flush();
  for (let i = 0; i < 4; i++) assert.equal(await two.cache.getAsync('other'), 'value');
  assert.equal(two.cache.get('other'), undefined);
  assert.equal(two.cache.stats().near?.entries, 1);
  two.tier.hear({ type: 'armed' });
  assert.equal(await two.cache.getAsync('other'), 'value');
  assert.equal(warm(two, 'other'), 'value');
  closeAll(one, two);
});
