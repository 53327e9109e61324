/** What console.log shows: facts while a thing is open, and why there are none when it is not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { poisonZone } from '../../test/support/poison-zone.ts';
import { SharedCache } from '../index.ts';

test('a cache shows what it holds, and what was got from it what it is', () => {
  const cache = new SharedCache<number>({ maxSize: '4MiB', values: 'json' });
  cache.set('key', 1);
  assert.equal(inspect(cache), "SharedCache { values: 'json', entries: 1, maxSize: '4.00 MiB' }");
  assert.equal(inspect({ a: { b: { cache } } }), '{ a: { b: { cache: [SharedCache] } } }');
  const users = cache.namespace('users', { values: 'string' });
  users.set('a', 'b');
  const shown = "CacheView { namespace: 'users', values: 'string', entries: 1 }";
  assert.equal(inspect(users), shown);
  assert.equal(inspect({ a: { b: { users } } }), '{ a: { b: { users: [CacheView] } } }');
  const { arena } = cache;
  assert.match(inspect(arena), /^Arena \{ size: '4.00 MiB', free: '[\d.]+ .iB', threads: \d \}$/);
  const pool = arena.createZsPool();
  assert.match(inspect(pool), /^ZsPool \{ pool: \d+ \}$/);
  const pin = arena.allocFolio(1)!.pin();
  assert.match(inspect(pin), /^Pin \{ pfn: \d+, order: 1, isLocked: false \}$/);
  pin.close();
  assert.equal(inspect(pin), 'Pin (Cannot use: the pin was disposed)');
  pool.close();
  assert.equal(inspect(pool), 'ZsPool (This pool was disposed)');
  cache.close();
  assert.equal(inspect(cache), 'SharedCache (This cache was disposed)');
  assert.equal(inspect(users), 'CacheView (This cache was disposed)');
  assert.equal(inspect(arena), 'Arena (This arena was disposed)');
});

test('a poisoned cache says so', () => {
  const cache = new SharedCache({ maxSize: '4MiB' });
  poisonZone(cache.arena.memory);
  assert.match(inspect(cache), /^SharedCache \(An exception interrupted the kernel .*\)$/);
  cache.close();
});
