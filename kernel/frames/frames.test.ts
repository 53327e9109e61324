/** The page allocator by example: every order, its alignment, the edges of the zone, the counters. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { createZone, type TestZone, takeAllPages, zoneTest } from '../../test/support/zone.ts';

const { CHILD_PAGES, MAX_ORDER } = facts;
/** The main thread's own page, the first that was taken. */
const OWN_PAGES = 1;

/** Frames are raw: what a test takes itself, it gives back itself. */
function takeEverything({ kernel }: TestZone, order: number): number[] {
  const taken: number[] = [];
  for (let pfn = kernel.takeBlock(order); pfn !== 0; pfn = kernel.takeBlock(order)) taken.push(pfn);
  return taken;
}

for (let order = 0; order <= MAX_ORDER; order++) {
  zoneTest(`order ${order}: aligned, disjoint, lowest first, 0 when exhausted`, {}, (zone) => {
    const { kernel } = zone;
    const pages = 2 ** order;
    const before = kernel.freePagesNow();
    const taken = takeEverything(zone, order);
    const first = Math.ceil((kernel.firstPfn() + OWN_PAGES) / pages) * pages;
    const last = Math.floor(kernel.pageCount() / pages) * pages;
    const expected = Array.from({ length: (last - first) / pages }, (_, i) => first + i * pages);
    assert.deepEqual(taken, expected);
    assert.equal(kernel.freePagesNow(), before - taken.length * pages);
    for (const pfn of taken) kernel.giveBlock(pfn, order);
    assert.equal(kernel.freePagesNow(), before);
  });
}

zoneTest('the lowest free block is taken, also after a hole was made', {}, (zone) => {
  const { kernel } = zone;
  // So that no smaller hole lies below what is taken next.
  const singles = [kernel.takeBlock(0)];
  while (singles.at(-1)! % 4 !== 3) singles.push(kernel.takeBlock(0));
  const taken = Array.from({ length: 20 }, () => kernel.takeBlock(2));
  kernel.giveBlock(taken[11]!, 2);
  kernel.giveBlock(taken[3]!, 2);
  assert.equal(kernel.takeBlock(1), taken[3]);
  assert.equal(kernel.takeBlock(2), taken[11]);
  assert.equal(kernel.takeBlock(1), taken[3]! + 2);
  for (const pfn of taken) kernel.giveBlock(pfn, 2);
  for (const pfn of singles) kernel.giveBlock(pfn, 0);
});

zoneTest('neighbours merge by themselves: single pages become a block of any order', {}, (zone) => {
  const { kernel } = zone;
  const singles = takeEverything(zone, 0);
  assert.equal(kernel.takeBlock(9), 0);
  for (const pfn of singles.reverse()) kernel.giveBlock(pfn, 0);
  assert.equal(kernel.takeBlock(9), CHILD_PAGES);
  kernel.giveBlock(CHILD_PAGES, 9);
});

zoneTest('a block can be given back in aligned parts', {}, ({ kernel }) => {
  const pfn = kernel.takeBlock(9);
  kernel.giveBlock(pfn + 256, 8);
  for (let page = 0; page < 256; page += 4) kernel.giveBlock(pfn + page, 2);
  assert.equal(kernel.takeBlock(9), pfn);
  kernel.giveBlock(pfn, 9);
});

zoneTest(
  'the last child may be partial: no page beyond the end is handed out',
  {
    wasmPages: 101,
  },
  (zone) => {
    const { kernel } = zone;
    assert.equal(kernel.pageCount() % CHILD_PAGES, 101 * 16 - 3 * CHILD_PAGES);
    const taken = takeEverything(zone, 0);
    assert.equal(taken.at(-1), kernel.pageCount() - 1);
    assert.equal(taken.length, kernel.pageCount() - kernel.firstPfn() - OWN_PAGES);
    for (const pfn of taken) kernel.giveBlock(pfn, 0);
  },
);

zoneTest(
  'a partial last child has blocks up to what fits, never its own size',
  {
    wasmPages: 101,
  },
  ({ kernel }) => {
    const children = Array.from({ length: 3 }, () => kernel.takeBlock(9));
    assert.deepEqual(children, [512, 1024, 0]);
    for (const pfn of [512, 1024]) kernel.giveBlock(pfn, 9);
  },
);

zoneTest('order 10 is two whole children at an even one', { wasmPages: 160 }, ({ kernel }) => {
  assert.equal(kernel.pageCount(), 5 * CHILD_PAGES);
  const pair = kernel.takeBlock(10);
  assert.equal(pair, 2 * CHILD_PAGES);
  assert.equal(kernel.takeBlock(10), 0, 'children 0 and 4 have no whole partner');
  assert.equal(kernel.takeBlock(9), CHILD_PAGES);
  assert.equal(kernel.takeBlock(9), 4 * CHILD_PAGES);
  kernel.giveBlock(pair, 10);
  const half = kernel.takeBlock(9);
  assert.equal(half, pair);
  assert.equal(kernel.takeBlock(10), 0, 'half of the pair is out');
  for (const pfn of [half, CHILD_PAGES, 4 * CHILD_PAGES]) kernel.giveBlock(pfn, 9);
});

zoneTest('counters lead past full trees', { wasmPages: 33 * 32 }, (zone) => {
  const { kernel } = zone;
  const blocks = takeAllPages(kernel);
  const inSecondTree = blocks.find(([pfn]) => pfn >= 32 * CHILD_PAGES)!;
  assert.equal(kernel.freePages(...inSecondTree), 0);
  assert.equal(kernel.takeBlock(0), inSecondTree[0]);
  kernel.giveBlock(inSecondTree[0], 0);
});

test('giving back what is free already poisons the zone', () => {
  const zone = createZone();
  const pfn = zone.kernel.takeBlock(3);
  zone.kernel.giveBlock(pfn, 3);
  assert.throws(() => zone.kernel.giveBlock(pfn, 3), WebAssembly.RuntimeError);
  assert.equal(zone.kernel.fault(), facts.FAULT_FRAMES);
});

test('giving back a block of which one page is free poisons the zone', () => {
  for (const order of [3, 7, 9]) {
    const zone = createZone();
    const pfn = zone.kernel.takeBlock(order);
    zone.kernel.giveBlock(pfn + 5, 0);
    assert.throws(() => zone.kernel.giveBlock(pfn, order), WebAssembly.RuntimeError);
    assert.equal(zone.kernel.fault(), facts.FAULT_FRAMES);
  }
});

zoneTest(
  'the debug build fills what it hands out and what comes back',
  {
    build: 'debug',
  },
  ({ kernel, bytes }) => {
    const pfn = kernel.takeBlock(1);
    const block = bytes.subarray(pfn * 4096, (pfn + 2) * 4096);
    assert.ok(block.every((byte) => byte === 0xa5));
    kernel.giveBlock(pfn, 1);
    assert.ok(block.every((byte) => byte === 0x5a));
  },
);
