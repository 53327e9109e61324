/**
 * Scenarios of what a thread gives to all: once others can have it, its maker's state does not name
 * it any more. Else whoever is killed right after would be repaired as if it were still his, and
 * what another thread has made of it meanwhile would be given back.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { load, makeCache, NOW, set, VALUE_BYTES, word } from './cache.ts';
import { firstZspagePage, handles, makeHoles, makeObjects, makePatterns, pool } from './objects.ts';

/** Below so many free pages no thread gets a sheaf: what it frees is anybody's at once. */
const FEW_PAGES = 60;
const BYTES = 8;

function leaveFewPages({ main, threads }: Machine): void {
  for (const thread of [main, ...threads]) assert.equal(thread.callNow('prepare'), 0);
  for (let order = 9; order >= 0; order--) {
    while ((main.callNow('freePageCount') as number) >= FEW_PAGES + 2 ** order) {
      assert.ok((main.callNow('allocPages', order) as number) > 0);
    }
  }
}

const shortOf =
  (make: (machine: Machine) => void) =>
  (machine: Machine): void => {
    leaveFewPages(machine);
    make(machine);
  };

const freeAndRelease: Body = async (thread) => {
  assert.equal(await thread.call('zsFree', pool, handles[0]!), 0);
  await thread.call('zsCompactBegin');
};

/** Makes an object of zeros, which is a cell and nothing else. */
const make: Body = (thread) => thread.call('zsMalloc', pool, BYTES);

const freeAndDefer: Body = async (thread) => {
  assert.equal(await thread.call('zsFree', pool, handles[0]!), 0);
  await thread.call('deferFreed');
};

async function reclaim(thread: Thread): Promise<void> {
  await thread.call('reclaim');
  await thread.call('reclaim');
}

const reclaimAndMake: Body = async (thread) => {
  await reclaim(thread);
  return thread.call('zsMalloc', pool, BYTES);
};

let pinned = 0;

/** A zspage without objects that nothing keeps but the first thread's pin. */
function makePinned(machine: Machine): void {
  makeHoles(1, [0])(machine);
  const { main, threads } = machine;
  pinned = threads[0]!.callNow('pinPage', firstZspagePage(machine)) as number;
  assert.ok(pinned > 0);
  assert.equal(main.callNow('zsFree', pool, handles[0]!), 0);
  main.callNow('zsCompactBegin');
}

/** Each zspage was freed once, and none is left. */
function noneLeft({ main }: Machine): void {
  for (let i = 0; i < 4; i++) main.callNow('reclaim');
  assert.equal(main.callNow('cacheInUse', facts.CACHE_ZSPAGE), 0, 'a zspage is left');
  assert.equal(main.callNow('limboCount', facts.LIMBO_ZSPAGE), 0);
  assert.equal(main.callNow('check'), 0);
}

function isThere({ main, results }: Machine): void {
  assert.equal(main.callNow('zsReadObject', pool, results[1] as number), BYTES);
}

/** A cache in which the first thread has replaced an entry, which waits in its ring. */
function makeReplaced(machine: Machine): void {
  makeCache('k', 'm')(machine);
  assert.equal(machine.threads[0]!.callNow('set', 4, VALUE_BYTES, 1, 0), 0);
}

const reclaimAndSet: Body = async (thread, machine) => {
  await reclaim(thread);
  await set(thread, machine);
};

function hasBoth(machine: Machine): void {
  const { main } = machine;
  for (const [key, letter] of [
    ['k', 'b'],
    ['m', 'c'],
  ] as const) {
    load(machine, main, key, 'z');
    assert.equal(main.callNow('get', 4, NOW, 1), VALUE_BYTES);
    const seen = machine.load((main.callNow('outputScratch') as number) + 4);
    assert.equal(seen, word(letter), `${key} is another`);
  }
}

const survived: Pick<
  KernelScenario,
  'module' | 'bound' | 'kills' | 'killable' | 'mustSurvive' | 'stepLimit'
> = { module: 'test', bound: 0, kills: 1, killable: [0], mustSurvive: true, stepLimit: 60_000 };

export const handedOverScenarios: KernelScenario[] = [
  {
    ...survived,
    name: 'cell-handed-over-killed',
    rule: 'a cell that is free is not the one’s who freed it and died: another made an object of it',
    prepare: shortOf(makeObjects(1)),
    threads: [freeAndRelease, make],
    check: isThere,
  },
  {
    ...survived,
    name: 'pattern-handed-over-killed',
    rule: 'a pattern’s cell likewise: another made an object of it',
    prepare: shortOf(makePatterns),
    threads: [freeAndRelease, make],
    check: isThere,
  },
  {
    ...survived,
    name: 'object-handed-over-killed',
    rule: 'an object in limbo is not the one’s who put it there and died: another took its cell',
    prepare: shortOf(makeObjects(2)),
    threads: [freeAndDefer, reclaimAndMake],
    check: isThere,
  },
  {
    ...survived,
    name: 'value-handed-over-killed',
    rule: 'an entry in limbo likewise: another has set one with its cell',
    prepare: makeReplaced,
    threads: [(thread) => thread.call('spillInCall'), reclaimAndSet],
    check: hasBoth,
  },
  {
    ...survived,
    name: 'zspage-handed-over-killed',
    rule: 'a zspage in limbo is not the one’s who put it there and died: who took it out died too',
    kills: 2,
    killable: [0, 1],
    prepare: makeHoles(1, [0]),
    threads: [freeAndRelease, reclaim],
    check: (machine) => {
      machine.main.callNow('zsFree', pool, handles[0]!);
      machine.main.callNow('zsCompactBegin');
      noneLeft(machine);
    },
  },
  {
    ...survived,
    name: 'pinned-zspage-handed-over-killed',
    rule: 'nor the one’s whose pin was the last',
    kills: 2,
    killable: [0, 1],
    prepare: makePinned,
    threads: [(thread) => thread.call('putInCall', pinned), reclaim],
    check: noneLeft,
  },
];
