/**
 * The checked page allocator: every wrong free is its error code and changes nothing at all.
 *
 * "Nothing" is meant literally: superblock, slots, page map, bits and counters are compared byte by
 * byte, but for the caller's own inKernel cell, which `enter` and `leave` bring back to 0.
 */
import assert from 'node:assert/strict';
import * as facts from '../../src/generated/facts.ts';
import {
  metadataOf,
  newFolio,
  type TestZone,
  takeAllPages,
  zoneTest,
} from '../../test/support/zone.ts';

const { ERR_ARGUMENT, ERR_FOREIGN_PAGE, ERR_NOT_ALLOCATED, ERR_NOT_YOURS, ERR_NO_MEMORY } = facts;
const { ERR_UNALIGNED, ERR_WRONG_ORDER, MAX_ORDER } = facts;

function assertRefused(zone: TestZone, pfn: number, order: number, code: number): void {
  const before = metadataOf(zone);
  assert.equal(zone.kernel.freePages(pfn, order), code, `page ${pfn}, order ${order}`);
  assert.ok(metadataOf(zone).equals(before), `page ${pfn}, order ${order} changed something`);
}

for (let order = 0; order <= MAX_ORDER; order++) {
  zoneTest(
    `order ${order}: every page says what it is, and is free again afterwards`,
    {
      wasmPages: 128,
    },
    ({ kernel }) => {
      const pages = 2 ** order;
      const before = kernel.freePagesNow();
      const pfn = kernel.allocPages(order);
      assert.ok(pfn >= kernel.firstPfn() && pfn % pages === 0);
      for (let page = pfn; page < pfn + pages; page++) {
        assert.equal(kernel.pageWordOf(page), facts.TYPE_MISC | (order << 5));
      }
      assert.equal(kernel.freePagesNow(), before - pages);
      assert.equal(kernel.freePages(pfn, order), 0);
      for (let page = pfn; page < pfn + pages; page++) assert.equal(kernel.pageWordOf(page), 0);
      assert.equal(kernel.freePagesNow(), before);
    },
  );
}

zoneTest('a smaller order is refused', {}, (zone) => {
  const pfn = zone.kernel.allocPages(4);
  for (const order of [0, 1, 2, 3]) assertRefused(zone, pfn, order, ERR_WRONG_ORDER);
  assert.equal(zone.kernel.freePages(pfn, 4), 0);
});

zoneTest('a larger order is refused, though the neighbour is allocated too', {}, (zone) => {
  const pages = Array.from({ length: 512 }, () => zone.kernel.allocPages(0));
  for (let order = 1; order <= 8; order++) {
    const pfn = pages.find((page) => page % 2 ** order === 0)!;
    assertRefused(zone, pfn, order, ERR_WRONG_ORDER);
  }
});

zoneTest('a second free is refused', {}, (zone) => {
  for (const order of [0, 3, 6, 7, 9]) {
    const pfn = zone.kernel.allocPages(order);
    assert.equal(zone.kernel.freePages(pfn, order), 0);
    assertRefused(zone, pfn, order, ERR_NOT_ALLOCATED);
  }
});

zoneTest('a page that was never handed out is refused', {}, (zone) => {
  assertRefused(zone, zone.kernel.pageCount() - 1, 0, ERR_NOT_ALLOCATED);
  assertRefused(zone, 512, 9, ERR_NOT_ALLOCATED);
});

zoneTest('an interior page is refused, whatever the order', {}, (zone) => {
  const pfn = zone.kernel.allocPages(3);
  for (let page = 1; page < 8; page++) assertRefused(zone, pfn + page, 0, ERR_WRONG_ORDER);
  assertRefused(zone, pfn + 4, 2, ERR_WRONG_ORDER);
});

zoneTest('an unaligned page is refused', {}, (zone) => {
  const pfn = zone.kernel.allocPages(3);
  for (let page = 1; page < 8; page++) assertRefused(zone, pfn + page, 3, ERR_UNALIGNED);
});

zoneTest('pages outside the zone are refused', {}, (zone) => {
  const end = zone.kernel.pageCount();
  for (const pfn of [end, end + 1, 2 ** 20, 2 ** 31, 2 ** 32 - 1, -1]) {
    assertRefused(zone, pfn, 0, ERR_FOREIGN_PAGE);
  }
  assertRefused(zone, end - 512, 10, ERR_FOREIGN_PAGE);
  assertRefused(zone, end - 1, 1, ERR_FOREIGN_PAGE);
});

zoneTest(
  'what belongs to the zone, to slabs, folios and the store is refused',
  {
    hasStore: true,
  },
  (zone) => {
    const { kernel } = zone;
    const folio = newFolio(kernel, 2).pfn;
    const kinds = new Set<number>();
    for (let pfn = 0; pfn < kernel.pageCount(); pfn++) {
      const word = kernel.pageWordOf(pfn);
      if (word === 0) continue;
      kinds.add(word & facts.TYPE_MASK);
      assertRefused(zone, pfn, 0, ERR_NOT_YOURS);
    }
    assert.deepEqual([...kinds].sort(), [facts.TYPE_MISC, facts.TYPE_ANON_FOLIO, facts.TYPE_SLAB]);
    assertRefused(zone, folio, 2, ERR_NOT_YOURS);
  },
);

zoneTest('an order that does not exist is refused, to alloc and to free', {}, (zone) => {
  const before = metadataOf(zone);
  for (const order of [11, 31, 32, 2 ** 31, -1]) {
    assert.equal(zone.kernel.allocPages(order), ERR_ARGUMENT);
    assertRefused(zone, 512, order, ERR_ARGUMENT);
  }
  assert.ok(metadataOf(zone).equals(before));
});

zoneTest('exhaustion is a return value that changes nothing', {}, (zone) => {
  const blocks = takeAllPages(zone.kernel);
  const before = metadataOf(zone);
  for (let order = 0; order <= MAX_ORDER; order++) {
    assert.equal(zone.kernel.allocPages(order), ERR_NO_MEMORY);
  }
  assert.ok(metadataOf(zone).equals(before));
  for (const [pfn, order] of blocks) assert.equal(zone.kernel.freePages(pfn, order), 0);
});

zoneTest('any thread may free what another one allocated', {}, (zone) => {
  const other = zone.join();
  const pfn = zone.kernel.allocPages(5);
  assert.equal(other.freePages(pfn, 5), 0);
  assertRefused(zone, pfn, 5, ERR_NOT_ALLOCATED);
});

zoneTest('pages of a dead free are not freed again', {}, (zone) => {
  // What a thread leaves that stopped between claiming the block and clearing its words.
  const pfn = zone.kernel.allocPages(2);
  const at = (facts.PAGE_MAP + pfn * 4) / 4;
  const word = zone.words[at]!;
  zone.words[at] = (7 << 5) | facts.TYPE_FREEING;
  assertRefused(zone, pfn, 2, ERR_NOT_ALLOCATED);
  zone.words[at] = word;
});

/** Parts of a block of order 4: first, last, in the middle, halves. */
const parts: [first: number, order: number][] = [
  [0, 0],
  [15, 0],
  [6, 1],
  [4, 2],
  [0, 3],
  [8, 3],
];
for (const [first, order] of parts) {
  zoneTest(`the ${2 ** order} pages from ${first} of a block of 16 are freed`, {}, ({ kernel }) => {
    const base = kernel.allocPages(4);
    const free = kernel.freePagesNow();
    assert.equal(kernel.freePart(base + first, order, 4), 0);
    assert.equal(kernel.freePagesNow(), free + 2 ** order);
    const rest = [0, 1, 2, 3].filter((half) => half >= order);
    for (const half of rest) {
      const pfn = base + ((first & -(2 ** half)) ^ (2 ** half));
      for (let page = pfn; page < pfn + 2 ** half; page++) {
        assert.equal(kernel.pageWordOf(page), facts.TYPE_MISC | (half << 5));
      }
      assert.equal(kernel.freePages(pfn, half), 0);
    }
    assert.equal(kernel.freePagesNow(), free + 16);
  });
}

zoneTest('a part of what is no such block is refused', {}, (zone) => {
  const { kernel } = zone;
  const base = kernel.allocPages(4);
  const end = kernel.pageCount();
  const wrong: [pfn: number, order: number, blockOrder: number, code: number][] = [
    [base, 4, 4, ERR_ARGUMENT],
    [base, 5, 4, ERR_ARGUMENT],
    [base, 0, 11, ERR_ARGUMENT],
    [base, 2 ** 32 - 1, 4, ERR_ARGUMENT],
    [base + 1, 1, 4, ERR_UNALIGNED],
    [base, 0, 3, ERR_WRONG_ORDER],
    [base, 0, 5, ERR_WRONG_ORDER],
    [end, 0, 4, ERR_FOREIGN_PAGE],
    [2 ** 32 - 1, 0, 4, ERR_FOREIGN_PAGE],
    [0, 0, 4, ERR_NOT_YOURS],
    [end - 16, 0, 4, ERR_NOT_ALLOCATED],
  ];
  for (const [pfn, order, blockOrder, code] of wrong) {
    const before = metadataOf(zone);
    assert.equal(kernel.freePart(pfn, order, blockOrder), code, `${pfn} ${order} ${blockOrder}`);
    assert.ok(metadataOf(zone).equals(before), `page ${pfn} changed something`);
  }
});
