/** Slabs: the bootstrap, growth, what empty slabs do, and what a wrong free does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import {
  assertPoisons,
  createZone,
  drainLimbo,
  offsetOf,
  type TestZone,
  takeAllPages,
  zoneTest,
} from '../../test/support/zone.ts';

const { CACHE_FOLIO, CACHE_SLAB, LIMBO_SLAB, PAGE_BYTES, TYPE_LIMBO, TYPE_SLAB } = facts;
/** Folio descriptors in a page. */
const PER_SLAB = PAGE_BYTES / 32;

const pageOf = (object: number): number => object >>> 12;

function take({ kernel }: TestZone, count: number): number[] {
  return Array.from({ length: count }, () => kernel.allocObject(CACHE_FOLIO) >>> 0);
}

function slabsOf({ kernel, words }: TestZone, cache: number): number {
  return words[(kernel.cacheOf(cache) + offsetOf('KmemCache', 'slabs')) / 4]!;
}

zoneTest('the first object bootstraps: a slab of slabs that describes itself', {}, (zone) => {
  const { kernel } = zone;
  const free = kernel.freePagesNow();
  assert.equal(slabsOf(zone, CACHE_SLAB), 0);
  const [object] = take(zone, 1);
  assert.equal(kernel.freePagesNow(), free - 2);
  assert.equal(slabsOf(zone, CACHE_SLAB), 1);
  assert.equal(kernel.cacheInUse(CACHE_SLAB), 2, 'its own descriptor and the new slab’s');
  const desc = (kernel.pageWordOf(pageOf(object!)) & ~facts.TYPE_MASK) >>> 0;
  const own = kernel.pageWordOf(pageOf(desc));
  assert.equal(own, (pageOf(desc) * PAGE_BYTES) | TYPE_SLAB, 'the page names its own object 0');
  kernel.freeObject(CACHE_FOLIO, object!);
});

zoneTest('objects are aligned, disjoint, lowest first within a slab', {}, (zone) => {
  const objects = take(zone, 3 * PER_SLAB);
  assert.equal(new Set(objects).size, objects.length);
  assert.equal(slabsOf(zone, CACHE_FOLIO), 3);
  for (const [index, object] of objects.entries()) {
    assert.equal(object % PAGE_BYTES, (index % PER_SLAB) * 32);
    assert.equal(pageOf(object), pageOf(objects[index - (index % PER_SLAB)]!));
  }
  for (const object of objects) zone.kernel.freeObject(CACHE_FOLIO, object);
});

zoneTest('a freed object is the next one handed out, as its last user left it', {}, (zone) => {
  const { kernel, words } = zone;
  const objects = take(zone, 10);
  words[objects[4]! / 4] = 0xabcd;
  kernel.freeObject(CACHE_FOLIO, objects[4]!);
  assert.equal(words[objects[4]! / 4], 0xabcd, 'nothing is written into a free object');
  assert.equal(kernel.allocObject(CACHE_FOLIO) >>> 0, objects[4]);
  for (const object of objects) kernel.freeObject(CACHE_FOLIO, object);
});

zoneTest('one empty slab stays, others wait in limbo and go back to frames', {}, (zone) => {
  const { kernel } = zone;
  const free = kernel.freePagesNow();
  const objects = take(zone, 3 * PER_SLAB);
  for (const object of objects) kernel.freeObject(CACHE_FOLIO, object);
  assert.equal(slabsOf(zone, CACHE_FOLIO), 1);
  assert.equal(kernel.limboCount(LIMBO_SLAB), 2);
  const retired = [0, PER_SLAB, 2 * PER_SLAB].map((at) => kernel.pageWordOf(pageOf(objects[at]!)));
  assert.equal(retired.filter((word) => word === TYPE_LIMBO).length, 2);
  assert.equal(kernel.freePagesNow(), free - 4, 'three slabs and the slab of slabs');
  drainLimbo(kernel);
  assert.equal(kernel.freePagesNow(), free - 2);
  assert.equal(kernel.cacheInUse(CACHE_SLAB), 2);
});

zoneTest('a slab in limbo waits for other threads’ sections', {}, (zone) => {
  const { kernel } = zone;
  const reader = zone.join();
  const objects = take(zone, 2 * PER_SLAB);
  reader.enterSection();
  for (const object of objects) kernel.freeObject(CACHE_FOLIO, object);
  const free = kernel.freePagesNow();
  for (let round = 0; round < 5; round++) assert.equal(kernel.reclaim(), 0);
  assert.equal(kernel.freePagesNow(), free);
  reader.leaveSection();
  assert.equal(kernel.reclaim(), 1);
  assert.equal(kernel.freePagesNow(), free + 1);
});

zoneTest('a pinned slab is retired, sound, and freed by its last reference', {}, (zone) => {
  const { kernel } = zone;
  const objects = take(zone, 2 * PER_SLAB);
  const pin = kernel.pinPage(pageOf(objects[0]!));
  for (const object of objects.slice(PER_SLAB)) kernel.freeObject(CACHE_FOLIO, object);
  for (const object of objects.slice(0, PER_SLAB)) kernel.freeObject(CACHE_FOLIO, object);
  assert.equal(kernel.limboCount(LIMBO_SLAB), 0);
  assert.equal(kernel.check(), 0);
  kernel.putPage(pin);
  assert.equal(kernel.limboCount(LIMBO_SLAB), 1);
  drainLimbo(kernel);
});

zoneTest('slabs of slab descriptors come and go as well', { wasmPages: 256 }, (zone) => {
  const { kernel } = zone;
  const free = kernel.freePagesNow();
  const objects = take(zone, 100 * PER_SLAB);
  assert.equal(slabsOf(zone, CACHE_SLAB), 3, '42 descriptors a page');
  for (const object of objects) kernel.freeObject(CACHE_FOLIO, object);
  drainLimbo(kernel);
  assert.equal(slabsOf(zone, CACHE_FOLIO), 1);
  assert.ok(slabsOf(zone, CACHE_SLAB) <= 2);
  assert.equal(kernel.freePagesNow(), free - 1 - slabsOf(zone, CACHE_SLAB));
});

zoneTest('without a page, alloc returns 0; frees succeed all the same', {}, (zone) => {
  const { kernel } = zone;
  const objects = take(zone, 2 * PER_SLAB);
  const blocks = takeAllPages(kernel);
  assert.equal(kernel.allocObject(CACHE_FOLIO), 0);
  for (const object of objects) kernel.freeObject(CACHE_FOLIO, object);
  drainLimbo(kernel);
  assert.equal(kernel.freePagesNow(), 1);
  for (const [pfn, order] of blocks) assert.equal(kernel.freePages(pfn, order), 0);
});

zoneTest('a page for a slab without a descriptor for it is given back', {}, (zone) => {
  const { kernel } = zone;
  const [pfn, order] = takeAllPages(kernel).at(-1)!;
  kernel.freePages(pfn, order);
  for (let kept = 1; kept < 2 ** order; kept++) kernel.allocPages(0);
  assert.equal(kernel.allocObject(CACHE_FOLIO), 0, 'one page, but two are needed');
  assert.equal(kernel.freePagesNow(), 1);
});

const wrongFrees: [name: string, object: (zone: TestZone, one: number) => number][] = [
  ['a second free', (_, one) => one],
  ['an object of the slab that was never handed out', (_, one) => one + 32 * 5],
  ['an address inside an object', (_, one) => one + 36],
  ['an object of another cache', (zone, one) => zone.kernel.pageWordOf(pageOf(one)) & ~31],
  ['a page of the user', (zone) => zone.kernel.allocPages(0) * PAGE_BYTES],
  ['the null reference', () => 0],
];

for (const [name, object] of wrongFrees) {
  test(`${name} poisons the zone`, () => {
    const zone = createZone();
    // The object next to it is in use: only the address is wrong.
    const [one] = take(zone, 2);
    const wrong = object(zone, one!);
    zone.kernel.freeObject(CACHE_FOLIO, one!);
    assertPoisons(zone, facts.FAULT_SLAB, () => zone.kernel.freeObject(CACHE_FOLIO, wrong));
    assert.equal(zone.kernel.faultDetail() >>> 0, wrong >>> 0);
  });
}
