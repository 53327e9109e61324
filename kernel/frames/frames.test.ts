/** The page allocator by example: every order, its alignment, classes, stocks, the zone's edges. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { offsetOf } from '../../test/support/structures.ts';
import {
  assertPoisons,
  assertSound,
  createZone,
  type TestZone,
  THREAD_PAGES,
  takeAllPages,
  zoneTest,
} from '../../test/support/zone.ts';

const { CHILD_PAGES, CLASS_MOVABLE, CLASS_UNMOVABLE, MAX_ORDER, STOCK_ORDER, URGENT } = facts;
/** The main thread's own page, the first that was taken. */
const OWN_PAGES = THREAD_PAGES;

/** Frames are raw: what a test takes itself, it gives back itself. */
function takeEverything({ kernel }: TestZone, order: number, kind = CLASS_UNMOVABLE): number[] {
  const taken: number[] = [];
  const next = (): number => kernel.takeBlock(order, kind);
  for (let pfn = next(); pfn !== 0; pfn = next()) taken.push(pfn);
  return taken;
}

const ascending = (pfns: number[]): number[] => pfns.toSorted((a, b) => a - b);
const childOf = (pfn: number): number => Math.floor(pfn / CHILD_PAGES);

function giveAll({ kernel }: TestZone, pfns: number[], order: number): void {
  for (const pfn of pfns) kernel.giveBlock(pfn, order);
}

for (let order = 0; order <= MAX_ORDER; order++) {
  zoneTest(`order ${order}: aligned, disjoint, all of them, 0 when exhausted`, {}, (zone) => {
    const { kernel } = zone;
    const pages = 2 ** order;
    const before = kernel.freePagesNow();
    const taken = takeEverything(zone, order);
    const first = Math.ceil((kernel.firstPfn() + OWN_PAGES) / pages) * pages;
    const last = Math.floor(kernel.pageCount() / pages) * pages;
    const expected = Array.from({ length: (last - first) / pages }, (_, i) => first + i * pages);
    assert.deepEqual(ascending(taken), expected);
    assert.equal(kernel.freePagesNow(), before - taken.length * pages);
    giveAll(zone, taken, order);
    assert.equal(kernel.freePagesNow(), before);
  });
}

zoneTest('a fresh zone is handed out from below', {}, (zone) => {
  for (const order of [0, 1, 2, 3, 4, 6]) {
    const taken = Array.from({ length: 5 }, () => zone.kernel.takeBlock(order, 0));
    const first = taken[0]!;
    assert.deepEqual(
      taken,
      [0, 1, 2, 3, 4].map((i) => first + i * 2 ** order),
    );
    giveAll(zone, taken.reverse(), order);
  }
});

zoneTest('a hole is found when nothing else is left', {}, (zone) => {
  const { kernel } = zone;
  // So that no smaller hole is left beside the blocks.
  const singles = [kernel.takeBlock(0)];
  while (singles.at(-1)! % 4 !== 3) singles.push(kernel.takeBlock(0));
  kernel.drainAll();
  const taken = takeEverything(zone, 2);
  for (const hole of [taken[11]!, taken[3]!]) {
    kernel.giveBlock(hole, 2);
    assert.equal(kernel.takeBlock(0, 0), hole);
    assert.equal(kernel.takeBlock(1, 0), hole + 2);
    assert.equal(kernel.takeBlock(0, 0), hole + 1);
    assert.equal(kernel.takeBlock(0, CLASS_MOVABLE), 0);
    kernel.giveBlock(hole, 2);
    assert.equal(kernel.takeBlock(2, CLASS_MOVABLE), hole, 'from the stock of another class');
  }
  giveAll(zone, taken, 2);
  giveAll(zone, singles, 0);
});

zoneTest('neighbours merge by themselves: single pages become a block of any order', {}, (zone) => {
  const { kernel } = zone;
  const singles = takeEverything(zone, 0);
  assert.equal(kernel.takeBlock(9, 0), 0);
  giveAll(zone, singles.reverse(), 0);
  assert.equal(kernel.takeBlock(9, 0), CHILD_PAGES);
  kernel.giveBlock(CHILD_PAGES, 9);
});

zoneTest('a block can be given back in aligned parts', {}, ({ kernel }) => {
  const pfn = kernel.takeBlock(9, 0);
  kernel.giveBlock(pfn + 256, 8);
  kernel.giveBlock(pfn + 128, 7);
  for (let page = 0; page < 128; page += 4) kernel.giveBlock(pfn + page, 2);
  assert.equal(kernel.takeBlock(9, 0), pfn);
  kernel.giveBlock(pfn, 9);
});

zoneTest('no page beyond the end is handed out', { wasmPages: 101 }, (zone) => {
  const { kernel } = zone;
  assert.equal(kernel.pageCount() % CHILD_PAGES, 101 * 16 - 3 * CHILD_PAGES);
  const taken = takeEverything(zone, 0);
  assert.equal(Math.max(...taken), kernel.pageCount() - 1);
  assert.equal(taken.length, kernel.pageCount() - kernel.firstPfn() - OWN_PAGES);
  giveAll(zone, taken, 0);
});

zoneTest('a partial last child is never a whole one', { wasmPages: 101 }, ({ kernel }) => {
  const children = Array.from({ length: 3 }, () => kernel.takeBlock(9, 0));
  assert.deepEqual(children, [512, 1024, 0]);
  for (const pfn of [512, 1024]) kernel.giveBlock(pfn, 9);
});

zoneTest('order 10 is two whole children at an even one', { wasmPages: 160 }, ({ kernel }) => {
  assert.equal(kernel.pageCount(), 5 * CHILD_PAGES);
  const pair = kernel.takeBlock(10, 0);
  assert.equal(pair, 2 * CHILD_PAGES);
  assert.equal(kernel.takeBlock(10, 0), 0, 'children 0 and 4 have no whole partner');
  assert.equal(kernel.takeBlock(9, 0), CHILD_PAGES);
  assert.equal(kernel.takeBlock(9, 0), 4 * CHILD_PAGES);
  kernel.giveBlock(pair, 10);
  const half = kernel.takeBlock(9, 0);
  assert.equal(half, pair);
  assert.equal(kernel.takeBlock(10, 0), 0, 'half of the pair is out');
  for (const pfn of [half, CHILD_PAGES, 4 * CHILD_PAGES]) kernel.giveBlock(pfn, 9);
});

for (const wasmPages of [64, 33 * 32, 130 * 32]) {
  zoneTest(`the only free block among ${wasmPages} × 64 KiB is found`, { wasmPages }, (zone) => {
    const { kernel } = zone;
    const blocks = takeAllPages(kernel);
    for (const [pfn, order] of blocks.filter((_, i) => i % 7 === 0)) {
      assert.equal(kernel.freePages(pfn, order), 0);
      assert.equal(kernel.takeBlock(order, URGENT), pfn);
      kernel.giveBlock(pfn, order);
      assert.equal(kernel.takeBlock(0, CLASS_MOVABLE | URGENT), pfn);
      kernel.giveBlock(pfn, 0);
      assert.equal(kernel.allocPagesAs(order, facts.MISC_USER, URGENT), pfn);
    }
    for (const [pfn, order] of blocks) assert.equal(kernel.freePages(pfn, order), 0);
  });
}

zoneTest('a given block is taken if all of it is free', { wasmPages: 160 }, (zone) => {
  const { kernel } = zone;
  for (const order of [0, 3, 6, 7, 8, 9, 10]) {
    const pfn = 2 * CHILD_PAGES;
    assert.equal(kernel.takeBlockAt(pfn, order, 0), 1);
    assert.equal(kernel.takeBlockAt(pfn, order, 0), 0, `order ${order} is taken`);
    kernel.giveBlock(pfn, order);
    kernel.drainAll();
    if (order === 0) continue;
    assert.equal(kernel.takeBlockAt(pfn + 2 ** order - 1, 0, 0), 1);
    assert.equal(kernel.takeBlockAt(pfn, order, 0), 0, `order ${order}, its last page is taken`);
    kernel.giveBlock(pfn + 2 ** order - 1, 0);
    kernel.drainAll();
  }
});

zoneTest('classes do not share a child while there are others', { wasmPages: 512 }, (zone) => {
  const { kernel } = zone;
  const still = Array.from({ length: 900 }, () => kernel.takeBlock(0, CLASS_UNMOVABLE));
  const loose = Array.from({ length: 900 }, () => kernel.takeBlock(0, CLASS_MOVABLE));
  const children = new Set(still.map(childOf));
  assert.ok(loose.every((pfn) => !children.has(childOf(pfn))));
  giveAll(zone, [...still, ...loose], 0);
});

zoneTest(
  'unmovable pages that must go to movable ones keep together',
  { wasmPages: 256 },
  (zone) => {
    const { kernel } = zone;
    const loose = takeEverything(zone, 0, CLASS_MOVABLE);
    // Every child has holes now, all of them in movable ones.
    const holes = loose.filter((pfn) => pfn % 8 === 0);
    giveAll(zone, holes, 0);
    kernel.drainAll();
    const still = Array.from({ length: 60 }, () => kernel.takeBlock(0, CLASS_UNMOVABLE));
    assert.ok(new Set(still.map(childOf)).size <= 2);
    giveAll(zone, still, 0);
    giveAll(
      zone,
      loose.filter((pfn) => pfn % 8 !== 0),
      0,
    );
  },
);

zoneTest('threads work in trees of their own', { wasmPages: 512 }, (zone) => {
  const threads = [zone.kernel, zone.join(2), zone.join(3)];
  const children = threads.map((kernel) => {
    const taken = Array.from({ length: 300 }, () => kernel.takeBlock(0, CLASS_MOVABLE));
    for (const pfn of taken) kernel.giveBlock(pfn, 0);
    return new Set(taken.map(childOf));
  });
  for (const [i, own] of children.entries()) {
    for (const other of children.slice(i + 1)) {
      assert.ok([...own].every((child) => !other.has(child)));
    }
  }
});

zoneTest('what one thread has in stock is found by another that needs it', {}, (zone) => {
  const other = zone.join();
  const taken = takeEverything(zone, 0);
  const mine = Array.from({ length: 3 }, () => taken.pop()!);
  for (const pfn of mine) other.giveBlock(pfn, 0);
  assert.equal(zone.kernel.freePagesNow(), 3);
  assert.deepEqual(ascending(takeEverything(zone, 0)), ascending(mine));
  giveAll(zone, [...taken, ...mine], 0);
});

zoneTest('a stock holds little when little is free', { wasmPages: 64 }, (zone) => {
  const { kernel } = zone;
  const threads = [kernel, zone.join(2), zone.join(3)];
  const taken = takeEverything(zone, 0);
  for (const [i, pfn] of taken.entries()) threads[i % 3]!.giveBlock(pfn, 0);
  const inTrees = taken.length - threads.reduce((sum, _, i) => sum + kernel.stockedIn(i + 1), 0);
  assert.ok(inTrees > 0.8 * taken.length, `${inTrees} of ${taken.length} in trees`);
});

zoneTest('who leaves takes nothing along', {}, (zone) => {
  const free = zone.kernel.freePagesNow();
  const other = zone.join();
  const taken = Array.from({ length: 100 }, () => other.takeBlock(0, CLASS_MOVABLE));
  for (const pfn of taken) other.giveBlock(pfn, 0);
  other.detach();
  assert.equal(zone.kernel.stockedIn(2), 0);
  assert.equal(zone.kernel.freePagesNow(), free);
});

zoneTest('only urgent allocations go below the watermark', { wasmPages: 1024 }, (zone) => {
  const { kernel, words } = zone;
  const least = words[offsetOf('Superblock', 'minPages') / 4]!;
  assert.equal(least, kernel.pageCount() / 2048);
  const taken = takeEverything(zone, 0);
  assert.equal(kernel.freePagesNow(), least);
  assert.equal(kernel.allocPages(3, 0), facts.ERR_NO_MEMORY);
  const rest = Array.from({ length: least }, () => kernel.takeBlock(0, URGENT));
  assert.ok(rest.every((pfn) => pfn > 0));
  assert.equal(kernel.takeBlock(0, URGENT), 0);
  giveAll(zone, [...taken, ...rest], 0);
});

zoneTest('statistics say what a look at every page says', { wasmPages: 200 }, (zone) => {
  const { kernel } = zone;
  const blocks = takeAllPages(kernel);
  for (const [i, [pfn, order]] of blocks.entries()) {
    if (i % 3 !== 0 || order === 0) assert.equal(kernel.freePages(pfn, order), 0);
  }
  kernel.drainAll();
  const free = Array.from({ length: kernel.pageCount() }, (_, pfn) => kernel.pageWordOf(pfn) === 0);
  const blocksOf = (order: number): number => {
    let found = 0;
    for (let pfn = 0; pfn + 2 ** order <= free.length; pfn += 2 ** order) {
      if (free.slice(pfn, pfn + 2 ** order).every(Boolean)) found++;
    }
    return found;
  };
  const pages = kernel.freePagesNow();
  let smaller = 0;
  for (let order = 0; order <= MAX_ORDER; order++) {
    const larger = order < MAX_ORDER ? 2 * blocksOf(order + 1) : 0;
    const exact = blocksOf(order) - larger;
    assert.equal(kernel.freeBlocks(order, facts.CLASS_ANY), exact, `order ${order}`);
    const unusable = Math.floor((1000 * (pages - blocksOf(order) * 2 ** order)) / pages);
    assert.equal(kernel.unusableFreeIndex(order), unusable);
    const lacking = 1000 - Math.floor((1000 + Math.floor((1000 * pages) / 2 ** order)) / smaller);
    assert.equal(kernel.fragmentationIndex(order), blocksOf(order) > 0 ? -1000 : lacking);
    smaller += exact;
  }
  const kinds = [0, 1, 2, facts.CLASS_NONE];
  const children = kinds.reduce((sum, kind) => sum + kernel.childrenOf(kind), 0);
  assert.equal(children, Math.ceil(kernel.pageCount() / CHILD_PAGES));
  for (const [i, [pfn, order]] of blocks.entries()) {
    if (i % 3 === 0 && order !== 0) assert.equal(kernel.freePages(pfn, order), 0);
  }
});

test('giving back what is free already poisons the zone', () => {
  for (const order of [STOCK_ORDER + 1, 7, 9, 10]) {
    const zone = createZone({ wasmPages: 160 });
    const pfn = zone.kernel.takeBlock(order, 0);
    zone.kernel.giveBlock(pfn, order);
    assertPoisons(zone, facts.FAULT_FRAMES, () => zone.kernel.giveBlock(pfn, order));
  }
});

test('a block given back twice into a stock is found, at the latest when it leaves', () => {
  const zone = createZone();
  const pfn = zone.kernel.takeBlock(0, 0);
  zone.kernel.giveBlock(pfn, 0);
  zone.kernel.giveBlock(pfn, 0);
  assert.equal(zone.kernel.check(), facts.FAULT_PAGE_WORD);
  assertPoisons(zone, facts.FAULT_FRAMES, () => zone.kernel.drainAll());
});

test('giving back a block of which one page is free poisons the zone', () => {
  for (const order of [4, 7, 9]) {
    const zone = createZone();
    const pfn = zone.kernel.takeBlock(order, 0);
    zone.kernel.giveBlock(pfn + 5, 0);
    zone.kernel.drainAll();
    assertPoisons(zone, facts.FAULT_FRAMES, () => zone.kernel.giveBlock(pfn, order));
  }
});

test('every operation of three threads leaves a sound zone', () => {
  const zone = createZone({ wasmPages: 130 });
  const threads = [zone.kernel, zone.join(2), zone.join(3)];
  for (const [i, kernel] of threads.entries()) {
    for (let order = 0; order <= MAX_ORDER; order++) {
      const pfn = kernel.allocPages(order, i % 2);
      assertSound(zone.kernel);
      if (pfn > 0) assert.equal(threads[(i + 1) % 3]!.freePages(pfn, order), 0);
      assertSound(zone.kernel);
    }
  }
});

zoneTest(
  'the debug build fills what it hands out and what comes back',
  { build: 'debug' },
  (zone) => {
    const { kernel, bytes } = zone;
    const pfn = kernel.takeBlock(1, 0);
    const block = bytes.subarray(pfn * 4096, (pfn + 2) * 4096);
    assert.ok(block.every((byte) => byte === 0xa5));
    kernel.giveBlock(pfn, 1);
    assert.ok(block.every((byte) => byte === 0x5a));
  },
);
