/** Threads that die outside the kernel: what they owned comes back, whatever ended them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Actor, createCache, footprint, isRecovered, until } from './crew.ts';

const limits = { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 };

const endings: [string, (actor: Actor) => unknown][] = [
  ['by coming to its end', (actor) => actor.tell('end')],
  ['by process.exit()', (actor) => actor.tell('exit')],
  ['by an uncaught exception', (actor) => actor.tell('throw')],
  ['by terminate() while idle', (actor) => actor.worker.terminate()],
  [
    'by terminate() while computing',
    async (actor) => {
      actor.tell('spin');
      await actor.told();
      return actor.worker.terminate();
    },
  ],
  [
    'by running out of memory',
    async (actor) => {
      actor.tell('exhaust');
      await actor.exited;
      assert.equal(actor.error.code, 'ERR_WORKER_OUT_OF_MEMORY');
    },
  ],
];

for (const [how, end] of endings) {
  test(`a thread that ends ${how} gives its slot and scratch back`, async (context) => {
    using cache = await createCache();
    const before = footprint(cache);
    const actor = await Actor.start(cache.handle, limits);
    await actor.call('set', 'its key', 100_000);
    assert.equal(footprint(cache).threads, before.threads + 1);
    assert.equal(footprint(cache).scratch, before.scratch + 4);
    await end(actor);
    await actor.exited;
    assert.equal(cache.get('its key')?.length, 100_000, 'what it stored stays');
    cache.clear();
    const ms = await isRecovered(cache, before);
    context.diagnostic(`recovered ${ms.toFixed(1)} ms after the exit event`);
  });
}

test('a half-built value of a dead thread is given back', async () => {
  using cache = await createCache();
  const before = footprint(cache);
  const actor = await Actor.start(cache.handle);
  const cells = (await actor.call('halfSet', 1_000_000)) as number;
  assert.ok(cells > before.cells + 100, `${cells} objects are in the draft`);
  cache.arena.check();
  await actor.worker.terminate();
  await isRecovered(cache, before);
  assert.equal(cache.get('A'), undefined);
});

test('a thread that disposes the cache leaves nothing, and its later end changes nothing', async () => {
  using cache = await createCache();
  const before = footprint(cache);
  const actor = await Actor.start(cache.handle);
  await actor.call('set', 'key', 10);
  await actor.call('dispose');
  cache.delete('key');
  await isRecovered(cache, before);
  await actor.worker.terminate();
  await isRecovered(cache, before);
});

test('pins and locks of a dead thread are given back, and the next owner is told', async () => {
  using cache = await createCache();
  const folio = cache.arena.allocFolio(2)!;
  const before = footprint(cache);
  const actor = await Actor.start(cache.handle);
  assert.equal(await actor.call('pinAndLock', folio.name), false);
  assert.equal(cache.arena.describe(folio.pfn).pins, 1);
  await actor.worker.terminate();
  await isRecovered(cache, before);
  {
    using pin = folio.pin();
    assert.equal(pin.lock(), true, 'its last owner died with it');
    pin.unlock();
    assert.equal(pin.lock(), false);
  }
  assert.equal(folio.split(0)?.length, 4);
});

test('a death is noticed while the main thread is parked', async (context) => {
  using cache = await createCache();
  const doomed = await Actor.start(cache.handle);
  const observer = await Actor.start(cache.handle);
  const { threads } = footprint(cache);
  doomed.tell('exitWhenTold');
  doomed.toldWhileParked();
  observer.tell('observeThreads', threads - 1);
  doomed.go();
  const start = performance.now();
  observer.toldWhileParked();
  context.diagnostic(`noticed after ${(performance.now() - start).toFixed(1)} ms`);
  cache.arena.check();
  await observer.worker.terminate();
});

test('the death of a worker of a worker is noticed', async () => {
  using cache = await createCache();
  const before = footprint(cache);
  const actor = await Actor.start(cache.handle);
  await actor.call('nest');
  assert.equal(footprint(cache).threads, before.threads + 2);
  await actor.call('terminateNested');
  await until(() => footprint(cache).threads === before.threads + 1, 'the nested one');
  await actor.call('nest');
  await actor.worker.terminate();
  await isRecovered(cache, before);
});

test('threads that come and go all the time leave nothing behind', async () => {
  using cache = await createCache();
  const before = footprint(cache);
  for (let round = 0; round < 6; round++) {
    const actors = [new Actor(cache.handle), new Actor(cache.handle)];
    // At any moment, also while they load or attach.
    await new Promise((resolve) => setTimeout(resolve, round * 12));
    await Promise.all(actors.map((actor) => actor.worker.terminate()));
    if (cache.arena.kernel.fault() !== 0) return; // killed inside: see poison.test.ts
  }
  await isRecovered(cache, before);
});
