/** Grace periods: what waits, for whom, and for how long. */
import assert from 'node:assert/strict';
import * as facts from '../../src/generated/facts.ts';
import { drainLimbo, limboOf, type TestZone, zoneTest } from '../../test/support/zone.ts';

const { LIMBO_VALUE } = facts;

/** Lets one value wait. */
function deferOne({ kernel }: TestZone, bytes = 100): void {
  assert.equal(kernel.set(1, bytes, 1, 0), 0);
  assert.equal(kernel.remove(1), 1);
}

zoneTest('what is removed waits, and goes with the second reclaim', { hasStore: true }, (zone) => {
  const { kernel } = zone;
  deferOne(zone);
  assert.equal(kernel.limboOf(LIMBO_VALUE), 1);
  assert.equal(kernel.reclaim(), 0, 'the grace period begins');
  assert.equal(kernel.check(), 0, 'sound while things wait');
  assert.equal(kernel.reclaim(), 1);
  drainLimbo(kernel);
  assert.equal(kernel.cacheInUse(facts.CACHE_CELL), 0);
  assert.equal(kernel.cacheInUse(facts.CACHE_ZSPAGE), 1, 'the one that this thread fills');
});

zoneTest('a thread inside a section holds everything back', { hasStore: true }, (zone) => {
  const { kernel } = zone;
  const reader = zone.join();
  reader.enterSection();
  assert.equal(reader.isInSection(), 1);
  deferOne(zone);
  const pages = kernel.zsPages();
  for (let round = 0; round < 10; round++) assert.equal(kernel.reclaim(), 0);
  assert.equal(limboOf(kernel), 1);
  assert.equal(kernel.zsPages(), pages);
  reader.leaveSection();
  assert.equal(kernel.reclaim(), 1);
  drainLimbo(kernel);
  assert.equal(kernel.zsPages(), 0);
});

zoneTest(
  'a section that begins after the grace period does not hold it back',
  {
    hasStore: true,
  },
  (zone) => {
    const { kernel } = zone;
    const reader = zone.join();
    deferOne(zone);
    kernel.reclaim();
    reader.enterSection();
    assert.equal(kernel.reclaim(), 1, 'unlinked before the reader came');
    deferOne(zone);
    for (let round = 0; round < 5; round++) kernel.reclaim();
    assert.equal(kernel.limboOf(LIMBO_VALUE), 1, 'unlinked while the reader is inside');
    reader.leaveSection();
    drainLimbo(kernel);
  },
);

zoneTest('what comes while a bag waits, waits for the next period', { hasStore: true }, (zone) => {
  const { kernel } = zone;
  const reader = zone.join();
  deferOne(zone);
  kernel.reclaim();
  // Of another length: it does not use the first one again.
  deferOne(zone, 200);
  reader.enterSection();
  assert.equal(kernel.reclaim(), 1, 'the first is done; the other begins to wait');
  assert.equal(kernel.reclaim(), 0);
  reader.leaveSection();
  assert.equal(kernel.reclaim() >= 1, true);
});

zoneTest(
  'what is done is used again by what is as long, and that alone',
  { hasStore: true },
  (zone) => {
    const { kernel } = zone;
    const reader = zone.join();
    for (const [bytes, isRead, objects] of [
      [100, false, 1],
      [200, false, 2],
      [100, true, 2],
    ] as const) {
      if (isRead) reader.enterSection();
      deferOne(zone);
      assert.equal(kernel.reclaim(), 0, 'the grace period begins');
      assert.equal(kernel.set(1, bytes, 1, 0), 0);
      assert.equal(kernel.cacheInUse(facts.CACHE_CELL), objects);
      if (isRead) reader.leaveSection();
      assert.equal(kernel.check(), 0);
      assert.equal(kernel.remove(1), 1);
      drainLimbo(kernel);
    }
  },
);

zoneTest('a section lasts one call', { hasStore: true }, (zone) => {
  const { kernel } = zone;
  const reader = zone.join();
  kernel.set(1, 100, 1, 0);
  assert.equal(reader.get(1, 0, 1), 100);
  assert.equal(reader.isInSection(), 0);
  assert.equal(reader.has(1, 0), 1);
  assert.equal(reader.isInSection(), 0);
  reader.listKeys(0, 0, 0);
  reader.pinPage(1);
  assert.equal(reader.isInSection(), 0);
});

zoneTest('many removals are reclaimed without being asked', { hasStore: true }, (zone) => {
  const { kernel, bytes } = zone;
  for (let round = 0; round < 1000; round++) {
    bytes[kernel.keyScratch()] = round & 255;
    kernel.set(1, 100, 1, 0);
  }
  assert.ok(kernel.limboOf(LIMBO_VALUE) < 200, `${kernel.limboOf(LIMBO_VALUE)} wait`);
});
