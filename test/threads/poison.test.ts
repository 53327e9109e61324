/** Threads that die inside the kernel: everybody learns it at once, and nobody hangs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { Actor, createCache, footprint, isPoisoned, isRecovered, until, wordOf } from './crew.ts';

const corruption = { code: 'ERR_PAGELESS_CORRUPTION' };

/** Writes the word of a thread's slot that says what it is doing. */
function pretendInside(memory: WebAssembly.Memory, slot: number, operation: number): void {
  Atomics.store(new Int32Array(memory.buffer), wordOf(slot, 'inKernel'), operation);
}

test('a thread that dies half-way through a change poisons the zone for all', async () => {
  using cache = await createCache();
  const doomed = await Actor.start(cache.handle);
  const other = await Actor.start(cache.handle);
  const slot = 3;
  pretendInside(cache.arena.memory, slot, facts.HALF_DONE | 8);
  await doomed.worker.terminate();
  await until(() => cache.arena.kernel.fault() !== 0, 'the poison');
  assert.equal(cache.arena.kernel.faultSlot(), slot);
  isPoisoned(cache, facts.FAULT_DIED_IN_KERNEL);
  for (const role of ['get', 'set', 'check', 'threads']) {
    await assert.rejects(other.call(role, 'key', 10), corruption, role);
  }
  assert.throws(() => cache.arena.report(), corruption);
  await other.call('dispose');
  await other.worker.terminate();
});

test('a thread that dies while it only reads does no harm', async () => {
  using cache = await createCache();
  const before = footprint(cache);
  const doomed = await Actor.start(cache.handle);
  pretendInside(cache.arena.memory, 3, 7);
  await doomed.worker.terminate();
  await isRecovered(cache, before);
});

test('threads that wait for a lock when its owner is terminated get the error', async (context) => {
  using cache = await createCache();
  const doomed = await Actor.start(cache.handle);
  const waiters = [await Actor.start(cache.handle), await Actor.start(cache.handle)];
  doomed.tell('holdLock');
  await doomed.told();
  const rejections = waiters.map((waiter) =>
    assert.rejects(waiter.call('workUntilError'), corruption),
  );
  for (const waiter of waiters) await waiter.told();
  const start = performance.now();
  await doomed.worker.terminate();
  await Promise.all(rejections);
  context.diagnostic(`everybody knew after ${(performance.now() - start).toFixed(1)} ms`);
  // Who waits may see the dead slot before whoever buries it has poisoned the zone.
  isPoisoned(cache, facts.FAULT_DIED_IN_KERNEL, facts.FAULT_LOCK_OWNER_DIED);
  for (const waiter of waiters) await waiter.worker.terminate();
});

test('the main thread, waiting for a lock, learns of its owner’s death', async (context) => {
  using cache = await createCache();
  const doomed = await Actor.start(cache.handle);
  doomed.tell('holdLockAndPark');
  doomed.toldWhileParked();
  doomed.go();
  const start = performance.now();
  const wait = () => cache.arena.registerType({ name: 'whatever', movable: true });
  assert.throws(wait, corruption);
  context.diagnostic(`after ${(performance.now() - start).toFixed(1)} ms`);
  await doomed.exited;
});

test('a poisoned zone can be disposed, and another one works', async () => {
  const cache = await createCache();
  const doomed = await Actor.start(cache.handle);
  doomed.tell('holdLock');
  await doomed.told();
  await doomed.worker.terminate();
  await until(() => cache.arena.kernel.fault() !== 0, 'the poison');
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
