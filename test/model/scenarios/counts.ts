/**
 * Scenarios of counts, which are changed where they stand: against each other, readers, changes on
 * a condition, who moves them, and death.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { clearNow, load, makeCache, NOW, nameNext, set, VALUE_BYTES, word } from './cache.ts';
import { BEFORE, increment, makeNumber, numberOf, textIn } from './conditions.ts';
import { giveUpZspages, pack } from './pack.ts';
import { warmUp } from './store-deaths.ts';

/** Counts the key in the thread's scratch. */
function countNow(thread: Thread, by: number): void {
  thread.callNow('nameTimes', 0, 0, 0, facts.KEEPS_TIMES);
  assert.equal(thread.callNow('increment', 4, by, 0, NOW), 0);
}

/** The cache has `k`, a count of BEFORE. */
function makeCount(machine: Machine): void {
  makeNumber()(machine);
  const { main } = machine;
  nameNext(machine, main, word('k'));
  countNow(main, 1);
  countNow(main, -1);
}

/** The same, and two more counts in another zspage; nobody owns them any more. */
function makeTwoZspages(machine: Machine): void {
  const { main, threads } = machine;
  makeCache(...threads.map(() => 'k'))(machine);
  warmUp(machine);
  nameNext(machine, main, word('k'));
  assert.equal(main.callNow('remove', 4), 1);
  for (let i = 0; i < 4; i++) main.callNow('reclaim');
  countNow(main, BEFORE);
  for (const key of ['x', 'y']) {
    nameNext(machine, threads[0]!, word(key));
    countNow(threads[0]!, BEFORE);
  }
  giveUpZspages(machine);
  for (const thread of threads) nameNext(machine, thread, word('k'));
}

const readNumber: Body = async (thread, machine) => {
  const bytes = (await thread.call('get', 4, NOW, 0)) as number;
  return textIn(machine, thread, bytes);
};

/**
 * Reads with a version, and stores its own if nothing has changed. @returns what it was made of; 0:
 * it is not done
 */
const update: Body = async (thread, machine) => {
  const bytes = (await thread.call('getVersioned', 4, NOW)) as number;
  const read = textIn(machine, thread, bytes);
  const version = thread.callNow('readVersion') as number;
  const args = [facts.IF_VERSION, version, 4, VALUE_BYTES, 1, 0];
  return (await thread.call('setIf', ...args)) === 0 ? read : 0;
};

/** Twelve times the digit 2. */
const TWOS = 222_222_222_222;

/** Nothing is left but what there is, and that can be taken out. */
function expectWhole(machine: Machine): void {
  const { main } = machine;
  assert.equal(main.callNow('check'), 0);
  clearNow(main);
  for (let i = 0; i < 12; i++) main.callNow('reclaim');
  const totals = ['entryCount', 'valueBytes', 'keyBytes'].map((total) => main.callNow(total));
  assert.deepEqual(totals, [0, 0, 0]);
  assert.equal(main.callNow('cacheInUse', facts.CACHE_CELL), 0, 'objects are left');
}

const base = { module: 'test', bound: 1, stepLimit: 60_000 } as const;

export const countScenarios: KernelScenario[] = [
  {
    ...base,
    name: 'count-count',
    rule: 'of two additions to a count none is lost',
    prepare: makeCount,
    threads: [increment, increment],
    check: (machine) => {
      assert.deepEqual(machine.results, [0, 0]);
      assert.equal(numberOf(machine), BEFORE + 2, 'an addition is lost');
    },
  },
  {
    ...base,
    name: 'count-get',
    rule: 'who reads a count that is changed has the number before or after',
    bound: 2,
    prepare: makeCount,
    threads: [increment, readNumber],
    check: ({ results }) => {
      assert.ok([BEFORE, BEFORE + 1].includes(results[1] as number), `${results[1]} was read`);
    },
  },
  {
    ...base,
    name: 'count-update',
    rule: 'a value made of a count is not stored over an addition to it',
    prepare: (machine) => {
      makeCount(machine);
      load(machine, machine.threads[1]!, 'k', '2');
    },
    threads: [increment, update],
    check: (machine) => {
      const sums = { 0: BEFORE + 1, [BEFORE]: TWOS + 1, [BEFORE + 1]: TWOS };
      assert.equal(numberOf(machine), sums[machine.results[1] as number], 'an addition is lost');
    },
  },
  {
    ...base,
    name: 'count-set',
    rule: 'an addition goes to what was set over a count, or before it',
    prepare: (machine) => {
      makeCount(machine);
      load(machine, machine.threads[1]!, 'k', '2');
    },
    threads: [increment, set],
    check: (machine) => assert.ok([TWOS, TWOS + 1].includes(numberOf(machine))),
  },
  {
    ...base,
    name: 'count-pack',
    rule: 'an addition to a count that is moved is in what was moved',
    prepare: makeTwoZspages,
    threads: [pack, increment],
    check: (machine) => {
      assert.equal(machine.results[1], 0);
      assert.equal(numberOf(machine), BEFORE + 1, 'an addition is lost');
      expectWhole(machine);
    },
  },
  {
    ...base,
    name: 'count-killed-survived',
    rule: 'who dies as it adds to a count has added or not, and lost nothing besides',
    kills: 1,
    killable: [0],
    mustSurvive: true,
    prepare: makeCount,
    threads: [increment],
    check: (machine) => {
      assert.ok([BEFORE, BEFORE + 1].includes(numberOf(machine)), 'half a number');
      expectWhole(machine);
    },
  },
];
