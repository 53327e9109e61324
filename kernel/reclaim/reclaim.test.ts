/** Back-pressure: whoever defers into a full limbo waits, each time, and goes on. */
import assert from 'node:assert/strict';
import * as facts from '../../src/generated/facts.ts';
import { storeFace } from '../../test/support/store-face.ts';
import { drainLimbo, type TestZone, zoneTest } from '../../test/support/zone.ts';

/** Of a zone of 4 MiB the least is the limit. */
const FULL = facts.LIMBO_LEAST;
const VALUE = Uint8Array.of(1, 2, 3);

function waits({ kernel }: TestZone): number {
  return kernel.counter(facts.COUNT_LIMBO_WAITS);
}

zoneTest('writes that outrun a stuck reader are slowed down', { hasStore: true }, (zone) => {
  const { kernel } = zone;
  const face = storeFace(zone, kernel);
  const reader = zone.join();
  reader.enterSection();
  assert.equal(face.set('k', VALUE), 0);
  for (let i = 1; i < FULL; i++) assert.equal(face.set('k', VALUE), 0);
  assert.equal(kernel.limboOf(facts.LIMBO_VALUE), FULL - 1);
  assert.equal(waits(zone), 0);
  for (let i = 1; i <= 3; i++) {
    assert.equal(face.set('k', VALUE), 0, 'slower, but it is done');
    assert.equal(waits(zone), i);
  }
  assert.ok(kernel.sectionAge(2) > 0, 'the report says who holds it up');
  reader.leaveSection();
  assert.equal(face.set('k', VALUE), 0);
  assert.equal(waits(zone), 3);
  drainLimbo(kernel);
  for (let kind = 0; kind <= facts.LIMBO_KINDS; kind++) assert.equal(kernel.limboOf(kind), 0);
});

zoneTest('frees of a pool are slowed down likewise', { hasStore: true }, (zone) => {
  const { kernel } = zone;
  const pool = kernel.zsCreate();
  const reader = zone.join();
  const freeOne = () => {
    const handle = kernel.zsMalloc(pool, 100);
    // Of bytes that differ, or it would be stored as a pattern, without an object.
    zone.bytes.set([1, 2, 3], kernel.inputScratch() >>> 0);
    assert.equal(kernel.zsOverwrite(pool, handle, 100), 0);
    assert.equal(kernel.zsFree(pool, handle), 0);
  };
  reader.enterSection();
  for (let i = 0; kernel.limboOf(facts.LIMBO_OBJECT) < FULL; i++) {
    assert.ok(i < 2 * FULL, 'objects went elsewhere');
    freeOne();
  }
  const before = waits(zone);
  freeOne();
  assert.equal(waits(zone), before + 2, 'the overwrite and the free');
  reader.leaveSection();
  kernel.reclaim();
  kernel.reclaim();
  freeOne();
  assert.equal(waits(zone), before + 2);
  drainLimbo(kernel);
});

zoneTest('leaves that were split go while keys are only added', { hasStore: true }, (zone) => {
  const { kernel } = zone;
  const face = storeFace(zone, kernel);
  for (let i = 0; i < 20_000; i++) assert.equal(face.set(`${i}`, VALUE), 0);
  const waiting = kernel.limboOf(facts.LIMBO_INDEX);
  assert.ok(waiting < 20, `${waiting} pages wait`);
});
