/** `getOrSet` over threads: one computes, the others wait, whatever becomes of the one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Actor, createCache, drain, footprint, isRecovered, until } from './crew.ts';

interface Loaded {
  computed: number;
  values?: (string | undefined)[];
  code?: string;
  name?: string;
  cause?: { name: string; message: string; code: string; text: string };
}

async function withActors(
  count: number,
  run: (actors: Actor[], cache: Awaited<ReturnType<typeof createCache>>) => Promise<void>,
): Promise<void> {
  using cache = await createCache();
  const before = footprint(cache);
  const actors = await Promise.all(Array.from({ length: count }, () => Actor.start(cache.handle)));
  try {
    await run(actors, cache);
  } finally {
    await Promise.all(actors.map((actor) => actor.worker.terminate()));
  }
  cache.clear();
  drain(cache);
  await isRecovered(cache, before);
}

function load(actor: Actor, ...values: unknown[]): Promise<Loaded> {
  return actor.call('load', ...values) as Promise<Loaded>;
}

test('1,000 calls of 8 threads are one computation', async () => {
  await withActors(8, async (actors, cache) => {
    const all = await Promise.all(actors.map((actor) => load(actor, 'key', 'value', 125)));
    const computed = all.map((one) => one.computed);
    assert.equal(
      computed.reduce((sum, one) => sum + one, 0),
      1,
    );
    const by = all.find((one) => one.computed === 1)?.values;
    for (const { values } of all) assert.deepEqual(values, by);
    const { hits, loads } = cache.stats();
    const { waited, alone } = loads;
    // Who comes when it is over finds it.
    assert.deepEqual({ got: waited + hits, alone }, { got: 999, alone: 0 });
  });
});

test('a delete meanwhile wins; the waiting thread gets the result, which is not stored', async () => {
  await withActors(2, async ([one, two], cache) => {
    const first = load(one!, 'key', 'gated');
    await one!.told();
    const second = load(two!, 'key', 'value');
    await until(() => isAwaited(cache), 'the second to wait');
    cache.delete('key');
    one!.go();
    const by = (await first).values;
    assert.deepEqual(await second, { computed: 0, values: by });
    assert.equal(cache.has('key'), false);
    assert.equal(cache.stats().loads.discarded, 1);
  });
});

test('a tag that is deleted meanwhile wins; the waiting thread gets the result', async () => {
  await withActors(3, async ([one, two, three], cache) => {
    const tagged = { tags: ['t'] };
    const first = load(one!, 'key', 'gated', 1, tagged);
    await one!.told();
    const second = load(two!, 'key', 'value', 1, tagged);
    await until(() => isAwaited(cache), 'the second to wait');
    cache.deleteTag('t');
    // Who comes later knows of the deletion, and computes anew.
    const third = load(three!, 'key', 'value', 1, tagged);
    await three!.loading();
    one!.go();
    const by = (await first).values;
    assert.deepEqual(await second, { computed: 0, values: by });
    const { computed, values } = await third;
    assert.equal(computed, 1);
    assert.notDeepEqual(values, by);
    assert.equal(cache.stats().loads.discarded, 1);
  });
});

/** Whether any lease has a waiter: that it is noted is seen in the table itself. */
function isAwaited(cache: Awaited<ReturnType<typeof createCache>>): boolean {
  const { kernel } = cache.arena;
  return kernel.awaitedLeases() > 0;
}

test('an error whose fields are getters that use the cache reaches them too', async () => {
  await withActors(1, async ([other], cache) => {
    let fail = (): void => {};
    const failing = new Promise<never>((_, reject) => {
      const error = {
        get message() {
          cache.get('the key of another entry');
          return 'on purpose';
        },
      };
      fail = () => reject(error);
    });
    const first = cache.getOrSet('key', () => failing);
    const second = load(other!, 'key', 'value');
    await until(() => isAwaited(cache), 'the other to wait');
    fail();
    await assert.rejects(first);
    const { computed, cause } = await second;
    assert.equal(computed, 0);
    assert.equal(cause?.message, 'on purpose');
  });
});

test('an error reaches other threads as ComputeError', async () => {
  await withActors(2, async ([one, two], cache) => {
    const first = load(one!, 'key', 'failing');
    await one!.told();
    const second = load(two!, 'key', 'value', 2);
    await until(() => isAwaited(cache), 'the second to wait');
    await two!.loading();
    one!.go();
    assert.equal((await first).name, 'RangeError');
    const { code, cause, computed } = await second;
    assert.equal(code, 'ERR_PAGELESS_COMPUTE');
    assert.equal(computed, 0);
    assert.equal(cause?.name, 'RangeError');
    assert.equal(cause?.message, 'on purpose');
    assert.equal(cause?.code, 'E_MINE');
    assert.match(cause?.text ?? '', /on purpose/);
  });
});

for (const how of ['nothing', 'large']) {
  test(`${how} cannot be handed on: each thread computes itself`, async () => {
    await withActors(2, async (actors, cache) => {
      const all = await Promise.all(actors.map((actor) => load(actor, 'key', how)));
      assert.deepEqual(
        all.map((one) => one.computed),
        [1, 1],
      );
      assert.equal(cache.has('key'), false);
    });
  });
}

test('while one thread refreshes what is stale, another that stands still is given it', async () => {
  await withActors(1, async ([one], cache) => {
    const old = new Uint8Array([1]);
    cache.set('key', old, { ttl: 1, staleFor: 60_000 });
    await until(() => !cache.has('key'), 'the entry to be stale');
    const first = load(one!, 'key', 'gated');
    await one!.told();
    const status = {};
    const never = () => assert.fail('another thread computes');
    for (let i = 0; i < 3; i++) assert.deepEqual(cache.getOrSetSync('key', never, { status }), old);
    assert.deepEqual(status, { load: 'stale' });
    assert.equal(isAwaited(cache), false, 'nobody waits for the lease');
    one!.go();
    assert.equal((await first).computed, 1);
    await until(() => cache.has('key'), 'the new value');
    assert.notDeepEqual(cache.getOrSetSync('key', never), old);
  });
});

test('a thread that dies while it computes releases the next', async () => {
  await withActors(2, async ([one, two], cache) => {
    one!.tell('load', 'key', 'never');
    await one!.told();
    const second = load(two!, 'key', 'value', 5);
    await until(() => isAwaited(cache), 'the second to wait');
    await one!.worker.terminate();
    assert.equal((await second).computed, 1);
    assert.equal(cache.has('key'), true);
  });
});

test('a thread that dies while it waits leaves nothing', async () => {
  await withActors(2, async ([one, two], cache) => {
    const first = load(one!, 'key', 'gated');
    await one!.told();
    two!.tell('load', 'key', 'value');
    await until(() => isAwaited(cache), 'the second to wait');
    await two!.worker.terminate();
    await until(() => !isAwaited(cache), 'its death to be noticed');
    cache.delete('key');
    one!.go();
    assert.equal((await first).computed, 1);
  });
});

test('a thread that stands still gets what another one computes', async () => {
  await withActors(2, async ([one, two], cache) => {
    const first = load(one!, 'key', 'gated');
    await one!.told();
    const second = two!.call('loadSync', 'key');
    await until(() => isAwaited(cache), 'the second to wait');
    one!.go();
    assert.equal(await second, (await first).values?.[0]);
  });
});

test('a ring of two keys on two threads is told, and not waited for', async () => {
  await withActors(2, async ([one, two], cache) => {
    const answers = [one!.call('loadRing', 'a', 'b'), two!.call('loadRing', 'b', 'a')];
    await Promise.all([one!.told(), two!.told()]);
    one!.go();
    two!.go();
    const codes = await Promise.all(answers);
    assert.ok(codes.includes('ERR_PAGELESS_BUSY'), `${codes}`);
    assert.equal(cache.size, 0);
  });
});

test('who waits keeps its program alive, and not a moment longer', async () => {
  await withActors(2, async ([one, two], cache) => {
    const first = load(one!, 'key', 'gated');
    await one!.told();
    const answer = two!.answer();
    two!.tell('loadAndExit', 'key');
    await until(() => isAwaited(cache), 'the second to wait');
    one!.go();
    assert.deepEqual(await answer, { computed: 0, values: (await first).values });
    await two!.exited;
  });
});
