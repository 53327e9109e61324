/** Scenarios of the slab: sheaves, barn, drains, and threads that die among them. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import { idle, type KernelScenario, MAIN_OWNER, ownerOf } from '../kernel-model.ts';

const { CACHE_FOLIO, FIRST_USER_CACHE } = facts;
/** Two to a slab and four to a sheaf: a few of them fill sheaves and empty slabs. */
const LARGE_BYTES = 2048;

/** Objects that the threads find when they begin. */
let given: number[] = [];
/** Frees of an execution that have returned. */
let freed = 0;

/** Objects that threads have. */
const out = new Set<number>();

function forget(): void {
  freed = 0;
  out.clear();
}

function take(thread: Thread, cache: number, objects: number): number[] {
  const alloc = cache < FIRST_USER_CACHE ? 'allocInCall' : 'newObject';
  return Array.from({ length: objects }, () => thread.callNow(alloc, cache) as number);
}

function drop(thread: Thread, cache: number, objects: readonly number[]): void {
  const free = cache < FIRST_USER_CACHE ? 'freeInCall' : 'dropObject';
  for (const object of objects) thread.callNow(free, cache, object);
}

/** Leaves the slabs of a cache with room for `objects`, and sheaves in the pool. */
function makeRoom(cache: number, objects: number): (machine: Machine) => void {
  return ({ main }) => {
    if (cache === FIRST_USER_CACHE) main.callNow('openCache', LARGE_BYTES);
    drop(main, cache, take(main, cache, objects));
    main.callNow('detach');
    main.callNow('attach', MAIN_OWNER, 1);
  };
}

/** Allocates `objects`, which must be distinct from the others', and frees them again. */
function takeAndDrop(cache: number, objects: number): Body {
  const [alloc, free] =
    cache < FIRST_USER_CACHE ? ['allocInCall', 'freeInCall'] : ['newObject', 'dropObject'];
  return async (thread, { killed }) => {
    const taken: number[] = [];
    for (let i = 0; i < objects; i++) {
      const object = (await thread.call(alloc!, cache)) as number;
      assert.ok(object > 0, 'no memory');
      // What a dead thread had may have been given back.
      assert.ok(!out.has(object) || killed.length > 0, 'an object that somebody else has');
      out.add(object);
      taken.push(object);
    }
    for (const object of taken) {
      out.delete(object);
      await thread.call(free!, cache, object);
    }
  };
}

/** Nothing is in use in a cache, whoever died. */
function assertNoneInUse(cache: number): (machine: Machine) => void {
  return ({ main }) => assert.equal(main.callNow('cacheInUse', cache), 0, 'objects were lost');
}

/** Gives thread 0 objects that it then frees, enough to go to the barn and to the slabs. */
function giveLarge(objects: number): (machine: Machine) => void {
  return (machine) => {
    makeRoom(FIRST_USER_CACHE, objects)(machine);
    given = take(machine.main, FIRST_USER_CACHE, objects);
    machine.main.callNow('detach');
    machine.main.callNow('attach', MAIN_OWNER, 1);
  };
}

const freeGiven: Body = async (thread) => {
  for (const object of given) {
    assert.equal(await thread.call('dropObject', FIRST_USER_CACHE, object), 1);
    freed++;
  }
};

/**
 * What was freed is free; the free under way at a death may have been finished. `kept`: objects
 * that a living thread has taken.
 */
function assertFreed(kept = 0): (machine: Machine) => void {
  return ({ main, killed }) => {
    const inUse = (main.callNow('cacheInUse', FIRST_USER_CACHE) as number) - kept;
    const left = given.length - inUse;
    assert.ok(left === freed || (killed.length > 0 && left === freed + 1), `${left} of ${freed}`);
  };
}

const takeOne: Body = async (thread) => {
  assert.ok(((await thread.call('newObject', FIRST_USER_CACHE)) as number) > 0, 'no memory');
};

/** Takes all pages, so that objects are to be had only from the sheaves of thread 1. */
function hoard(machine: Machine): void {
  const { main, threads } = machine;
  main.callNow('openCache', LARGE_BYTES);
  drop(threads[1]!, FIRST_USER_CACHE, take(threads[1]!, FIRST_USER_CACHE, 4));
  for (let order = facts.MAX_ORDER; order >= 0; order--) {
    while ((main.callNow('allocPages', order) as number) > 0);
  }
}

const takeLast: Body = async (thread) => {
  const object = (await thread.call('newObject', FIRST_USER_CACHE)) as number;
  assert.ok(object > 0, 'objects lie in the sheaves of another thread');
};

const drain: Body = (thread) => thread.call('drainInCall');

const stopAndStart: Body = async (thread) => {
  await thread.call('stop');
  await thread.call('start');
};

const freeFirst: Body = (thread) => thread.call('dropObject', FIRST_USER_CACHE, given[0]!);

/** Leaves slabs that wait for a grace period. */
function retireSlabs(machine: Machine): void {
  giveLarge(6)(machine);
  drop(machine.main, FIRST_USER_CACHE, given.splice(0));
  machine.main.callNow('drainInCall');
}

/** Begins the grace period of retired slabs, then gives them back. */
const reclaimTwice: Body = async (thread) => {
  await thread.call('reclaim');
  await thread.call('reclaim');
};

/** Thread 2 is dead, and had two sheaves of objects of some slabs. */
function leaveSheaves(machine: Machine): void {
  const { main, threads } = machine;
  makeRoom(FIRST_USER_CACHE, 10)(machine);
  drop(threads[2]!, FIRST_USER_CACHE, take(threads[2]!, FIRST_USER_CACHE, 10));
  main.callNow('markDead', ownerOf(2));
}

/** Fills both sheaves of thread 0, four objects each, and leaves it one to free. */
function fillSheaves(machine: Machine): void {
  makeRoom(FIRST_USER_CACHE, 14)(machine);
  const thread = machine.threads[0]!;
  given = take(thread, FIRST_USER_CACHE, 9);
  // One of the ten that it drew is still in a sheaf.
  drop(thread, FIRST_USER_CACHE, given.splice(2));
}

export const slabScenarios: KernelScenario[] = [
  {
    name: 'slab-fill',
    rule: 'a sheaf is filled from a slab of which another has objects: none is handed out twice',
    module: 'test',
    bound: 2,
    prepare: (machine) => {
      makeRoom(CACHE_FOLIO, 1)(machine);
      drop(machine.threads[1]!, CACHE_FOLIO, take(machine.threads[1]!, CACHE_FOLIO, 1));
    },
    before: forget,
    threads: [takeAndDrop(CACHE_FOLIO, 1), takeAndDrop(CACHE_FOLIO, 2)],
    check: assertNoneInUse(CACHE_FOLIO),
  },
  {
    name: 'slab-grow',
    rule: 'two may want the first object of all at once: each gets one of its own',
    module: 'test',
    bound: 1,
    before: forget,
    threads: [takeAndDrop(CACHE_FOLIO, 1), takeAndDrop(CACHE_FOLIO, 1)],
    check: assertNoneInUse(CACHE_FOLIO),
  },
  {
    name: 'slab-grow-killed',
    rule: 'who dies making the first slab leaves no object in use, and poisons nothing',
    module: 'test',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    killable: [0],
    before: forget,
    threads: [takeAndDrop(CACHE_FOLIO, 1), takeAndDrop(CACHE_FOLIO, 1)],
    check: assertNoneInUse(CACHE_FOLIO),
  },
  {
    name: 'slab-barn',
    rule: 'sheaves pass through the barn from thread to thread, and the figures say what is free',
    bound: 1,
    prepare: giveLarge(14),
    before: forget,
    threads: [freeGiven, takeAndDrop(FIRST_USER_CACHE, 3)],
    check: assertFreed(),
  },
  {
    name: 'slab-free-free',
    rule: 'of two frees of an object one wins',
    bound: 2,
    prepare: giveLarge(1),
    threads: [freeFirst, freeFirst],
    check: ({ results }) => assert.deepEqual(results.toSorted(), [0, 1], 'one of two frees wins'),
  },
  {
    name: 'slab-drain',
    rule: 'where there are no pages left, objects are found in the sheaves of another thread',
    bound: 2,
    prepare: hoard,
    before: forget,
    threads: [takeLast, takeAndDrop(FIRST_USER_CACHE, 1)],
  },
  {
    name: 'slab-free-drain',
    rule: 'who waited to put a full sheaf away finds it emptied, and no object is in two places',
    module: 'test',
    bound: 2,
    prepare: fillSheaves,
    threads: [freeFirst, drain],
    check: ({ main }) => {
      const taken = take(main, FIRST_USER_CACHE, 9);
      assert.equal(new Set(taken).size, 9, 'an object is handed out twice');
      assert.ok(taken.every((object) => object > 0));
    },
  },
  {
    name: 'slab-drain-stop',
    rule: 'who stops the world waits for nobody who waits for a halt himself',
    module: 'test',
    bound: 1,
    threads: [stopAndStart, drain, drain],
  },
  {
    name: 'slab-alloc-killed',
    rule: 'what a dead thread had taken is given back, wherever in the taking it died',
    module: 'test',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    prepare: makeRoom(CACHE_FOLIO, 70),
    before: forget,
    threads: [takeAndDrop(CACHE_FOLIO, 1), takeAndDrop(CACHE_FOLIO, 1)],
    check: assertNoneInUse(CACHE_FOLIO),
  },
  {
    name: 'slab-free-killed',
    rule: 'of the frees of a dead thread all that returned are done, and the last may be',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    killable: [0],
    prepare: giveLarge(14),
    before: forget,
    threads: [freeGiven, takeAndDrop(FIRST_USER_CACHE, 2)],
    check: assertFreed(),
  },
  {
    name: 'slab-new-free-killed',
    rule: 'who recovers from a free looks into no hand that its thread is just emptying',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    killable: [1],
    prepare: giveLarge(1),
    before: forget,
    threads: [takeOne, freeGiven],
    check: assertFreed(1),
  },
  {
    name: 'slab-free-free-killed',
    rule: 'who dies losing the race to free an object takes nothing from who has won it',
    bound: 1,
    kills: 1,
    mustSurvive: true,
    killable: [0],
    prepare: giveLarge(1),
    threads: [freeFirst, freeFirst],
    check: assertNoneInUse(FIRST_USER_CACHE),
  },
  {
    name: 'slab-reclaim-killed',
    rule: 'who dies giving empty slabs back leaves each waiting, or gone',
    module: 'test',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    killable: [0],
    prepare: retireSlabs,
    threads: [reclaimTwice, idle],
    check: assertNoneInUse(FIRST_USER_CACHE),
  },
  {
    name: 'slab-recover-killed',
    rule: 'who recovers dies too: the next gives the same objects back, once',
    module: 'test',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    killable: [0],
    prepare: leaveSheaves,
    threads: [(thread) => thread.call('recoverDead'), idle, idle],
    check: assertNoneInUse(FIRST_USER_CACHE),
  },
];
