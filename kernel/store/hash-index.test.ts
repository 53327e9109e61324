/** Linear hashing: growth bucket by bucket, every key found at every size, listing. */
import assert from 'node:assert/strict';
import * as facts from '../../src/generated/facts.ts';
import type { CodecExports } from '../../test/support/codec.ts';
import { sample, storeFace } from '../../test/support/store-face.ts';
import { assertSound, type TestZone, takeAllPages, zoneTest } from '../../test/support/zone.ts';

/** The zones of these tests are formatted with seed (3, 4). */
const SEED = (4n << 32n) | 3n;

function hashOf({ kernel, bytes }: TestZone, key: string): number {
  const codec = kernel as unknown as CodecExports;
  bytes.set(new TextEncoder().encode(key), kernel.keyScratch());
  const hash = BigInt.asUintN(64, codec.hashKey(kernel.keyScratch(), key.length, SEED));
  return Number((hash ^ (hash >> 32n)) & 0xffffffffn);
}

zoneTest(
  'the index grows by one bucket for each entry; all keys are found all the time',
  {
    hasStore: true,
  },
  (zone) => {
    const { kernel } = zone;
    const store = storeFace(zone, kernel);
    for (let i = 0; i < 5000; i++) {
      assert.equal(store.set(`key ${i}`, sample(i, 8)), 0);
      assert.equal(kernel.buckets(), Math.max(1, i + 1));
      if (i < 70 || i % 997 === 0) {
        for (let k = 0; k <= i; k++) assert.ok(store.has(`key ${k}`), `key ${k} of ${i + 1}`);
      }
      if (i % 1000 === 0) assertSound(kernel);
    }
    assert.equal(store.has('key 5000'), false);
  },
);

zoneTest('the index never shrinks, and is used again', { hasStore: true }, (zone) => {
  const { kernel } = zone;
  const store = storeFace(zone, kernel);
  for (let i = 0; i < 2000; i++) store.set(`key ${i}`, sample(i, 8));
  kernel.clearSome(2000);
  assert.equal(kernel.buckets(), 2000);
  for (let i = 0; i < 2000; i++) store.set(`other ${i}`, sample(i, 8));
  assert.equal(kernel.buckets(), 2000);
  assert.equal(store.has('other 1999'), true);
});

zoneTest('listKeys gives every key once, bucket by bucket', { hasStore: true }, (zone) => {
  const store = storeFace(zone, zone.kernel);
  const expected = Array.from({ length: 3000 }, (_, i) => `${'key '.repeat(1 + (i % 20))}${i}`);
  for (const key of expected) store.set(key, sample(1, 8));
  assert.deepEqual(store.keys().sort(), expected.sort());
  for (const key of expected.splice(0, 1000)) store.remove(key);
  assert.deepEqual(store.keys().sort(), expected);
});

zoneTest(
  'a bucket with more keys than fit the scratch is listed in pieces',
  {
    hasStore: true,
  },
  (zone) => {
    const { kernel } = zone;
    const store = storeFace(zone, kernel);
    // 70 keys whose hashes end alike share a bucket as long as there are at most 128 buckets.
    const expected: string[] = [];
    for (let i = 0; expected.length < 70; i++) {
      const key = `${i}`.padEnd(2040 + (i % 8), '.');
      if ((hashOf(zone, key) & 127) === 5) expected.push(key);
    }
    for (const key of expected) assert.equal(store.set(key, sample(1, 8)), 0);
    assert.ok(kernel.buckets() <= 128);
    assert.deepEqual(store.keys().sort(), expected.toSorted());
  },
);

zoneTest(
  'chains grow instead when there is no page for more buckets',
  { hasStore: true },
  (zone) => {
    const { kernel } = zone;
    const store = storeFace(zone, kernel);
    const FAN_OUT = 1024;
    for (let i = 0; i < FAN_OUT - 1; i++) store.set(`${i}`, sample(i, 8));
    // Room for 40 entries more, but not for a page of buckets.
    const objects = Array.from({ length: 40 }, () => kernel.zsAlloc(36));
    const nodes = Array.from({ length: 40 }, () => kernel.allocObject(facts.CACHE_NODE));
    const pages = takeAllPages(kernel);
    for (const object of objects) kernel.zsRelease(object);
    for (const node of nodes) kernel.freeObject(facts.CACHE_NODE, node);
    const count = FAN_OUT + 30;
    for (let i = FAN_OUT - 1; i < count; i++) assert.equal(store.set(`${i}`, sample(i, 8)), 0);
    assert.equal(kernel.counter(facts.COUNT_EVICTIONS), 0);
    assert.equal(kernel.buckets(), FAN_OUT);
    assertSound(kernel);
    for (let i = 0; i < count; i++) assert.ok(store.has(`${i}`));
    for (const [pfn, order] of pages) kernel.freePages(pfn, order);
    store.set('one more', sample(1, 8));
    assert.equal(kernel.buckets(), count + 1, 'and it catches up');
  },
);
