/** Scenarios of page words and descriptors: pin against free in its three forms, free, lock. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import { ERR_NO_MEMORY, MAX_ORDER, TYPE_ANON_FOLIO } from '../../../src/generated/facts.ts';
import type { Body, Machine } from '../engine/index.ts';
import { type KernelScenario, newFolio, ownerOf } from '../kernel-model.ts';
import { newLonelyFolio, pinAndPut, registerType } from './folio-steps.ts';

/** The folio that the threads fight for: its name, its page and its descriptor (>> 5). */
let name = 0;
let pfn = 0;
let desc = 0;
/** Thread that holds the folio's lock, as the threads themselves see it. */
let holder: number | undefined;

function makeFolio({ main }: Machine): void {
  ({ name, id: desc, pfn } = newFolio(main));
}

function makeFolioAndType(machine: Machine): void {
  makeFolio(machine);
  registerType(machine, { isMovable: true });
}

/** While a pin is held the page belongs to the descriptor: its word must say so. */
const pinAndLook: Body = async (thread) => {
  const pinned = (await thread.call('pinPage', pfn)) as number;
  if (pinned < 0) return pinned === facts.ERR_BUSY ? 'busy' : 'gone';
  const word = (await thread.call('pageWordOf', pfn)) as number;
  assert.equal(word >>> 5, pinned, 'pinned a descriptor that does not own the page');
  await thread.call('putPage', pinned);
  return 'pinned';
};

/** Frees the folio, then lets its page and descriptor be reused by `next`. */
function freeThen(...next: [call: string, ...args: number[]][]): Body {
  return async (thread) => {
    await thread.call('freeFolio', name);
    for (const [call, ...args] of next) await thread.call(call, ...args);
  };
}

/** Frees the folio, empties the thread's sheaves by leaving, comes again and lets the slab go. */
const freeAndLeave: Body = freeThen(
  ['detach'],
  ['attach', ownerOf(1), 1],
  ['reclaim'],
  ['reclaim'],
);

const freeOnce: Body = (thread) => thread.call('freePages', pfn, 0);

function nobodyHolds(): void {
  holder = undefined;
}

const lockAndUnlock: Body = async (thread, machine) => {
  const pinned = (await thread.call('pinPage', pfn)) as number;
  assert.ok(pinned > 0);
  await lockPinned(pinned)(thread, machine);
  await thread.call('putPage', pinned);
};

/** Of a folio that every thread has pinned. */
const lockShared: Body = (thread, machine) => lockPinned(desc)(thread, machine);

function sharePin(machine: Machine): void {
  makeFolio(machine);
  for (const thread of machine.threads) desc = thread.callNow('pinPage', pfn) as number;
}

const lockPinned =
  (pinned: number): Body =>
  async (thread) => {
    const taken = await thread.call('lockPage', pinned);
    // A dead holder's lock was freed by its recovery, which says so.
    if (taken !== facts.LOCK_ORPHANED) assert.equal(holder, undefined, 'two threads hold the lock');
    holder = thread.index;
    await thread.call('pageWordOf', pfn);
    holder = undefined;
    await thread.call('unlockPage', pinned);
  };

/** Like `lockAndUnlock`, of a folio that may be gone. */
const lockIfThere: Body = async (thread) => {
  const pinned = (await thread.call('pinPage', pfn)) as number;
  if (pinned < 0) return;
  await thread.call('lockPage', pinned);
  const word = (await thread.call('pageWordOf', pfn)) as number;
  assert.equal(word >>> 5, pinned, 'the page left while its descriptor was locked');
  await thread.call('unlockPage', pinned);
  await thread.call('putPage', pinned);
};

function leaveOnePage({ main }: Machine): void {
  let last: [pfn: number, order: number] = [0, 0];
  for (let order = MAX_ORDER; order >= 0; order--) {
    for (let page = main.callNow('allocPages', order) as number; page > 0; ) {
      last = [page, order];
      page = main.callNow('allocPages', order) as number;
    }
  }
  assert.equal(main.callNow('freePages', ...last), 0);
  for (let page = 0; page < 2 ** last[1]; page++) pfn = main.callNow('allocPages', 0) as number;
  assert.equal(main.callNow('freePages', pfn, 0), 0);
}

const takePage: Body = (thread) => thread.call('allocPages', 0);

const allocAndFree: Body = async (thread) => {
  const page = (await thread.call('allocPages', 1)) as number;
  assert.equal(await thread.call('freePages', page, 1), 0);
};

/** A word that others store plainly: only who has stopped them may look. */
const lookAtStopped: Body = async (thread) => {
  await thread.call('stop');
  await thread.call('pageWordOf', pfn);
  await thread.call('start');
};

const makeAndDrop: Body = async (thread) => {
  const made = (await thread.call('allocFolio', 0, TYPE_ANON_FOLIO)) as number;
  const pinned = (await thread.call('pinFolio', made)) as number;
  await thread.call('putPage', pinned);
  await thread.call('freeFolio', made);
};

function makeLonelyFolio({ main }: Machine): void {
  ({ name, id: desc, pfn } = newLonelyFolio(main));
}

function slabPage(): number {
  return (desc << 5) >>> facts.PAGE_SHIFT;
}

const pinSlab: Body = (thread) => pinAndPut(thread, 'pinPage', slabPage());

/** Looks at a folio's page and at the page of its descriptor. */
const describeBoth: Body = async (thread) => {
  for (const page of [pfn, slabPage()]) await thread.call('describePage', page);
};

export const pageScenarios: KernelScenario[] = [
  {
    name: 'pin-free-page-reused',
    rule: 'who pins a page keeps its descriptor there, or is refused, whoever takes the page next',
    bound: 2,
    prepare: makeFolio,
    threads: [pinAndLook, freeThen(['allocPages', 0, 1])],
  },
  {
    name: 'pin-free-descriptor-reused',
    rule: "who has read an old word is neither pinned nor held up by its descriptor's next life",
    bound: 2,
    prepare: makeFolio,
    threads: [pinAndLook, freeThen(['allocPages', 0, 1], ['allocFolio', 0, TYPE_ANON_FOLIO])],
    check: ({ results }) => assert.notEqual(results[0], 'busy', "another page's birth was seen"),
  },
  {
    name: 'pin-free-other-type',
    rule: 'a pin by an old word is not granted by a descriptor that was reborn as another type',
    bound: 2,
    prepare: makeFolioAndType,
    threads: [pinAndLook, freeThen(['allocFolio', 0, facts.FIRST_USER_TYPE])],
  },
  {
    name: 'pin-free-both-reused',
    rule: 'with page and descriptor born again, a pin is of one life or the other, not of the gap',
    bound: 2,
    prepare: makeFolio,
    threads: [pinAndLook, freeThen(['allocFolio', 0, TYPE_ANON_FOLIO])],
  },
  {
    name: 'pin-slab-given-back',
    rule: "a descriptor's page waits for the section of who has read the word that leads there",
    bound: 2,
    prepare: makeLonelyFolio,
    threads: [pinAndLook, freeAndLeave],
  },
  {
    name: 'describe-slab-given-back',
    rule: 'who describes a page may follow its word though the slab where that leads is given back',
    bound: 2,
    prepare: makeLonelyFolio,
    threads: [describeBoth, freeAndLeave],
  },
  {
    name: 'poison-slab-given-back',
    rule: 'who poisons a page may follow its word though the slab where that leads is given back',
    bound: 1,
    prepare: makeLonelyFolio,
    threads: [(thread) => thread.call('poisonPage', pfn), freeAndLeave],
  },
  {
    name: 'pin-slab-retired',
    rule: 'a slab that somebody pins when its grace period is over waits longer, and is not lost',
    bound: 2,
    prepare: makeLonelyFolio,
    threads: [pinSlab, freeAndLeave],
    check: ({ main }) => {
      for (let i = 0; i < 3; i++) main.callNow('reclaim');
      assert.equal(main.callNow('pageWordOf', slabPage()), 0, 'a slab was lost');
    },
  },
  {
    name: 'pin-put-killed',
    rule: 'a dead thread has no pin that nobody knows: the last known one gone, the page goes too',
    bound: 2,
    kills: 1,
    prepare: makeFolio,
    threads: [pinAndLook],
    mustSurvive: true,
    check: ({ main }) => {
      main.callNow('freeFolio', name);
      assert.equal(main.callNow('pageWordOf', pfn), 0, 'a pin was lost');
    },
  },
  {
    name: 'pin-free-reused-killed',
    rule: 'what a dead thread had begun to free or to make is not lost in silence',
    bound: 0,
    kills: 1,
    prepare: makeFolio,
    threads: [pinAndLook, freeThen(['allocFolio', 0, TYPE_ANON_FOLIO])],
  },
  {
    name: 'free-free',
    rule: 'of two frees of a page one wins',
    bound: 2,
    prepare: ({ main }) => {
      pfn = main.callNow('allocPages', 0) as number;
    },
    threads: [freeOnce, freeOnce],
    check: ({ results }) => {
      const freed = results.filter((result) => result === 0);
      assert.equal(freed.length, 1, `one of two frees must win, seen ${results.join(' ')}`);
    },
  },
  {
    name: 'stop-alloc',
    rule: 'who has stopped the world may look at words that others store plainly',
    bound: 2,
    prepare: ({ main }) => {
      pfn = main.callNow('allocPages', 1) as number;
      main.callNow('freePages', pfn, 1);
    },
    threads: [lookAtStopped, allocAndFree],
  },
  {
    name: 'last-page',
    rule: 'the last page goes to one of two, and the other is told that there is none',
    bound: 2,
    prepare: leaveOnePage,
    threads: [takePage, takePage],
    check: ({ main, results }) => {
      const [won, lost] = results.toSorted((a, b) => Number(b) - Number(a));
      assert.deepEqual([won, lost], [pfn, ERR_NO_MEMORY], 'exactly one gets the last page');
      assert.equal(main.callNow('freePagesNow'), 0);
    },
  },
  {
    name: 'lock-free',
    rule: 'a folio that is pinned and locked keeps its page though its owner frees it',
    bound: 2,
    prepare: makeFolio,
    before: nobodyHolds,
    threads: [lockIfThere, freeThen(['allocPages', 0, 1])],
  },
  {
    name: 'alloc-free',
    rule: 'of two that allocate and free neither gets what the other has, and nothing is lost',
    bound: 2,
    threads: [allocAndFree, allocAndFree],
  },
  {
    name: 'alloc-free-killed',
    rule: 'a death at any step of allocating or freeing a block loses no page and poisons nothing',
    bound: 1,
    kills: 1,
    mustSurvive: true,
    threads: [allocAndFree, allocAndFree],
  },
  {
    name: 'slab-across-threads',
    rule: 'two that make and drop folios at once leave the slabs of descriptors whole',
    bound: 1,
    threads: [makeAndDrop, makeAndDrop],
  },
  {
    name: 'lock-unlock',
    rule: "a folio's lock is held by one at a time",
    bound: 2,
    prepare: makeFolio,
    before: nobodyHolds,
    threads: [lockAndUnlock, lockAndUnlock],
  },
  {
    name: 'lock-unlock-killed',
    rule: 'the lock of a dead holder passes to the next, who is told so',
    bound: 1,
    kills: 1,
    mustSurvive: true,
    prepare: sharePin,
    before: nobodyHolds,
    threads: [lockShared, lockShared],
  },
];
