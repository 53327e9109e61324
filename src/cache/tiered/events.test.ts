/** What `on('tier')` tells, and what it does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryStore, MemoryTier } from '../../../test/support/memory-tier.ts';
import { until } from '../../../test/support/tiered.ts';
import type { TierEvent } from '../../tier/interface.ts';
import { SharedCache } from '../constructor.ts';

test('a tier that is still connecting is told of when its connection is lost, with why', async () => {
  let listener: ((event: TierEvent) => void) | undefined;
  const tier = Object.assign(new MemoryTier(new MemoryStore()), {
    invalidations: (to: (event: TierEvent) => void) => {
      listener = to;
    },
  });
  const cache = new SharedCache({ maxSize: '8MiB', tier });
  const told: unknown[] = [];
  cache.on('tier', (event) => told.push(event));
  await sleep(350);
  assert.deepEqual(told, [], 'while it connects');
  listener!({ type: 'armed' });
  await sleep(350);
  assert.deepEqual(told, [], 'when it is there');
  listener!({ type: 'lost', error: new Error('gone') });
  await until(() => told.length > 0);
  listener!({ type: 'armed' });
  await until(() => told.length > 1);
  assert.deepEqual(told, [
    { isDegraded: true, reason: 'gone' },
    { isDegraded: false, reason: undefined },
  ]);
  cache.close();
});

test('a tier whose first connection fails is told of', async () => {
  const tier = Object.assign(new MemoryTier(new MemoryStore()), {
    invalidations: (to: (event: TierEvent) => void) => {
      to({ type: 'lost', error: new Error('refused') });
    },
  });
  const cache = new SharedCache({ maxSize: '8MiB', tier });
  const told: unknown[] = [];
  cache.on('tier', (event) => told.push(event));
  await until(() => told.length > 0);
  assert.deepEqual(told, [{ isDegraded: true, reason: 'refused' }]);
  cache.close();
});
