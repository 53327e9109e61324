/** Poisoned zones, and threads that die inside the kernel: all are told, and nobody hangs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { poisonZone } from '../support/poison-zone.ts';
import { Actor, createCache, footprint, isPoisoned, isRecovered, pretendInside } from './crew.ts';

const corruption = { code: 'ERR_PAGELESS_CORRUPTION' };

test('a fault that one thread finds is told to every other, at its next call', async () => {
  using cache = await createCache();
  const other = await Actor.start(cache.handle);
  poisonZone(cache.arena.memory);
  isPoisoned(cache, facts.FAULT_TRAP);
  for (const role of ['get', 'set', 'check', 'threads']) {
    await assert.rejects(other.call(role, 'key', 10), corruption, role);
  }
  assert.throws(() => cache.arena.report(), corruption);
  await other.call('dispose');
  await other.worker.terminate();
});

test('a thread that dies in the midst of a call does no harm', async () => {
  for (const operation of [facts.OP_READ, facts.OP_WRITE, facts.OP_DELETE, facts.OP_PAGES]) {
    using cache = await createCache();
    const before = footprint(cache);
    const doomed = await Actor.start(cache.handle);
    pretendInside(cache, 3, operation);
    await doomed.worker.terminate();
    await isRecovered(cache, before);
  }
});

test('threads that wait for a lock when its owner is terminated get it', async (context) => {
  using cache = await createCache();
  const doomed = await Actor.start(cache.handle);
  const waiters = [await Actor.start(cache.handle), await Actor.start(cache.handle)];
  doomed.tell('leaveLock');
  await doomed.told();
  const waits = waiters.map((waiter, i) => waiter.call('registerType', `of ${i}`));
  for (const waiter of waiters) await waiter.told();
  const start = performance.now();
  await doomed.worker.terminate();
  await Promise.all(waits);
  context.diagnostic(`everybody went on after ${(performance.now() - start).toFixed(1)} ms`);
  assert.equal(cache.arena.kernel.fault(), 0);
  for (const waiter of waiters) await waiter.worker.terminate();
});

test('the main thread, waiting for a lock, gets it by its owner’s death', async (context) => {
  using cache = await createCache();
  const doomed = await Actor.start(cache.handle);
  doomed.tell('holdLockAndPark');
  doomed.toldWhileParked();
  doomed.go();
  const start = performance.now();
  cache.arena.registerType({ name: 'whatever', movable: true });
  context.diagnostic(`after ${(performance.now() - start).toFixed(1)} ms`);
  cache.arena.check();
  await doomed.exited;
});

test('a poisoned zone can be disposed, and another one works', async () => {
  const cache = await createCache();
  poisonZone(cache.arena.memory);
  isPoisoned(cache, facts.FAULT_TRAP);
  cache[Symbol.dispose]();
  using next = await createCache();
  assert.equal(next.set('key', Uint8Array.of(1)), true);
  next.arena.check();
});

test('a thread that dies while it has stopped the world lets it go on', async () => {
  using cache = await createCache();
  const before = footprint(cache);
  const doomed = await Actor.start(cache.handle);
  const waiter = await Actor.start(cache.handle);
  doomed.tell('stopWorld');
  await doomed.told();
  const answer = waiter.call('set', 'key', 1000);
  await doomed.worker.terminate();
  assert.equal(await answer, true);
  assert.equal(cache.delete('key'), true);
  await waiter.call('dispose');
  await isRecovered(cache, before);
  await waiter.worker.terminate();
});
