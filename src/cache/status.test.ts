/** A `status` that cannot be filled in is refused before anything is done. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedCache, type Status } from '../index.ts';

const wrong: Record<string, () => unknown> = {
  frozen: () => Object.freeze({}),
  sealed: () => Object.seal({ load: 'hit' }),
  'not extensible': () => Object.preventExtensions({ get: 'hit', entrySize: 1 }),
  'read-only': () => Object.defineProperty({}, 'set', { value: 'add' }),
  'inherits a getter': () =>
    Object.create({
      get load() {
        return 'hit';
      },
    }),
  'of another kind': () => 5,
};

type Call = (cache: SharedCache<number>, status: Status) => unknown;

const calls: Record<string, Call> = {
  get: (cache, status) => cache.get('key', { status, updateAgeOnGet: true }),
  set: (cache, status) => cache.set('key', 2, { status }),
  add: (cache, status) => cache.add('none', 2, { status }),
  replace: (cache, status) => cache.replace('key', 2, { status }),
  update: (cache, status) => cache.update('key', () => 2, { status }),
  increment: (cache, status) => cache.increment('key', 1, { status }),
  setIfVersion: (cache, status) =>
    cache.setIfVersion('key', 2, cache.getWithVersion('key')!.version, { status }),
  setMany: (cache, status) => cache.setMany([['key', 2, { status }]]),
  getOrSet: (cache, status) => cache.getOrSet('none', () => 2, { status }),
  'getOrSet, there': (cache, status) => cache.getOrSet('key', () => 2, { status }),
  getOrSetSync: (cache, status) => cache.getOrSetSync('none', () => 2, { status }),
};

for (const [name, call] of Object.entries(calls)) {
  test(`${name}: a status that cannot be filled in changes nothing`, async () => {
    using cache = new SharedCache<number>({ maxSize: '4MiB', values: 'json' });
    cache.set('key', 1);
    for (const [kind, make] of Object.entries(wrong)) {
      const refused = { code: 'ERR_PAGELESS_INVALID_ARGUMENT', message: /^status must be an obj/ };
      await assert.rejects(async () => call(cache, make() as Status), refused, kind);
      assert.deepEqual([...cache], [['key', 1]], kind);
    }
    const { hits, loads } = cache.stats();
    assert.deepEqual([loads.computed, name === 'setIfVersion' ? 0 : hits], [0, 0]);
    // What an earlier call has told is told no more.
    const status: Status = { get: 'stale', set: 'refused', refusal: 'too-large', load: 'waited' };
    await call(cache, status);
    assert.ok(status.refusal === undefined && status.load !== 'waited' && status.get !== 'stale');
  });
}

test('what getOrSet cannot keep is told as what set refuses, and counted', async () => {
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string', maxEntrySize: 9 });
  const refused = { set: 'refused', refusal: 'too-large', entrySize: 10 };
  const large = 'x'.repeat(10);
  for (const view of [cache, cache.namespace<string>('other', { values: 'string' })]) {
    const [waited, sync, set]: Status[] = [{}, {}, {}];
    assert.equal(await view.getOrSet('key', async () => large, { status: waited! }), large);
    assert.equal(
      view.getOrSetSync('key', () => large, { status: sync! }),
      large,
    );
    assert.equal(view.set('key', large, { status: set! }), false);
    assert.deepEqual(waited, { ...refused, load: 'computed' });
    assert.deepEqual(sync, { ...refused, load: 'computed' });
    assert.deepEqual(set, refused);
    assert.equal(view.stats().refusalsByReason['too-large'], 3);
  }
  assert.equal(cache.stats().refusals, 6);
  cache.set('kept', 'small');
  await cache.getOrSet('kept', () => large, { forceRefresh: true });
  assert.equal(cache.get('kept'), 'small', 'it keeps what it has');
});
