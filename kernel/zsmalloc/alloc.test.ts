/** zsmalloc's pool: objects over two pages, pages one by one, lives of a handle, exhaustion. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import {
  cellOf,
  fullPayload,
  patternOf,
  readObject,
  tallyAll,
  tallyOf,
  writeObject,
} from '../../test/support/objects.ts';
import {
  assertPoisons,
  assertPoolSound,
  assertSound,
  createZone,
  drainLimbo,
  giveUpReserve,
  type TestZone,
  takeAllPages,
  zoneTest,
} from '../../test/support/zone.ts';

const { CACHE_CELL, CACHE_ZSPAGE, CELL_UNPUBLISHED, CELL_FREE, CELL_LIMBO, CELL_LIVE, PAGE_BYTES } =
  facts;

test('every class: a full zspage and one object, each byte comes back', () => {
  const zone = createZone({ wasmPages: 128, hasStore: true });
  const { kernel } = zone;
  let spanning = 0;
  for (const [sizeClass, { objectBytes, objectsPerZspage }] of tallyAll(zone).entries()) {
    const payload = fullPayload(objectBytes);
    assert.equal(kernel.classFor(payload), sizeClass);
    const handles = Array.from(
      { length: objectsPerZspage + 1 },
      () => kernel.zsAlloc(payload) >>> 0,
    );
    for (const [i, handle] of handles.entries()) writeObject(zone, handle, patternOf(i, payload));
    for (const [i, handle] of handles.entries()) {
      const value = readObject(zone, handle, payload);
      assert.deepEqual(value, patternOf(i, payload), `class ${sizeClass}, ${i}`);
      assert.equal(cellOf(zone, handle).unused, 0);
      const start = cellOf(zone, handle).index * objectBytes;
      if (start >> 12 !== (start + objectBytes - 1) >> 12) spanning++;
    }
    const { used, zspages } = tallyOf(zone, sizeClass);
    assert.deepEqual([used, zspages], [objectsPerZspage + 1, 2]);
    if (sizeClass % 32 === 0) assertPoolSound(kernel);
    for (const handle of handles) kernel.zsRelease(handle);
    assert.equal(tallyOf(zone, sizeClass).pages, 0);
    if (sizeClass % 32 === 0) drainLimbo(kernel);
  }
  assert.ok(spanning > 1000, 'objects over two pages were among them');
  drainLimbo(kernel);
  assert.equal(kernel.zsPages(), 0);
  assertSound(kernel);
});

zoneTest('objects of one page chain need not be neighbours', { hasStore: true }, (zone) => {
  const { kernel } = zone;
  const handles: number[] = [];
  const between: number[] = [];
  for (let i = 0; i < 60; i++) {
    handles.push(kernel.zsAlloc(2700) >>> 0);
    between.push(kernel.allocPages(0));
    writeObject(zone, handles[i]!, patternOf(i, 2700));
  }
  for (const [i, handle] of handles.entries()) {
    assert.deepEqual(readObject(zone, handle, 2700), patternOf(i, 2700));
  }
  for (const handle of handles) kernel.zsRelease(handle);
  for (const pfn of between) kernel.freePages(pfn, 0);
});

zoneTest(
  'a page comes with the first object that touches it and goes with the last',
  {
    hasStore: true,
  },
  (zone) => {
    const { kernel } = zone;
    const sizeClass = kernel.classFor(3000);
    const { objectBytes, pagesPerZspage: pages, objectsPerZspage } = tallyOf(zone, sizeClass);
    assert.ok(pages > 2 && objectBytes % PAGE_BYTES !== 0);
    const isInUse = new Array<boolean>(objectsPerZspage).fill(false);
    /** Pages of the chain that an object in use overlaps. */
    const expected = (): number => {
      const touched = new Set<number>();
      for (const [index, used] of isInUse.entries()) {
        if (used) touched.add((index * objectBytes) >> 12);
        if (used) touched.add((index * objectBytes + objectBytes - 1) >> 12);
      }
      return touched.size;
    };
    const handles: number[] = [];
    for (let index = 0; index < objectsPerZspage; index++) {
      const free = kernel.freePagesNow();
      handles.push(kernel.zsAlloc(3000) >>> 0);
      assert.equal(cellOf(zone, handles[index]!).index, index, 'the lowest index');
      const held = tallyOf(zone, sizeClass).pages;
      isInUse[index] = true;
      assert.equal(held, expected());
      assert.equal(free - kernel.freePagesNow() <= 6, true);
    }
    const order = handles.map((_, i) => (i * 7) % objectsPerZspage);
    for (const index of new Set([...order, ...handles.keys()])) {
      kernel.zsRelease(handles[index]!);
      isInUse[index] = false;
      assert.equal(tallyOf(zone, sizeClass).pages, expected());
      assert.equal(kernel.zsPages(), expected());
      assertPoolSound(kernel);
    }
  },
);

zoneTest('a zspage that was full is found again after a free', { hasStore: true }, (zone) => {
  const { kernel } = zone;
  const { objectsPerZspage } = tallyOf(zone, kernel.classFor(1000));
  const handles = Array.from({ length: 2 * objectsPerZspage }, () => kernel.zsAlloc(1000) >>> 0);
  const { zspage, index } = cellOf(zone, handles[3]!);
  kernel.zsRelease(handles[3]!);
  handles[3] = kernel.zsAlloc(1000) >>> 0;
  assert.deepEqual(
    [cellOf(zone, handles[3]!).zspage, cellOf(zone, handles[3]!).index],
    [zspage, index],
  );
  assert.equal(tallyOf(zone, kernel.classFor(1000)).zspages, 2);
  for (const handle of handles) kernel.zsRelease(handle);
});

zoneTest(
  'a cell is free, live, in limbo, free; its place stays as long as it may be read',
  {
    hasStore: true,
  },
  (zone) => {
    const { kernel } = zone;
    const handle = kernel.zsAlloc(50) >>> 0;
    const born = cellOf(zone, handle);
    assert.equal(born.state, CELL_UNPUBLISHED);
    kernel.zsSettle(handle);
    const live = cellOf(zone, handle);
    assert.deepEqual(live, { ...born, state: CELL_LIVE });
    kernel.zsRetire(handle);
    assert.deepEqual(cellOf(zone, handle), { ...live, state: CELL_LIMBO, unused: 1 }, 'by index 1');
    kernel.zsRelease(handle);
    assert.equal(cellOf(zone, handle).state, CELL_FREE);
    assert.equal(cellOf(zone, handle).zspage, 0);
  },
);

zoneTest('the lives of a cell differ in generation, which rises', { hasStore: true }, (zone) => {
  const { kernel } = zone;
  const handle = kernel.zsAlloc(50) >>> 0;
  kernel.zsRelease(handle);
  const generations: number[] = [];
  for (let life = 0; life < 20; life++) {
    kernel.set(1, 50, 1, 0);
    assert.equal(cellOf(zone, handle).state, CELL_LIVE, 'the lowest cell is used again');
    generations.push(cellOf(zone, handle).generation);
    kernel.remove(1);
    drainLimbo(kernel);
  }
  assert.equal(new Set(generations).size, 20);
  assert.deepEqual(
    generations.toSorted((a, b) => a - b),
    generations,
  );
});

for (const [name, misuse] of [
  ['retired twice', (zone: TestZone, handle: number) => zone.kernel.zsRetire(handle)],
  [
    'released twice',
    (zone: TestZone, handle: number) => {
      zone.kernel.zsRelease(handle);
      zone.kernel.zsRelease(handle);
    },
  ],
] as const) {
  test(`a handle that is ${name} poisons the zone`, () => {
    const zone = createZone({ hasStore: true });
    const handle = zone.kernel.zsAlloc(10) >>> 0;
    zone.kernel.zsAlloc(10);
    zone.kernel.zsRetire(handle);
    assertPoisons(zone, facts.FAULT_HANDLE, () => misuse(zone, handle));
  });
}

zoneTest(
  'an empty zspage’s descriptor waits for readers, its pages do not',
  {
    hasStore: true,
  },
  (zone) => {
    const { kernel } = zone;
    const reader = zone.join();
    const { objectsPerZspage } = tallyOf(zone, kernel.classFor(500));
    const count = 2 * objectsPerZspage + 1;
    const handles = Array.from({ length: count }, () => kernel.zsAlloc(500) >>> 0);
    reader.enterSection();
    // The first zspage is full and nobody's; the second and third are this thread's, and stay.
    for (const handle of handles) kernel.zsRelease(handle);
    assert.equal(kernel.zsPages(), 0);
    assert.equal(kernel.limboCount(facts.LIMBO_ZSPAGE), 1);
    for (let round = 0; round < 4; round++) kernel.reclaim();
    assert.equal(kernel.cacheInUse(CACHE_ZSPAGE), 3);
    reader.leaveSection();
    drainLimbo(kernel);
    assert.equal(kernel.cacheInUse(CACHE_ZSPAGE), 2);
  },
);

zoneTest('without a page an object goes where pages are held', { hasStore: true }, (zone) => {
  const { kernel } = zone;
  const { objectBytes, objectsPerZspage } = tallyOf(zone, kernel.classFor(1000));
  const onPage = Math.floor(PAGE_BYTES / objectBytes);
  const count = 2 * objectsPerZspage + onPage;
  const handles = Array.from({ length: count }, () => kernel.zsAlloc(1000) >>> 0);
  // The first zspage is full and nobody's by now; the third has a page, and room only beyond it.
  for (const i of [1, onPage + 3]) kernel.zsRelease(handles[i]!);
  takeAllPages(kernel);
  for (const i of [1, onPage + 3]) {
    handles[i] = kernel.zsAlloc(1000) >>> 0;
    assert.ok(handles[i]! > 0);
    assert.equal(cellOf(zone, handles[i]!).zspage, cellOf(zone, handles[0]!).zspage);
  }
  assert.equal(kernel.zsAlloc(1000), 0);
  for (const handle of handles) kernel.zsRelease(handle);
});

zoneTest(
  'exhaustion: alloc returns 0, keeps nothing, and frees go on',
  {
    hasStore: true,
  },
  (zone) => {
    const { kernel } = zone;
    const handles = Array.from({ length: 100 }, (_, i) => kernel.zsAlloc(i * 40) >>> 0);
    const cells = kernel.cacheInUse(CACHE_CELL);
    takeAllPages(kernel);
    for (const payload of [1000, 3000, 4092, 4092]) {
      const handle = kernel.zsAlloc(payload) >>> 0;
      if (handle !== 0) handles.push(handle);
    }
    for (let round = 0; round < 5; round++) assert.equal(kernel.zsAlloc(4000), 0);
    assert.equal(kernel.cacheInUse(CACHE_CELL), handles.length);
    assert.ok(handles.length >= cells);
    assert.equal(
      kernel.limboCount(facts.LIMBO_ZSPAGE),
      0,
      'a failed alloc leaves nothing to reclaim',
    );
    for (const handle of handles) kernel.zsRelease(handle);
    drainLimbo(kernel);
    assert.equal(kernel.zsPages(), 0);
  },
);

zoneTest(
  'an object over two pages of which only one is to be had is not allocated',
  {
    hasStore: true,
  },
  (zone) => {
    const { kernel } = zone;
    giveUpReserve(zone);
    const { objectBytes } = tallyOf(zone, kernel.classFor(3000));
    assert.ok(objectBytes < PAGE_BYTES && 2 * objectBytes > PAGE_BYTES);
    const spare = kernel.allocPages(0);
    const first = kernel.zsAlloc(3000) >>> 0;
    takeAllPages(kernel);
    assert.equal(kernel.zsAlloc(3000), 0, 'the second object needs one page more');
    kernel.freePages(spare, 0);
    const second = kernel.zsAlloc(3000) >>> 0;
    assert.equal(cellOf(zone, second).index, 1);
    assert.equal(kernel.zsAlloc(3000), 0);
    assert.equal(kernel.zsPages(), 2);
    for (const handle of [first, second]) kernel.zsRelease(handle);
  },
);

for (const [hasRoom, zspages] of [
  [true, 6],
  [false, 5],
] as const) {
  const name = hasRoom ? 'with room a cache passes over' : 'with few pages left a cache fills';
  zoneTest(`${name} zspages that are nearly full`, { hasStore: true }, (zone) => {
    const { kernel } = zone;
    const sizeClass = kernel.classFor(200);
    const { objectsPerZspage } = tallyOf(zone, sizeClass);
    // Of five full ones the thread keeps two: the first is anybody's, and has a hole.
    const handles = Array.from({ length: 5 * objectsPerZspage }, () => kernel.zsAlloc(200) >>> 0);
    kernel.zsRelease(handles[0]!);
    const eighth = zone.memory.buffer.byteLength / facts.PAGE_BYTES / 8;
    const blocks: number[] = [];
    while (!hasRoom && kernel.freePagesNow() > eighth / 2) {
      blocks.push(kernel.allocPagesAs(0, facts.MISC_USER, facts.CLASS_UNMOVABLE));
    }
    handles[0] = kernel.zsAlloc(200) >>> 0;
    assert.equal(tallyOf(zone, sizeClass).zspages, zspages);
    for (const pfn of blocks) kernel.freePages(pfn, 0);
    for (const handle of handles) kernel.zsRelease(handle);
    drainLimbo(kernel);
  });
}
