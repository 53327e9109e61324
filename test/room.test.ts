/** What lives is not driven out for room that can be had by moving it together. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Hole, holes, shift } from '../bench/cache/room.ts';
import { SharedCache } from '../src/index.ts';

const MAX_SIZE = 8 * 2 ** 20;

const kinds: [Hole, bytes: number][] = [
  ['deleted', MAX_SIZE],
  ['expired', MAX_SIZE],
  ['overwritten', MAX_SIZE],
  // Then just the pages are left that are kept for whoever comes.
  ['overwritten', MAX_SIZE - 2 ** 18],
];
for (const [kind, bytes] of kinds) {
  test(`values fit between what is left of ${bytes} when most were ${kind}`, (context) => {
    const room = holes(bytes, kind);
    context.diagnostic(JSON.stringify(room));
    assert.equal(room.out, 0);
    assert.equal(room.refusals, 0);
    assert.ok(room.moved <= 1, 'too much is moved');
  });
}

const sizes: [from: number, to: number][] = [
  [100, 4000],
  [100, 4096],
  [300, 60_000],
  [2000, 3000],
  [3000, 2000],
  [60_000, 300],
];
for (const [from, to] of sizes) {
  test(`a cache full of ${from} bytes each gives what ${to} bytes each take`, (context) => {
    const room = shift(MAX_SIZE, from, to);
    context.diagnostic(JSON.stringify(room));
    assert.ok(room.out <= 2, 'too much is driven out');
    assert.equal(room.refusals, 0);
    assert.ok(room.moved <= 8, 'too much is moved');
  });
}

/** Fills a cache, and goes on. @returns how many objects were moved; by the seed of the hashes */
function movedInOrder(): number {
  using cache = new SharedCache({ maxSize: MAX_SIZE, compression: 'none' });
  const value = new Uint8Array(1000);
  for (let id = 0; id < 40_000; id++) cache.set(`key ${id}`, value);
  assert.ok(cache.stats().evictions > 30_000);
  return cache.arena.kernel.packedObjects();
}

// Of 200 caches 274 to 516, 368 in the middle, with a deviation of 45: one is no measure.
test('next to nothing is moved where values leave a full cache in the order they came', () => {
  const moved = Array.from({ length: 36 }, movedInOrder);
  assert.ok(moved.reduce((sum, one) => sum + one, 0) / moved.length < 400);
});
