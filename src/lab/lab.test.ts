/**
 * The lab: each layout does the work, gives back all that it took, and costs what arithmetic says.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { KIND_FOLIO, KIND_ZSPAGE, PAGE_BYTES, STRUCT_PAGE_BYTES } from '../generated/facts.ts';
import { costOf, labMix, mixes } from './mixes.ts';
import { compileLab, createLabMemory, type LabExports, layouts, openLab } from './modules.ts';
import { measure } from './timings.ts';

for (const layout of layouts) {
  const open = (): LabExports => openLab(compileLab(layout), createLabMemory());

  describe(layout, () => {
    test('blocks that were made are found from each page, and dropped without a rest', () => {
      const lab = open();
      lab.allocFree(0, 1);
      const free = lab.freePages();
      for (const order of [0, 3, 9]) lab.allocFree(order, 3);
      assert.equal(lab.make(3, 0, 5), 5);
      assert.equal(lab.freePages(), free - 5 * 8);
      lab.drop(5, 1);
      assert.equal(lab.freePages(), free);
    });

    test('a page of the stage can be pinned, locked and asked for its owner', () => {
      const lab = open();
      const first = lab.setStage();
      assert.ok(first > 0);
      const block = lab.pinOnce(first + 7);
      assert.equal(block, lab.lookUp(first + 7, 0, 1, 1));
      lab.unpinOnce(block);
      lab.pinUnpin(first, 0, 1024, 3000);
      lab.lockUnlock(first, 0, 1024, 3000);
      assert.notEqual(lab.findOwner(first + 7, 0, 1, 1), 0);
      lab.fight(first + 7, 10, 100);
      assert.equal(lab.fought(first + 7), 1000);
    });

    test('a free page has nothing to pin', () => {
      const lab = open();
      assert.equal(lab.pinOnce(lab.pageCount() - 1), 0);
    });

    test('a kind is filled up to the budget', () => {
      const lab = open();
      assert.equal(lab.fill(KIND_FOLIO, 3, 1, 100), 96);
      assert.equal(lab.fill(KIND_ZSPAGE, 0, 16, 100), 96);
    });

    test('all mixes are described, for the map and what the parts add', () => {
      for (const mix of mixes) {
        assert.ok(Math.abs(mix.parts.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
        const costs = costOf(layout, mix);
        assert.deepEqual(
          costs.map(({ name }) => name),
          ['map', 'frames', ...mix.parts.map(({ name }) => name)],
        );
        assert.ok(costs.every(({ bytes, share }) => bytes >= 0 && share < 0.02));
      }
    });
  });
}

test('the map costs 4, 8 and 64 bytes a page', () => {
  const shares = layouts.map((layout) => costOf(layout, labMix)[0]!.share);
  const expected = [4, 8, STRUCT_PAGE_BYTES].map((bytes) => bytes / PAGE_BYTES);
  for (const [index, share] of shares.entries()) {
    assert.ok(Math.abs(share / expected[index]! - 1) < 0.01, `${share}`);
  }
});

test('every operation is timed in every layout that can do it: records cannot move', () => {
  const untimed: string[] = [];
  for (const { name, ns } of measure(layouts, { rounds: 1, ms: 0.1 })) {
    for (const layout of layouts) {
      if (ns[layout] === undefined) untimed.push(`${name}, ${layout}`);
      else assert.ok(ns[layout] > 0, `${name}, ${layout}`);
    }
  }
  assert.deepEqual(untimed, ['move, order 0, struct-page']);
});
