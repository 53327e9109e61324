/** zsmalloc: every size class, objects over two pages, pages one by one, lives of a handle. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import {
  assertPoisons,
  assertPoolSound,
  assertSound,
  createZone,
  drainLimbo,
  offsetOf,
  type TestZone,
  takeAllPages,
  zoneTest,
} from '../../test/support/zone.ts';

const { CACHE_CELL, CACHE_ZSPAGE, CELL_FREE, CELL_LIMBO, CELL_LIVE, CLASSES } = facts;
const { MAX_PER_ZSPAGE, OBJECT_HEADER_BYTES, PAGE_BYTES } = facts;
const MAX_PAYLOAD = PAGE_BYTES - OBJECT_HEADER_BYTES;

interface Shape {
  objectBytes: number;
  pages: number;
  perZspage: number;
  inUse: number;
  held: number;
  zspages: number;
}

function shapeOf({ kernel, words }: TestZone, index: number): Shape {
  const at = (kernel.classOf(index) >>> 0) / 4;
  const read = (field: string): number => words[at + offsetOf('SizeClass', field) / 4]!;
  return {
    objectBytes: read('objectBytes'),
    pages: read('pages'),
    perZspage: read('perZspage'),
    inUse: read('inUse'),
    held: read('held'),
    zspages: read('zspages'),
  };
}

interface Cell {
  state: number;
  generation: number;
  index: number;
  zspage: number;
}

function cellOf({ words }: TestZone, handle: number): Cell {
  const cell = (BigInt(words[handle / 4 + 1]!) << 32n) | BigInt(words[handle / 4]!);
  return {
    state: Number(cell & 7n),
    generation: Number((cell >> 3n) & 0xffffn),
    index: Number((cell >> 28n) & 511n),
    zspage: Number(cell >> 37n) * 32,
  };
}

/** Payload of a class that is filled to the last byte. */
const fullPayload = (objectBytes: number): number => objectBytes - OBJECT_HEADER_BYTES;
const patternOf = (seed: number, n: number): Uint8Array =>
  Uint8Array.from({ length: n }, (_, i) => (seed * 151 + i * 7 + (i >> 8)) & 255);

function write({ kernel, bytes }: TestZone, handle: number, value: Uint8Array): void {
  bytes.set(value, kernel.inputScratch());
  kernel.zsWrite(kernel.zsPlace(handle), 0, kernel.inputScratch(), value.length);
}

function read({ kernel, bytes }: TestZone, handle: number, n: number): Uint8Array {
  bytes.fill(0xee, kernel.outputScratch(), kernel.outputScratch() + n);
  kernel.zsRead(kernel.zsPlace(handle), 0, kernel.outputScratch(), n);
  return bytes.slice(kernel.outputScratch(), kernel.outputScratch() + n);
}

zoneTest(
  'size classes: 16-byte steps, chains of least waste, limits',
  { hasStore: true },
  (zone) => {
    for (let index = 0; index < CLASSES; index++) {
      const { objectBytes, pages, perZspage } = shapeOf(zone, index);
      assert.equal(objectBytes, (index + 1) * 16);
      assert.ok(pages >= 1 && pages <= facts.MAX_CHAIN && perZspage <= MAX_PER_ZSPAGE);
      assert.equal(perZspage, Math.floor((pages * PAGE_BYTES) / objectBytes));
      const waste = (chain: number): number => ((chain * PAGE_BYTES) % objectBytes) / chain;
      for (let chain = 1; chain <= facts.MAX_CHAIN; chain++) {
        if ((chain * PAGE_BYTES) / objectBytes > MAX_PER_ZSPAGE) break;
        assert.ok(waste(pages) <= waste(chain), `class ${index}: ${chain} pages waste less`);
        assert.ok(chain <= pages || waste(pages) < waste(chain), 'the longest among equals');
      }
    }
  },
);

zoneTest('classFor takes the smallest class that fits', { hasStore: true }, (zone) => {
  for (let payload = 0; payload <= MAX_PAYLOAD; payload++) {
    const index = zone.kernel.classFor(payload);
    assert.ok(fullPayload((index + 1) * 16) >= payload);
    assert.ok(index === 0 || fullPayload(index * 16) < payload);
  }
});

test('every class: a full zspage and one object, each byte comes back', () => {
  const zone = createZone({ wasmPages: 128, hasStore: true });
  const { kernel } = zone;
  let spanning = 0;
  for (let index = 0; index < CLASSES; index++) {
    const { objectBytes, perZspage } = shapeOf(zone, index);
    const payload = fullPayload(objectBytes);
    const handles = Array.from({ length: perZspage + 1 }, () => kernel.zsAlloc(payload) >>> 0);
    for (const [i, handle] of handles.entries()) write(zone, handle, patternOf(i, payload));
    for (const [i, handle] of handles.entries()) {
      assert.deepEqual(read(zone, handle, payload), patternOf(i, payload), `class ${index}, ${i}`);
      const start = cellOf(zone, handle).index * objectBytes;
      if (start >> 12 !== (start + objectBytes - 1) >> 12) spanning++;
    }
    const { inUse, zspages } = shapeOf(zone, index);
    assert.deepEqual([inUse, zspages], [perZspage + 1, 2]);
    if (index % 32 === 0) assertPoolSound(kernel);
    for (const handle of handles) kernel.zsRelease(handle);
    assert.equal(shapeOf(zone, index).held, 0);
    if (index % 32 === 0) drainLimbo(kernel);
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
    write(zone, handles[i]!, patternOf(i, 2700));
  }
  for (const [i, handle] of handles.entries()) {
    assert.deepEqual(read(zone, handle, 2700), patternOf(i, 2700));
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
    const index = kernel.classFor(3000);
    const { objectBytes, pages, perZspage } = shapeOf(zone, index);
    assert.ok(pages > 2 && objectBytes % PAGE_BYTES !== 0);
    const isInUse = new Array<boolean>(perZspage).fill(false);
    /** Pages of the chain that an object in use overlaps. */
    const expected = (): number => {
      const touched = new Set<number>();
      for (const [slot, used] of isInUse.entries()) {
        if (used) touched.add((slot * objectBytes) >> 12);
        if (used) touched.add((slot * objectBytes + objectBytes - 1) >> 12);
      }
      return touched.size;
    };
    const handles: number[] = [];
    for (let slot = 0; slot < perZspage; slot++) {
      const free = kernel.freePagesNow();
      handles.push(kernel.zsAlloc(3000) >>> 0);
      assert.equal(cellOf(zone, handles[slot]!).index, slot, 'the lowest slot');
      const held = shapeOf(zone, index).held;
      isInUse[slot] = true;
      assert.equal(held, expected());
      assert.equal(free - kernel.freePagesNow() <= 6, true);
    }
    const order = handles.map((_, i) => (i * 7) % perZspage);
    for (const slot of new Set([...order, ...handles.keys()])) {
      kernel.zsRelease(handles[slot]!);
      isInUse[slot] = false;
      assert.equal(shapeOf(zone, index).held, expected());
      assert.equal(kernel.zsPages(), expected());
      assertPoolSound(kernel);
    }
  },
);

zoneTest('a zspage that was full is found again after a free', { hasStore: true }, (zone) => {
  const { kernel } = zone;
  const { perZspage } = shapeOf(zone, kernel.classFor(1000));
  const handles = Array.from({ length: 2 * perZspage }, () => kernel.zsAlloc(1000) >>> 0);
  const { zspage, index } = cellOf(zone, handles[3]!);
  kernel.zsRelease(handles[3]!);
  handles[3] = kernel.zsAlloc(1000) >>> 0;
  assert.deepEqual(
    [cellOf(zone, handles[3]!).zspage, cellOf(zone, handles[3]!).index],
    [zspage, index],
  );
  assert.equal(shapeOf(zone, kernel.classFor(1000)).zspages, 2);
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
    const live = cellOf(zone, handle);
    assert.equal(live.state, CELL_LIVE);
    kernel.zsRetire(handle);
    assert.deepEqual(cellOf(zone, handle), { ...live, state: CELL_LIMBO });
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
    const handle = kernel.zsAlloc(500) >>> 0;
    reader.enterSection();
    kernel.zsRelease(handle);
    assert.equal(kernel.zsPages(), 0);
    assert.equal(kernel.limboCount(facts.LIMBO_ZSPAGE), 1);
    for (let round = 0; round < 4; round++) kernel.reclaim();
    assert.equal(kernel.cacheInUse(CACHE_ZSPAGE), 1);
    reader.leaveSection();
    drainLimbo(kernel);
    assert.equal(kernel.cacheInUse(CACHE_ZSPAGE), 0);
  },
);

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
    const { objectBytes } = shapeOf(zone, kernel.classFor(3000));
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
