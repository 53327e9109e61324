/** Compaction as programs see it: reports, budgets, ranges, the background. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { poisonZone } from '../../test/support/poison-zone.ts';
import { Arena, type Folio, InvalidArgumentError } from '../index.ts';

const MIB = 2 ** 20;
const FOR_EVER = Number.POSITIVE_INFINITY;

/**
 * Folios over most of the arena, each filled with a byte of its own; then every second is freed.
 */
function thinOut(arena: Arena): Folio[] {
  const folios: Folio[] = [];
  while (arena.report().freePages > 200) {
    const folio = arena.allocFolio(0)!;
    using view = folio.map();
    view.fill(folio.name & 255);
    folios.push(folio);
  }
  const kept = folios.filter((_, i) => i % 2 === 0);
  for (const folio of folios) if (!kept.includes(folio)) folio.free();
  return kept;
}

function assertIntact(folios: Folio[]): void {
  for (const folio of folios) {
    using view = folio.map();
    assert.ok(view.every((byte) => byte === (folio.name & 255)));
  }
}

test('compact makes large blocks of scattered pages, and says what it did', () => {
  using arena = new Arena({ size: 12 * MIB });
  const kept = thinOut(arena);
  assert.equal(arena.allocPages(9), undefined);
  const report = arena.compact();
  assert.ok(report.made >= 1 && report.moved > 100 && report.scanned >= report.moved);
  assert.ok(['done', 'no room', 'blocked'].includes(report.ended), report.ended);
  assert.ok(report.skipped.every(({ pages }) => pages > 0));
  assertIntact(kept);
  arena.check();
  // What another thread holds up by a call of its own is left to the next run.
  while (arena.compact().moved > 0);
  assertIntact(kept);
  arena.check();
});

test('a failed allocation may compact, and gets the block', () => {
  using arena = new Arena({ size: 12 * MIB });
  const kept = thinOut(arena);
  assert.equal(arena.allocPages(9), undefined);
  const pfn = arena.allocPages(9, { compactMs: FOR_EVER });
  assert.ok(pfn !== undefined && pfn % 512 === 0);
  assert.equal(arena.describe(pfn).use, 'allocated by user');
  arena.freePages(pfn, 9);
  assertIntact(kept);
  arena.check();
});

test('a budget ends it, and nothing stays isolated', () => {
  using arena = new Arena({ size: 12 * MIB });
  thinOut(arena);
  const free = arena.report().freePages;
  assert.equal(arena.compact({ budgetMs: 0 }).ended, 'budget');
  assert.equal(arena.report().freePages, free);
  assert.equal(arena.report().pagesByUse.limbo ?? 0, 0);
});

test('evacuate empties a range, or says which pages are in the way', () => {
  using arena = new Arena({ size: 12 * MIB });
  const folios = Array.from({ length: 20 }, () => arena.allocFolio(0)!);
  const pfns = folios.map((folio) => {
    using pin = folio.pin();
    return pin.pfn;
  });
  const range = { pfn: Math.min(...pfns), count: 20 };
  const pin = folios[3]!.pin();
  const first = arena.evacuate(range);
  assert.deepEqual(first.held, [{ pfn: pin.pfn, reason: 'pinned' }]);
  assert.deepEqual([first.isEmpty, first.moved], [false, 19]);
  pin[Symbol.dispose]();
  const second = arena.evacuate(range);
  assert.deepEqual([second.isEmpty, second.moved, second.ended], [true, 1, 'done']);
  const own = arena.allocPages(0)!;
  const third = arena.evacuate({ pfn: own, count: 1 });
  assert.deepEqual(third.held, [{ pfn: own, reason: 'unmovable' }]);
});

test('in the background it goes on by itself until it is disposed', async () => {
  using arena = new Arena({ size: 12 * MIB });
  const kept = thinOut(arena);
  const background = arena.startCompaction({ budget: 1, intervalMs: 5 });
  while (background.totals.made === 0) await sleep(5);
  background[Symbol.dispose]();
  const { made } = background.totals;
  await sleep(20);
  assert.equal(background.totals.made, made);
  assertIntact(kept);
});

test('in the background it ends quietly when its arena is closed, or poisoned', async () => {
  const closed = new Arena({ size: 4 * MIB });
  const poisoned = new Arena({ size: 4 * MIB });
  const backgrounds = [closed, poisoned].map((arena) => arena.startCompaction({ intervalMs: 1 }));
  poisonZone(poisoned.memory);
  closed.close();
  // What a timer throws ends the program, and so the test.
  while (backgrounds.some(({ isRunning }) => isRunning)) await sleep(1);
  poisoned.close();
});

test('wrong arguments of compaction are refused', () => {
  using arena = new Arena({ size: 4 * MIB });
  for (const call of [
    () => arena.compact({ order: 11 }),
    () => arena.compact({ budgetMs: -1 }),
    () => arena.compact({ budgetMs: Number.NaN }),
    () => arena.evacuate({ pfn: 0, count: 1 }),
    () => arena.evacuate({ pfn: 100, count: 0 }),
    () => arena.evacuate({ pfn: 100, count: 5000 }),
    () => arena.startCompaction({ budget: 2 }),
    () => arena.allocPages(9, { compactMs: -1 }),
  ]) {
    assert.throws(call, InvalidArgumentError);
  }
});
