/** What waits to be written, or to be cleared, is not undone by what the tier has until then. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryTier } from '../../../test/support/memory-tier.ts';
import { openTiered } from '../../../test/support/tiered.ts';
import type { TierPolicy } from '../../tier/interface.ts';
import { SharedCache } from '../constructor.ts';

/** Two threads of one cache, and one without a tier, whose `clear` is as if all were evicted. */
async function openTwo(policy: TierPolicy = { writes: 'behind', writeDelayMs: 60_000 }) {
  const one = openTiered({ policy });
  const { store } = one;
  const attach = (tier: MemoryTier | false) =>
    SharedCache.attach<string>(one.cache.handle, { tier });
  const tier = Object.assign(new MemoryTier(store), { policy });
  const two = { tier, cache: attach(tier) };
  const local = attach(false);
  one.cache.set('key', 'old');
  await one.cache.flush();
  const close = () => {
    for (const cache of [local, two.cache, one.cache]) cache.close();
  };
  return { one, two, store, evict: () => local.clear(), close };
}

test('evicted while its write waits: its writer has it, and nobody the older one', async () => {
  const { one, two, evict, close } = await openTwo();
  one.cache.set('key', 'new');
  evict();
  assert.equal(await two.cache.getAsync('key'), undefined);
  assert.equal(await one.cache.getAsync('key'), 'new');
  assert.equal(two.cache.get('key'), 'new', 'kept for all');
  evict();
  assert.equal(await two.cache.getOrSet('key', () => 'computed'), 'computed');
  await Promise.all([one, two].map(({ cache }) => cache.flush()));
  evict();
  assert.equal(await one.cache.getAsync('key'), 'computed', 'what was written last');
  close();
});

test('deleted, or its write fails: no thread has the older one meanwhile', async () => {
  const { one, two, evict, close } = await openTwo();
  one.tier.before = (call) => {
    if (call !== 'getMany') throw new Error('the disk is full');
  };
  one.cache.delete('key');
  assert.equal(await two.cache.getAsync('key'), undefined);
  await assert.rejects(one.cache.flush({ timeoutMs: 20 }));
  assert.equal(await two.cache.getAsync('key'), undefined);
  one.tier.before = () => undefined;
  one.cache.set('key', 'new');
  await one.cache.flush();
  evict();
  assert.equal(await two.cache.getAsync('key'), 'new');
  close();
});

test('cleared, and the tier not yet: what it has does not come back', async () => {
  const { one, two, store, close } = await openTwo();
  one.cache.clear();
  for (const { cache } of [one, two]) {
    assert.equal(await cache.getAsync('key'), undefined);
    assert.deepEqual(await cache.getManyAsync(['key', 'none']), [undefined, undefined]);
  }
  two.cache.set('other', 'new');
  await Promise.all([one, two].map(({ cache }) => cache.flush()));
  assert.equal(store.calls.clear, 1);
  store.frames.set('key', store.frames.get('other')!);
  assert.equal(await two.cache.getAsync('key'), 'new', 'asked again');
  close();
});

test('a question that was under way when another thread cleared brings nothing back', async () => {
  const { one, two, evict, close } = await openTwo();
  evict();
  // The tier of this one tells of nothing.
  Object.assign(two.tier, { hear: () => undefined });
  two.tier.after = async (call) => {
    if (call !== 'getMany') return;
    one.cache.clear();
    await one.cache.flush();
  };
  assert.equal(await two.cache.getAsync('key'), 'old', 'as it was when it was asked for');
  assert.equal(two.cache.get('key'), undefined);
  close();
});

test('a write that another thread’s clear made void keeps nobody from asking', async () => {
  const { one, two, store, close } = await openTwo();
  one.cache.set('key', 'void');
  two.cache.clear();
  await Promise.all([one, two].map(({ cache }) => cache.flush()));
  assert.equal(one.cache.stats().tier?.superseded, 1);
  const other = openTiered({ store });
  other.cache.set('key', 'new');
  await other.cache.flush();
  assert.equal(await two.cache.getAsync('key'), 'new');
  other.cache.close();
  close();
});
