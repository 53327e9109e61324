/** Namespaces: keys, values, times and figures of their own, and one clear for all of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import {
  DisposedError,
  InvalidArgumentError,
  type SharedCacheOptions,
  TooManyNamespacesError,
} from '../index.ts';
import { SharedCache } from './constructor.ts';

function open(options: Partial<SharedCacheOptions<string>> = {}) {
  return new SharedCache<string>({ maxSize: '4MiB', values: 'string', ...options } as never);
}

test('a key of a namespace is no key of the cache, nor of another one', () => {
  using cache = open();
  const [a, b] = [cache.namespace('a'), cache.namespace('b')];
  cache.set('k', 'root');
  cache.set('a:k', 'with a colon');
  a.set('k', 'of a');
  b.set('k', 'of b');
  assert.deepEqual([cache.get('k'), a.get('k'), b.get('k')], ['root', 'of a', 'of b']);
  assert.equal(cache.get('a:k'), 'with a colon');
  assert.equal(a.delete('k'), true);
  assert.deepEqual([cache.has('k'), a.has('k'), b.has('k')], [true, false, true]);
  assert.deepEqual([...cache.keys()].sort(), ['a:k', 'k']);
  assert.deepEqual([...a.keys()], []);
  assert.deepEqual([...b.entries()], [['k', 'of b']]);
  assert.deepEqual([cache.size, a.size, b.size], [2, 0, 1]);
});

test('keys may be as long as in the cache, and of any bytes', () => {
  using cache = open();
  const space = cache.namespace('long');
  const key = 'ü'.repeat(1024);
  assert.equal(space.set(key, 'long', { tags: ['t'.repeat(256)] }), true);
  assert.equal(space.get(key), 'long');
  assert.equal(space.set(Uint8Array.of(0, 255), 'bytes'), true);
  assert.deepEqual([...space.keys({ as: 'bytes' })].map((k) => k.length).sort(), [2, 2048]);
  assert.throws(() => space.set('x'.repeat(2049), ''), InvalidArgumentError);
  const value = 'a long value, '.repeat(20_000);
  space.set('value', value);
  assert.equal(space.get('value'), value);
});

test('values and times are its own', () => {
  let now = 1;
  using cache = open({ ttl: 50, now: () => now });
  const json = cache.namespace<{ n: number }>('json', { values: 'json', ttl: 100, staleFor: 10 });
  const bytes = cache.namespace<Uint8Array>('bytes', { values: 'bytes', ttl: 0 });
  const same = cache.namespace('same');
  json.set('k', { n: 1 });
  bytes.set('k', Uint8Array.of(1, 2));
  same.set('k', 'text');
  assert.deepEqual(json.get('k'), { n: 1 });
  assert.deepEqual(bytes.get('k'), Uint8Array.of(1, 2));
  assert.deepEqual(
    [json, bytes, same].map((view) => view.getRemainingTTL('k')),
    [100, Number.POSITIVE_INFINITY, 50],
  );
  now += 105;
  assert.deepEqual([json.get('k'), same.get('k')], [undefined, undefined]);
  assert.deepEqual(json.get('k', { allowStale: true }), { n: 1 });
  assert.equal(json.increment('n'), 1);
  assert.throws(() => bytes.increment('n'), InvalidArgumentError);
});

test('a view that nobody has any more is collected, though the cache goes on', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const cache = new SharedCache<unknown>({ maxSize: '4MiB', values: 'json', near: { max: 3 } });
  const named = () => {
    const values = {
      serialize: (value: unknown) => Buffer.from(String(value)),
      deserialize: (bytes: Uint8Array) => String(bytes),
    };
    const view = cache.namespace('own', { values });
    view.getOrSetSync('key', () => 'value');
    return new WeakRef(view);
  };
  const first = named();
  named();
  while (first.deref()) {
    await setImmediate();
    collect();
  }
  cache.close();
});

test('a codec of its own is brought by who names it', () => {
  using cache = open();
  const codec = {
    serialize: (value: number) => Uint8Array.of(value),
    deserialize: (value: Uint8Array) => value[0]!,
  };
  const numbers = cache.namespace('numbers', { values: codec });
  numbers.set('k', 7);
  assert.equal(numbers.get('k'), 7);
  assert.equal(cache.namespace('numbers', { values: codec }), numbers);
  assert.throws(() => cache.namespace('numbers'), {
    name: 'InvalidArgumentError',
    message:
      /values must be the codec \{ serialize, deserialize \} of before, as namespace 'numbers' has it, which each thread brings/,
  });
});

test('options agree, or are left out', () => {
  using cache = open({ ttl: 5 });
  using other = SharedCache.attach<string>(cache.handle);
  cache.namespace('x', { values: 'json', ttl: 1000 });
  assert.equal(other.namespace('x').set('k', 'v'), true);
  assert.equal(cache.namespace('x').get('k'), 'v');
  assert.doesNotThrow(() => other.namespace('x', { values: 'json', ttl: 1000, staleFor: 0 }));
  const cases = [
    [
      { values: 'bytes' },
      /values must be 'json', as namespace 'x' has it, or left out; seen: "bytes"/,
    ],
    [{ ttl: 7 }, /ttl must be 1000, as namespace 'x' has it, or left out; seen: 7/],
    [{ staleFor: 1 }, /staleFor must be 0, as namespace 'x' has it, or left out; seen: 1/],
    [{ max: 1 }, /max/],
  ] as const;
  for (const [options, message] of cases) {
    const call = () => other.namespace('x', options as never);
    assert.throws(call, { name: 'InvalidArgumentError', message });
  }
  for (const name of ['', 'n'.repeat(65), 7, undefined, '\ud800']) {
    assert.throws(() => cache.namespace(name as string), InvalidArgumentError);
  }
});

test('the table of names is bounded, and a name stays', () => {
  using cache = open();
  for (let i = 0; i < 63; i++) cache.namespace(`n${i}`);
  assert.throws(() => cache.namespace('one more'), {
    name: 'TooManyNamespacesError',
    code: 'ERR_PAGELESS_TOO_MANY_NAMESPACES',
    message: 'A cache has room for 63 namespaces',
  });
  assert.ok(new TooManyNamespacesError(1) instanceof Error);
  const [first, last] = [cache.namespace('n0'), cache.namespace('n62')];
  first.set('k', 'first');
  last.set('k', 'last');
  assert.deepEqual([first.get('k'), last.get('k')], ['first', 'last']);
  cache.arena.check();
});

test('clear is of the namespace, and the cache clears all', () => {
  using cache = open();
  const [a, b] = [cache.namespace('a'), cache.namespace('b')];
  for (const view of [cache, a, b]) for (let i = 0; i < 1000; i++) view.set(`k${i}`, 'v');
  a.clear();
  assert.deepEqual([a.get('k1'), a.has('k2'), [...a.keys()].length], [undefined, false, 0]);
  assert.deepEqual([...b.keys()].length, 1000);
  assert.deepEqual(a.getMany(['k3', 'k4']), [undefined, undefined]);
  assert.equal(a.add('k5', 'new'), true);
  assert.equal(a.replace('k6', 'none'), false);
  assert.equal(
    a.update('k7', (old) => (old === undefined ? 'fresh' : 'of before')),
    'fresh',
  );
  assert.equal(a.touch('k8'), false);
  assert.deepEqual([...a.keys()].sort(), ['k5', 'k7']);
  // Others are taken out when somebody looks for them, or here.
  cache.purgeStale();
  assert.equal(a.size, 2);
  cache.clear();
  assert.deepEqual([cache.size, a.size, b.size], [0, 0, 0]);
  cache.arena.check();
});

test('what a cleared namespace held goes before what lives', () => {
  using cache = open({ compression: 'none' });
  const old = cache.namespace('old');
  const value = 'x'.repeat(1000);
  for (let i = 0; i < 1500; i++) old.set(`old${i}`, value);
  for (let i = 0; i < 1000; i++) cache.set(`kept${i}`, value);
  old.clear();
  for (let i = 0; i < 1400; i++) assert.equal(cache.set(`new${i}`, value), true);
  assert.equal(cache.stats().evictions, 0);
  assert.ok(cache.stats().expirations > 0);
  const kept = cache.getMany(Array.from({ length: 1000 }, (_, i) => `kept${i}`));
  assert.ok(kept.every((found) => found === value));
});

test('a version of before a clear is none', () => {
  using cache = open();
  const a = cache.namespace('a');
  a.set('k', 'old');
  const { version } = a.getWithVersion('k')!;
  a.clear();
  assert.equal(a.setIfVersion('k', 'new', version), false);
  assert.throws(() => cache.setIfVersion('k', 'new', version), InvalidArgumentError);
});

test('tags are of the namespace', () => {
  using cache = open();
  const [a, b] = [cache.namespace('a'), cache.namespace('b')];
  for (const view of [cache, a, b]) view.set('k', 'v', { tags: ['t', 'u'] });
  a.deleteTag('t');
  assert.deepEqual([cache.has('k'), a.has('k'), b.has('k')], [true, false, true]);
  cache.deleteTag('u');
  assert.deepEqual([cache.has('k'), b.has('k')], [false, true]);
  assert.deepEqual(b.info('k')?.tags, ['t', 'u']);
  b.touch('k', { ttl: 1000, staleFor: 10 });
  b.set('k', 'w', { noUpdateTTL: true, tags: ['x'] });
  assert.deepEqual([b.get('k'), b.info('k')?.tags], ['w', ['x']]);
  b.clear();
  assert.equal(b.has('k'), false);
});

test('figures are its own, and the cache has all', () => {
  using cache = open();
  const a = cache.namespace('a');
  cache.set('k', 'root');
  a.set('k', 'value');
  a.set('l', 'value');
  a.get('k');
  a.get('none');
  a.getMany(['k', 'l', 'm']);
  a.delete('l');
  const { entries, valueBytes, keyBytes, hits, misses, sets, deletes, bytesOut } = a.stats();
  assert.deepEqual(
    { entries, valueBytes, keyBytes, hits, misses, sets, deletes, bytesOut },
    {
      entries: 1,
      valueBytes: 5,
      keyBytes: 1,
      hits: 3,
      misses: 2,
      sets: 2,
      deletes: 1,
      bytesOut: 15,
    },
  );
  const all = cache.stats();
  assert.deepEqual([all.entries, all.valueBytes, all.sets, all.hits], [2, 9, 3, 3]);
});

test('several keys at once', () => {
  using cache = open();
  const a = cache.namespace('a');
  const keys = Array.from({ length: 200 }, (_, i) => (i % 3 ? `key ${i}` : 'ü'.repeat(i + 1)));
  assert.deepEqual(
    a.setMany(keys.map((key) => [key, `v ${key}`])),
    keys.map(() => true),
  );
  assert.deepEqual(
    a.getMany(keys),
    keys.map((key) => `v ${key}`),
  );
  assert.deepEqual(
    cache.getMany(keys),
    keys.map(() => undefined),
  );
  assert.deepEqual(
    a.deleteMany(keys.slice(0, 100)),
    keys.slice(0, 100).map(() => true),
  );
  assert.equal(a.size, 100);
});

test('one computation for each key of each namespace', async () => {
  using cache = open();
  const [a, b] = [cache.namespace('a'), cache.namespace('b')];
  let computed = 0;
  const load = (view: typeof a, name: string) =>
    view.getOrSet('k', async () => {
      computed++;
      await new Promise((resolve) => setTimeout(resolve, 20));
      return name;
    });
  const results = await Promise.all([load(a, 'a'), load(a, 'x'), load(b, 'b'), load(cache, 'c')]);
  assert.deepEqual([results, computed], [['a', 'a', 'b', 'c'], 3]);
  assert.equal(
    b.getOrSetSync('k', () => 'other'),
    'b',
  );
});

test('a clear while a value is computed wins', async () => {
  using cache = open();
  const a = cache.namespace('a');
  let goOn = () => {};
  const gate = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const first = a.getOrSet('k', async () => {
    await gate;
    return 'of before';
  });
  a.clear();
  goOn();
  assert.equal(await first, 'of before');
  assert.equal(a.get('k'), undefined);
});

test('a cache with a second tier has no namespaces', () => {
  const tier = {
    name: 'none',
    getMany: async (keys: readonly Uint8Array[]) => keys.map(() => undefined),
    setMany: async () => {},
    deleteMany: async () => {},
    clear: async () => {},
    close: async () => {},
  };
  using cache = open({ tier: tier as never });
  const expected = { name: 'InvalidArgumentError', message: /not written to a second tier/ };
  assert.throws(() => cache.namespace('a'), expected);
});

test('a namespace ends with its cache', async () => {
  const cache = open();
  const a = cache.namespace('a');
  const waits = a.getOrSet('k', () => new Promise<string>(() => {}));
  cache.close();
  await assert.rejects(waits, DisposedError);
  assert.throws(() => a.get('k'), DisposedError);
  assert.throws(() => cache.namespace('a'), DisposedError);
});

test('threads see the same ones, however many come later', async () => {
  using cache = open({ maxSize: '8MiB' });
  const a = cache.namespace('a', { values: 'json' });
  const index = JSON.stringify(new URL('../index.ts', import.meta.url).href);
  const code = `
    const { workerData, parentPort } = require('node:worker_threads');
    import(${index}).then(({ SharedCache }) => {
      const cache = SharedCache.attach(workerData.handle);
      const a = cache.namespace('a', { values: 'json' });
      for (let i = 0; i < 50; i++) a.set('k' + workerData.id + '.' + i, i);
      const b = cache.namespace('b' + workerData.id);
      b.set('k', 'v');
      cache.close();
    });`;
  const ids = Array.from({ length: 4 }, (_, id) => id);
  await Promise.all(
    ids.map(
      (id) =>
        new Promise((resolve, reject) => {
          const worker = new Worker(code, { eval: true, workerData: { handle: cache.handle, id } });
          worker.once('exit', resolve);
          worker.once('error', reject);
        }),
    ),
  );
  assert.equal(a.size, 200);
  assert.deepEqual(
    ids.map((id) => cache.namespace(`b${id}`).get('k')),
    ids.map(() => 'v'),
  );
  assert.equal(cache.stats().entries, 204);
  cache.arena.check();
});

test('what a thread keeps near of its namespaces counts for the cache as well', () => {
  const cache = open({ near: { max: 3 } });
  const spaces = ['a', 'b'].map((name) => cache.namespace(name));
  for (const view of [cache, ...spaces]) {
    for (let i = 0; i < 5; i++) view.set(`${i}`, 'value');
    for (let i = 0; i < 12; i++) view.get(`${i >> 2}`);
  }
  const [a, b] = spaces.map((view) => view.stats().near!);
  const { near, hits } = cache.stats();
  assert.deepEqual([a!.entries, near!.entries, hits], [3, 9, 36]);
  assert.ok(a!.hits > 0 && a!.hits === b!.hits);
  assert.equal(near!.hits, 3 * a!.hits);
  cache.close();
});

test('a fresh cache has the namespaces that this thread has opened', () => {
  const codec = {
    serialize: (value: number) => Uint8Array.of(value),
    deserialize: (bytes: Uint8Array) => bytes[0]!,
  };
  const cache = open({ ttl: 5000 });
  cache.namespace('tokens', { values: 'json', ttl: 100 });
  cache.namespace('numbers', { values: codec, staleFor: 7 });
  using fresh = cache.recreate();
  const tokens = fresh.namespace<unknown>('tokens');
  assert.ok(tokens.set('k', { n: 1 }) && tokens.getRemainingTTL('k') <= 100);
  assert.throws(() => fresh.namespace('numbers'), /which each thread brings; seen: undefined/);
  assert.throws(() => fresh.namespace('numbers', { values: codec, staleFor: 8 }), /must be 7/);
  assert.throws(
    () => fresh.namespace('tokens', { values: codec }),
    /values must be 'json', as namespace 'tokens' has it, or left out; seen: an? /i,
  );
  assert.equal(fresh.namespace('new').size, 0);
});
