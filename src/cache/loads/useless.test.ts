/**
 * The signal of a computation whose result would be of use for nobody: whatever makes it so, and
 * whichever thread does.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { type CacheView, type LoadOptions, SharedCache } from '../../index.ts';

const cache = new SharedCache<unknown>({ maxSize: '4MiB', values: 'json', staleFor: 60_000 });
const names = cache.namespace('names');

const index = new URL('../../index.ts', import.meta.url).href;
/** Does what it is told with the cache, and answers when it is done. */
const other = new Worker(
  `const { parentPort, workerData } = require('node:worker_threads');
  import(${JSON.stringify(index)}).then(({ SharedCache }) => {
    const cache = SharedCache.attach(workerData);
    let wait;
    const deeds = {
      act: (code) => new Function('cache', code)(cache),
      join() {
        wait = new AbortController();
        cache.getOrSet('key', () => 'own', { signal: wait.signal }).catch(() => {});
      },
      leave: () => wait.abort(),
    };
    parentPort.on('message', ([deed, code]) => parentPort.postMessage(deeds[deed](code) && 0));
  });`,
  { eval: true, workerData: cache.handle },
);
after(async () => {
  await other.terminate();
  cache.close();
});

async function tell(deed: 'act' | 'join' | 'leave', code?: string): Promise<void> {
  other.postMessage([deed, code]);
  await once(other, 'message');
}

interface Computing {
  signal: AbortSignal;
  call: Promise<unknown>;
  finish(value: unknown): void;
}

/** Computes `key` until told to finish. */
function compute(view: CacheView<unknown>, options: LoadOptions): Computing {
  let signal!: AbortSignal;
  let finish!: (value: unknown) => void;
  const call = view.getOrSet(
    'key',
    (_key, _stale, context) => {
      signal = context.signal;
      return new Promise((resolve) => {
        finish = resolve;
      });
    },
    options,
  );
  return { signal, call, finish };
}

/** The same, and its caller waits no more. */
async function abandon(view: CacheView<unknown>, options: LoadOptions): Promise<Computing> {
  const caller = new AbortController();
  const computing = compute(view, { ...options, signal: caller.signal });
  caller.abort();
  await assert.rejects(computing.call, { name: 'AbortError' });
  assert.equal(computing.signal.aborted, false, 'it is of use for who comes');
  return computing;
}

async function fired(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
  assert.equal((signal.reason as Error).name, 'StaleError');
}

const tagged = { tags: ['other', 'tag'] };
const deeds: [name: string, view: CacheView<unknown>, code: string, options: LoadOptions][] = [
  ['set', cache, "cache.set('key', 1)", {}],
  ['delete', cache, "cache.delete('key')", {}],
  ['update', cache, "cache.update('key', () => 1)", {}],
  ['clear', cache, 'cache.clear()', {}],
  ['deleteTag', cache, "cache.deleteTag('tag')", tagged],
  ['clear of its namespace', names, "cache.namespace('names').clear()", {}],
  ['clear of the cache of its namespace', names, 'cache.clear()', {}],
  ['deleteTag in its namespace', names, "cache.namespace('names').deleteTag('tag')", tagged],
  ['set in its namespace', names, "cache.namespace('names').set('key', 1)", {}],
];

for (const [name, view, code, options] of deeds) {
  for (const who of ['this thread', 'another thread']) {
    const act = async (): Promise<unknown> =>
      who === 'this thread' ? new Function('cache', code)(cache) : tell('act', code);

    test(`${name} by ${who}: its signal fires when nobody waits`, async () => {
      const { signal, finish } = await abandon(view, options);
      await act();
      await fired(signal);
      finish('older');
      await null;
      assert.notEqual(view.get('key'), 'older');
      cache.clear();
    });

    test(`${name} by ${who}: who waits gets the result, and the signal does not fire`, async () => {
      const { signal, finish, call } = compute(view, options);
      await act();
      await tell('act', '');
      assert.equal(signal.aborted, false);
      finish('older');
      assert.equal(await call, 'older');
      assert.equal(signal.aborted, false);
      cache.clear();
    });
  }
}

test('what deletes others does not fire it', async () => {
  const { signal, finish } = await abandon(names, tagged);
  cache.delete('key');
  cache.deleteTag('tag');
  names.deleteTag('else');
  cache.namespace('more').clear();
  await tell('act', "cache.set('key', 1)");
  assert.equal(signal.aborted, false);
  finish('value');
  assert.equal(await names.getOrSet('key', () => assert.fail('it is stored')), 'value');
  assert.equal(signal.aborted, false);
  cache.clear();
});

test('a tag that the function gives counts as those of the call', async () => {
  let signal!: AbortSignal;
  const caller = new AbortController();
  const call = cache.getOrSet(
    'key',
    (_key, _stale, context) => {
      context.options.tags = ['late'];
      signal = context.signal;
      return new Promise(() => {});
    },
    { signal: caller.signal },
  );
  caller.abort();
  await assert.rejects(call, { name: 'AbortError' });
  cache.deleteTag('late');
  await fired(signal);
});

test('what is given up so is joined by nobody: who comes computes at once', async () => {
  const { discarded } = cache.stats().loads;
  const { signal } = await abandon(cache, tagged);
  cache.deleteTag('tag');
  await fired(signal);
  assert.equal(cache.stats().loads.discarded, discarded + 1);
  assert.equal(await cache.getOrSet('key', () => 'new', { timeoutMs: 2e9 }), 'new');
  cache.clear();
});

test('it waits for those of other threads, and fires when the last has left', async () => {
  const { signal } = await abandon(cache, {});
  await tell('join');
  cache.set('key', 'newer');
  await tell('act', '');
  assert.equal(signal.aborted, false, 'another thread waits for its result');
  await tell('leave');
  await fired(signal);
  cache.clear();
});

test('who was given a stale value does not count as one who waits', async () => {
  cache.set('key', 'stale', { ttl: 1 });
  while (cache.has('key')) await null;
  const { signal, call } = compute(cache, {});
  assert.equal(await call, 'stale');
  assert.equal(signal.aborted, false);
  cache.set('key', 'newer');
  await fired(signal);
  assert.equal(cache.get('key'), 'newer');
  cache.clear();
});
