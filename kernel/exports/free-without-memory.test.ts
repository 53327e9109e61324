/**
 * Never allocate memory while freeing memory: every free succeeds when there is nothing left.
 *
 * Before each free all pages are taken, and all free objects of every cache, so that whatever the
 * free asked for, it would be refused: memory, a descriptor, a sheaf.
 */
import assert from 'node:assert/strict';
import * as facts from '../../src/generated/facts.ts';
import { storeFace } from '../../test/support/store-face.ts';
import {
  clearAll,
  drainLimbo,
  newFolio,
  type TestZone,
  takeAllPages,
  zoneTest,
} from '../../test/support/zone.ts';

const { ERR_NO_MEMORY, FIRST_USER_TYPE, TYPE_ANON_FOLIO } = facts;
const SPARES = [facts.CACHE_FOLIO, facts.CACHE_FOLIO_64, facts.CACHE_FOLIO_128];
const NAME = Uint8Array.of(65, 66, 67);

/** Takes everything there is, and proves it. */
function exhaust({ kernel }: TestZone): void {
  takeAllPages(kernel);
  for (const cache of SPARES) while (kernel.allocObject(cache) !== 0);
  for (let cache = facts.FIRST_USER_CACHE; kernel.slabFigure(cache, 0) !== 0; cache++) {
    while (kernel.newObject(cache) > 0);
  }
  assert.equal(kernel.allocPages(0), ERR_NO_MEMORY);
  assert.equal(kernel.allocFolio(0, TYPE_ANON_FOLIO), ERR_NO_MEMORY);
}

/** Makes a cache of users, or a type, by the name in the window. */
function named({ kernel, bytes }: TestZone, make: () => number): number {
  const at = kernel.window() >>> 0;
  bytes.fill(0, at, at + facts.MAILBOX_BYTES).set(NAME, at);
  const number = make();
  assert.ok(number > 0);
  return number;
}

/** Empties a range, all but the last step. */
function evacuate({ kernel }: TestZone, pfn: number, pages: number): void {
  assert.equal(kernel.beginEvacuation(pfn, pages), 0);
  while (kernel.compactStep() > 0);
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
      const object = kernel.allocObject(facts.CACHE_FOLIO);
      return () => kernel.freeObject(facts.CACHE_FOLIO, object) as undefined;
    },
  ],
  [
    'a part of a block',
    ({ kernel }) => {
      const pfn = kernel.allocPages(4);
      return () => kernel.freePart(pfn + 4, 1, 4);
    },
  ],
  [
    'a part of a split folio',
    ({ kernel }) => {
      const { name, id, pfn } = newFolio(kernel, 2);
      kernel.pinFolio(name);
      kernel.lockPage(id);
      assert.equal(kernel.splitPage(id, 0), 0);
      kernel.unlockPage(id);
      kernel.putPage(id);
      const part = kernel.pinPage(pfn + 3);
      const partName = kernel.folioName(part);
      kernel.putPage(part);
      return () => kernel.freeFolio(partName);
    },
  ],
  [
    'a folio of a user’s type',
    (zone) => {
      const { kernel } = zone;
      const type = named(zone, () => kernel.registerType(128, 1));
      assert.equal(type, FIRST_USER_TYPE);
      const { name } = newFolio(kernel, 1, type);
      return () => kernel.freeFolio(name);
    },
  ],
  [
    'objects of a user’s cache, more than a sheaf holds',
    (zone) => {
      const { kernel } = zone;
      const cache = named(zone, () => kernel.openCache(64));
      const objects = Array.from({ length: 500 }, () => kernel.newObject(cache));
      return () => (objects.every((object) => kernel.dropObject(cache, object) === 1) ? 0 : -1);
    },
  ],
  [
    'a poisoned page',
    ({ kernel }) => {
      const pfn = kernel.pageCount() - 1;
      assert.equal(kernel.poisonPage(pfn), 0);
      return () => kernel.unpoisonPage(pfn);
    },
  ],
  [
    'what migration left behind',
    (zone) => {
      const { kernel } = zone;
      const { name, pfn } = newFolio(kernel, 3);
      evacuate(zone, pfn, 8);
      assert.equal(kernel.compactFigure(facts.FIGURE_MOVED), 8);
      return () => {
        while (kernel.endCompaction() === 0);
        assert.equal(kernel.pageWordOf(pfn), 0);
        return kernel.freeFolio(name);
      };
    },
  ],
  [
    'a folio whose last reference goes while it is moved',
    (zone) => {
      const { kernel } = zone;
      const { name, pfn } = newFolio(kernel, 0);
      assert.equal(kernel.beginEvacuation(pfn, 1), 0);
      return () => {
        const failure = kernel.freeFolio(name);
        while (kernel.compactStep() > 0);
        while (kernel.endCompaction() === 0);
        return failure;
      };
    },
  ],
  [
    'all that a thread has that leaves',
    (zone) => {
      const other = zone.join(77);
      const { pfn } = newFolio(other, 2);
      other.pinPage(pfn);
      other.freePages(other.allocPages(0), 0);
      return () => {
        other.detach();
        assert.equal(zone.kernel.liveThreads(), 1);
        return 0;
      };
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

/** The same of a zone that is a cache, with values of one page and more. */
const storeFrees: typeof frees = [
  [
    'a value',
    (zone) => {
      const face = storeFace(zone, zone.kernel);
      assert.equal(face.set('k', new Uint8Array(3000).fill(7), { raw: true }), 0);
      return () => (face.remove('k') ? 0 : -1);
    },
  ],
  [
    'a chain of values',
    (zone) => {
      const face = storeFace(zone, zone.kernel);
      assert.equal(face.set('k', new Uint8Array(50_000), { raw: true }), 0);
      return () => (face.remove('k') ? 0 : -1);
    },
  ],
  [
    'all values',
    (zone) => {
      const face = storeFace(zone, zone.kernel);
      for (let i = 0; i < 300; i++) assert.equal(face.set(`${i}`, new Uint8Array(500)), 0);
      return () => {
        clearAll(zone.kernel);
        return zone.kernel.entryCount();
      };
    },
  ],
  [
    'an object of a pool',
    ({ kernel }) => {
      const pool = kernel.zsCreate();
      const handle = kernel.zsMalloc(pool, 1000);
      assert.ok(handle > 0);
      return () => kernel.zsFree(pool, handle);
    },
  ],
  [
    'more objects of a pool than a thread keeps',
    ({ kernel }) => {
      const pool = kernel.zsCreate();
      const handles = Array.from({ length: 400 }, () => kernel.zsMalloc(pool, 100));
      return () => (handles.every((handle) => kernel.zsFree(pool, handle) === 0) ? 0 : -1);
    },
  ],
  [
    'an object that would be overwritten',
    (zone) => {
      const { kernel, bytes } = zone;
      const pool = kernel.zsCreate();
      const handle = kernel.zsMalloc(pool, 1000);
      return () => {
        bytes.fill(1, kernel.inputScratch() >>> 0, (kernel.inputScratch() >>> 0) + 2000);
        const written = kernel.zsOverwrite(pool, handle, 2000);
        assert.ok(written === 0 || written === ERR_NO_MEMORY);
        assert.equal(kernel.zsReadObject(pool, handle), written === 0 ? 2000 : 1000);
        return kernel.zsFree(pool, handle);
      };
    },
  ],
];

for (const [name, prepare] of storeFrees) {
  zoneTest(`nothing is left, and ${name} is freed`, { hasStore: true }, (zone) => {
    const free = prepare(zone);
    exhaust(zone);
    assert.equal(free(), 0, 'a free failed for want of memory');
    drainLimbo(zone.kernel);
  });
}

for (const [name, prepare] of frees) {
  zoneTest(`nothing is left, and ${name} is freed`, {}, (zone) => {
    const free = prepare(zone);
    exhaust(zone);
    assert.ok([0, undefined].includes(free()), 'a free failed for want of memory');
  });
}
