/** From a page number to a descriptor that stays: gone, busy, held, and the recheck. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import {
  assertPoisons,
  createZone,
  offsetOf,
  type TestZone,
  zoneTest,
} from '../../test/support/zone.ts';

const { ERR_BUSY, ERR_NOT_FOUND, FROZEN, PIN_BUSY, PIN_GONE, PIN_HELD, PIN_STATUS } = facts;

const descOf = (zone: TestZone, pfn: number): number =>
  (zone.kernel.pageWordOf(pfn) & ~facts.TYPE_MASK) >>> 0;
const refsIndex = (desc: number): number => (desc + offsetOf('Header', 'refs')) / 4;

zoneTest('a page without a descriptor is gone', {}, ({ kernel }) => {
  const allocated = kernel.allocPages(0);
  for (const pfn of [0, kernel.firstPfn() + 100, allocated]) {
    assert.equal(kernel.pin(pfn), PIN_GONE);
    assert.equal(kernel.pinPage(pfn), ERR_NOT_FOUND);
  }
});

zoneTest('a page outside the zone is not found', {}, ({ kernel }) => {
  for (const pfn of [kernel.pageCount(), 2 ** 20, 2 ** 31, -1]) {
    assert.equal(kernel.pinPage(pfn), ERR_NOT_FOUND);
  }
});

zoneTest('every page of a folio leads to its descriptor, and takes a reference', {}, (zone) => {
  const { kernel, words } = zone;
  const pfn = kernel.allocFolio(3);
  const desc = descOf(zone, pfn);
  for (let page = 0; page < 8; page++) {
    assert.equal(kernel.pin(pfn + page), desc | PIN_HELD);
    assert.equal(words[refsIndex(desc)], 2 + page);
  }
  for (let page = 0; page < 8; page++) assert.equal(kernel.put(desc), 0);
  assert.equal(words[refsIndex(desc)], 1);
});

zoneTest('a frozen descriptor is busy, one that is being freed is gone', {}, (zone) => {
  const { kernel, words } = zone;
  const pfn = kernel.allocFolio(0);
  const at = refsIndex(descOf(zone, pfn));
  words[at] = FROZEN + 1;
  assert.equal(kernel.pin(pfn) & PIN_STATUS, PIN_BUSY);
  assert.equal(kernel.pinPage(pfn), ERR_BUSY);
  words[at] = FROZEN;
  assert.equal(kernel.pin(pfn) & PIN_STATUS, PIN_GONE);
  assert.equal(kernel.pinPage(pfn), ERR_NOT_FOUND);
  words[at] = facts.BORN;
  assert.equal(kernel.pinPage(pfn), ERR_BUSY);
  words[at] = 1;
});

zoneTest('a pinned folio outlives its owner and goes with the last reference', {}, (zone) => {
  const { kernel } = zone;
  const other = zone.join();
  const free = kernel.freePagesNow();
  const pfn = kernel.allocFolio(4);
  const pin = other.pinPage(pfn + 7);
  assert.equal(pin, descOf(zone, pfn) >>> 5);
  kernel.putPage(pin);
  assert.notEqual(kernel.pageWordOf(pfn), 0);
  assert.equal(other.pinPage(pfn), pin, 'whoever has a reference may take another');
  other.putPage(pin);
  other.putPage(pin);
  assert.equal(kernel.pageWordOf(pfn), 0);
  assert.equal(kernel.pageWordOf(pfn + 15), 0);
  assert.equal(kernel.pinPage(pfn), ERR_NOT_FOUND);
  assert.equal(kernel.freePagesNow(), free - 2, 'but for two slabs, of folios and of slabs');
});

zoneTest('slabs and zspages can be pinned like anything else', { hasStore: true }, (zone) => {
  const { kernel, words } = zone;
  kernel.zsAlloc(100);
  const seen = new Set<number>();
  for (let pfn = 1; pfn < kernel.pageCount(); pfn++) {
    const type = kernel.pageWordOf(pfn) & facts.TYPE_MASK;
    if (type !== facts.TYPE_SLAB && type !== facts.TYPE_ZSPAGE) continue;
    seen.add(type);
    const pin = kernel.pinPage(pfn);
    assert.equal(words[refsIndex(pin << 5)], 2);
    kernel.putPage(pin);
    assert.equal(words[refsIndex(pin << 5)], 1);
  }
  assert.equal(seen.size, 2);
  kernel.zsRelease(handleOf(zone));
});

/** The one handle in use: the first object of the first slab of cells. */
function handleOf({ kernel, words }: TestZone): number {
  const partial = words[(kernel.cacheOf(facts.CACHE_CELL) + offsetOf('KmemCache', 'partial')) / 4]!;
  return words[(partial + offsetOf('Header', 'pfn')) / 4]! * facts.PAGE_BYTES;
}

test('a put too many poisons the zone', () => {
  const zone = createZone();
  const { kernel } = zone;
  const pin = kernel.pinPage(kernel.allocFolio(0));
  kernel.putPage(pin);
  kernel.putPage(pin);
  assertPoisons(zone, facts.FAULT_REFS, () => kernel.putPage(pin));
});
