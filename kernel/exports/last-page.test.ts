/**
 * The largest zone, at its end: pages whose addresses are just below 2^32.
 *
 * The memory is 4 GiB less 64 KiB and costs what is touched of it. All but the end is taken by
 * blocks of order 10, so that whatever is allocated next lies where a signed address is negative
 * and an end address computed carelessly would wrap.
 */
import assert from 'node:assert/strict';
import * as facts from '../../src/generated/facts.ts';
import { assertBytes, sample, storeFace } from '../../test/support/store-face.ts';
import { offsetOf } from '../../test/support/structures.ts';
import {
  clearAll,
  drainLimbo,
  giveUpReserve,
  newFolio,
  shrink,
  type TestZone,
  THREAD_PAGES,
  takeAllPages,
  zoneTest,
} from '../../test/support/zone.ts';

const { BLOCK_BYTES, CACHE_FOLIO, ERR_FOREIGN_PAGE, MAX_WASM_PAGES, PAGE_BYTES } = facts;
const PAGES = MAX_WASM_PAGES * 16;
/** The last child is partial, so the last pair of children is never a block of order 10. */
const END_PAGES = PAGES % 1024;
const largest = { wasmPages: MAX_WASM_PAGES };

/** Takes every page below the last pair of children, and leaves no reserve: it would be the end. */
function keepEnd(zone: TestZone): void {
  const { kernel } = zone;
  for (const [pfn, order] of takeAllPages(kernel)) {
    if (pfn >= PAGES - END_PAGES) assert.equal(kernel.freePages(pfn, order), 0);
  }
  giveUpReserve(zone);
  assert.equal(kernel.freePagesNow(), END_PAGES);
}

zoneTest('frames hand out the last page, and nothing beyond it', largest, ({ kernel, bytes }) => {
  assert.equal(kernel.pageCount(), PAGES);
  const blocks = takeAllPages(kernel);
  const last = Math.max(...blocks.map(([pfn, order]) => pfn + 2 ** order - 1));
  assert.equal(last, PAGES - 1);
  assert.equal(kernel.pageAddress(last) >>> 0, 0xfffef000);
  bytes[(kernel.pageAddress(last) >>> 0) + PAGE_BYTES - 1] = 1;
  for (const [pfn, order] of blocks) assert.equal(kernel.freePages(pfn, order), 0);
  assert.equal(kernel.freePagesNow(), PAGES - kernel.firstPfn() - THREAD_PAGES);
  assert.equal(kernel.freePages(last, 0), facts.ERR_NOT_ALLOCATED);
  assert.equal(kernel.freePages(last + 1, 0), ERR_FOREIGN_PAGE);
  assert.equal(kernel.freePages(last - 1, 2), ERR_FOREIGN_PAGE);
});

zoneTest('slabs and folios on the last pages', largest, (zone) => {
  const { kernel } = zone;
  keepEnd(zone);
  const folios = Array.from({ length: 300 }, () => newFolio(kernel));
  assert.ok(folios.every(({ pfn }) => pfn >= PAGES - END_PAGES));
  const objects: number[] = [];
  for (let object = kernel.allocObject(CACHE_FOLIO); object !== 0; ) {
    objects.push(object >>> 0);
    object = kernel.allocObject(CACHE_FOLIO);
  }
  assert.ok(Math.max(...objects) > 0xfffef000, 'objects on the last page');
  for (const object of objects) kernel.freeObject(CACHE_FOLIO, object);
  for (const { pfn, name } of folios) {
    const pin = kernel.pinPage(pfn);
    assert.equal(kernel.lockPage(pin), facts.LOCK_TAKEN);
    assert.equal(kernel.unlockPage(pin), 0);
    kernel.putPage(pin);
    assert.equal(kernel.freeFolio(name), 0);
  }
  shrink(kernel);
  const caches = [CACHE_FOLIO, facts.CACHE_SLAB, facts.CACHE_SHEAF];
  const slabs = caches.map((cache) => kernel.slabFigure(cache, facts.FIGURE_SLABS));
  assert.equal(slabs[0], 1);
  assert.equal(kernel.freePagesNow(), END_PAGES - slabs.reduce((a, b) => a + b));
});

zoneTest('a cache that lives on the last pages, up to its last byte', largest, (zone) => {
  const { kernel, memory } = zone;
  // First: the table of tags is a block of 4 MiB, and there is none at the end.
  assert.equal(kernel.formatStore(), 0);
  keepEnd(zone);
  assert.equal(kernel.prepare(), 0);
  assert.ok(kernel.outputScratch() < 0, 'addresses are negative in JavaScript');
  const store = storeFace(zone, kernel);
  const lengthOf = (i: number): number => (i * 977) % 9000;
  let count = 0;
  for (; kernel.counter(facts.COUNT_EVICTIONS) === 0; count++) {
    assert.equal(store.set(`key ${count}`, sample(count, lengthOf(count), true)), 0);
    assertBytes(store.get(`key ${count}`), sample(count, lengthOf(count), true));
  }
  assert.equal(kernel.pageWordOf(PAGES - 1) & facts.TYPE_MASK, facts.TYPE_ZSPAGE);
  const long = sample(1, 3 * BLOCK_BYTES, true);
  assert.equal(store.set('long', long), 0);
  assertBytes(store.get('long'), long);
  let found = 0;
  for (let i = 0; i < count; i++) {
    const value = store.get(`key ${i}`);
    if (value) assertBytes(value, sample(i, lengthOf(i), true));
    if (value) found++;
  }
  assert.equal(found, kernel.entryCount() - 1);
  clearAll(kernel);
  drainLimbo(kernel);
  assert.equal(kernel.zsPages(), 0);
  assert.equal(memory.buffer.byteLength, 2 ** 32 - 65536);
});

zoneTest('scratch that ends where the memory ends', largest, (zone) => {
  const { kernel, words } = zone;
  assert.equal(kernel.formatStore(), 0);
  keepEnd(zone);
  // All but the very last 16 pages go; then a thread's output block has nowhere else to be. Its
  // input is there already, as of a call that was cut short.
  const input = kernel.allocPagesAs(4, facts.MISC_SCRATCH, facts.CLASS_UNMOVABLE);
  const spare = [0, 2].map((order) => kernel.allocPages(order));
  const blocks = takeAllPages(kernel);
  const end = blocks.find(([pfn, order]) => pfn + 2 ** order === PAGES)!;
  assert.ok(end[1] >= 4);
  for (const [i, order] of [0, 2].entries()) assert.equal(kernel.freePages(spare[i]!, order), 0);
  assert.equal(kernel.freePages(...end), 0);
  const slot = facts.SLOT_TABLE + facts.SLOT_BYTES;
  words[(slot + offsetOf('ThreadSlot', 'inputScratch')) / 4] = input << facts.PAGE_SHIFT;
  assert.equal(kernel.prepare(), 0);
  for (const [pfn, order] of blocks) if (pfn !== end[0]) kernel.freePages(pfn, order);
  assert.equal(kernel.outputScratch() >>> 0, 2 ** 32 - 65536 - BLOCK_BYTES - 16);
  const store = storeFace(zone, kernel);
  for (const n of [BLOCK_BYTES, BLOCK_BYTES - 1, 2 * BLOCK_BYTES]) {
    for (const isNoise of [true, false]) {
      assert.equal(store.set('key', sample(n, n, isNoise)), 0);
      assertBytes(store.get('key'), sample(n, n, isNoise));
    }
  }
});
