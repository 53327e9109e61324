/** Leaves that are copied: splits by every bit that a leaf keeps of a hash, and merges. */
import assert from 'node:assert/strict';
import { sample, storeFace } from '../../test/support/store-face.ts';
import { zoneTest } from '../../test/support/zone.ts';

const MIB = 2 ** 20;
const wasmPages = (128 * MIB) / 65536;

/**
 * Few entries a leaf, so that there are soon more leaves than a hash has bits below its tag.
 * `check`, when the test has ended, compares tags, lows, guests and numbers with the entries.
 */
zoneTest(
  'entries are found however often the index was split',
  { hasStore: true, wasmPages },
  (zone) => {
    const { kernel } = zone;
    const store = storeFace(zone, kernel);
    const [value, names] = [sample(1, 8), Array.from({ length: 8000 }, (_, i) => `key ${i}`)];
    kernel.setMany(1);
    for (const name of names) assert.equal(store.set(name, value, { raw: true }), 0);
    assert.equal(kernel.check(), 0);
    for (const name of names) assert.ok(store.has(name), name);
    assert.equal(store.keys().length, names.length);
  },
);

zoneTest('leaves with guests are split and merged', { hasStore: true, wasmPages }, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  const [value, names] = [sample(1, 8), Array.from({ length: 20_000 }, (_, i) => `key ${i}`)];
  for (const name of names) assert.equal(store.set(name, value, { raw: true }), 0);
  assert.equal(kernel.check(), 0);
  const [kept, dropped] = [
    names.filter((_, i) => i % 16 === 0),
    names.filter((_, i) => i % 16 !== 0),
  ];
  for (const name of dropped) assert.ok(store.remove(name));
  assert.equal(kernel.check(), 0);
  assert.deepEqual(
    names.filter((name) => store.has(name)),
    kept,
  );
  assert.equal(store.keys().length, kept.length);
});
