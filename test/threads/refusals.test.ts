/** A full cache whose memory other threads have: who sets waits for it, and says who keeps it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedCache, type Status } from '../../src/index.ts';
import { Actor, until } from './crew.ts';

/** Of a cache that has room for one such value and not for two. */
const LONG = 5_000_000;
const options = { maxSize: '8MiB', maxEntrySize: LONG, compression: 'none' } as const;
const SETS = 30;
/** This thread and the supervisor. */
const STAFF = 2;

test('what a living thread has begun to write is waited for, and what a dead one had is there', async () => {
  using cache = new SharedCache(options);
  const actor = await Actor.start(cache.handle);
  await actor.call('halfSet', 2 * LONG - 1_000_000);
  const status: Status = {};
  assert.equal(cache.set('long', new Uint8Array(LONG), { status }), false);
  assert.equal(status.refusal, 'stalled-reader');
  await actor.worker.terminate();
  await until(() => cache.arena.report().threads === STAFF, 'the dead to be recovered');
  assert.ok(cache.set('long', new Uint8Array(LONG)));
  cache.arena.check();
});

test('two threads set values in turn for which there is room one after the other', async (context) => {
  using cache = new SharedCache(options);
  const actors = await Promise.all([Actor.start(cache.handle), Actor.start(cache.handle)]);
  await Promise.all(
    actors.map(async (actor, i) => {
      for (let sets = 0; sets < SETS; sets++) await actor.call('set', `key ${i}`, LONG);
    }),
  );
  const { sets, refusalsByReason } = cache.stats();
  context.diagnostic(JSON.stringify({ sets, refusalsByReason }));
  assert.equal(refusalsByReason['no-memory'], 0);
  assert.ok(sets > 0);
  await Promise.all(actors.map(({ worker }) => worker.terminate()));
  cache.arena.check();
});
