/**
 * Computations that are cut short, by a full stack or a time-out of `node:vm`: their key can be
 * computed again when the turn is over, here and elsewhere.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import * as facts from '../../generated/facts.ts';
import { SharedCache } from '../../index.ts';

const ways = ['getOrSetSync', 'getOrSet'] as const;

/** Timers that keep this program alive. */
const timers = (): number =>
  process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

/**
 * Calls `way` with a function that loops until it is ended from outside. All of it has run before,
 * so that it is the function that is cut, and nothing on the way to it (thread.ts). Where a
 * busy machine has not come to the function by then, it is called again, and given longer.
 */
async function cutShort(cache: SharedCache<unknown>, way: (typeof ways)[number]): Promise<void> {
  runInNewContext(`cache.${way}('warm', () => 1)`, { cache });
  const called = { is: false };
  const source = `cache.${way}('key', () => { called.is = true; while (true); })`;
  const late = { code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' };
  for (let timeout = 50; !called.is; timeout *= 4) {
    await null;
    assert.throws(() => runInNewContext(source, { cache, called }, { timeout }), late);
  }
}

for (const way of ways) {
  test(`${way}: a computation that a time-out of node:vm ends is over with its turn`, async () => {
    using cache = new SharedCache<unknown>({ maxSize: '4MiB', values: 'json' });
    await cutShort(cache, way);
    await null;
    assert.equal(
      cache.getOrSetSync('key', () => 1),
      1,
    );
    cache.delete('key');
    await cutShort(cache, way);
    await null;
    assert.equal(await cache.getOrSet('key', async () => 2), 2);
    assert.equal(cache.get('key'), 2);
    cache.arena.check();
  });

  test(`${way}: a computation that fills the stack is over with its turn`, async () => {
    using cache = new SharedCache<unknown>({ maxSize: '4MiB', values: 'json' });
    const before = timers();
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
    // Node counts a timer that was cut while it was made, and no end of a program comes.
    while (timers() > before) await turn();
    cache.arena.check();
  });
}

test('a computation in another turn is nobody’s to give back', async () => {
  using cache = new SharedCache<unknown>({ maxSize: '4MiB', values: 'json' });
  let open = (_: unknown): void => {};
  const slow = cache.getOrSet('slow', () => new Promise((resolve) => (open = resolve)));
  await cutShort(cache, 'getOrSetSync');
  await null;
  const joined = cache.getOrSet('slow', () => assert.fail('computed twice'));
  open(7);
  assert.deepEqual([await slow, await joined, cache.get('slow')], [7, 7, 7]);
});

/** Cuts the next call between the kernel's answer and the library's note of it. */
function cutAtAnswer(cache: SharedCache<unknown>): void {
  const { kernel } = cache.arena;
  const real = kernel.lastGrant;
  kernel.lastGrant = () => {
    kernel.lastGrant = real;
    throw new Error('cut');
  };
}

/** The lease of `key` that this thread has, or waits for, in the kernel. */
function leaseHere(cache: SharedCache<unknown>): number {
  return cache.arena.kernel.nextLease(0);
}

for (const way of ways) {
  const compute = () => 'value';
  test(`${way}: cut at the kernel’s answer, it is computed in the same turn`, async () => {
    using cache = new SharedCache<unknown>({ maxSize: '4MiB', values: 'json' });
    cutAtAnswer(cache);
    await assert.rejects(async () => cache[way]('key', compute), /cut/);
    assert.equal(cache.getOrSetSync('key', compute), 'value');
    assert.equal(leaseHere(cache), facts.ERR_NOT_FOUND);
  });

  test(`${way}: cut at the kernel’s answer, its lease is given back with the turn`, async () => {
    using cache = new SharedCache<unknown>({ maxSize: '4MiB', values: 'json' });
    let open = (_: unknown): void => {};
    const slow = cache.getOrSet('slow', () => new Promise((resolve) => (open = resolve)));
    const own = leaseHere(cache);
    cutAtAnswer(cache);
    const cut = (async () => cache[way]('key', compute))();
    await assert.rejects(cut, /cut/);
    await null;
    assert.equal(leaseHere(cache), own, 'what is being computed is kept');
    const next = cache.arena.kernel.nextLease(own + 1);
    assert.equal(next, facts.ERR_NOT_FOUND, 'and nothing else');
    open('value');
    assert.equal(await slow, 'value');
    assert.equal(leaseHere(cache), facts.ERR_NOT_FOUND);
  });

  test(`${way}: cut as it begins to wait for another thread, it waits no more`, async () => {
    using cache = new SharedCache<unknown>({ maxSize: '4MiB', values: 'json' });
    const other = await computingElsewhere(cache);
    cutAtAnswer(cache);
    await assert.rejects(async () => cache[way]('key', compute), /cut/);
    await null;
    assert.equal(leaseHere(cache), facts.ERR_NOT_FOUND);
    const joined = cache.getOrSet('key', compute);
    assert.ok((leaseHere(cache) & facts.LEASE_TAKEN) !== 0, 'it can wait again');
    other.postMessage('finish');
    assert.equal(await joined, 'elsewhere');
    await other.terminate();
  });
}

/** A thread that computes `key` until it is told to finish. */
async function computingElsewhere(cache: SharedCache<unknown>): Promise<Worker> {
  const index = JSON.stringify(new URL('../../index.ts', import.meta.url).href);
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
    import(${index}).then(({ SharedCache }) => {
      const cache = SharedCache.attach(workerData);
      const finished = new Promise((resolve) => parentPort.once('message', resolve));
      cache.getOrSet('key', () => finished.then(() => 'elsewhere'));
      parentPort.postMessage('computing');
    });`,
    { eval: true, workerData: cache.handle },
  );
  await once(worker, 'message');
  return worker;
}

test('wherever a time-out of node:vm cuts getOrSetSync, nothing is held after the turn', async () => {
  using cache = new SharedCache<unknown>({ maxSize: '4MiB', values: 'json' });
  const late = { code: 'ERR_SCRIPT_EXECUTION_TIMEOUT' };
  const source = `for (let i = 0; ; i++) {
    cache.getOrSetSync('key ' + i % 9, () => i);
    cache.delete('key ' + i % 9);
  }`;
  for (let round = 0; round < 60; round++) {
    assert.throws(() => runInNewContext(source, { cache }, { timeout: 1 + (round % 3) }), late);
    await null;
    assert.equal(leaseHere(cache), facts.ERR_NOT_FOUND, `round ${round}`);
  }
  for (let i = 0; i < 9; i++) cache.getOrSetSync(`key ${i}`, () => i, { timeoutMs: 2e9 });
  cache.arena.check();
});
