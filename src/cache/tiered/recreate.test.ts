/** A tier belongs to one cache: the fresh one that `recreate` makes needs another. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryTier } from '../../../test/support/memory-tier.ts';
import { openTiered } from '../../../test/support/tiered.ts';
import { InvalidArgumentError } from '../../errors.ts';
import { loadPeer } from '../../tier/load-peer.ts';
import { SharedCache } from '../constructor.ts';

test('a cache that is made anew has a tier of its own, or none', async () => {
  const { cache, tier, store } = openTiered();
  cache.set('key', 'value');
  await cache.flush();
  assert.throws(() => cache.recreate(), InvalidArgumentError);
  assert.throws(() => cache.recreate({ tier }), /another cache’s/);
  assert.throws(() => cache.recreate({ ttl: 5 } as object), InvalidArgumentError);
  assert.equal(cache.get('key'), 'value', 'nothing has changed');
  const fresh = cache.recreate({ tier: new MemoryTier(store) });
  assert.equal(await fresh.getAsync('key'), 'value');
  fresh.set('other', 'one');
  assert.deepEqual(await fresh.flush(), { written: 1, dropped: 0 });
  using last = fresh.recreate({ tier: false });
  assert.equal(last.stats().tier, undefined);
  assert.equal(await last.getAsync('key'), undefined);
});

test('no second cache is given a tier that one has, or had', () => {
  const { cache, tier } = openTiered();
  const again = () => new SharedCache({ maxSize: '4MiB', tier });
  assert.throws(again, InvalidArgumentError);
  cache.close();
  assert.throws(again, /tier must be one of its own/);
});

test('a client that is not there, or cannot be loaded, is told apart', async () => {
  const fail = (code: string) => () =>
    Promise.reject(Object.assign(new Error('no require'), { code }));
  await assert.rejects(loadPeer('redis', fail('ERR_MODULE_NOT_FOUND')), /npm install redis/);
  await assert.rejects(loadPeer('lmdb', fail('ERR_OTHER')), /lmdb cannot be loaded \(no require\)/);
});
