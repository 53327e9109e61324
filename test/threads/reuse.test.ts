/** Closed zones: their memory becomes the next zone's, and nobody takes the one for the other. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { Arena, SharedCache } from '../../src/index.ts';
import { nextCacheIn } from '../support/next-cache.ts';
import { poisonZone } from '../support/poison-zone.ts';
import { Actor, createCache, isPoisoned } from './crew.ts';

const stale = { code: 'ERR_PAGELESS_STALE' };

/** Compared only, never shown: a failed assertion would print the megabytes. */
const bufferOf = (cache: SharedCache): ArrayBufferLike => cache.arena.memory.buffer;

test('a closed cache’s memory is the next one’s, empty and whole', () => {
  const first = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  const buffer = bufferOf(first as never);
  for (let i = 0; i < 5000; i++) first.set(`key ${i}`, `value ${i}`.repeat(20));
  first.close();
  using next = nextCacheIn(
    buffer,
    () => new SharedCache<string>({ maxSize: '4MiB', values: 'string' }),
  );
  next.arena.check();
  const { entries, hits, sets, evictions } = next.stats();
  assert.deepEqual(
    { entries, hits, sets, evictions },
    { entries: 0, hits: 0, sets: 0, evictions: 0 },
  );
  assert.equal(next.get('key 4999'), undefined);
  for (let i = 0; i < 5000; i++) next.set(`key ${i}`, `other ${i}`.repeat(20));
  assert.equal(next.get('key 4999'), 'other 4999'.repeat(20));
  next.arena.check();
});

test('an old handle is told that its cache is gone, in every thread', async () => {
  const cache = await createCache('5MiB');
  const { handle } = cache;
  const buffer = bufferOf(cache);
  cache.close();
  using next = nextCacheIn(buffer, () => new SharedCache({ maxSize: '5MiB' }));
  assert.throws(() => SharedCache.attach(handle), stale);
  assert.throws(() => Arena.attach(structuredClone(handle.arena)), stale);
  const late = new Actor(handle);
  await late.exited;
  assert.equal(late.error.code, stale.code);
  const actor = await Actor.start(next.handle);
  assert.equal(await actor.call('set', 'key', 10), true);
  assert.equal(next.get('key')?.length, 10);
  await actor.worker.terminate();
});

test('what another thread still uses, or has a view of, is not reused', async () => {
  const cache = await createCache('6MiB');
  const buffer = bufferOf(cache);
  const actor = await Actor.start(cache.handle);
  cache.close();
  using beside = await createCache('6MiB');
  assert.ok(bufferOf(beside) !== buffer, 'memory of its own');
  assert.equal(await actor.call('set', 'key', 10), true);
  await actor.call('check');
  await actor.worker.terminate();

  const lenders: ((arena: Arena) => unknown)[] = [
    (arena) => arena.bytesOf(arena.allocPages(0)!, 0),
    (arena) => arena.allocFolio(0)!.map(),
    (arena) => {
      const objects = arena.createObjectCache({ name: 'objects', bytes: 64 });
      return objects.view(objects.alloc()!);
    },
  ];
  for (const lend of lenders) {
    const arena = new Arena({ size: '7MiB' });
    const view = lend(arena) as Uint8Array;
    view.fill(7);
    arena[Symbol.dispose]();
    using other = new Arena({ size: '7MiB' });
    assert.ok(other.memory.buffer !== view.buffer, 'memory of its own');
  }
});

test('a poisoned cache that everybody has closed is reused, and sound', async () => {
  const cache = await createCache('8MiB');
  const buffer = bufferOf(cache);
  poisonZone(cache.arena.memory);
  isPoisoned(cache, facts.FAULT_TRAP);
  cache.close();
  using next = nextCacheIn(buffer, () => new SharedCache({ maxSize: '8MiB' }));
  assert.equal(next.set('key', Uint8Array.of(1)), true);
  next.arena.check();
});

test('caches made, filled and closed over and over keep no more memory than one', (context) => {
  const script = new URL('../../scripts/closed-caches.ts', import.meta.url).pathname;
  const result = spawnSync(process.execPath, [script, '24', '32'], { encoding: 'utf8' });
  assert.equal(result.status, 0, result.stderr);
  const { early, late } = JSON.parse(result.stdout);
  context.diagnostic(`${early} MiB in the third round, ${late} after the last`);
  assert.ok(late <= 1.2 * early, `${early} → ${late}`);
});
