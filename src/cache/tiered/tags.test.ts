/** Entries with tags before a second tier: they stay here, so that `deleteTag` holds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryTier } from '../../../test/support/memory-tier.ts';
import { closeAll, openTiered as open } from '../../../test/support/tiered.ts';
import { SharedCache } from '../constructor.ts';

const tags = ['tag'];

type Cache = ReturnType<typeof open>['cache'];

/** Each ends with an entry that has the tag. */
const WAYS: [how: string, write: (cache: Cache) => unknown][] = [
  ['set', (cache) => cache.set('key', '1', { tags })],
  ['add', (cache) => cache.delete('key') && cache.add('key', '1', { tags })],
  ['replace', (cache) => cache.replace('key', '1', { tags })],
  ['setIfVersion', (cache) => setIfVersion(cache)],
  ['set with noUpdateTTL', (cache) => cache.set('key', '1', { tags, noUpdateTTL: true })],
  ['update', (cache) => cache.update('key', () => '1', { tags })],
  ['increment', (cache) => cache.increment('key', 1, { tags })],
  ['getOrSet', (cache) => cache.getOrSet('key', () => '1', { tags, forceRefresh: true })],
  [
    'getOrSetSync',
    (cache) => cache.delete('key') && cache.getOrSetSync('key', () => '1', { tags }),
  ],
  ['update that keeps them', (cache) => tagged(cache).update('key', () => '2')],
  ['increment that keeps them', (cache) => tagged(cache).increment('key', 1)],
  ['touch', (cache) => tagged(cache).touch('key', { ttl: 10_000 })],
  ['a value of several blocks', (cache) => cache.set('key', 'x'.repeat(20_000), { tags })],
];

function setIfVersion(cache: Cache) {
  return cache.setIfVersion('key', '1', cache.getWithVersion('key')!.version, { tags });
}

function tagged(cache: Cache): Cache {
  cache.set('key', '1', { tags });
  return cache;
}

for (const [how, write] of WAYS) {
  test(`what deleteTag has deleted does not come back: ${how}`, async () => {
    const { cache, store } = open();
    cache.set('key', '0');
    await cache.flush();
    assert.equal(store.frames.size, 1, 'what has no tags is in the tier');
    await write(cache);
    assert.deepEqual(cache.info('key')?.tags, tags);
    await cache.flush();
    assert.equal(store.frames.size, 0, 'nor does an older value stay there');
    assert.ok(cache.stats().tier!.tagged > 0, 'and that is counted');
    cache.deleteTag('tag');
    assert.equal(await cache.getAsync('key'), undefined);
    assert.deepEqual(await cache.getManyAsync(['key']), [undefined]);
    assert.equal(await cache.getOrSet('key', () => 'new'), 'new');
    await cache.flush();
    assert.equal(store.frames.size, 1, 'it has none any more');
    closeAll({ cache });
  });
}

test('an entry with tags stays for all threads, though its key is told to have changed', async () => {
  const { cache, store } = open();
  const tier = new MemoryTier(store);
  const other = SharedCache.attach<string>(cache.handle, { tier });
  cache.set('key', 'old');
  await cache.flush();
  cache.set('key', 'here', { tags });
  await cache.flush();
  await sleep(300);
  assert.equal(other.get('key'), 'here', 'suspect, and found to be right');
  closeAll({ cache: other }, { cache });
});

test('a value that another sets takes the place of one with tags', async () => {
  const one = open();
  const two = open({ store: one.store });
  one.cache.set('key', 'here', { tags });
  await one.cache.flush();
  assert.equal(await two.cache.getAsync('key'), undefined);
  two.cache.set('key', 'theirs');
  await two.cache.flush();
  while ((await one.cache.getAsync('key')) !== 'theirs') await sleep(1);
  assert.equal(one.cache.info('key')?.tags.length, 0);
  closeAll(one, two);
});

const DAY = 86_400_000;
for (const [how, write] of WAYS) {
  test(`an entry with tags lives for its own time, whatever is believed: ${how}`, async () => {
    let time = 1000;
    const { cache } = open({ policy: { maxStaleMs: 1000 }, now: () => time });
    cache.set('key', '0', { ttl: DAY });
    await write(cache);
    const value = cache.get('key');
    time += 9000;
    assert.equal(cache.get('key'), value, 'not sent to the tier, so not asked for there');
    assert.equal(await cache.getAsync('key'), value);
    assert.equal(cache.touch('key'), true);
    cache.update('key', () => '5');
    time += 9000;
    assert.equal(cache.get('key'), '5');
    cache.update('key', () => '6', { tags: [] });
    time += 900;
    assert.equal(cache.get('key'), '6');
    time += 200;
    assert.equal(cache.get('key'), undefined, 'it has none any more');
    closeAll({ cache });
  });
}

test('an entry that gets tags, and one that loses them, keep their own end', () => {
  for (const ttl of [500, 5000, 0]) {
    let time = 1000;
    const { cache } = open({ policy: { maxStaleMs: 1000 }, now: () => time });
    cache.set('key', '1', { ttl });
    const end = ttl || Number.POSITIVE_INFINITY;
    cache.update('key', () => '2', { tags });
    assert.equal(cache.getRemainingTTL('key'), end);
    cache.update('key', () => '3', { tags: [] });
    time += 100;
    cache.update('key', () => '4', { tags });
    assert.equal(cache.getRemainingTTL('key'), end - 100);
    time += 399;
    assert.equal(cache.get('key'), '4');
    if (ttl === 0) continue;
    time += ttl - 499;
    assert.equal(cache.get('key'), undefined);
    closeAll({ cache });
  }
});
