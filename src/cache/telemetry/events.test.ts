/** Events, and a fresh cache after poison. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { poisonZone } from '../../../test/support/poison-zone.ts';
import { CorruptionError, DisposedError } from '../../errors.ts';
import { SharedCache } from '../../index.ts';

const small = { maxSize: '4MiB', values: 'string', ttl: 5_000 } as const;
const error = (failure: unknown) => failure instanceof CorruptionError;

test('poison is told once, to every listener that is still there', async () => {
  const cache = new SharedCache<string>(small);
  const seen: string[] = [];
  const gone = () => seen.push('gone');
  const told = new Promise<Error>((resolve) => {
    cache.on('poisoned', gone).off('poisoned', gone);
    cache.on('poisoned', () => seen.push('first'));
    cache.on('poisoned', (event) => {
      seen.push('second');
      resolve(event.error);
    });
  });
  const keepsAlive = setInterval(() => {}, 1000);
  poisonZone(cache.arena.handle.memory);
  assert.ok(error(await told));
  assert.throws(() => cache.get('a'), error);
  await sleep(250);
  clearInterval(keepsAlive);
  assert.deepEqual(seen, ['first', 'second']);
  const fresh = cache.recreate();
  assert.throws(() => cache.get('a'), DisposedError);
  assert.ok(fresh.set('a', 'value'));
  assert.equal(fresh.get('a'), 'value');
  assert.ok(fresh.getRemainingTTL('a') <= 5_000);
  assert.notEqual(fresh.handle.arena.zone, '');
  const { arena, ...settings } = fresh.handle;
  assert.equal(arena.memory.buffer.byteLength, 4 * 2 ** 20);
  assert.equal(settings.values, 'string');
  fresh.close();
  assert.throws(() => fresh.recreate(), DisposedError);
});

test('a fresh cache has the codec of the old one, and another zone', () => {
  const codec = {
    serialize: (value: number) => Uint8Array.of(value),
    deserialize: (bytes: Uint8Array) => bytes[0]!,
  };
  const cache = new SharedCache<number>({ maxSize: '4MiB', values: codec });
  const before = cache.handle.arena.zone;
  cache.set('a', 7);
  using fresh = cache.recreate();
  assert.equal(fresh.get('a'), undefined);
  fresh.set('a', 8);
  assert.equal(fresh.get('a'), 8);
  assert.notEqual(fresh.handle.arena.zone, before);
});

test('evictions are told, and a listener may throw, re-enter or close', async () => {
  const cache = new SharedCache<string>({ ...small, compression: 'none' });
  const uncaught = once(process, 'uncaughtException');
  // The test runner listens as well, and would fail the test.
  const others = process.listeners('uncaughtException').slice(0, -1);
  for (const other of others) process.off('uncaughtException', other);
  try {
    let entries = 0;
    const closed = new Promise<void>((resolve) => {
      cache.on('evicted', () => {
        throw new RangeError('of a listener');
      });
      cache.on('evicted', (event) => {
        entries += event.entries;
        cache.set('from a listener', 'value');
        cache.close();
        resolve();
      });
    });
    for (let i = 0; i < 200; i++) cache.set(`key ${i}`, 'x'.repeat(100_000));
    const { evictions } = cache.stats();
    const keepsAlive = setInterval(() => {}, 1000);
    await closed;
    clearInterval(keepsAlive);
    assert.equal(entries, evictions);
    const [thrown] = await uncaught;
    assert.equal((thrown as Error).message, 'of a listener');
  } finally {
    for (const other of others) process.on('uncaughtException', other);
  }
  assert.throws(() => cache.on('evicted', () => {}), DisposedError);
});

test('off of a cache that is closed has nothing to end; on has nothing to begin', () => {
  const cache = new SharedCache<string>(small);
  const listener = (): void => {};
  assert.equal(cache.off('evicted', listener), cache, 'none was there');
  cache.on('evicted', listener);
  cache.close();
  assert.equal(cache.off('evicted', listener), cache);
  assert.throws(() => cache.off('evictde' as never, listener), /^InvalidArgumentError: event must/);
  assert.throws(() => cache.off('evicted', 5 as never), /^InvalidArgumentError: listener must/);
  assert.throws(() => cache.on('evicted', listener), DisposedError);
});
