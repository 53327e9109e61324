/** Slabs against a set of addresses: no object twice, none lost, everything given back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CACHE_FOLIO, CACHE_SLAB, PAGE_BYTES } from '../../src/generated/facts.ts';
import { type Seeded, seeded } from '../support/seeded.ts';
import { assertSound, createZone, drainLimbo, takeAllPages } from '../support/zone.ts';

const OBJECT_BYTES = 32;
const OBJECTS = PAGE_BYTES / OBJECT_BYTES;

/** Runs of allocs, then runs of frees: slabs fill up and empty. */
function churn(run: Seeded, build: 'test' | 'debug'): void {
  const zone = createZone({ build });
  const { kernel, words } = zone;
  const model = new Set<number>();
  const free = kernel.freePagesNow();
  const isScarce = run.int(4) === 0;
  const hoard = isScarce ? takeAllPages(kernel) : [];
  for (const [pfn, order] of hoard.splice(0, run.int(4))) kernel.freePages(pfn, order);
  for (let phase = 0; phase < 30 && run.hasTime(); phase++) {
    const isGrowing = run.int(2) === 0;
    for (let left = run.int(400); left > 0; left--) {
      if (isGrowing) {
        const object = kernel.allocObject(CACHE_FOLIO) >>> 0;
        if (object === 0) break;
        assert.ok(!model.has(object) && object % OBJECT_BYTES === 0);
        model.add(object);
        words[object / 4 + 3] = object;
      } else if (model.size > 0) {
        const all = [...model];
        const object = all[run.int(2) * run.int(all.length)]!;
        assert.equal(words[object / 4 + 3], object, 'somebody wrote into an object in use');
        kernel.freeObject(CACHE_FOLIO, object);
        model.delete(object);
      }
    }
    if (run.int(3) === 0) kernel.reclaim();
    assert.equal(kernel.cacheInUse(CACHE_FOLIO), model.size);
    assertSound(kernel);
  }
  for (const object of model) kernel.freeObject(CACHE_FOLIO, object);
  drainLimbo(kernel);
  for (const [pfn, order] of hoard) kernel.freePages(pfn, order);
  const kept = free - kernel.freePagesNow();
  if (!isScarce) assert.ok(kept <= 3 && kernel.cacheInUse(CACHE_SLAB) <= OBJECTS, `${kept} pages`);
  assertSound(kernel);
}

for (const build of ['test', 'debug'] as const) {
  test(`random allocs and frees of objects (${build} build)`, () => {
    const run = seeded(`slab ${build}`);
    while (run.hasTime()) churn(run, build);
  });
}
