/** Scenarios of page words and descriptors: pin against free in its three forms, free, lock. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import { ERR_NO_MEMORY, MAX_ORDER, TYPE_ANON_FOLIO } from '../../../src/generated/facts.ts';
import type { Body, Machine } from '../engine/index.ts';
import { type KernelScenario, MAIN_OWNER, newFolio, ownerOf } from '../kernel-model.ts';

/** A page of descriptors of 32 bytes, each with its state byte. */
const FOLIOS_PER_SLAB = Math.floor(facts.PAGE_BYTES / 33);

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
  assert.equal(machine.main.callNow('registerType', 32, 1), facts.FIRST_USER_TYPE);
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

/** A folio whose descriptor is alone in its slab, while another slab of its kind has room. */
function makeLonelyFolio({ main }: Machine): void {
  const folios = Array.from({ length: FOLIOS_PER_SLAB + 1 }, () => newFolio(main));
  main.callNow('freeFolio', folios[0]!.name);
  ({ name, id: desc, pfn } = folios.at(-1)!);
  // Leaving empties the thread's sheaves.
  main.callNow('detach');
  main.callNow('attach', MAIN_OWNER, 1);
}

function slabPage(): number {
  return (desc << 5) >>> facts.PAGE_SHIFT;
}

const pinSlab: Body = async (thread) => {
  const pinned = (await thread.call('pinPage', slabPage())) as number;
  if (pinned > 0) await thread.call('putPage', pinned);
};

/** Looks at a folio's page and at the page of its descriptor. */
const describeBoth: Body = async (thread) => {
  for (const page of [pfn, slabPage()]) await thread.call('describePage', page);
};

export const pageScenarios: KernelScenario[] = [
  {
    name: 'pin-free-page-reused',
    bound: 2,
    prepare: makeFolio,
    threads: [pinAndLook, freeThen(['allocPages', 0, 1])],
  },
  {
    // The page goes to somebody else first, so that the descriptor describes another page.
    name: 'pin-free-descriptor-reused',
    bound: 2,
    prepare: makeFolio,
    threads: [pinAndLook, freeThen(['allocPages', 0, 1], ['allocFolio', 0, TYPE_ANON_FOLIO])],
    check: ({ results }) => assert.notEqual(results[0], 'busy', "another page's birth was seen"),
  },
  {
    // The descriptor is reborn as that of another type: the tag in the word tells them apart.
    name: 'pin-free-other-type',
    bound: 2,
    prepare: makeFolioAndType,
    threads: [pinAndLook, freeThen(['allocFolio', 0, facts.FIRST_USER_TYPE])],
  },
  {
    name: 'pin-free-both-reused',
    bound: 2,
    prepare: makeFolio,
    threads: [pinAndLook, freeThen(['allocFolio', 0, TYPE_ANON_FOLIO])],
  },
  {
    // The descriptor's own page is given back: only the section keeps it for who has the word.
    name: 'pin-slab-given-back',
    bound: 2,
    prepare: makeLonelyFolio,
    threads: [pinAndLook, freeAndLeave],
  },
  {
    name: 'describe-slab-given-back',
    bound: 2,
    prepare: makeLonelyFolio,
    threads: [describeBoth, freeAndLeave],
  },
  {
    name: 'poison-slab-given-back',
    bound: 1,
    timesOut: true,
    prepare: makeLonelyFolio,
    threads: [(thread) => thread.call('poisonPage', pfn), freeAndLeave],
  },
  {
    // An observer may hold a reference to a slab whose grace period is over: then it waits longer.
    name: 'pin-slab-retired',
    bound: 2,
    prepare: makeLonelyFolio,
    threads: [pinSlab, freeAndLeave],
    check: ({ main }) => {
      for (let i = 0; i < 3; i++) main.callNow('reclaim');
      assert.equal(main.callNow('pageWordOf', slabPage()), 0, 'a slab was lost');
    },
  },
  {
    // Whoever dies has no reference that nobody knows: when the last known one goes, the page does.
    name: 'pin-put-killed',
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
    // Whoever dies on the way, what it had begun to free or to bear is not lost.
    name: 'pin-free-reused-killed',
    bound: 0,
    kills: 1,
    prepare: makeFolio,
    threads: [pinAndLook, freeThen(['allocFolio', 0, TYPE_ANON_FOLIO])],
  },
  {
    name: 'free-free',
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
    bound: 2,
    prepare: ({ main }) => {
      pfn = main.callNow('allocPages', 1) as number;
      main.callNow('freePages', pfn, 1);
    },
    threads: [lookAtStopped, allocAndFree],
  },
  {
    name: 'last-page',
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
    // The owner drops its reference while another thread pins, locks and unlocks.
    name: 'lock-free',
    bound: 2,
    prepare: makeFolio,
    before: nobodyHolds,
    threads: [lockIfThere, freeThen(['allocPages', 0, 1])],
  },
  { name: 'alloc-free', bound: 2, threads: [allocAndFree, allocAndFree] },
  {
    name: 'alloc-free-killed',
    bound: 1,
    kills: 1,
    mustSurvive: true,
    threads: [allocAndFree, allocAndFree],
  },
  { name: 'slab-across-threads', bound: 1, threads: [makeAndDrop, makeAndDrop] },
  {
    name: 'lock-unlock',
    bound: 2,
    prepare: makeFolio,
    before: nobodyHolds,
    threads: [lockAndUnlock, lockAndUnlock],
  },
  {
    name: 'lock-unlock-killed',
    bound: 1,
    kills: 1,
    mustSurvive: true,
    prepare: sharePin,
    before: nobodyHolds,
    threads: [lockShared, lockShared],
  },
];
