/** The page allocator against an array that says who has each page. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { type Seeded, seeded } from '../support/seeded.ts';
import { assertSound, createZone, type TestZone } from '../support/zone.ts';

const { ERR_FOREIGN_PAGE, ERR_NO_MEMORY, ERR_NOT_ALLOCATED, ERR_NOT_YOURS } = facts;
const { ERR_UNALIGNED, ERR_WRONG_ORDER, MAX_ORDER, MISC_USER } = facts;

/** A set of disjoint, aligned blocks. */
class BlockModel {
  readonly blocks = new Map<number, number>();
  readonly #owner: Int32Array;
  readonly #first: number;

  /** Pages below `first` are the zone's own. */
  constructor(first: number, pages: number) {
    this.#first = first;
    this.#owner = new Int32Array(pages);
    this.#owner.fill(-1, 0, first);
  }

  get free(): number {
    let free = this.#owner.length - this.#first;
    for (const order of this.blocks.values()) free -= 2 ** order;
    return free;
  }

  /** The lowest block that may be taken, or ERR_NO_MEMORY. */
  lowest(order: number): number {
    const pages = 2 ** order;
    for (let pfn = 0; pfn + pages <= this.#owner.length; pfn += pages) {
      if (this.#owner.subarray(pfn, pfn + pages).every((owner) => owner === 0)) return pfn;
    }
    return ERR_NO_MEMORY;
  }

  take(pfn: number, order: number): void {
    this.#owner.fill(pfn, pfn, pfn + 2 ** order);
    this.blocks.set(pfn, order);
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
    this.#owner.fill(0, pfn, pfn + 2 ** this.blocks.get(pfn)!);
    this.blocks.delete(pfn);
  }
}

/** Mostly small orders; now and then the largest. */
const anyOrder = (run: Seeded): number => Math.floor((MAX_ORDER + 1) * run.random() ** 3);

function step(run: Seeded, { kernel }: TestZone, model: BlockModel): void {
  const way = run.int(20);
  if (way < 10) {
    const order = anyOrder(run);
    const pfn = kernel.allocPages(order);
    assert.equal(pfn, model.lowest(order), `alloc of order ${order}`);
    if (pfn > 0) model.take(pfn, order);
  } else if (way < 18) {
    const all = [...model.blocks];
    if (all.length === 0) return;
    const [pfn, order] = all[run.int(all.length)]!;
    assert.equal(kernel.freePages(pfn, order), 0);
    model.give(pfn);
  } else {
    const pfn = run.int(kernel.pageCount() + 2);
    const order = anyOrder(run);
    const answer = model.answer(pfn, order);
    assert.equal(kernel.freePages(pfn, order), answer, `free of ${pfn}, order ${order}`);
    if (answer === 0) model.give(pfn);
  }
  assert.equal(kernel.freePagesNow(), model.free);
}

for (const build of ['test', 'debug'] as const) {
  test(`random allocs and frees: the lowest block, the right answer (${build} build)`, () => {
    const run = seeded(`frames ${build}`);
    while (run.hasTime()) {
      const zone = createZone({ wasmPages: 64 + run.int(120), build });
      const model = new BlockModel(zone.kernel.firstPfn(), zone.kernel.pageCount());
      for (let left = 400; left > 0 && run.hasTime(); left--) step(run, zone, model);
      for (let pfn = 0; pfn < zone.kernel.pageCount(); pfn++) {
        const isUser =
          zone.kernel.pageWordOf(pfn) >>> 9 === MISC_USER && zone.kernel.pageWordOf(pfn) !== 0;
        assert.equal(isUser, [0, ERR_WRONG_ORDER].includes(model.answer(pfn, 0)), `page ${pfn}`);
      }
      assertSound(zone.kernel);
    }
  });
}
