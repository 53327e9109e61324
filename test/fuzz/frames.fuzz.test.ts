/**
 * The page allocator against an array that says who has each page, from three threads' slots.
 *
 * `npm run fuzz` makes a million operations of it; `npm test` what half a second allows.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { type Seeded, seeded } from '../support/seeded.ts';
import { offsetOf } from '../support/structures.ts';
import { assertSound, createZone, type ZoneExports } from '../support/zone.ts';

const { ERR_FOREIGN_PAGE, ERR_NO_MEMORY, ERR_NOT_ALLOCATED, ERR_NOT_YOURS } = facts;
const { ERR_UNALIGNED, ERR_WRONG_ORDER, MAX_ORDER, MISC_USER } = facts;
const OPERATIONS = 1_000_000;
/** Between two checks of the whole zone. */
const ROUND = 4000;

/** A set of disjoint, aligned blocks. */
class BlockModel {
  readonly blocks = new Map<number, number>();
  readonly #owner: Int32Array;
  free = 0;

  constructor(isMine: (pfn: number) => boolean, pages: number) {
    this.#owner = Int32Array.from({ length: pages }, (_, pfn) => (isMine(pfn) ? 0 : -1));
    this.free = this.#owner.filter((owner) => owner === 0).length;
  }

  isFree(pfn: number, order: number): boolean {
    if (pfn % 2 ** order !== 0 || pfn + 2 ** order > this.#owner.length) return false;
    return this.#owner.subarray(pfn, pfn + 2 ** order).every((owner) => owner === 0);
  }

  hasBlock(order: number): boolean {
    for (let pfn = 0; pfn < this.#owner.length; pfn += 2 ** order) {
      if (this.isFree(pfn, order)) return true;
    }
    return false;
  }

  take(pfn: number, order: number): void {
    this.#owner.fill(pfn, pfn, pfn + 2 ** order);
    this.blocks.set(pfn, order);
    this.free -= 2 ** order;
  }

  /** What a free of this block answers. */
  answer(pfn: number, order: number): number {
    if (pfn + 2 ** order > this.#owner.length) return ERR_FOREIGN_PAGE;
    if (pfn % 2 ** order !== 0) return ERR_UNALIGNED;
    const owner = this.#owner[pfn]!;
    if (owner === -1) return ERR_NOT_YOURS;
    if (owner === 0) return ERR_NOT_ALLOCATED;
    // Pages of a block all hold its order: an aligned one inside is its first page.
    return this.blocks.get(owner) === order ? 0 : ERR_WRONG_ORDER;
  }

  give(pfn: number): void {
    const order = this.blocks.get(pfn)!;
    this.#owner.fill(0, pfn, pfn + 2 ** order);
    this.blocks.delete(pfn);
    this.free += 2 ** order;
  }

  /** A part of the block at `base` leaves; the rest becomes blocks of the part's order and more. */
  givePart(base: number, part: number, order: number): void {
    let whole = this.blocks.get(base)!;
    this.give(base);
    for (let start = base; whole-- > order; ) {
      const isUpper = part >= start + 2 ** whole;
      this.take(isUpper ? start : start + 2 ** whole, whole);
      if (isUpper) start += 2 ** whole;
    }
  }
}

/** Mostly small orders; now and then the largest. */
const anyOrder = (run: Seeded): number => Math.floor((MAX_ORDER + 1) * run.random() ** 3);

function allocOne(run: Seeded, kernel: ZoneExports, model: BlockModel, least: number): void {
  const order = anyOrder(run);
  const pfn = kernel.allocPages(order, run.int(2));
  if (pfn === ERR_NO_MEMORY) {
    const isRefused = model.free - 2 ** order < least;
    assert.ok(isRefused || !model.hasBlock(order), `there is a block of order ${order}`);
  } else {
    assert.ok(model.isFree(pfn, order), `${pfn}, order ${order}, is not free`);
    model.take(pfn, order);
  }
}

function freeOne(run: Seeded, kernel: ZoneExports, model: BlockModel): void {
  if (model.blocks.size === 0) return;
  const [pfn, order] = [...model.blocks][run.int(model.blocks.size)]!;
  if (order === 0 || run.int(4) > 0) {
    assert.equal(kernel.freePages(pfn, order), 0);
    model.give(pfn);
  } else {
    const partOrder = run.int(order);
    const part = pfn + 2 ** partOrder * run.int(2 ** (order - partOrder));
    assert.equal(kernel.freePart(part, partOrder, order), 0);
    model.givePart(pfn, part, partOrder);
  }
}

function freeAny(run: Seeded, kernel: ZoneExports, model: BlockModel): void {
  const pfn = run.int(kernel.pageCount() + 2);
  const order = anyOrder(run);
  const answer = model.answer(pfn, order);
  assert.equal(kernel.freePages(pfn, order), answer, `free of ${pfn}, order ${order}`);
  if (answer === 0) model.give(pfn);
}

/** A zone, filled and emptied in waves. @returns the operations made */
function oneZone(run: Seeded, build: 'test' | 'debug'): number {
  const zone = createZone({ wasmPages: 64 + run.int(200), build });
  const threads = [zone.kernel, zone.join(2), zone.join(3)];
  const least = zone.words[offsetOf('Superblock', 'minPages') / 4]!;
  const isMine = (pfn: number): boolean => zone.kernel.pageWordOf(pfn) === 0;
  const model = new BlockModel(isMine, zone.kernel.pageCount());
  let made = 0;
  for (; made < ROUND && run.hasTime(); made++) {
    const kernel = threads[run.int(3)]!;
    const way = run.int(20);
    if (way < (made % 1000 < 500 ? 12 : 6)) allocOne(run, kernel, model, least);
    else if (way < 18) freeOne(run, kernel, model);
    else freeAny(run, kernel, model);
    assert.equal(kernel.freePagesNow(), model.free);
  }
  for (let pfn = 0; pfn < zone.kernel.pageCount(); pfn++) {
    const word = zone.kernel.pageWordOf(pfn);
    const isUser = word >>> 9 === MISC_USER && word !== 0;
    assert.equal(isUser, [0, ERR_WRONG_ORDER].includes(model.answer(pfn, 0)), `page ${pfn}`);
  }
  assertSound(zone.kernel);
  return made;
}

for (const build of ['test', 'debug'] as const) {
  test(`random operations of three threads, every answer right (${build} build)`, (context) => {
    const run = seeded(`frames ${build}`);
    let made = 0;
    while (run.hasTime() && made < OPERATIONS) made += oneZone(run, build);
    context.diagnostic(`${made} operations`);
  });
}
