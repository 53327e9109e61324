/** purgeStale takes out what has expired, all of it or as much as there is time for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedCache } from '../shared-cache.ts';

/** A cache of texts, whose clock stands at `time.now`. */
function open(): { cache: SharedCache<string>; time: { now: number } } {
  const time = { now: 1_000_000 };
  const cache = new SharedCache<string>({
    maxSize: '8MiB',
    values: 'string',
    now: () => time.now,
  });
  return { cache, time };
}

test('purgeStale takes out what has expired, and says how many', () => {
  const { cache, time } = open();
  using _ = cache;
  assert.equal(cache.purgeStale(), 0);
  for (let i = 0; i < 3000; i++) cache.set(`short ${i}`, 'x', { ttl: 1000 });
  for (let i = 0; i < 3000; i++) cache.set(`long ${i}`, 'x', { ttl: 5000 });
  for (let i = 0; i < 3000; i++) cache.set(`for ever ${i}`, 'x');
  assert.equal(cache.purgeStale(), 0);
  time.now += 1000;
  assert.equal(cache.purgeStale(), 3000);
  assert.deepEqual([cache.size, cache.purgeStale()], [6000, 0]);
  time.now += 4000;
  assert.equal(cache.purgeStale({ maxMs: Number.POSITIVE_INFINITY }), 3000);
  const { expirations, evictions, entries } = cache.stats();
  assert.deepEqual(
    { expirations, evictions, entries },
    { expirations: 6000, evictions: 0, entries: 3000 },
  );
});

test('purgeStale with little time takes some, and goes on at the next call', () => {
  const { cache, time } = open();
  using _ = cache;
  for (let i = 0; i < 5000; i++) cache.set(`key ${i}`, 'x', { ttl: 1000 });
  time.now += 1000;
  const first = cache.purgeStale({ maxMs: 0 });
  assert.ok(first > 0 && first <= 678, `${first}`);
  let removed = first;
  for (let calls = 0; calls < 10; calls++) removed += cache.purgeStale({ maxMs: 0 });
  assert.equal(removed, 5000);
  assert.equal(cache.size, 0);
});

test('what expired goes before what lives, when memory is short', () => {
  const { cache, time } = open();
  using _ = cache;
  const value = 'é'.repeat(250);
  const noise = (i: number) => `${value}${Math.sin(i)}`.repeat(2);
  for (let i = 0; i < 2000; i++) cache.set(`living ${i}`, noise(i));
  const dead = 4500;
  for (let i = 0; i < dead; i++) cache.set(`dead ${i}`, noise(i), { ttl: 1000 });
  assert.equal(cache.stats().evictions, 0);
  time.now += 1000;
  for (let i = 0; cache.stats().evictions === 0; i++) cache.set(`new ${i}`, noise(i));
  // Those that nobody met are out by now: of each page a sixteenth may wait, and here all died at
  // once.
  assert.equal(cache.stats().expirations, dead);
});

test('purgeStale refuses other options, and a closed cache', () => {
  const { cache } = open();
  for (const maxMs of [-1, Number.NaN, '1']) {
    assert.throws(() => cache.purgeStale({ maxMs: maxMs as number }), {
      name: 'InvalidArgumentError',
    });
  }
  assert.throws(() => cache.purgeStale({ ms: 1 } as never), {
    code: 'ERR_PAGELESS_INVALID_ARGUMENT',
  });
  cache.close();
  assert.throws(() => cache.purgeStale(), { code: 'ERR_PAGELESS_DISPOSED' });
});

test('an index that grew to a thousand leaves and shrank keeps and knows its pages', () => {
  using cache = new SharedCache({ maxSize: '96MiB', compression: 'none' });
  const value = new Uint8Array(1);
  // More than 1,024 leaves: the directory has a third page, which stays when they have gone.
  const fill = () => {
    for (let i = 0; i < 480_000; i++) assert.ok(cache.set(`key ${i}`, value));
  };
  fill();
  const full = cache.arena.report().pagesByUse.index!;
  assert.ok(full > 1024 + 3, `${full} pages`);
  cache.clear();
  cache.arena.check();
  fill();
  cache.arena.check();
});
