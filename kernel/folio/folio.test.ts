/** Folios: blocks with a descriptor, by order, exhausted, and given back whole. */
import assert from 'node:assert/strict';
import * as facts from '../../src/generated/facts.ts';
import { offsetOf } from '../../test/support/structures.ts';
import { newFolio, takeAllPages, zoneTest } from '../../test/support/zone.ts';

const { ERR_ARGUMENT, ERR_NO_MEMORY, FLAG_MOVABLE, MAX_ORDER, TYPE_ANON_FOLIO } = facts;

for (let order = 0; order < MAX_ORDER; order++) {
  zoneTest(`order ${order}: all pages hold one word, which names the descriptor`, {}, (zone) => {
    const { kernel, words } = zone;
    const { pfn, name } = newFolio(kernel, order);
    assert.equal(pfn % 2 ** order, 0);
    const word = kernel.pageWordOf(pfn);
    assert.equal(word & facts.TYPE_MASK, TYPE_ANON_FOLIO);
    for (let page = 1; page < 2 ** order; page++) assert.equal(kernel.pageWordOf(pfn + page), word);
    const desc = (word & ~facts.TYPE_MASK) >>> 0;
    assert.equal(words[desc / 4], TYPE_ANON_FOLIO | (order << 5) | FLAG_MOVABLE);
    assert.equal(words[(desc + offsetOf('Header', 'pfn')) / 4], pfn);
    const before = kernel.freePagesNow();
    assert.equal(kernel.freeFolio(name), 0);
    assert.equal(kernel.freePagesNow(), before + 2 ** order);
    assert.equal(kernel.pageWordOf(pfn + 2 ** order - 1), 0);
  });
}

zoneTest('an order beyond the largest is refused', {}, ({ kernel }) => {
  for (const order of [10, 11, 2 ** 31, -1]) {
    assert.equal(kernel.allocFolio(order, TYPE_ANON_FOLIO), ERR_ARGUMENT);
  }
});

zoneTest('no memory for descriptor or pages: ERR_NO_MEMORY, and nothing is lost', {}, (zone) => {
  const { kernel } = zone;
  const spare = [kernel.allocPages(0), kernel.allocPages(0)];
  takeAllPages(kernel);
  assert.equal(kernel.allocFolio(0, TYPE_ANON_FOLIO), ERR_NO_MEMORY, 'no page for a slab');
  for (const pfn of spare) kernel.freePages(pfn, 0);
  for (let round = 0; round < 3; round++)
    assert.equal(kernel.allocFolio(0, TYPE_ANON_FOLIO), ERR_NO_MEMORY);
  assert.equal(kernel.cacheInUse(facts.CACHE_FOLIO), 0);
  assert.equal(kernel.freePagesNow(), 0, 'two slabs, of folios and of slabs');
});

zoneTest('descriptors are reused at once', {}, (zone) => {
  const { kernel } = zone;
  const first = newFolio(kernel, 1);
  assert.equal(kernel.freeFolio(first.name), 0);
  const second = newFolio(kernel, 5);
  assert.equal(second.desc, first.desc);
  assert.notEqual(second.name, first.name, 'another life has another name');
  assert.equal(kernel.freeFolio(first.name), facts.ERR_NOT_FOUND);
  assert.equal(kernel.cacheInUse(facts.CACHE_FOLIO), 1);
});
