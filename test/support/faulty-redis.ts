/** Tests of what happens to a Redis: each has a server of its own, and caches that go with it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedCache } from '../../src/cache/constructor.ts';
import { type RedisTierOptions, redisTier } from '../../src/tier/redis.ts';
import { leftOut, RedisServer } from './redis-server.ts';

export type Cache = SharedCache<string>;

/** A test with a server and caches of its own. */
export function faultTest(
  what: string,
  flags: readonly string[],
  run: (server: RedisServer, open: (options?: Partial<RedisTierOptions>) => Cache) => Promise<void>,
): void {
  test(what, { skip: leftOut }, async () => {
    const server = await RedisServer.start(flags);
    const caches: Cache[] = [];
    const open = (options: Partial<RedisTierOptions> = {}) => {
      const defaults = { keyPrefix: 'test', socket: { path: server.path }, timeoutMs: 50 };
      const tier = redisTier({ ...defaults, closeTimeoutMs: 50, ...options });
      caches.push(new SharedCache({ maxSize: '8MiB', values: 'string', tier }));
      return caches.at(-1)!;
    };
    try {
      await run(server, open);
    } finally {
      for (const cache of caches) cache.close();
      await server.stop();
    }
  });
}

export const channelOf = (cache: Cache) => cache.stats().tier?.channel;
export const isArmed = (cache: Cache) => () => channelOf(cache) === 'armed';

/** Everything that a cache does without its tier. */
export async function staysUseful(cache: Cache): Promise<void> {
  assert.ok(cache.set('here', 'value'));
  assert.equal(cache.get('here'), 'value');
  assert.equal(await cache.getAsync('here'), 'value');
  assert.equal(await cache.getAsync('not here'), undefined);
  // What was told late of the one before may have taken it by now.
  cache.delete('here');
  assert.equal(cache.get('here'), undefined);
}
