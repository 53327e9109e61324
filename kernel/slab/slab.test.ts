/** Slabs: the bootstrap, growth, what empty slabs do, and what a wrong free does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { offsetOf } from '../../test/support/structures.ts';
import {
  assertPoisons,
  createZone,
  drainLimbo,
  shrink,
  type TestZone,
  takeAllPages,
  zoneTest,
} from '../../test/support/zone.ts';

const { CACHE_FOLIO, CACHE_SLAB, CACHE_SHEAF, PAGE_BYTES, TYPE_SLAB } = facts;
/** Folio descriptors in a page, each with its state byte. */
const PER_SLAB = Math.floor(PAGE_BYTES / 33);
/** Pages that the first object needs: for itself, for slab descriptors and for sheaves. */
const FIRST_PAGES = 3;

const pageOf = (object: number): number => object >>> 12;

function take({ kernel }: TestZone, count: number): number[] {
  return Array.from({ length: count }, () => kernel.allocObject(CACHE_FOLIO) >>> 0);
}

function slabsOf({ kernel, words }: TestZone, cache: number): number {
  return words[(kernel.cacheOf(cache) + offsetOf('KmemCache', 'slabs')) / 4]!;
}

function cacheField({ kernel, words }: TestZone, cache: number, field: string): number {
  return words[(kernel.cacheOf(cache) + offsetOf('KmemCache', field)) / 4]!;
}

/** Frees all, empties this thread's sheaves and lets the slabs go. */
function freeAll({ kernel }: TestZone, objects: number[]): void {
  for (const object of objects) kernel.freeObject(CACHE_FOLIO, object);
  kernel.drainSlab();
}

zoneTest('the first object bootstraps: a slab of slabs that describes itself', {}, (zone) => {
  const { kernel } = zone;
  const free = kernel.freePagesNow();
  assert.equal(slabsOf(zone, CACHE_SLAB), 0);
  const [object] = take(zone, 1);
  assert.equal(kernel.freePagesNow(), free - FIRST_PAGES);
  assert.equal(slabsOf(zone, CACHE_SLAB), 1);
  assert.equal(slabsOf(zone, CACHE_SHEAF), 1);
  assert.equal(kernel.cacheInUse(CACHE_SLAB), 3, 'its own descriptor and those of two more');
  const desc = (kernel.pageWordOf(pageOf(object!)) & ~facts.TYPE_MASK) >>> 0;
  const own = kernel.pageWordOf(pageOf(desc));
  assert.equal(own, (pageOf(desc) * PAGE_BYTES) | TYPE_SLAB, 'the page names its own object 0');
  kernel.freeObject(CACHE_FOLIO, object!);
});

zoneTest('objects are aligned, disjoint, lowest first within a slab', {}, (zone) => {
  const objects = take(zone, 3 * PER_SLAB);
  assert.equal(new Set(objects).size, objects.length);
  assert.equal(slabsOf(zone, CACHE_FOLIO), 3);
  assert.equal(zone.kernel.cacheInUse(CACHE_FOLIO), objects.length);
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
  assert.equal(words[objects[4]! / 4], 0xabcd);
  assert.equal(words[objects[4]! / 4 + 1], 0, 'the refs word of a free descriptor');
  assert.equal(kernel.allocObject(CACHE_FOLIO) >>> 0, objects[4]);
  for (const object of objects) kernel.freeObject(CACHE_FOLIO, object);
});

zoneTest('one empty slab stays, others wait and go back to frames', {}, (zone) => {
  const { kernel } = zone;
  const free = kernel.freePagesNow();
  const objects = take(zone, 3 * PER_SLAB);
  freeAll(zone, objects);
  assert.equal(slabsOf(zone, CACHE_FOLIO), 1);
  assert.equal(kernel.waitingSlabs(), 2);
  const waiting = [0, PER_SLAB, 2 * PER_SLAB].filter((at) => !isKept(zone, objects[at]!));
  assert.equal(waiting.length, 2);
  for (const at of waiting) {
    const word = kernel.pageWordOf(pageOf(objects[at]!));
    assert.equal(word & facts.TYPE_MASK, TYPE_SLAB, 'still described, until it is gone');
  }
  assert.equal(kernel.freePagesNow(), free - FIRST_PAGES - 2);
  drainLimbo(kernel);
  for (const at of waiting) assert.equal(kernel.pageWordOf(pageOf(objects[at]!)), 0);
  assert.equal(kernel.freePagesNow(), free - FIRST_PAGES);
  assert.equal(kernel.cacheInUse(CACHE_SLAB), 3);
});

/** Whether the slab of an object still belongs to its cache. */
function isKept({ kernel, words }: TestZone, object: number): boolean {
  const desc = (kernel.pageWordOf(pageOf(object)) & ~facts.TYPE_MASK) >>> 0;
  return words[(desc + offsetOf('Slab', 'cache')) / 4] === CACHE_FOLIO;
}

zoneTest('a retired slab waits for other threads’ sections', {}, (zone) => {
  const { kernel } = zone;
  const reader = zone.join();
  const objects = take(zone, 2 * PER_SLAB);
  reader.enterSection();
  freeAll(zone, objects);
  const free = kernel.freePagesNow();
  for (let round = 0; round < 5; round++) assert.equal(kernel.reclaim(), 0);
  assert.equal(kernel.freePagesNow(), free);
  reader.leaveSection();
  assert.equal(kernel.reclaim(), 1);
  assert.equal(kernel.freePagesNow(), free + 1);
});

zoneTest('a pinned slab waits for the observer as well', {}, (zone) => {
  const { kernel } = zone;
  const objects = take(zone, 2 * PER_SLAB);
  const pins = [0, PER_SLAB].map((at) => kernel.pinPage(pageOf(objects[at]!)));
  freeAll(zone, objects);
  for (let round = 0; round < 5; round++) kernel.reclaim();
  assert.equal(kernel.waitingSlabs(), 1);
  assert.equal(kernel.check(), 0);
  for (const pin of pins) kernel.putPage(pin);
  drainLimbo(kernel);
  assert.equal(slabsOf(zone, CACHE_FOLIO), 1);
});

zoneTest('slabs of slab descriptors stay: they are never empty', { wasmPages: 512 }, (zone) => {
  const { kernel } = zone;
  const free = kernel.freePagesNow();
  const objects = take(zone, 130 * PER_SLAB);
  assert.equal(slabsOf(zone, CACHE_SLAB), 3, '63 descriptors a page');
  freeAll(zone, objects);
  shrink(kernel);
  assert.equal(slabsOf(zone, CACHE_FOLIO), 1);
  assert.equal(slabsOf(zone, CACHE_SLAB), 3);
  const kept = [CACHE_FOLIO, CACHE_SLAB, CACHE_SHEAF].map((cache) => slabsOf(zone, cache));
  assert.equal(kernel.freePagesNow(), free - kept.reduce((a, b) => a + b));
});

zoneTest('without a page, alloc returns 0; frees succeed all the same', {}, (zone) => {
  const { kernel } = zone;
  const objects = take(zone, 2 * PER_SLAB);
  const blocks = takeAllPages(kernel);
  assert.equal(kernel.allocObject(CACHE_FOLIO), 0);
  freeAll(zone, objects);
  drainLimbo(kernel);
  assert.equal(kernel.freePagesNow(), 1);
  for (const [pfn, order] of blocks) assert.equal(kernel.freePages(pfn, order), 0);
});

zoneTest('a thread without a sheaf allocates and frees at the slabs', {}, (zone) => {
  const { kernel } = zone;
  const spare = [0, 1].map(() => kernel.allocPages(0));
  const blocks = takeAllPages(kernel);
  for (const pfn of spare) kernel.freePages(pfn, 0);
  const objects = take(zone, PER_SLAB);
  assert.equal(new Set(objects).size, PER_SLAB);
  assert.equal(kernel.allocObject(CACHE_FOLIO), 0);
  assert.equal(cacheField(zone, CACHE_FOLIO, 'out'), PER_SLAB);
  assert.equal(slabsOf(zone, CACHE_SHEAF), 0);
  for (const object of objects) kernel.freeObject(CACHE_FOLIO, object);
  assert.equal(cacheField(zone, CACHE_FOLIO, 'out'), 0);
  for (const [pfn, order] of blocks) kernel.freePages(pfn, order);
});

zoneTest('a page for a slab without a descriptor for it is given back', {}, (zone) => {
  const { kernel } = zone;
  const [pfn, order] = takeAllPages(kernel).at(-1)!;
  kernel.freePages(pfn, order);
  for (let kept = 1; kept < 2 ** order; kept++) kernel.allocPages(0);
  assert.equal(kernel.allocObject(CACHE_FOLIO), 0, 'one page, but two are needed');
  kernel.drainSlab();
  assert.equal(kernel.check(), 0);
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

for (const bytes of [8, 64, 4096]) {
  test(`debug build: a write into a free object of ${bytes} bytes is found when it is taken`, () => {
    const zone = createZone({ build: 'debug' });
    const cache = zone.kernel.openCache(bytes);
    const object = zone.kernel.newObject(cache);
    zone.kernel.dropObject(cache, object);
    zone.bytes[object * 8 + bytes - 1]! ^= 1;
    assertPoisons(zone, facts.FAULT_SLAB, () => zone.kernel.newObject(cache));
  });
}
