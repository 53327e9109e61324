/** A leaf of the index that is full long before it is its turn to be split. */
import assert from 'node:assert/strict';
import { COUNT_EVICTIONS, HOMES, LINE_CELLS, LINES } from '../../src/generated/facts.ts';
import { type StoreFace, sample, storeFace } from '../../test/support/store-face.ts';
import { type TestZone, zoneTest } from '../../test/support/zone.ts';

const options = { hasStore: true, wasmPages: 1024 };
const LEAVES = 256;
/** What a leaf of these has, so that the index grows to LEAVES. */
const EXPECTED = 320;
/** More than a leaf has places. */
const KEYS = 600;

/** So many keys of the last leaf, which is split last. */
function keysOfLast(zone: TestZone, store: StoreFace): string[] {
  const { kernel } = zone;
  while (kernel.growIndexFor(LEAVES * EXPECTED));
  assert.equal(kernel.leaves(), LEAVES);
  const names: string[] = [];
  for (let i = 0; names.length < KEYS; i++) {
    const bytes = store.key(`key ${i}`);
    const hash = kernel.hashOf(kernel.keyScratch(), bytes);
    if ((hash & (LEAVES - 1)) === LEAVES - 1) names.push(`key ${i}`);
  }
  return names;
}

/** Keys that fill a leaf to its last place. */
function keysOfAll({ kernel }: TestZone, store: StoreFace): string[] {
  const left = Array.from({ length: LINES }, () => LINE_CELLS);
  const names: string[] = [];
  for (let i = 0; names.length < LINES * LINE_CELLS; i++) {
    const hash = kernel.hashOf(kernel.keyScratch(), store.key(`key ${i}`));
    const home = ((hash >>> 20) * HOMES) >> 12;
    const second = (home + 1 + ((((hash >>> 14) & 0xfff) * (HOMES - 1)) >> 12)) % HOMES;
    const others = left.findIndex((count, line) => line >= HOMES && count > 0);
    const line = [home, second, others].find((one) => left[one]! > 0);
    if (line === undefined) continue;
    left[line]!--;
    names.push(`key ${i}`);
  }
  return names;
}

zoneTest('a leaf may be filled to its last place', { hasStore: true }, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  kernel.setMany(LINES * LINE_CELLS);
  const names = keysOfAll(zone, store);
  for (const name of names) assert.equal(store.set(name, sample(1, 8), { raw: true }), 0);
  assert.equal(kernel.leaves(), 1);
  for (const name of names) assert.ok(store.has(name), name);
  assert.equal(kernel.check(), 0);
});

zoneTest('a full leaf drives nothing out while there is room', options, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  const value = sample(1, 8);
  const others = Array.from({ length: LEAVES * 100 }, (_, i) => `other ${i}`);
  const names = [...others, ...keysOfLast(zone, store)];
  for (const name of names) assert.equal(store.set(name, value, { raw: true }), 0);
  assert.equal(kernel.counter(COUNT_EVICTIONS), 0);
  for (const name of names) assert.ok(store.has(name), name);
  assert.ok(kernel.leaves() <= 2 * LEAVES);
  assert.equal(kernel.check(), 0);
});

zoneTest('in an index of few entries a full leaf evicts from itself', options, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  const names = keysOfLast(zone, store);
  const value = sample(1, 8);
  for (const name of names) {
    assert.equal(store.set(name, value, { raw: true }), 0);
    assert.ok(store.has(name), name);
  }
  const gone = names.filter((name) => !store.has(name));
  assert.equal(kernel.counter(COUNT_EVICTIONS), gone.length);
  assert.equal(kernel.check(), 0);
});
