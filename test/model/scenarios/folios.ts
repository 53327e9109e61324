/** Scenarios of folios: split and freeze against pin and put, birth, free, the lock's hand-off. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import { checkSound, type KernelScenario, type ModelFolio, newFolio } from '../kernel-model.ts';

const { ERR_BUSY, ERR_EXISTS, ERR_NOT_FOUND, LOCK_ORPHANED, OWNED, TYPE_ANON_FOLIO } = facts;

let folio: ModelFolio;
/** Whether a thread is between lock and unlock, as the threads themselves see it. */
let isHeld = false;

function makeFolio(order: number): (machine: Machine) => void {
  return ({ main }) => {
    folio = newFolio(main, order);
  };
}

/** Pins and drops one page of the folio; meanwhile the page must be the descriptor's. */
function pinPage(offset: number): Body {
  return async (thread) => {
    const pinned = (await thread.call('pinPage', folio.pfn + offset)) as number;
    if (pinned < 0) return pinned;
    const word = (await thread.call('pageWordOf', folio.pfn + offset)) as number;
    assert.equal(word >>> 5, pinned, 'pinned a descriptor that does not own the page');
    const first = (await thread.call('firstPage', pinned)) as number;
    const order = (await thread.call('orderOfPinned', pinned)) as number;
    const covers = folio.pfn + offset - first;
    assert.ok(covers >= 0 && covers < 2 ** order, 'pinned a descriptor that has left the page');
    assert.equal(await thread.call('putPage', pinned), 0);
    return pinned;
  };
}

async function lockFolio(thread: Thread): Promise<boolean> {
  if (((await thread.call('pinFolio', folio.name)) as number) < 0) return false;
  assert.ok(((await thread.call('lockPage', folio.id)) as number) >= 0);
  return true;
}

async function unlockFolio(thread: Thread): Promise<void> {
  assert.equal(await thread.call('unlockPage', folio.id), 0);
  assert.equal(await thread.call('putPage', folio.id), 0);
}

/** Splits or shrinks to order 0, if nobody is in the way. */
function cut(call: 'splitPage' | 'shrinkPage'): Body {
  return async (thread) => {
    if (!(await lockFolio(thread))) return;
    const failure = await thread.call(call, folio.id, 0);
    assert.ok(failure === 0 || failure === ERR_BUSY, `${call}: ${failure}`);
    await unlockFolio(thread);
    return failure;
  };
}

const free: Body = (thread) => thread.call('freeFolio', folio.name);

/**
 * Frees the folio and makes another, whose descriptor is the same: the old name is no good for it.
 */
const freeAndAlloc: Body = async (thread) => {
  if ((await thread.call('freeFolio', folio.name)) !== 0) return;
  const name = (await thread.call('allocFolio', 0, TYPE_ANON_FOLIO)) as number;
  const pinned = (await thread.call('pinFolio', name)) as number;
  assert.ok(pinned >= 0, 'a folio was freed, or hidden, by the name of another');
  assert.equal(await thread.call('putPage', pinned), 0);
  assert.equal(await thread.call('freeFolio', name), 0);
};

/** All the pages are folios of one owner and no pins, or one folio, or free. */
function nothingLeft(pages: number): (machine: Machine) => void {
  return (machine) => {
    const { main } = machine;
    for (let page = 0; page < pages; page++) {
      const pinned = main.callNow('pinPage', folio.pfn + page) as number;
      if (pinned === ERR_NOT_FOUND) continue;
      const name = main.callNow('folioName', pinned) as number;
      assert.equal(machine.load(pinned * 32 + 4), OWNED + 1, 'a pin was lost');
      assert.equal(main.callNow('putPage', pinned), 0);
      assert.equal(main.callNow('freeFolio', name), 0);
      assert.equal(main.callNow('pageWordOf', folio.pfn + page), 0);
    }
    assert.equal(main.callNow('cacheInUse', facts.CACHE_FOLIO), 0, 'a descriptor was lost');
  };
}

/** Both threads have pinned what nobody owns any more. */
function pinAndDisown({ main, threads }: Machine): void {
  folio = newFolio(main);
  for (const thread of threads) thread.callNow('pinFolio', folio.name);
  main.callNow('freeFolio', folio.name);
}

const put: Body = (thread) => thread.call('putPage', folio.id);

const lockOnce: Body = async (thread) => {
  if (((await thread.call('pinFolio', folio.name)) as number) < 0) return;
  const taken = await thread.call('lockPage', folio.id);
  if (taken !== LOCK_ORPHANED) assert.ok(!isHeld, 'two threads hold the lock');
  isHeld = true;
  await thread.call('pageWordOf', 1);
  isHeld = false;
  await unlockFolio(thread);
};

/** Locks again and again, and so bars a waiter until that asks for the lock to be handed over. */
const lockOften: Body = async (thread, machine) => {
  for (let i = 0; i < 3; i++) await lockOnce(thread, machine);
};

const publish: Body = async (thread) => {
  const name = (await thread.call('allocFolio', 0, TYPE_ANON_FOLIO)) as number;
  assert.ok(name > 0);
  assert.equal(await thread.call('freeFolio', name), 0);
};

/** Makes the page known where the first thread's next folio will be. */
function freeFirst({ threads }: Machine): void {
  folio = newFolio(threads[0]!);
  threads[0]!.callNow('freeFolio', folio.name);
}

function register(bytes: number): Body {
  return async (thread, machine) => {
    machine.store((await thread.call('window')) as number, 0x414243);
    return await thread.call('registerType', bytes, 1);
  };
}

export const folioScenarios: KernelScenario[] = [
  {
    name: 'publish-pin',
    rule: 'a folio is found by its page when it is whole, and not a step earlier',
    bound: 3,
    prepare: freeFirst,
    threads: [publish, pinPage(0)],
  },
  {
    name: 'free-folio-twice',
    rule: 'of two frees by one name one wins, and the other finds no such folio',
    bound: 2,
    prepare: makeFolio(0),
    threads: [free, free],
    check: ({ results }) => assert.deepEqual(results.toSorted(), [ERR_NOT_FOUND, 0].toSorted()),
  },
  {
    name: 'free-pin',
    rule: 'a folio that is pinned in time stays until the put; the last reference frees it',
    bound: 2,
    prepare: makeFolio(0),
    threads: [free, pinPage(0)],
    check: nothingLeft(1),
  },
  {
    name: 'free-stale',
    rule: 'a name frees nothing that was made from its descriptor later',
    bound: 2,
    prepare: makeFolio(0),
    threads: [free, freeAndAlloc],
    check: nothingLeft(1),
  },
  {
    name: 'free-stale-killed',
    rule: "who dies with another's folio in hand, because of an old name, leaves it as it was",
    bound: 1,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    prepare: makeFolio(0),
    threads: [free, freeAndAlloc],
    check: nothingLeft(1),
  },
  {
    name: 'put-put',
    rule: 'of the two last pins, put at once, one is the last: the folio goes, once',
    bound: 3,
    prepare: pinAndDisown,
    threads: [put, put],
    check: nothingLeft(1),
  },
  {
    name: 'split-pin-tail',
    rule: 'who pins a page of the tail gets who has it: before or after, never in between',
    bound: 2,
    prepare: makeFolio(1),
    threads: [cut('splitPage'), pinPage(1)],
    check: nothingLeft(2),
  },
  {
    name: 'split-pin-head',
    rule: 'a pin of the first page holds the split up or comes after it, and is not lost',
    bound: 2,
    prepare: makeFolio(1),
    threads: [cut('splitPage'), pinPage(0)],
    check: nothingLeft(2),
  },
  {
    name: 'shrink-pin-tail',
    rule: "a tail is cut off only while nobody has a pin; afterwards its pages are nobody's",
    bound: 2,
    prepare: makeFolio(1),
    threads: [cut('shrinkPage'), pinPage(1)],
    check: nothingLeft(2),
  },
  {
    name: 'split-free',
    rule: "the owner's reference may go while the folio is frozen: no part of it is lost",
    bound: 2,
    prepare: makeFolio(1),
    threads: [cut('splitPage'), free],
    check: nothingLeft(2),
  },
  {
    name: 'pin-pin-free',
    rule: 'with two pins and no owner left, whoever puts last frees, and nobody else',
    bound: 1,
    prepare: makeFolio(0),
    threads: [pinPage(0), pinPage(0), free],
    check: nothingLeft(1),
  },
  {
    name: 'split-pin-pin',
    rule: 'a split is all or nothing, whichever of its pages are being pinned',
    bound: 1,
    prepare: makeFolio(1),
    threads: [cut('splitPage'), pinPage(0), pinPage(1)],
    check: nothingLeft(2),
  },
  {
    name: 'split-pin-killed',
    rule: 'a split cut short by a death leaves each page to a folio that counts its pins rightly',
    bound: 0,
    kills: 1,
    prepare: makeFolio(1),
    threads: [cut('splitPage'), pinPage(1)],
    check: nothingLeft(2),
  },
  {
    name: 'shrink-pin-killed',
    rule: 'a death in the middle of a shrink loses no page and no pin, and poisons nothing',
    bound: 1,
    kills: 1,
    mustSurvive: true,
    prepare: makeFolio(1),
    threads: [cut('shrinkPage'), pinPage(1)],
    check: nothingLeft(2),
  },
  {
    name: 'free-pin-killed',
    rule: 'a death in the middle of the last free leaves neither descriptor nor page behind',
    bound: 1,
    kills: 1,
    prepare: makeFolio(1),
    threads: [free, pinPage(1)],
    check: nothingLeft(2),
  },
  {
    name: 'publish-pin-killed',
    rule: 'a folio whose maker dies is found by its page if it was published, else taken back',
    bound: 1,
    kills: 1,
    prepare: freeFirst,
    threads: [publish, pinPage(0)],
    // One that was published is the arena's, and can be found by its page.
    check: nothingLeft(1),
  },
  {
    name: 'lock-three',
    rule: "of three that want a folio's lock each gets it, one at a time",
    bound: 1,
    prepare: makeFolio(0),
    before: () => {
      isHeld = false;
    },
    threads: [lockOnce, lockOnce, lockOnce],
  },
  {
    name: 'lock-three-killed',
    rule: 'if one of three dies, with the lock or waiting, the others get it one after the other',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    prepare: makeFolio(0),
    before: () => {
      isHeld = false;
    },
    threads: [lockOnce, lockOnce, lockOnce],
    check: nothingLeft(1),
  },
  {
    name: 'lock-check',
    rule: "the world can be stopped while one has a folio's lock and another waits for it",
    bound: 1,
    stepLimit: 30_000,
    prepare: makeFolio(0),
    before: () => {
      isHeld = false;
    },
    threads: [lockOnce, lockOnce, checkSound],
  },
  {
    name: 'lock-handoff',
    rule: 'who locks again and again bars no waiter for ever: that asks, and is handed the lock',
    bound: 1,
    prepare: makeFolio(0),
    before: () => {
      isHeld = false;
    },
    threads: [lockOften, lockOnce],
  },
  {
    name: 'lock-handoff-killed',
    rule: 'a waiter that asked for the lock and died bars nobody: who comes later takes it',
    bound: 1,
    kills: 1,
    killable: [1],
    mustSurvive: true,
    prepare: makeFolio(0),
    before: () => {
      isHeld = false;
    },
    threads: [lockOften, lockOnce],
  },
  {
    name: 'split-lock-killed',
    rule: 'who dies splitting what another waits to lock leaves him the lock',
    bound: 0,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    prepare: makeFolio(1),
    before: () => {
      isHeld = false;
    },
    threads: [cut('splitPage'), lockOnce],
    check: nothingLeft(2),
  },
  {
    name: 'lock-leave',
    rule: 'who leaves with a lock that another waits for gives it up, and wakes him',
    bound: 2,
    prepare: (machine) => {
      makeFolio(0)(machine);
      const [owner] = machine.threads;
      assert.ok((owner!.callNow('pinFolio', folio.name) as number) > 0);
      assert.equal(owner!.callNow('lockPage', folio.id), 0);
    },
    before: () => {
      isHeld = false;
    },
    threads: [(thread) => thread.call('detach'), lockOnce],
    check: nothingLeft(1),
  },
  {
    name: 'register-register',
    rule: 'two that register the same type get the same number',
    bound: 2,
    threads: [register(32), register(32)],
    check: ({ results }) => assert.equal(results[0], results[1]),
  },
  {
    name: 'register-differently',
    rule: 'of two sizes for one name one is registered, and the other is told that the type exists',
    bound: 2,
    threads: [register(32), register(64)],
    check: ({ results }) =>
      assert.deepEqual(results.toSorted(), [ERR_EXISTS, facts.FIRST_USER_TYPE].toSorted()),
  },
  {
    name: 'register-killed',
    rule: 'who dies registering a type keeps nobody else from registering it',
    bound: 1,
    kills: 1,
    mustSurvive: true,
    threads: [register(32), register(32)],
  },
];
