/** From a page number to a descriptor that stays: gone, busy, held, and the recheck. */
import assert from 'node:assert/strict';
import * as facts from '../../src/generated/facts.ts';
import { offsetOf } from '../../test/support/structures.ts';
import { newFolio, type TestZone, zoneTest } from '../../test/support/zone.ts';

const { ERR_BUSY, ERR_NOT_FOUND, ERR_NOT_YOURS, FROZEN, OWNED } = facts;
const { PIN_BUSY, PIN_GONE, PIN_HELD, PIN_STATUS } = facts;

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
  const { pfn, desc } = newFolio(kernel, 3);
  for (let page = 0; page < 8; page++) {
    assert.equal(kernel.pin(pfn + page), desc | PIN_HELD);
    assert.equal(words[refsIndex(desc)], OWNED + 1 + page);
  }
  for (let page = 0; page < 8; page++) assert.equal(kernel.unpin(desc), 0);
  assert.equal(words[refsIndex(desc)], OWNED);
});

zoneTest('a frozen descriptor is busy, one that is born or freed is gone', {}, (zone) => {
  const { kernel, words } = zone;
  const { pfn, desc } = newFolio(kernel);
  const at = refsIndex(desc);
  words[at] = FROZEN + OWNED;
  assert.equal(kernel.pin(pfn) & PIN_STATUS, PIN_BUSY);
  for (const refs of [FROZEN, facts.UNPUBLISHED, 3]) {
    words[at] = refs;
    assert.equal(kernel.pin(pfn), PIN_GONE);
    assert.equal(kernel.pinPage(pfn), ERR_NOT_FOUND);
  }
  words[at] = OWNED;
});

zoneTest('who may not park is told that a frozen descriptor is busy', {}, (zone) => {
  const { kernel, words } = zone;
  const { pfn, desc, name } = newFolio(kernel);
  kernel.detach();
  kernel.attach(1, 0);
  words[refsIndex(desc)] = FROZEN + OWNED;
  assert.equal(kernel.pinPage(pfn), ERR_BUSY);
  assert.equal(kernel.pinFolio(name), ERR_BUSY);
  words[refsIndex(desc)] = OWNED;
});

zoneTest('a pinned folio outlives its owner and goes with the last pin', {}, (zone) => {
  const { kernel } = zone;
  const other = zone.join();
  const free = kernel.freePagesNow();
  const { pfn, id, name } = newFolio(kernel, 4);
  assert.equal(other.pinPage(pfn + 7), id);
  assert.equal(kernel.freeFolio(name), 0);
  assert.equal(kernel.freeFolio(name), ERR_NOT_FOUND, 'a second free takes nobody’s pin');
  assert.notEqual(kernel.pageWordOf(pfn), 0);
  assert.equal(other.pinPage(pfn), ERR_NOT_FOUND, 'what has no owner takes no new pins');
  assert.equal(other.putPage(id), 0);
  assert.equal(other.putPage(id), ERR_NOT_YOURS, 'a put too many is refused');
  assert.equal(kernel.pageWordOf(pfn), 0);
  assert.equal(kernel.pageWordOf(pfn + 15), 0);
  assert.equal(kernel.freePagesNow(), free - 3, 'but for slabs of folios, of slabs and of sheaves');
});

zoneTest('a thread pins so many at a time, and then is told', {}, (zone) => {
  const { kernel } = zone;
  const { pfn, id, name } = newFolio(kernel);
  for (let i = 0; i < facts.MAX_PINS; i++) assert.equal(kernel.pinPage(pfn), id);
  assert.equal(kernel.pinPage(pfn), facts.ERR_FULL);
  assert.equal(kernel.pinFolio(name), facts.ERR_FULL);
  assert.equal(kernel.freeFolio(name), facts.ERR_FULL);
  for (let i = 0; i < facts.MAX_PINS; i++) assert.equal(kernel.putPage(id), 0);
  assert.equal(kernel.freeFolio(name), 0);
});

zoneTest('pins are dropped in any order', {}, (zone) => {
  const { kernel, words } = zone;
  const folios = Array.from({ length: 9 }, () => newFolio(kernel));
  for (const { pfn } of folios) kernel.pinPage(pfn);
  for (const i of [4, 0, 8, 1, 7, 2, 3, 6, 5]) {
    assert.equal(kernel.putPage(folios[i]!.id), 0);
    assert.equal(words[refsIndex(folios[i]!.desc)], OWNED);
    assert.equal(kernel.check(), 0);
  }
});

zoneTest('who leaves drops its pins and locks', {}, (zone) => {
  const { kernel, words } = zone;
  const other = zone.join();
  const kept = newFolio(kernel);
  const gone = newFolio(kernel);
  for (const { pfn, id } of [kept, gone]) {
    other.pinPage(pfn);
    other.lockPage(id);
  }
  kernel.freeFolio(gone.name);
  other.detach();
  assert.equal(words[refsIndex(kept.desc)], OWNED);
  assert.equal(kernel.pageWordOf(gone.pfn), 0);
  kernel.pinPage(kept.pfn);
  assert.equal(kernel.lockPage(kept.id), facts.LOCK_TAKEN);
  kernel.unlockPage(kept.id);
  kernel.putPage(kept.id);
});

zoneTest('a name that is none touches nothing', {}, (zone) => {
  const { kernel } = zone;
  const { name, id } = newFolio(kernel);
  const slab = kernel.allocPages(0) * 128;
  for (const wrong of [0, 1, id, name + 1, slab, 2 ** 53 - 1, 2 ** 27 - 1, name + 2 ** 27]) {
    assert.equal(kernel.pinFolio(wrong), ERR_NOT_FOUND);
    assert.equal(kernel.freeFolio(wrong), ERR_NOT_FOUND);
  }
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
    assert.equal(words[refsIndex(pin << 5)], OWNED + 1);
    kernel.putPage(pin);
    assert.equal(words[refsIndex(pin << 5)], OWNED);
  }
  assert.equal(seen.size, 2);
  kernel.zsRelease(handleOf(zone));
});

/** The one handle in use: the first object of the first slab of cells. */
function handleOf({ kernel, words }: TestZone): number {
  const partial = words[(kernel.cacheOf(facts.CACHE_CELL) + offsetOf('KmemCache', 'partial')) / 4]!;
  return words[(partial + offsetOf('Header', 'pfn')) / 4]! * facts.PAGE_BYTES;
}
