/**
 * Scenarios of the page allocator: who gets the last block, what merges, what a stock hides, and
 * what a thread leaves behind that dies at any step.
 *
 * Each begins in a zone that is full but for a few holes, made by the main thread. What must hold
 * at the end of all of them: every bit, counter, stock and page word agree, so no page is lost and
 * none was given twice.
 */
import assert from 'node:assert/strict';
import { ERR_NO_MEMORY, ERR_NOT_ALLOCATED } from '../../../src/generated/facts.ts';
import type { Body, Machine } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';

/** First page of the second child of the smallest zone: there the holes are. */
const FIRST = 512;

/** Any number that no thread has. */
const MAIN_OWNER = 100;

type Block = readonly [pfn: number, order: number];

/** Takes all pages one by one, then frees those of the blocks. */
function leaveOnly(...blocks: Block[]): (machine: Machine) => void {
  return ({ main }) => {
    while ((main.callNow('allocPages', 0, 1) as number) > 0);
    for (const [pfn, order] of blocks) {
      for (let page = pfn; page < pfn + 2 ** order; page++) main.callNow('freePages', page, 0);
    }
    // Out of this thread's stock, where single pages went.
    for (const [pfn, order] of blocks.toSorted((a, b) => b[1] - a[1])) {
      if (order > 3) assert.equal(main.callNow('allocPages', order, 1), pfn);
    }
    for (const [pfn, order] of blocks) if (order > 3) main.callNow('freePages', pfn, order);
    // It has reserved a tree; the threads should.
    main.callNow('detach');
    main.callNow('attach', MAIN_OWNER, 1);
  };
}

/** The same, with blocks that are allocated again, each whole. */
function leaveAndTake(holes: Block[], taken: Block[]): (machine: Machine) => void {
  return (machine) => {
    leaveOnly(...taken)(machine);
    for (const [pfn, order] of taken)
      assert.equal(machine.main.callNow('allocPages', order, 1), pfn);
    for (const [pfn, order] of holes) {
      for (let page = pfn; page < pfn + 2 ** order; page++) {
        machine.main.callNow('freePages', page, 0);
      }
    }
  };
}

/** One of the last 64 pages is in the stock of the second thread. */
function stockOne(machine: Machine): void {
  leaveOnly([FIRST, 6])(machine);
  const [, other] = machine.threads;
  assert.equal(other!.callNow('freePages', other!.callNow('allocPages', 0, 1) as number, 0), 0);
}

/** The first thread works in the second tree, which is full, and room is in the first one alone. */
function fillTree(machine: Machine): void {
  const hole: Block = [FIRST + 256, 4];
  const room: Block = [FIRST / 2, 4];
  leaveAndTake([], [[FIRST, 8], hole, room])(machine);
  const { main, threads } = machine;
  assert.equal(main.callNow('freePages', ...hole), 0);
  assert.equal(threads[0]!.callNow('allocPages', 4, 1), hole[0]);
  assert.equal(main.callNow('freePages', ...room), 0);
}

const alloc =
  (order: number, isMovable = 1): Body =>
  (thread) =>
    thread.call('allocPages', order, isMovable);

const free =
  (pfn: number, order: number): Body =>
  (thread) =>
    thread.call('freePages', pfn, order);

const allocAndFree =
  (order: number, isMovable = 1): Body =>
  async (thread) => {
    const pfn = (await thread.call('allocPages', order, isMovable)) as number;
    if (pfn > 0) assert.equal(await thread.call('freePages', pfn, order), 0);
    return pfn;
  };

const takeGiven =
  (pfn: number, order: number): Body =>
  async (thread) => {
    const isTaken = await thread.call('takeBlockAt', pfn, order, 1);
    if (isTaken === 1) await thread.call('giveBlock', pfn, order);
    return isTaken;
  };

/** All that is free can be taken: nothing hides in a stock or under a counter that is too low. */
function assertAllFound({ main }: Machine): void {
  while ((main.callNow('allocPages', 0, 1) as number) > 0);
  assert.equal(main.callNow('freePagesNow'), 0, 'free pages that nobody finds');
}

function assertOneWins({ results }: Machine): void {
  const won = results.filter((result) => Number(result) > 0);
  const lost = results.filter((result) => result === ERR_NO_MEMORY);
  assert.deepEqual([won.length, lost.length], [1, results.length - 1], `seen ${results.join(' ')}`);
}

/** One block is left, and two threads want it; or one of them a part of it. */
const lastBlocks: KernelScenario[] = [3, 6, 7, 8, 9].map((order) => ({
  name: `last-block-order-${order}`,
  rule: `of two that want the last ${2 ** order} pages one gets them, the other is told no`,
  bound: 2,
  prepare: leaveOnly([FIRST, order]),
  threads: [alloc(order), alloc(order)],
  check: assertOneWins,
}));

const races: KernelScenario[] = [
  {
    name: 'alloc-free-buddy',
    rule: 'two halves that are freed at once are one whole, for whoever wants that',
    bound: 2,
    prepare: leaveAndTake(
      [],
      [
        [FIRST, 4],
        [FIRST + 16, 4],
      ],
    ),
    threads: [free(FIRST, 4), free(FIRST + 16, 4), alloc(5)],
    check: (machine) => {
      const { main, results } = machine;
      if (results[2] === ERR_NO_MEMORY) assert.equal(main.callNow('allocPages', 5, 1), FIRST);
      assertAllFound(machine);
    },
  },
  {
    name: 'huge-against-page',
    rule: 'of who wants a child and who wants a block of it one is told that there is none',
    bound: 2,
    prepare: leaveOnly([FIRST, 9]),
    threads: [alloc(9), alloc(4)],
    check: assertOneWins,
  },
  {
    name: 'claim-lost',
    rule: 'where there is enough but no block, who has debited the counters credits them again',
    bound: 2,
    prepare: leaveOnly([FIRST, 7], [FIRST + 192, 6]),
    threads: [allocAndFree(7), alloc(6)],
    check: assertAllFound,
  },
  {
    // A row that is given up may be the one that somebody else has just seen to be free.
    name: 'cells-given-up',
    rule: 'rows taken for a block that did not come about are given up, and only those',
    module: 'test',
    bound: 2,
    prepare: leaveOnly([FIRST, 7], [FIRST + 192, 6], [FIRST + 320, 6]),
    threads: [allocAndFree(7), takeGiven(FIRST + 64, 6), allocAndFree(6)],
    check: ({ main }) => assert.equal(main.callNow('allocPages', 7, 1), FIRST),
  },
  {
    name: 'huge-freed-against-page',
    rule: 'a child that was freed whole is whole again after another took and freed a part',
    bound: 2,
    prepare: leaveAndTake([], [[FIRST, 9]]),
    threads: [free(FIRST, 9), allocAndFree(4)],
    check: ({ main }) => assert.equal(main.callNow('allocPages', 9, 1), FIRST),
  },
  {
    name: 'cells-against-cell',
    rule: 'of three that want the same rows one at least gets its block; given back, all are free',
    bound: 2,
    prepare: leaveOnly([FIRST, 8]),
    threads: [allocAndFree(8), allocAndFree(6), allocAndFree(7)],
    check: ({ main, results }) => {
      assert.ok(results.some((result) => Number(result) > 0));
      assert.equal(main.callNow('allocPages', 8, 1), FIRST);
    },
  },
  {
    name: 'drain-against-stock',
    rule: 'who is short of memory finds it in the stock of somebody who goes on working',
    bound: 2,
    prepare: stockOne,
    threads: [alloc(6), allocAndFree(0)],
    check: assertAllFound,
  },
  {
    name: 'stock-found',
    rule: "a page in another's stock is no obstacle: it completes the last block there is",
    bound: 2,
    prepare: stockOne,
    threads: [alloc(6), async () => 0],
    check: ({ results }) => assert.equal(results[0], FIRST),
  },
  {
    name: 'drain-against-drain',
    rule: 'two that empty all stocks at once lose no page',
    bound: 2,
    prepare: leaveOnly([FIRST, 6]),
    threads: [allocAndFree(3), allocAndFree(0), alloc(6)],
    check: assertAllFound,
  },
  {
    name: 'steal-against-owner',
    rule: 'both classes are served from the last tree, and with different blocks',
    bound: 2,
    prepare: leaveOnly([FIRST, 6]),
    threads: [alloc(4, 1), alloc(4, 0)],
    check: ({ results }) => {
      assert.ok(results.every((result) => Number(result) > 0));
      assert.notEqual(results[0], results[1]);
    },
  },
  {
    name: 'given-against-any',
    rule: 'of one who wants a given block and one who wants any, one at least gets it',
    module: 'test',
    bound: 2,
    prepare: leaveOnly([FIRST, 6]),
    threads: [alloc(6), takeGiven(FIRST + 16, 4)],
    check: ({ results }) => {
      const [any, given] = results;
      assert.ok(Number(any) > 0 || given === 1, `seen ${any} and ${given}`);
    },
  },
  {
    name: 'part-against-part',
    rule: 'of two parts and the whole of a block, freed at once, one is a right free',
    bound: 2,
    prepare: leaveAndTake([], [[FIRST, 3]]),
    threads: [
      (thread) => thread.call('freePart', FIRST, 1, 3),
      (thread) => thread.call('freePart', FIRST + 6, 0, 3),
      free(FIRST, 3),
    ],
    check: (machine) => {
      const right = machine.results.filter((result) => result === 0);
      assert.equal(right.length, 1, `seen ${machine.results.join(' ')}`);
      assertAllFound(machine);
    },
  },
  {
    name: 'part-against-rest',
    rule: 'what stays of a block may be freed as soon as it is one, not before, and once',
    bound: 2,
    prepare: leaveAndTake([], [[FIRST, 3]]),
    threads: [(thread) => thread.call('freePart', FIRST, 1, 3), free(FIRST + 4, 2)],
    check: assertAllFound,
  },
  {
    name: 'free-free-order-3',
    rule: 'of two frees of a block one wins, and the other is told that it is not allocated',
    bound: 2,
    prepare: leaveAndTake([], [[FIRST, 3]]),
    threads: [free(FIRST, 3), free(FIRST, 3)],
    check: ({ results }) => {
      assert.deepEqual(results.toSorted(), [ERR_NOT_ALLOCATED, 0].toSorted());
    },
  },
  {
    name: 'tree-left',
    rule: 'who goes on in another tree loses no page that comes back to the one it leaves',
    bound: 2,
    prepare: fillTree,
    threads: [alloc(4), free(FIRST, 8)],
    check: assertAllFound,
  },
  {
    name: 'alloc-detach',
    rule: 'a tree that was reserved by one who leaves serves the other, and loses nothing',
    bound: 2,
    prepare: leaveOnly([FIRST, 4]),
    threads: [
      alloc(3),
      async (thread, machine) => {
        await allocAndFree(0)(thread, machine);
        await thread.call('detach');
      },
    ],
    check: assertAllFound,
  },
];

/** A thread dies at any step of these. */
function killed(
  name: string,
  doing: string,
  prepare: (machine: Machine) => void,
  ...threads: Body[]
): KernelScenario {
  const rule = `who dies ${doing} loses no page, and leaves none to two`;
  const one = { name: `${name}-killed`, rule, bound: 1, kills: 1, mustSurvive: true };
  return { ...one, killable: [0], prepare, threads, check: assertAllFound };
}

const deaths: KernelScenario[] = [
  killed(
    'refill',
    'filling its stock from the last row',
    leaveOnly([FIRST, 6]),
    allocAndFree(0),
    allocAndFree(0),
  ),
  killed(
    'page-freed',
    'freeing a page that another frees as well',
    leaveAndTake([], [[FIRST, 0]]),
    free(FIRST, 0),
    free(FIRST, 0),
  ),
  killed(
    'order-3',
    'filling its stock with blocks of eight pages',
    leaveOnly([FIRST, 6]),
    allocAndFree(3),
    allocAndFree(3),
  ),
  killed(
    'order-6',
    'taking or freeing a whole row',
    leaveOnly([FIRST, 7]),
    allocAndFree(6),
    allocAndFree(6),
  ),
  killed(
    'order-8',
    'taking or freeing a block row by row',
    leaveOnly([FIRST, 8]),
    allocAndFree(8),
    alloc(6),
  ),
  killed('huge', 'taking a child whole', leaveOnly([FIRST, 9]), alloc(9), async () => 0),
  killed(
    'huge-freed',
    'freeing a child whole',
    leaveAndTake([], [[FIRST, 9]]),
    free(FIRST, 9),
    async () => 0,
  ),
  {
    ...killed(
      'part',
      'freeing a part of a block',
      leaveAndTake([], [[FIRST, 3]]),
      (thread) => thread.call('freePart', FIRST + 2, 1, 3),
      free(FIRST + 4, 2),
    ),
    check: (machine) => {
      const first = machine.main.callNow('pageWordOf', FIRST) as number;
      assert.notEqual(first, 0, 'what stays of the block is gone');
      assertAllFound(machine);
    },
  },
  killed('drain', "emptying everybody's stocks", stockOne, alloc(6), allocAndFree(0)),
  // The pages have lost their name in the stock before their bits are cleared.
  killed('drainer', 'giving back its own stock', leaveOnly([FIRST, 7]), async (thread) => {
    const pfns = [await thread.call('allocPages', 0, 1), await thread.call('allocPages', 0, 1)];
    for (const pfn of pfns) await thread.call('freePages', pfn as number, 0);
    return thread.call('allocPages', 7, 1);
  }),
];

export const frameScenarios: KernelScenario[] = [...lastBlocks, ...races, ...deaths];
