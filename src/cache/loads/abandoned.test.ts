/** Computations whose caller has aborted: their time runs on, and then they are nobody's. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS } from '../../../test/support/patience.ts';
import { SharedCache } from '../../index.ts';

const whens = ['while it computes', 'within its function'] as const;

/** Aborts the call whose function has just been called, or is. @returns the function's signal */
async function abandon(
  cache: SharedCache<string>,
  when: (typeof whens)[number],
  timeoutMs: number,
): Promise<AbortSignal> {
  const controller = new AbortController();
  const reason = new Error('not any more');
  let seen: AbortSignal | undefined;
  const call = cache.getOrSet(
    'key',
    (_key, _stale, { signal }) => {
      seen = signal;
      if (when === 'within its function') controller.abort(reason);
      return new Promise(() => {});
    },
    { signal: controller.signal, timeoutMs },
  );
  controller.abort(reason);
  await assert.rejects(call, reason);
  return seen!;
}

function fired(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener('abort', () => resolve(signal.reason));
  });
}

for (const when of whens) {
  test(`an abort ${when} leaves its timeoutMs: then its signal fires, and others compute`, async () => {
    using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
    const signal = await abandon(cache, when, 20);
    assert.equal(signal.aborted, false, 'others may still want it');
    const reason = await fired(signal);
    assert.equal((reason as Error).name, 'TimeoutError');
    assert.match((reason as Error).message, /20 ms/);
    // Not in vain for its whole 20 days.
    assert.equal(await cache.getOrSet('key', () => 'next', { timeoutMs: 2e9 }), 'next');
  });

  test(`who joined before an abort ${when} computes when that time is over`, async () => {
    using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
    await abandon(cache, when, 20);
    assert.equal(await cache.getOrSet('key', () => 'next', { timeoutMs: 2e9 }), 'next');
  });
}

test('what comes in time after an abort is stored, and its signal does not fire', async () => {
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  const controller = new AbortController();
  let finish!: (value: string) => void;
  let seen!: AbortSignal;
  const call = cache.getOrSet(
    'key',
    (_key, _stale, { signal }) => {
      seen = signal;
      return new Promise<string>((resolve) => {
        finish = resolve;
      });
    },
    { signal: controller.signal, timeoutMs: 20 },
  );
  controller.abort();
  await assert.rejects(call, { name: 'AbortError' });
  finish('value');
  assert.equal(await cache.getOrSet('key', () => assert.fail('it is stored')), 'value');
  await sleep(40);
  assert.equal(seen.aborted, false);
});

test('a computation that awaits its own key ends, by the shorter of both times', async () => {
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  const inner = () => cache.getOrSet('key', () => 'inner', { timeoutMs: 1 });
  const outer = async () => `outer, ${await inner()}`;
  assert.equal(await cache.getOrSet('key', outer, { timeoutMs: 2e9 }), 'outer, inner');
  const forever = () => cache.getOrSet('other', () => 'inner', { timeoutMs: 2e9 });
  const late = { code: 'ERR_PAGELESS_TIMEOUT' };
  await assert.rejects(cache.getOrSet('other', forever, { timeoutMs: 1 }), late);
});

test('a computation that nobody waits for keeps no process alive, listened to or not', () => {
  const index = JSON.stringify(new URL('../../index.ts', import.meta.url).href);
  const script = `
    import { SharedCache } from ${index};
    const cache = new SharedCache({ maxSize: '4MiB', values: 'string' });
    for (const isHeard of [true, false]) {
      const controller = new AbortController();
      const compute = (_key, _stale, context) => {
        if (isHeard) context.signal.addEventListener('abort', () => {});
        return new Promise(() => {});
      };
      const options = { signal: controller.signal, timeoutMs: 2e9 };
      const call = cache.getOrSet('key ' + isHeard, compute, options);
      controller.abort();
      await call.catch(() => {});
    }`;
  const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    timeout: PATIENCE_MS,
    encoding: 'utf8',
  });
  assert.deepEqual([ran.status, ran.signal], [0, null], ran.stderr);
});

test('however many wait for one signal, it has one listener, and none when they are done', async () => {
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  const { signal } = new AbortController();
  let finish!: (value: string) => void;
  const slow = new Promise<string>((resolve) => {
    finish = resolve;
  });
  const calls = Array.from({ length: 50 }, (_, i) =>
    cache.getOrSet(`key ${i}`, () => slow, { signal }),
  );
  assert.equal(getEventListeners(signal, 'abort').length, 1);
  finish('value');
  await Promise.all(calls);
  assert.equal(getEventListeners(signal, 'abort').length, 0);
  const aborting = new AbortController();
  const reason = new Error('enough');
  const rejected = Array.from({ length: 50 }, (_, i) =>
    assert.rejects(
      cache.getOrSet(`other ${i}`, () => new Promise<string>(() => {}), {
        signal: aborting.signal,
      }),
      (error) => error === reason,
    ),
  );
  aborting.abort(reason);
  await Promise.all(rejected);
});
