/**
 * Every call in which code of the user runs, while that code closes the cache and makes another one
 * in its memory: the call ends, typed, and the other cache has what was put there, and only that.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextCacheIn } from '../../test/support/next-cache.ts';
import { PagelessError, SharedCache } from '../index.ts';

type Json = SharedCache<unknown>;

const MAX_SIZE = '6MiB';

/** Options of which reading one calls `act`. */
const acting = (name: string, act: () => unknown, value: unknown, on: object = {}): object =>
  Object.defineProperty(on, name, { enumerable: true, get: () => act() ?? value });

const asJson = (act: () => void): object => ({ toJSON: () => act() ?? 'new' });

function* yielding<T>(act: () => void, ...values: T[]): Generator<T> {
  for (const value of values) {
    yield value;
    act();
  }
}

/** A call that runs `act` in its midst. There are keys `key` and `other`. */
const calls: Record<string, (cache: Json, act: () => void) => unknown> = {
  'set, a value': (cache, act) => cache.set('key', asJson(act)),
  'set, a time': (cache, act) => cache.set('key', 1, acting('ttl', act, 5)),
  'set, tags': (cache, act) => cache.set('key', 1, acting('tags', act, ['tag'])),
  'set, a tag': (cache, act) =>
    cache.set('key', 1, { tags: acting('0', act, 'tag', []) as string[] }),
  'set, status': (cache, act) => cache.set('key', 1, acting('status', act, {})),
  'add, a value': (cache, act) => cache.add('absent', asJson(act)),
  'replace, a value': (cache, act) => cache.replace('key', asJson(act)),
  'setIfVersion, a value': (cache, act) =>
    cache.setIfVersion('key', asJson(act), cache.getWithVersion('key')!.version),
  'update, its function': (cache, act) => cache.update('key', () => act() ?? 'new'),
  'update, its value': (cache, act) => cache.update('key', () => asJson(act)),
  'getOrSetSync, its function': (cache, act) => cache.getOrSetSync('absent', () => act() ?? 'new'),
  'getOrSetSync, its value': (cache, act) => cache.getOrSetSync('absent', () => asJson(act)),
  'getOrSetSync, options': (cache, act) =>
    cache.getOrSetSync('absent', () => 'new', acting('ttl', act, 5)),
  'getOrSet, options': (cache, act) =>
    cache.getOrSet('absent', () => 'new', acting('ttl', act, 5)).catch(() => {}),
  'getOrSet, its function': (cache, act) =>
    cache.getOrSet('absent', () => act() ?? 'new').catch(() => {}),
  'increment, options': (cache, act) => cache.increment('absent', 1, acting('ttl', act, 5)),
  'read, its function': (cache, act) => cache.read('key', () => act() ?? 1),
  'get, options': (cache, act) => cache.get('key', acting('allowStale', act, true)),
  'get, status': (cache, act) =>
    cache.get('key', { status: Object.defineProperty({}, 'get', { set: act }) as object }),
  'touch, options': (cache, act) => cache.touch('key', acting('ttl', act, 5)),
  'purgeStale, options': (cache, act) => cache.purgeStale(acting('maxMs', act, 5)),
  'getMany, its keys': (cache, act) => cache.getMany(yielding(act, 'key', 'other')),
  'deleteMany, its keys': (cache, act) => cache.deleteMany(yielding(act, 'key', 'other')),
  'setMany, its entries': (cache, act) =>
    cache.setMany(yielding(act, ['key', 1] as const, ['other', 2] as const)),
  'setMany, a value': (cache, act) => cache.setMany([['key', asJson(act)] as const]),
  'setMany, options': (cache, act) =>
    cache.setMany([['key', 1, acting('ttl', act, 5)] as const, ['other', 2] as const]),
  'keys, a loop': (cache, act) => [...cache.keys()].map(() => act()),
  'keys, options': (cache, act) => [...cache.keys(acting('as', act, 'bytes') as { as: 'bytes' })],
  'forEach, its function': (cache, act) => cache.forEach(act),
  'namespace, options': (cache, act) => cache.namespace('name', acting('ttl', act, 5)).set('k', 1),
  'metrics, labels': (cache, act) => cache.metrics(acting('label', act, 'x') as { label: string }),
};

for (const [where, call] of Object.entries(calls)) {
  test(`${where}: closes the cache, and makes another one in its memory`, () => {
    const cache: Json = new SharedCache<unknown>({ maxSize: MAX_SIZE, values: 'json' });
    const { buffer } = cache.arena.memory;
    cache.set('key', 'old');
    cache.set('other', 'old');
    const nexts: Json[] = [];
    const act = (): void => {
      if (nexts.length > 0) return;
      cache.close();
      nexts.push(
        nextCacheIn(buffer, () => new SharedCache<unknown>({ maxSize: MAX_SIZE, values: 'json' })),
      );
      nexts[0]!.set('mine', 'untouched');
    };
    try {
      call(cache, act);
    } catch (error) {
      assert.ok(error instanceof PagelessError, `${error}`);
    }
    using next = nexts[0]!;
    assert.ok(next, 'it was called');
    assert.throws(() => cache.get('key'), { code: 'ERR_PAGELESS_DISPOSED' });
    assert.deepEqual([...next.keys()], ['mine']);
    assert.equal(next.get('mine'), 'untouched');
    next.arena.check();
  });

  test(`${where}: throws, and its error is told`, async () => {
    using cache: Json = new SharedCache<unknown>({ maxSize: MAX_SIZE, values: 'json' });
    cache.set('key', 'old');
    cache.set('other', 'old');
    const mine = new SyntaxError('on purpose');
    const act = (): void => {
      throw mine;
    };
    const outcome = await (async () => call(cache, act))().then(
      () => undefined,
      (error) => error,
    );
    if (!where.startsWith('getOrSet,')) {
      assert.ok(outcome === mine || outcome?.cause === mine, `${outcome}`);
    }
    assert.equal(cache.get('key'), 'old');
    assert.equal(cache.set('absent', 'new'), true);
    cache.arena.check();
  });
}
