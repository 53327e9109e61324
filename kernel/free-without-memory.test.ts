/**
 * Never allocate memory while freeing memory: every free succeeds when there is nothing left.
 *
 * Before each free all pages are taken, and all free objects of the folio caches, so that whatever
 * the free asked for, it would be refused.
 */
import assert from 'node:assert/strict';
import * as facts from '../src/generated/facts.ts';
import { newFolio, type TestZone, takeAllPages, zoneTest } from '../test/support/zone.ts';

const { CACHE_FOLIO, ERR_NO_MEMORY, TYPE_ANON_FOLIO } = facts;

/** Takes everything there is, and proves it. */
function exhaust({ kernel }: TestZone): void {
  takeAllPages(kernel);
  while (kernel.allocObject(CACHE_FOLIO) !== 0);
  assert.equal(kernel.allocPages(0), ERR_NO_MEMORY);
  assert.equal(kernel.allocFolio(0, TYPE_ANON_FOLIO), ERR_NO_MEMORY);
}

const frees: [name: string, prepare: (zone: TestZone) => () => number | undefined][] = [
  [
    'a block of pages',
    ({ kernel }) => {
      const pfn = kernel.allocPages(3);
      return () => kernel.freePages(pfn, 3);
    },
  ],
  [
    'a folio',
    ({ kernel }) => {
      const { name } = newFolio(kernel, 3);
      return () => kernel.freeFolio(name);
    },
  ],
  [
    'the last pin of a folio',
    ({ kernel }) => {
      const { name, id } = newFolio(kernel, 3);
      kernel.pinFolio(name);
      kernel.freeFolio(name);
      return () => kernel.putPage(id);
    },
  ],
  [
    'the tail of a folio',
    ({ kernel }) => {
      const { name, id } = newFolio(kernel, 3);
      kernel.pinFolio(name);
      kernel.lockPage(id);
      return () => {
        const failure = kernel.shrinkPage(id, 0);
        kernel.unlockPage(id);
        kernel.putPage(id);
        return failure;
      };
    },
  ],
  [
    'a split that gets no descriptors',
    ({ kernel }) => {
      const { name, id } = newFolio(kernel, 9);
      kernel.pinFolio(name);
      kernel.lockPage(id);
      return () => {
        assert.equal(kernel.splitPage(id, 0), ERR_NO_MEMORY);
        kernel.unlockPage(id);
        kernel.putPage(id);
        return kernel.freeFolio(name);
      };
    },
  ],
  [
    'an object of a slab',
    ({ kernel }) => {
      const object = kernel.allocObject(CACHE_FOLIO);
      return () => kernel.freeObject(CACHE_FOLIO, object) as undefined;
    },
  ],
  [
    'what a dead thread had',
    (zone) => {
      const other = zone.join(77);
      const { name, pfn, id } = newFolio(zone.kernel, 2);
      other.pinPage(pfn);
      other.lockPage(id);
      zone.kernel.freeFolio(name);
      return () => {
        assert.equal(zone.kernel.markDead(77), 1);
        assert.equal(zone.kernel.recoverDead(), 1);
        assert.equal(zone.kernel.pageWordOf(pfn), 0);
        return 0;
      };
    },
  ],
];

for (const [name, prepare] of frees) {
  zoneTest(`nothing is left, and ${name} is freed`, {}, (zone) => {
    const free = prepare(zone);
    exhaust(zone);
    assert.ok([0, undefined].includes(free()), 'a free failed for want of memory');
  });
}
