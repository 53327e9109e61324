/** Compaction: what is moved, what is not, what is made, and that nobody has to be told. */
import assert from 'node:assert/strict';
import * as facts from '../../src/generated/facts.ts';
import { offsetOf } from '../../test/support/structures.ts';
import {
  drainLimbo,
  newFolio,
  type TestFolio,
  type TestZone,
  zoneTest,
} from '../../test/support/zone.ts';

const { CHILD_PAGES, PAGE_BYTES } = facts;

/** Steps until there is nothing more to do, then ends it. */
function run({ kernel }: TestZone): void {
  for (let step = 0; kernel.compactStep() > 0; step++) assert.ok(step < 100_000);
  for (let round = 0; kernel.endCompaction() === 0; round++) assert.ok(round < 100);
}

function compact(zone: TestZone, order = 9): { made: number; moved: number; scanned: number } {
  const { kernel } = zone;
  assert.equal(kernel.beginCompaction(order, 0, 0), 0);
  for (let step = 0; kernel.compactStep() > 0; step++) assert.ok(step < 100_000);
  const figures = {
    made: kernel.compactFigure(facts.FIGURE_MADE),
    moved: kernel.compactFigure(facts.FIGURE_MOVED),
    scanned: kernel.compactFigure(facts.FIGURE_SCANNED),
  };
  run(zone);
  return figures;
}

function pageOf(zone: TestZone, pfn: number): Uint8Array {
  return zone.bytes.subarray(pfn * PAGE_BYTES, (pfn + 1) * PAGE_BYTES);
}

function whereIs({ kernel }: TestZone, folio: TestFolio): number {
  assert.equal(kernel.pinFolio(folio.name), folio.id);
  const pfn = kernel.firstPage(folio.id);
  kernel.putPage(folio.id);
  return pfn;
}

function fill(zone: TestZone, folio: TestFolio, order: number): void {
  for (let page = 0; page < 2 ** order; page++) {
    pageOf(zone, folio.pfn + page).fill((folio.id + page) & 255);
  }
}

function assertIntact(zone: TestZone, folio: TestFolio, order: number): void {
  const pfn = whereIs(zone, folio);
  for (let page = 0; page < 2 ** order; page++) {
    assert.ok(pageOf(zone, pfn + page).every((byte) => byte === ((folio.id + page) & 255)));
    assert.equal(zone.kernel.pageWordOf(pfn + page) >>> 5, folio.id);
  }
}

/** Folios over the whole zone, until there is no room for another. */
function fillZone(zone: TestZone, order: number): TestFolio[] {
  const folios: TestFolio[] = [];
  while (zone.kernel.freePagesNow() > 2 ** order + 40) {
    const name = zone.kernel.allocFolio(order, facts.TYPE_ANON_FOLIO);
    if (name < 0) break;
    const id = zone.kernel.pinFolio(name);
    const pfn = zone.kernel.firstPage(id);
    zone.kernel.putPage(id);
    const folio = { name, id, desc: id * 32, pfn };
    fill(zone, folio, order);
    folios.push(folio);
  }
  return folios;
}

const large = { wasmPages: 512 };

for (const order of [0, 1, 3, 5]) {
  zoneTest(`a fragmented zone becomes whole again, folios of order ${order}`, large, (zone) => {
    const { kernel } = zone;
    const folios = fillZone(zone, order);
    const kept = folios.filter((_, i) => i % 2 === 0);
    for (const folio of folios) if (!kept.includes(folio)) kernel.freeFolio(folio.name);
    assert.ok(kernel.allocPages(9, 0) < 0, 'no block of 2 MiB is free');
    const free = kernel.freePagesNow();
    const { made, moved } = compact(zone);
    assert.equal(kernel.freePagesNow(), free, 'no page is lost, none is won');
    assert.ok(made >= Math.floor(free / CHILD_PAGES) - 1, `${made} of ${free / CHILD_PAGES}`);
    assert.ok(moved > 0);
    for (const folio of kept) assertIntact(zone, folio, order);
    // The last one may be the zone's reserve.
    for (let block = 1; block < made; block++) assert.ok(kernel.allocPages(9, 0) > 0);
    assert.equal(compact(zone).made, 0, 'and there is no more to do');
  });
}

zoneTest('a pinned folio stays, and its child is given up', large, (zone) => {
  const { kernel } = zone;
  const folios = fillZone(zone, 0);
  const stays = folios.find(({ pfn }) => pfn >= 3 * CHILD_PAGES)!;
  kernel.pinFolio(stays.name);
  for (const folio of folios) {
    if (folio !== stays && folio.pfn % 4 !== 0) kernel.freeFolio(folio.name);
  }
  compact(zone);
  assert.equal(kernel.firstPage(stays.id), stays.pfn);
  kernel.putPage(stays.id);
});

zoneTest('an unmovable page keeps its child from being touched', large, (zone) => {
  const { kernel } = zone;
  const folios = fillZone(zone, 0);
  for (const folio of folios) if (folio.pfn >= 3 * CHILD_PAGES) kernel.freeFolio(folio.name);
  const left = folios.filter(({ pfn }) => pfn < 3 * CHILD_PAGES);
  for (const folio of left) if (folio.pfn % 2 === 0) kernel.freeFolio(folio.name);
  const pfn = kernel.allocPages(0, 0);
  const { made } = compact(zone);
  assert.ok(made >= 1);
  assert.equal(kernel.pageWordOf(pfn), facts.TYPE_MISC, 'still there');
  kernel.freePages(pfn, 0);
});

zoneTest('evacuation empties a range, or leaves what cannot move', large, (zone) => {
  const { kernel } = zone;
  const folios = Array.from({ length: 40 }, () => newFolio(kernel));
  for (const folio of folios) fill(zone, folio, 0);
  const first = folios[0]!.pfn;
  const fixed = folios[20]!;
  kernel.pinFolio(fixed.name);
  assert.equal(kernel.beginEvacuation(first, 40), 0);
  for (let step = 0; kernel.compactStep() > 0; step++) assert.ok(step < 1000);
  const held = folios.filter(({ pfn }) => kernel.whyHeld(pfn) >= 0);
  run(zone);
  assert.deepEqual(held, [fixed]);
  for (const folio of folios) assert.equal(whereIs(zone, folio) === folio.pfn, folio === fixed);
  for (const folio of folios) assertIntact(zone, folio, 0);
  kernel.putPage(fixed.id);
});

zoneTest('nobody waits for what cannot move, but for a pin', large, (zone) => {
  const { kernel } = zone;
  const stepsOver = (pfn: number): number => {
    assert.equal(kernel.beginEvacuation(pfn, 1), 0);
    let steps = 1;
    while (kernel.compactStep() > 0) steps++;
    run(zone);
    return steps;
  };
  const fixed = stepsOver(kernel.allocPages(0));
  const folio = newFolio(kernel);
  kernel.pinPage(folio.pfn);
  // Each pass that gets nothing is two steps, and ends in a sleep.
  assert.equal(stepsOver(folio.pfn), fixed + 4);
  assert.equal(whereIs(zone, folio), folio.pfn);
});

zoneTest('one thread at a time compacts', large, (zone) => {
  const other = zone.join();
  assert.equal(zone.kernel.beginCompaction(9, 0, 0), 0);
  assert.equal(other.beginCompaction(9, 0, 0), facts.ERR_BUSY);
  assert.equal(other.beginEvacuation(600, 1), facts.ERR_BUSY);
  assert.equal(other.compactStep(), facts.ERR_ARGUMENT);
  run(zone);
  assert.equal(other.beginCompaction(9, 0, 0), 0);
  other.detach();
  assert.equal(zone.kernel.beginCompaction(9, 0, 0), 0, 'who leaves lets go');
  run(zone);
});

zoneTest('a reader in its section holds the emptied range back', large, (zone) => {
  const { kernel } = zone;
  const folio = newFolio(kernel);
  const reader = zone.join();
  reader.enterSection();
  assert.equal(kernel.beginEvacuation(folio.pfn, 1), 0);
  while (kernel.compactStep() > 0);
  assert.equal(kernel.endCompaction(), 0);
  assert.equal(kernel.check(), 0, 'sound while it waits');
  assert.notEqual(kernel.pageWordOf(folio.pfn), 0);
  reader.leaveSection();
  assert.equal(kernel.endCompaction(), 1);
  assert.equal(kernel.pageWordOf(folio.pfn), 0);
});

zoneTest('a block that was made can be had at once', large, (zone) => {
  const { kernel } = zone;
  const folios = fillZone(zone, 0);
  for (const folio of folios) if (folio.pfn % 3 !== 0) kernel.freeFolio(folio.name);
  assert.equal(kernel.beginCompaction(9, 1, 0), 0);
  while (kernel.compactStep() > 0);
  const pfn = kernel.compactFigure(facts.FIGURE_DELIVERED);
  run(zone);
  assert.ok(pfn > 0);
  assert.equal(kernel.freePages(pfn, 9), 0);
});

zoneTest('a polite compaction is put off after one that failed', large, (zone) => {
  const { kernel } = zone;
  const folios = fillZone(zone, 0);
  const pinned = folios.filter((_, i) => i % 100 === 0).slice(0, 100);
  for (const folio of pinned) kernel.pinFolio(folio.name);
  for (const folio of folios) {
    if (!pinned.includes(folio) && folio.pfn % 2 === 0) kernel.freeFolio(folio.name);
  }
  assert.equal(compact(zone).made, 0);
  let refused = 0;
  while (kernel.beginCompaction(9, 0, 1) !== 0) refused++;
  assert.equal(refused, 1);
  run(zone);
  assert.equal(kernel.beginCompaction(9, 0, 0), 0, 'others are not');
  run(zone);
  for (const folio of pinned) kernel.putPage(folio.id);
});

zoneTest('a dead compactor leaves nothing isolated', large, (zone) => {
  const { kernel } = zone;
  const folios = fillZone(zone, 0);
  for (const folio of folios) if (folio.pfn % 2 !== 0) kernel.freeFolio(folio.name);
  const free = kernel.freePagesNow();
  const other = zone.join(42);
  assert.equal(other.beginCompaction(9, 0, 0), 0);
  for (let i = 0; i < 4; i++) other.compactStep();
  assert.ok(kernel.freePagesNow() < free);
  kernel.markDead(42);
  assert.equal(kernel.recoverDead(), 1);
  assert.equal(kernel.freePagesNow(), free);
  assert.ok(compact(zone).made > 0);
});

zoneTest('what a dead compactor was about to move is no name for the next one', {}, (zone) => {
  const { kernel, words } = zone;
  const moveDesc = (facts.COMPACT_STATE + offsetOf('CompactState', 'moveDesc')) >>> 2;
  const other = zone.join(42);
  assert.equal(other.beginCompaction(9, 0, 0), 0);
  words[moveDesc] = newFolio(kernel).desc;
  kernel.markDead(42);
  assert.equal(kernel.recoverDead(), 1);
  assert.equal(words[moveDesc], 0);
});

/** The bytes of all slabs of a cache: handle cells. */
function slabsOf(zone: TestZone, cache: number): Buffer {
  const { kernel, words } = zone;
  const cacheAt = offsetOf('ListedDesc', 'cache');
  const pages: Uint8Array[] = [];
  for (let pfn = kernel.firstPfn(); pfn < kernel.pageCount(); pfn++) {
    const word = kernel.pageWordOf(pfn) >>> 0;
    if ((word & facts.TYPE_MASK) !== facts.TYPE_SLAB) continue;
    if (words[((word & ~facts.TYPE_MASK) + cacheAt) >>> 2] === cache) pages.push(pageOf(zone, pfn));
  }
  return Buffer.concat(pages);
}

/** Cells that are not what they were. */
function differingCells(before: Buffer, after: Buffer): number {
  assert.equal(after.length, before.length);
  let cells = 0;
  for (let at = 0; at < before.length; at += 8) {
    if (!before.subarray(at, at + 8).equals(after.subarray(at, at + 8))) cells++;
  }
  return cells;
}

/** Pages of the index: buckets and directories. */
function indexPages(zone: TestZone): Buffer {
  const word = facts.TYPE_MISC | (facts.MISC_INDEX << facts.MISC_SUBTYPE_SHIFT);
  const { kernel } = zone;
  const pages = Array.from({ length: kernel.pageCount() }, (_, pfn) => pfn);
  return Buffer.concat(
    pages.filter((pfn) => kernel.pageWordOf(pfn) === word).map((pfn) => pageOf(zone, pfn)),
  );
}

function zspagePfns({ kernel }: TestZone): number[] {
  const pages = Array.from({ length: kernel.pageCount() }, (_, pfn) => pfn);
  return pages.filter((pfn) => (kernel.pageWordOf(pfn) & facts.TYPE_MASK) === facts.TYPE_ZSPAGE);
}

function setNumber({ kernel, bytes }: TestZone, key: number): void {
  bytes.set([key & 255, key >> 8], kernel.keyScratch());
  const length = 500 + ((key * 37) % 3000);
  for (let i = 0; i < length; i++) bytes[kernel.inputScratch() + i] = (key * i) >> 3;
  assert.equal(kernel.set(2, length, 1, 0), 0);
}

function assertNumber({ kernel, bytes }: TestZone, key: number): void {
  bytes.set([key & 255, key >> 8], kernel.keyScratch());
  const length = 500 + ((key * 37) % 3000);
  assert.equal(kernel.get(2, 0, 0), length);
  const at = kernel.outputScratch();
  for (let i = 0; i < length; i++) assert.equal(bytes[at + i], ((key * i) >> 3) & 255);
}

zoneTest(
  'moving the pages of values rewrites no bucket, and of handles’ cells those that begin there',
  { wasmPages: 512, hasStore: true },
  (zone) => {
    const { kernel } = zone;
    const keys = Array.from({ length: 6000 }, (_, key) => key);
    for (const key of keys) setNumber(zone, key);
    for (const key of keys.filter((key) => key % 3 !== 0)) {
      zone.bytes.set([key & 255, key >> 8], kernel.keyScratch());
      kernel.remove(2);
    }
    drainLimbo(kernel);
    const before = zspagePfns(zone);
    const cells = slabsOf(zone, facts.CACHE_CELL);
    const buckets = indexPages(zone);
    const { moved, made } = compact(zone);
    assert.ok(moved > 100 && made > 0, `${moved} moved, ${made} made`);
    const after = zspagePfns(zone);
    assert.equal(after.length, before.length);
    assert.ok(after.filter((pfn) => !before.includes(pfn)).length > 100, 'pages are elsewhere');
    const told = differingCells(cells, slabsOf(zone, facts.CACHE_CELL));
    assert.ok(told > 0 && told <= 9 * moved, `${told} cells for ${moved} pages`);
    assert.ok(buckets.length > 0 && indexPages(zone).equals(buckets));
    for (const key of keys.filter((key) => key % 3 === 0)) assertNumber(zone, key);
  },
);

zoneTest(
  'an object that is being written keeps its page where it is',
  { wasmPages: 512, hasStore: true },
  (zone) => {
    const { kernel } = zone;
    const handle = kernel.zsAlloc(3000);
    const [pfn] = zspagePfns(zone);
    const evacuate = () => {
      assert.equal(kernel.beginEvacuation(pfn!, 1), 0);
      while (kernel.compactStep() > 0);
      const reason = kernel.whyHeld(pfn!);
      run(zone);
      return reason;
    };
    assert.equal(evacuate(), facts.REASON_BUSY);
    kernel.zsSettle(handle);
    assert.equal(evacuate(), -1);
    kernel.zsRetire(handle);
    kernel.zsRelease(handle);
  },
);
