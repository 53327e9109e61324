/**
 * A misspelt option is a typed error that names the one that was meant, in every options object of
 * the public API: what it was to do would silently not be done.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CacheStore } from '../../src/adapters/undici.ts';
import { pagelessDriver } from '../../src/adapters/unstorage.ts';
import { Arena, InvalidArgumentError, SharedCache } from '../../src/index.ts';
import { inspect } from '../../src/inspect/index.ts';
import { lmdbTier } from '../../src/tier/lmdb.ts';
import { redisTier } from '../../src/tier/redis.ts';
import { tempFolder } from '../support/temp-folder.ts';

const cache = new SharedCache<unknown>({ maxSize: '4MiB', values: 'json' });
const bytes = new SharedCache({ maxSize: '4MiB' });
const arena = new Arena({ size: '8MiB' });
const pool = arena.createZsPool();
const folder = tempFolder();
const file = join(folder, 'saved');
await cache.save(file);
after(() => {
  for (const one of [cache, bytes, arena]) one.close();
});

/** By name: what takes the options, what was written, what was meant. */
const calls: Record<string, [(options: never) => unknown, wrong: string, meant: string]> = {
  'new SharedCache': [(options) => new SharedCache(options), 'maxsize', 'maxSize'],
  'SharedCache.attach': [(o) => SharedCache.attach(cache.handle, o), 'vales', 'values'],
  'SharedCache.load': [(o) => SharedCache.load(file, o), 'maxsize', 'maxSize'],
  near: [(near) => SharedCache.attach(cache.handle, { near }), 'maxage', 'maxAge'],
  namespace: [(o) => cache.namespace('one', o), 'value', 'values'],
  get: [(o) => cache.get('key', o), 'allowstale', 'allowStale'],
  peek: [(o) => cache.peek('key', o), 'allowstale', 'allowStale'],
  touch: [(o) => cache.touch('key', o), 'stalefor', 'staleFor'],
  set: [(o) => cache.set('key', 1, o), 'tll', 'ttl'],
  add: [(o) => cache.add('key', 1, o), 'tll', 'ttl'],
  replace: [(o) => cache.replace('key', 1, o), 'tll', 'ttl'],
  update: [(o) => cache.update('key', () => 1, o), 'tll', 'ttl'],
  increment: [(o) => cache.increment('count', 1, o), 'inital', 'initial'],
  setIfVersion: [(o) => cache.setIfVersion('key', 1, 0n as never, o), 'tll', 'ttl'],
  setMany: [(o) => cache.setMany([['key', 1, o]]), 'tll', 'ttl'],
  getOrSet: [(o) => cache.getOrSet('none', () => 1, o), 'forceRefesh', 'forceRefresh'],
  getOrSetSync: [(o) => cache.getOrSetSync('none', () => 1, o), 'timeout', 'timeoutMs'],
  getAsync: [(o) => cache.getAsync('none', o), 'timeout', 'timeoutMs'],
  getManyAsync: [(o) => cache.getManyAsync(['none'], o), 'sigal', 'signal'],
  flush: [(o) => cache.flush(o), 'timeout', 'timeoutMs'],
  keys: [(o) => [...cache.keys(o)], 'ass', 'as'],
  purgeStale: [(o) => cache.purgeStale(o), 'maxMS', 'maxMs'],
  'new Arena': [(options) => new Arena(options), 'sise', 'size'],
  allocPages: [(o) => arena.allocPages(0, o), 'moveable', 'movable'],
  allocFolio: [(o) => arena.allocFolio(0, o), 'typ', 'type'],
  compact: [(o) => arena.compact(o), 'budget', 'budgetMs'],
  evacuate: [(o) => arena.evacuate(o), 'counts', 'count'],
  startCompaction: [(o) => arena.startCompaction(o), 'interval', 'intervalMs'],
  createObjectCache: [(o) => arena.createObjectCache(o), 'byte', 'bytes'],
  registerType: [(o) => arena.registerType(o), 'descriptorbytes', 'descriptorBytes'],
  reap: [(o) => arena.reap(1, o), 'sigal', 'signal'],
  'ZsPool.compact': [(o) => pool.compact(o), 'treshold', 'threshold'],
  inspect: [(o) => inspect(cache, o), 'prot', 'port'],
  redisTier: [(o) => redisTier(o), 'keyprefix', 'keyPrefix'],
  lmdbTier: [(o) => lmdbTier(o), 'pth', 'path'],
  CacheStore: [(o) => new CacheStore(o), 'prefx', 'prefix'],
  pagelessDriver: [(o) => pagelessDriver(o), 'bse', 'base'],
};

for (const [name, [call, wrong, meant]] of Object.entries(calls)) {
  test(`${name}: ${wrong} is no option, ${meant} is`, async () => {
    const refused = (error: unknown) => {
      assert.ok(error instanceof InvalidArgumentError, String(error));
      assert.match(error.message, new RegExp(`seen: "${wrong}"; did you mean ${meant}\\?$`));
      return true;
    };
    await assert.rejects(async () => call({ [wrong]: 1 } as never), refused);
    assert.equal(cache.size, 0);
  });
}

/** As other caches have it: a number, or a name of theirs. */
const habits: [(options: never) => unknown, options: unknown][] = [
  [(o) => cache.set('key', 1, o), 5000],
  [(o) => cache.set('key', 1, o), { ttlMs: 5 }],
  [(o) => cache.namespace('one').set('key', 1, o), 5000],
  [(o) => cache.setMany([['key', 1, o]]), 5000],
  [(o) => cache.add('key', 1, o), 5000],
  [(o) => cache.update('key', () => 1, o), { expires: 5 }],
  [(o) => cache.getOrSet('key', () => 1, o), 5000],
  [(o) => cache.getOrSetSync('key', () => 1, o), { ttlMs: 5 }],
  [(o) => cache.touch('key', o), 5000],
  [(o) => new SharedCache(o), { maxSize: '4MiB', maxEntries: 4 }],
  [(o) => SharedCache.attach(cache.handle, o), { maxEntries: 4 }],
];

test('options of other caches are refused: such an entry would live for ever', async () => {
  for (const [call, options] of habits) {
    await assert.rejects(async () => call(options as never), InvalidArgumentError, `${call}`);
  }
  assert.equal(cache.size, 0);
});
