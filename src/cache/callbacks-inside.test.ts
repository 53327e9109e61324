/**
 * Code of the user's that a cache was made with, or that listens to it: a codec, a clock,
 * subscribers of channels. Each closes the cache within each call, at each of its turns, and makes
 * another one in its memory: the call ends, typed, and that one has what was put there, the time
 * that it was told and the figures that it had, and only those.
 */
import assert from 'node:assert/strict';
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { MemoryTier } from '../../test/support/memory-tier.ts';
import { nextCacheIn } from '../../test/support/next-cache.ts';
import { PagelessError, SharedCache, type SharedCacheOptions, type ValueCodec } from '../index.ts';
import { pause } from '../threads/pause.ts';

type Texts = SharedCache<string>;
type Act = () => void;

const MAX_SIZE = '6MiB';
const LONG = 'long '.repeat(40_000);
const HOUR_MS = 3_600_000;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Far ahead of the next cache's: what is told to that by mistake is seen. */
const ahead = (): number => performance.now() + 1000 * HOUR_MS;

function codec(before: Act, after: Act): ValueCodec<string> {
  return {
    serialize(value: string) {
      before();
      return encoder.encode(value);
    },
    deserialize(bytes: Uint8Array) {
      after();
      return decoder.decode(bytes);
    },
  };
}

const idle: Act = () => {};

interface Host {
  options(act: Act): Partial<SharedCacheOptions<string>>;
  /** @returns what ends it */
  listen?(act: Act): Act;
}

function listening(...names: string[]): (act: Act) => Act {
  return (act) => {
    for (const name of names) subscribe(name, act);
    return () => {
      for (const name of names) unsubscribe(name, act);
      assert.ok(names.every((name) => !channel(name).hasSubscribers));
    };
  };
}

/** One that runs the user's code when it is asked, or before it answers. */
function tierThat(before: Act, after: Act): MemoryTier {
  return Object.assign(new MemoryTier(), { before, after });
}

const traces = ['start', 'end', 'asyncStart', 'asyncEnd'].map((name) => `tracing:pageless:${name}`);

const hosts: Record<string, Host> = {
  'a codec that serializes': { options: (act) => ({ values: codec(act, idle) }) },
  'a codec that deserializes': { options: (act) => ({ values: codec(idle, act) }) },
  'a codec before what is near': {
    options: (act) => ({ values: codec(idle, act), near: { max: 10, maxAge: 1000 } }),
  },
  'a clock': {
    options: (act) => ({
      now: () => {
        act();
        return ahead();
      },
    }),
  },
  'a clock and near': {
    options: (act) => ({
      near: { max: 10, maxAge: 1000 },
      now: () => {
        act();
        return ahead();
      },
    }),
  },
  'a tier, asked': { options: (act) => ({ tier: tierThat(act, idle) }) },
  'a tier that answers': { options: (act) => ({ tier: tierThat(idle, act) }) },
  'a subscriber': { options: () => ({}), listen: listening('pageless:metrics') },
  'who traces': { options: () => ({}), listen: listening(...traces) },
};

/** There are `key`, `long`, `other` and `stale`, and `count`, which is a number. */
const calls: Record<string, (cache: Texts) => unknown> = {
  get: (cache) => cache.get('key'),
  'get, a long one': (cache) => cache.get('long'),
  'get, with options': (cache) => cache.get('key', { updateAgeOnGet: true, status: {} }),
  peek: (cache) => cache.peek('stale', { allowStale: true }),
  getInto: (cache) => cache.getInto('key', new Uint8Array(100)),
  read: (cache) => cache.read('key', (bytes) => bytes.length),
  set: (cache) => cache.set('key', 'new', { ttl: 5 }),
  'set, a long one': (cache) => cache.set('key', LONG, { tags: ['tag'], staleFor: 5 }),
  'set, in time': (cache) => cache.set('key', 'new', { noUpdateTTL: true }),
  add: (cache) => cache.add('absent', 'new'),
  replace: (cache) => cache.replace('key', 'new', { noUpdateTTL: true }),
  getWithVersion: (cache) => cache.getWithVersion('key'),
  setIfVersion: (cache) => cache.setIfVersion('key', 'new', cache.getWithVersion('key')!.version),
  update: (cache) => cache.update('key', (old) => `${old} and new`, { tags: ['tag'] }),
  'update, deleting': (cache) => cache.update('key', () => undefined),
  getOrSetSync: (cache) => cache.getOrSetSync('absent', () => 'new', { ttl: 5 }),
  'getOrSetSync, stale': (cache) => cache.getOrSetSync('stale', () => 'new'),
  'getOrSetSync, failing': (cache) =>
    cache.getOrSetSync(
      'stale',
      () => {
        throw new SyntaxError('on purpose');
      },
      { staleIfError: true },
    ),
  getOrSet: (cache) => cache.getOrSet('absent', () => 'new', { tags: ['tag'] }),
  'getOrSet, twice': (cache) =>
    Promise.allSettled([
      cache.getOrSet('absent', async () => 'new'),
      cache.getOrSet('absent', async () => 'new'),
    ]),
  'getOrSet, stale': (cache) => cache.getOrSet('stale', () => 'new'),
  'getOrSet, anew': (cache) => cache.getOrSet('key', () => 'new', { forceRefresh: true }),
  getAsync: (cache) => cache.getAsync('key'),
  'getAsync, from the tier': async (cache) => {
    await cache.flush();
    cache.clear();
    return cache.getAsync('long');
  },
  getManyAsync: (cache) => cache.getManyAsync(['key', 'absent', 'long']),
  has: (cache) => cache.has('key'),
  getRemainingTTL: (cache) => cache.getRemainingTTL('key'),
  touch: (cache) => cache.touch('key', { ttl: 5 }),
  info: (cache) => cache.info('key'),
  delete: (cache) => cache.delete('key'),
  'delete, all the way': async (cache) => {
    cache.deleteMany(['key', 'other']);
    return cache.flush();
  },
  deleteTag: (cache) => cache.deleteTag('tag'),
  clear: (cache) => cache.clear(),
  purgeStale: (cache) => cache.purgeStale(),
  getMany: (cache) => cache.getMany(['key', 'absent', 'long', 'other']),
  setMany: (cache) =>
    cache.setMany([
      ['key', 'new', { ttl: 5 }],
      ['long', LONG],
      ['other', 'new'],
    ]),
  deleteMany: (cache) => cache.deleteMany(['key', 'other']),
  keys: (cache) => [...cache.keys()],
  entries: (cache) => [...cache.entries()],
  namespace: (cache) => {
    const space = cache.namespace('name', { ttl: 50 });
    space.set('key', 'of a namespace');
    return space.get('key');
  },
  'set, all the way': async (cache) => {
    cache.set('key', LONG);
    return cache.flush();
  },
  stats: (cache) => cache.stats(),
  metrics: (cache) => cache.metrics(),
};

/** In a cache of texts, without a codec. */
const ofTexts: typeof calls = { increment: (cache) => cache.increment('count', 1, { ttl: 5 }) };

/** Figures that nobody changes but who uses the cache. */
function figuresOf(cache: Texts): unknown {
  const { hits, misses, sets, deletes, entries, refusals, evictions, expirations, loads } =
    cache.stats();
  return { hits, misses, sets, deletes, entries, refusals, evictions, expirations, loads };
}

function filled(options: Partial<SharedCacheOptions<string>>): Texts {
  const all = { maxSize: MAX_SIZE, values: 'string', ttl: HOUR_MS, ...options };
  const cache = new SharedCache(all as SharedCacheOptions<string> & { values: 'string' });
  for (const key of ['key', 'other']) cache.set(key, 'old');
  cache.set('long', LONG);
  cache.set('stale', 'old', { ttl: 1, staleFor: HOUR_MS });
  cache.set('count', '1');
  while (!cache.info('stale')?.isStale) pause(1);
  // What is near is kept when it is read the second time.
  for (let i = 0; i < 3; i++) cache.getMany(['key', 'other', 'long']).map(() => cache.get('key'));
  return cache;
}

/** @param turn  at which run of the user's code it happens. @returns whether there was one */
async function closedAt(
  turn: number,
  host: Host,
  call: (cache: Texts) => unknown,
): Promise<boolean> {
  let left = Number.POSITIVE_INFINITY;
  let next: Texts | undefined;
  let figures: unknown;
  const act = (): void => {
    if (--left !== 0) return;
    const { buffer } = cache.arena.memory;
    cache.close();
    const make = () => new SharedCache<string>({ maxSize: MAX_SIZE, values: 'string' });
    next = nextCacheIn(buffer, make);
    next.set('mine', 'untouched', { ttl: HOUR_MS });
    figures = figuresOf(next);
  };
  const cache = filled(host.options(act));
  const end = host.listen?.(act);
  left = turn;
  try {
    await call(cache);
  } catch (error) {
    const isTyped = error instanceof PagelessError || error instanceof SyntaxError;
    assert.ok(isTyped, `${error}`);
  } finally {
    left = Number.POSITIVE_INFINITY;
    end?.();
    cache.close();
  }
  if (next === undefined) return false;
  assert.deepEqual(figuresOf(next), figures);
  assert.deepEqual([...next.keys()], ['mine']);
  assert.ok(next.getRemainingTTL('mine') > 0, 'it was told of another time');
  assert.equal(next.get('mine'), 'untouched');
  next.arena.check();
  next.close();
  return true;
}

for (const [which, host] of Object.entries(hosts)) {
  test(`${which} closes the cache within any call, and makes another one`, async (t) => {
    const hasCodec = 'values' in host.options(idle);
    let turns = 0;
    for (const [name, call] of Object.entries(hasCodec ? calls : { ...calls, ...ofTexts })) {
      await t.test(name, async () => {
        for (let turn = 1; await closedAt(turn, host, call); turn++) turns++;
      });
    }
    assert.ok(turns > 0, 'it was called');
  });
}
