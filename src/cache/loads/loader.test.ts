/**
 * `getOrSet` in one thread: who computes, who waits, what wins, and what a user's function may do.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BusyError, type Compute, SharedCache, TimeoutError } from '../../index.ts';

const disposed = { code: 'ERR_PAGELESS_DISPOSED' };
const invalid = { code: 'ERR_PAGELESS_INVALID_ARGUMENT' };

function withCache(
  run: (cache: SharedCache<unknown>) => Promise<void> | void,
): () => Promise<void> {
  return async () => {
    const cache = new SharedCache<unknown>({ maxSize: '4MiB', values: 'json' });
    try {
      await run(cache);
      cache.arena.check();
    } finally {
      cache.close();
    }
  };
}

/** A function that counts its calls and answers when it is told to. */
function gate<V>(value: V): { compute: Compute<V>; calls: () => number; open: () => void } {
  let calls = 0;
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const compute = async (): Promise<V> => {
    calls++;
    await opened;
    return value;
  };
  return { compute: compute as Compute<V>, calls: () => calls, open };
}

test(
  'the first call computes and stores, the next one finds it',
  withCache(async (cache) => {
    assert.deepEqual(await cache.getOrSet('key', () => ({ n: 1 })), { n: 1 });
    assert.deepEqual(await cache.getOrSet('key', () => assert.fail('called')), { n: 1 });
    assert.deepEqual(cache.get('key'), { n: 1 });
    assert.equal(cache.stats().loads.computed, 1);
  }),
);

test(
  'a hundred calls at once are one computation, and each gets a value of its own',
  withCache(async (cache) => {
    const { compute, calls, open } = gate<unknown>({ list: [1] });
    const waiting = Array.from({ length: 100 }, () => cache.getOrSet('key', compute));
    open();
    const values = await Promise.all(waiting);
    assert.equal(calls(), 1);
    for (const value of values) assert.deepEqual(value, { list: [1] });
    assert.equal(new Set(values).size, 100);
    const { computed, waited, alone } = cache.stats().loads;
    assert.deepEqual({ computed, waited, alone }, { computed: 1, waited: 99, alone: 0 });
  }),
);

test(
  'a text and its bytes are one key, and bytes that are changed meanwhile are another',
  withCache(async (cache) => {
    const { compute, calls, open } = gate<unknown>('value');
    const bytes = new TextEncoder().encode('kéy');
    const both = [cache.getOrSet('kéy', compute), cache.getOrSet(bytes, compute)];
    bytes[0] = 65;
    open();
    assert.deepEqual(await Promise.all(both), ['value', 'value']);
    assert.equal(calls(), 1);
    assert.deepEqual([...cache.keys()], ['kéy']);
  }),
);

const writes: [name: string, write: (cache: SharedCache<unknown>) => void, left: unknown][] = [
  ['set', (cache) => cache.set('key', 'newer'), 'newer'],
  ['delete', (cache) => cache.delete('key'), undefined],
  ['clear', (cache) => cache.clear(), undefined],
  ['set, and delete', (cache) => [cache.set('key', 1), cache.delete('key')], undefined],
];

for (const [name, write, left] of writes) {
  test(
    `a ${name} after the computation began wins; its callers get its result`,
    withCache(async (cache) => {
      const { compute, calls, open } = gate<unknown>('older');
      const before = [cache.getOrSet('key', compute), cache.getOrSet('key', compute)];
      write(cache);
      open();
      assert.deepEqual(await Promise.all(before), ['older', 'older']);
      assert.equal(calls(), 1);
      assert.deepEqual(cache.get('key'), left);
      assert.equal(cache.stats().loads.discarded, 1);
    }),
  );
}

test(
  'who comes after a delete does not get what was computed from before it',
  withCache(async (cache) => {
    const old = gate<unknown>('old');
    const first = cache.getOrSet('key', old.compute);
    cache.delete('key');
    assert.equal(await cache.getOrSet('key', () => 'new'), 'new');
    old.open();
    assert.equal(await first, 'old');
    assert.equal(cache.get('key'), 'new');
  }),
);

test(
  'other keys that are set meanwhile do not matter',
  withCache(async (cache) => {
    const { compute, open } = gate<unknown>('value');
    const call = cache.getOrSet('key', compute);
    for (let i = 0; i < 2000; i++) cache.set(`other ${i}`, i);
    open();
    await call;
    assert.equal(cache.get('key'), 'value');
  }),
);

test(
  'undefined is not stored, and who waited computes itself',
  withCache(async (cache) => {
    const { compute, calls, open } = gate<unknown>(undefined);
    const both = [cache.getOrSet('key', compute), cache.getOrSet('key', compute)];
    open();
    assert.deepEqual(await Promise.all(both), [undefined, undefined]);
    assert.equal(calls(), 2);
    assert.equal(cache.has('key'), false);
    assert.equal(cache.stats().loads.alone, 1);
  }),
);

test(
  'a value that is too large to keep: who waited computes itself, and the old one stays',
  withCache(async (cache) => {
    const { compute, calls, open } = gate<unknown>('x'.repeat(2 ** 20));
    cache.set('key', 'old');
    const options = { forceRefresh: true };
    const both = [1, 2].map(() => cache.getOrSet('key', compute, options));
    open();
    for (const value of await Promise.all(both)) assert.equal((value as string).length, 2 ** 20);
    assert.equal(calls(), 2);
    assert.equal(cache.get('key'), 'old');
  }),
);

test(
  'what is thrown reaches every caller as it is, and nothing is kept',
  withCache(async (cache) => {
    const mine = new RangeError('on purpose');
    let calls = 0;
    const compute = async (): Promise<never> => {
      calls++;
      await sleep(1);
      throw mine;
    };
    const results = await Promise.allSettled([1, 2, 3].map(() => cache.getOrSet('key', compute)));
    for (const result of results) assert.equal((result as PromiseRejectedResult).reason, mine);
    assert.equal(calls, 1);
    assert.equal(cache.stats().loads.failed, 1);
    assert.equal(await cache.getOrSet('key', () => 'next'), 'next');
  }),
);

test(
  "a caller's signal ends its own wait, not the computation",
  withCache(async (cache) => {
    const { compute, calls, open } = gate<unknown>('value');
    const aborted = new AbortController();
    const reason = new Error('enough');
    const first = cache.getOrSet('key', compute, { signal: aborted.signal });
    const second = cache.getOrSet('key', compute);
    aborted.abort(reason);
    await assert.rejects(first, (error) => error === reason);
    open();
    assert.equal(await second, 'value');
    assert.equal(calls(), 1);
    await assert.rejects(
      cache.getOrSet('other', compute, { signal: aborted.signal }),
      (error) => error === reason,
    );
    assert.equal(calls(), 1, 'not even begun');
  }),
);

test(
  "the computation's signal fires when its result is of use for nobody",
  withCache(async (cache) => {
    const aborted = new AbortController();
    let seen: AbortSignal | undefined;
    const compute: Compute<unknown> = (_key, _stale, { signal }) => {
      seen = signal;
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve('late'));
      });
    };
    const call = cache.getOrSet('key', compute, { signal: aborted.signal });
    cache.delete('key');
    await sleep(5);
    assert.equal(seen?.aborted, false, 'its caller waits for it');
    aborted.abort();
    await assert.rejects(call, { name: 'AbortError' });
    assert.equal(seen?.aborted, true);
  }),
);

test(
  'a computation that takes too long: TimeoutError, its signal fires, and others may compute',
  withCache(async (cache) => {
    let seen: AbortSignal | undefined;
    const never: Compute<unknown> = (_key, _stale, { signal }) => {
      seen = signal;
      return new Promise(() => {});
    };
    const late = { name: 'TimeoutError', code: 'ERR_PAGELESS_TIMEOUT' };
    await assert.rejects(cache.getOrSet('key', never, { timeoutMs: 5 }), late);
    assert.ok(seen?.reason instanceof TimeoutError);
    assert.equal(await cache.getOrSet('key', () => 'value'), 'value');
    assert.equal(cache.get('key'), 'value');
  }),
);

test(
  'who has waited long enough computes itself',
  withCache(async (cache) => {
    const slow = gate<unknown>('slow');
    const first = cache.getOrSet('key', slow.compute);
    assert.equal(await cache.getOrSet('key', () => 'own', { timeoutMs: 5 }), 'own');
    assert.equal(cache.get('key'), 'own');
    slow.open();
    assert.equal(await first, 'slow');
    assert.equal(cache.get('key'), 'own', 'set after the first computation began');
  }),
);

test(
  'forceRefresh computes although there is a value, which others get meanwhile',
  withCache(async (cache) => {
    cache.set('key', 'old');
    const { compute, open } = gate<unknown>('new');
    const fresh = cache.getOrSet('key', compute, { forceRefresh: true });
    assert.equal(await cache.getOrSet('key', () => assert.fail('called')), 'old');
    open();
    assert.equal(await fresh, 'new');
    assert.equal(cache.get('key'), 'new');
  }),
);

test('a ttl is given with the call, or by the function', async () => {
  let time = 1000;
  const options = { maxSize: '4MiB', values: 'json', now: () => time } as const;
  using cache = new SharedCache<unknown>(options);
  await cache.getOrSet('by the call', () => 1, { ttl: 50 });
  await cache.getOrSet('by the function', (_key, _stale, context) => {
    context.options.ttl = 70;
    return 2;
  });
  assert.equal(cache.getRemainingTTL('by the call'), 50);
  assert.equal(cache.getRemainingTTL('by the function'), 70);
  time += 50;
  assert.equal(await cache.getOrSet('by the call', () => 'anew'), 'anew');
});

test(
  'getOrSetSync computes, and refuses to wait for its own thread',
  withCache(async (cache) => {
    assert.equal(
      cache.getOrSetSync('key', () => 1),
      1,
    );
    assert.equal(
      cache.getOrSetSync('key', () => assert.fail('called')),
      1,
    );
    const inside = (): unknown => cache.getOrSetSync('own', inside);
    assert.throws(() => cache.getOrSetSync('own', inside), BusyError);
    const { compute, open } = gate<unknown>('value');
    const call = cache.getOrSet('async', compute);
    assert.throws(() => cache.getOrSetSync('async', () => 2), BusyError);
    open();
    await call;
    assert.equal(
      cache.getOrSetSync('async', () => 2),
      'value',
    );
    assert.throws(() => cache.getOrSetSync('promise', (async () => 1) as never), invalid);
    assert.equal(cache.has('promise'), false);
  }),
);

test(
  'a full table of leases: computed without, and stored if nothing has happened meanwhile',
  withCache(async (cache) => {
    const { compute, calls, open } = gate<unknown>('value');
    const keys = Array.from({ length: 500 }, (_, i) => `key ${i}`);
    const all = keys.map((key) => cache.getOrSet(key, compute));
    const { computed, alone } = cache.stats().loads;
    assert.equal(computed + alone, 500);
    assert.ok(alone > 200, `${alone} without a lease`);
    assert.equal(calls(), 500);
    open();
    for (const value of await Promise.all(all)) assert.equal(value, 'value');
    cache.clear();
    assert.equal(await cache.getOrSet('key 499', () => 'again'), 'again');
    assert.equal(cache.get('key 499'), 'again', 'the table is free again');
  }),
);

test('close rejects who waits, and fires the signal', async () => {
  const cache = new SharedCache<unknown>({ maxSize: '4MiB', values: 'json' });
  using witness = SharedCache.attach<unknown>(cache.handle);
  let seen: AbortSignal | undefined;
  const compute: Compute<unknown> = (_key, _stale, { signal }) => {
    seen = signal;
    return new Promise(() => {});
  };
  const calls = [cache.getOrSet('key', compute), cache.getOrSet('key', compute)];
  const other = witness.getOrSet('key', () => 'its own');
  cache.close();
  for (const call of calls) await assert.rejects(call, disposed);
  assert.equal(seen?.aborted, true);
  assert.equal(await other, 'its own', 'a computation that was given up releases the next');
  await assert.rejects(cache.getOrSet('key', compute), disposed);
  witness.arena.check();
});

const deeds: [name: string, act: (cache: SharedCache<unknown>) => unknown, code: string][] = [
  ['closes the cache', (cache) => cache.close(), 'ERR_PAGELESS_DISPOSED'],
  [
    'fills the stack',
    () => {
      const deeper = (): number => deeper() + 1;
      return deeper();
    },
    'RangeError',
  ],
];

for (const [name, act, code] of deeds) {
  for (const isSync of [false, true]) {
    test(`a function that ${name}, ${isSync ? 'sync' : 'async'}: nothing breaks`, async () => {
      const cache = new SharedCache<unknown>({ maxSize: '4MiB', values: 'json' });
      using witness = SharedCache.attach<unknown>(cache.handle);
      const compute = (): unknown => act(cache) ?? 'value';
      const run = async (): Promise<unknown> =>
        isSync ? cache.getOrSetSync('key', compute) : cache.getOrSet('key', compute);
      const isIt = (error: { code?: string; name: string }): boolean =>
        (error.code ?? error.name) === code;
      await assert.rejects(run(), isIt);
      assert.equal(await witness.getOrSet('key', () => 'next'), 'next');
      witness.arena.check();
      cache.close();
    });
  }
}

test(
  'misuse is told by the promise',
  withCache(async (cache) => {
    await assert.rejects(
      cache.getOrSet('', () => 1),
      invalid,
    );
    await assert.rejects(cache.getOrSet('key', 1 as never), invalid);
    await assert.rejects(
      cache.getOrSet('key', () => 1, { timeout: 1 } as never),
      invalid,
    );
    await assert.rejects(
      cache.getOrSet('key', () => 1, { timeoutMs: -1 }),
      invalid,
    );
    await assert.rejects(
      cache.getOrSet('key', () => 1, { ttl: 1.5 }),
      invalid,
    );
    await assert.rejects(cache.getOrSet('key', (() => Symbol('s')) as never), invalid);
    assert.throws(() => cache.getOrSetSync('key', () => 1, { signal: null } as never), invalid);
    assert.equal(cache.size, 0);
    assert.deepEqual(cache.stats().loads, {
      computed: 1,
      waited: 0,
      alone: 0,
      discarded: 0,
      failed: 1,
    });
  }),
);
