/** Room: what is evicted is used again by who evicted it, freed by who is short, or kept back. */
import assert from 'node:assert/strict';
import * as facts from '../../src/generated/facts.ts';
import { type StoreFace, sample, storeFace } from '../../test/support/store-face.ts';
import { assertSound, type TestZone, type ZoneExports, zoneTest } from '../../test/support/zone.ts';

const full = { wasmPages: 64, hasStore: true };
/** Of one class, and 60 of them make what one eviction wants. */
const VALUE = sample(1, 1000, true);
const LARGE = sample(2, 3000, true);

function evictions(kernel: ZoneExports): number {
  return kernel.counter(facts.COUNT_EVICTIONS);
}

/** Entries that are out of the index, and wait or are done. */
function waiting(kernel: ZoneExports): number {
  return kernel.limboOf(facts.LIMBO_VALUE);
}

function setNew(face: StoreFace, key: string): void {
  assert.equal(face.set(key, VALUE), 0);
}

/** Sets new keys until a set has evicted and kept what it can use. @returns how many wait */
function fill({ kernel }: TestZone, face: StoreFace): number {
  for (let id = 0; id < 10_000; id++) {
    const before = evictions(kernel);
    setNew(face, `fill ${id}`);
    if (evictions(kernel) > before && waiting(kernel) > 0) return waiting(kernel);
  }
  assert.fail('nothing that was evicted is kept');
}

zoneTest('what is evicted is used again by the sets that follow', full, (zone) => {
  const { kernel } = zone;
  const face = storeFace(zone, kernel);
  const kept = fill(zone, face);
  const before = evictions(kernel);
  const objects = kernel.cacheInUse(facts.CACHE_CELL);
  for (let left = kept - 1; left >= 0; left--) {
    setNew(face, `next ${left}`);
    assert.equal(waiting(kernel), left);
  }
  assert.equal(kernel.cacheInUse(facts.CACHE_CELL), objects, 'one goes for each that comes');
  assert.equal(evictions(kernel), before);
  setNew(face, 'one more');
  assert.ok(evictions(kernel) > before);
  assertSound(kernel);
});

zoneTest('what one thread keeps is freed for another before more is evicted', full, (zone) => {
  const { kernel } = zone;
  const other = zone.join();
  assert.equal(other.prepare(), 0);
  const kept = fill(zone, storeFace(zone, kernel));
  const before = evictions(kernel);
  const face = storeFace(zone, other);
  for (let id = 0; waiting(kernel) !== 0; id++) {
    assert.ok(id <= kept, 'nobody frees it');
    setNew(face, `other ${id}`);
  }
  assert.equal(evictions(kernel), before);
  assertSound(kernel);
});

zoneTest('what finds no use is freed for values of another size', full, (zone) => {
  const { kernel } = zone;
  const face = storeFace(zone, kernel);
  const kept = fill(zone, face);
  const before = evictions(kernel);
  assert.equal(face.set('large', LARGE), 0);
  assert.ok(waiting(kernel) === 0 || waiting(kernel) === kept);
  for (let id = 0; waiting(kernel) === kept; id++) {
    assert.equal(face.set(`large ${id}`, LARGE), 0);
  }
  assert.equal(evictions(kernel), before, 'it was there to be taken');
  assertSound(kernel);
});

zoneTest('pages that threads took who came are made free again', full, (zone) => {
  const { kernel } = zone;
  const face = storeFace(zone, kernel);
  fill(zone, face);
  const least = kernel.minPages();
  const taken: number[] = [];
  while (kernel.freePagesNow() > 0) taken.push(kernel.takeBlock(0, facts.URGENT));
  for (let id = 0; kernel.freePagesNow() < least; id++) {
    assert.ok(id < 1000, `${kernel.freePagesNow()} of ${least} pages are free`);
    setNew(face, `again ${id}`);
  }
  for (const pfn of taken) kernel.giveBlock(pfn, 0);
  assertSound(kernel);
});
