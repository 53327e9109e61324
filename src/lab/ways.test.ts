/**
 * Other ways to move, to allocate and to describe: each does the work and leaves nothing behind.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  CHAIN_LINKED,
  CHAIN_SHARED,
  FROM_KEPT,
  FROM_SHEAF,
  FROM_SLAB,
  MOVE_DONE,
  MOVE_KEEP,
  MOVE_NO_DESCRIPTOR,
  PAGE_BYTES,
} from '../generated/facts.ts';
import { measureAllocations, measureChains } from './allocations.ts';
import { measureMigration, type Way, ways } from './migration.ts';
import { compileLab, createLabMemory, type LabExports, openLab } from './modules.ts';

const BLOCKS = 100;
const tiny = { rounds: 1, ms: 1 };

function openTable({ layout }: Way): LabExports {
  const lab = openLab(compileLab(layout), createLabMemory());
  assert.ok(lab.openTable() > 0);
  assert.equal(lab.makeBlocks(BLOCKS), BLOCKS);
  return lab;
}

function assertAllThere(lab: LabExports): void {
  for (let index = 0; index < BLOCKS; index++) assert.equal(lab.readBlock(index), index + 1);
}

for (const way of ways) {
  describe(`a page is moved: ${way.name}`, () => {
    test('every block is somewhere else, with its content, and the old pages come back', () => {
      const lab = openTable(way);
      const free = lab.freePages();
      const before = Array.from({ length: BLOCKS }, (_, index) => lab.blockPage(index));
      assert.equal(lab.moveBlocks(way.way, 0, BLOCKS), MOVE_DONE);
      for (let index = 0; index < BLOCKS; index++) {
        assert.notEqual(lab.blockPage(index), before[index]);
      }
      assertAllThere(lab);
      assert.ok(lab.waitingBytes() >= BLOCKS * PAGE_BYTES);
      lab.settle();
      assert.equal(lab.waitingBytes(), 0);
      assert.ok(lab.freePages() >= free - 1, 'a page more for descriptors at most');
    });

    test('a mark that hit is kept', () => {
      const lab = openTable(way);
      assert.equal(lab.isMarked(7), 0);
      assert.equal(lab.markPage(lab.blockPage(7)), 1);
      assert.equal(lab.moveBlocks(way.way, 0, BLOCKS), MOVE_DONE);
      assert.equal(lab.isMarked(7), 1);
      assert.equal(lab.isMarked(8), 0);
    });

    test('without descriptors it moves, or refuses and leaves everything as it was', () => {
      const lab = openTable(way);
      lab.limitDescriptors(0);
      const [free, page] = [lab.freePages(), lab.blockPage(3)];
      const needsNone = way.way === MOVE_KEEP;
      const expected = needsNone ? MOVE_DONE : MOVE_NO_DESCRIPTOR;
      assert.equal(lab.moveBlocks(way.way, 3, 4), expected);
      assert.equal(lab.blockPage(3) === page, !needsNone);
      assertAllThere(lab);
      lab.settle();
      assert.equal(lab.freePages(), free);
    });
  });
}

for (const [name, source] of Object.entries({ FROM_SHEAF, FROM_SLAB, FROM_KEPT })) {
  test(`${name}: blocks come and go`, () => {
    const lab = openLab(compileLab('one-word'), createLabMemory());
    lab.allocFreeFrom(source, 2, 10);
    lab.dropKept(2);
    const free = lab.freePages();
    lab.allocFreeFrom(source, 2, 100);
    assert.equal(lab.dropKept(2), source === FROM_KEPT ? 32 : 0);
    assert.equal(lab.freePages(), free);
  });
}

for (const [name, kind] of Object.entries({ CHAIN_SHARED, CHAIN_LINKED })) {
  test(`${name}: a chain lists its pages, a page finds its zspage, and all goes`, () => {
    const lab = openLab(compileLab('one-word'), createLabMemory());
    // The slabs and sheaves that it takes stay.
    lab.makeChains(kind, 16, 20);
    lab.dropChains(kind, 16, 20);
    const free = lab.freePages();
    assert.equal(lab.makeChains(kind, 16, 20), 20);
    assert.ok(lab.freePages() <= free - 320);
    assert.ok(lab.listChains(kind, 16, 20) > 0);
    assert.notEqual(lab.findZspages(kind, 1), 0);
    lab.dropChains(kind, 16, 20);
    assert.equal(lab.freePages(), free);
  });
}

test('each way of the lab gives figures that can be true', async () => {
  for (const { ns, waitingBytes } of await measureMigration(tiny)) {
    assert.ok(ns > 0 && waitingBytes >= PAGE_BYTES);
  }
  for (const { ns } of measureAllocations(tiny))
    assert.ok(Object.values(ns).every((one) => one > 0));
  for (const { bytes, list } of measureChains(tiny)) {
    assert.ok(bytes.linked > bytes.shared && list.shared > 0 && list.linked > 0);
  }
});
