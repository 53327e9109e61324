/**
 * Scenarios of namespaces: a name is one number for everybody, what was cleared is seen by nobody,
 * and deaths on the way lose no page and no count.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { letterIn, letterOf, load, makeCache, NOW, nameNext, VALUE_BYTES, word } from './cache.ts';
import { expectLeft, put, warmUp } from './store-deaths.ts';

/** Of a key of four letters in the first namespace. */
const IN_ONE = 4 | (1 << facts.SPACE_SHIFT);

function registerNow(machine: Machine, name: string): number {
  nameNext(machine, machine.main, word(name));
  return machine.main.callNow('registerSpace', 4, 1, 0, 0) as number;
}

/** `k` is a key of the cache and of its first namespace, `n`; then threads get keys and values. */
function makeNamed(machine: Machine): void {
  const { main, threads } = machine;
  makeCache(...threads.map(() => 'k'))(machine);
  warmUp(machine);
  put(machine, 'z');
  assert.equal(registerNow(machine, 'n'), 1);
  load(machine, main, 'k', 'a');
  assert.equal(main.callNow('set', IN_ONE, VALUE_BYTES, 1, 0), 0);
  assert.equal(main.callNow('spaceTotal', 1, 0), 1);
  for (const [i, thread] of threads.entries()) load(machine, thread, 'k', 'bcd'[i]!);
}

const register: Body = (thread) => thread.call('registerSpace', 4, 1, 0, 0);
const clearOne: Body = (thread) => thread.call('clearSpace', 1);
const setInOne: Body = (thread) => thread.call('set', IN_ONE, VALUE_BYTES, 1, 0);
const removeInOne: Body = (thread) => thread.call('remove', IN_ONE);

/** Cleared, nobody has seen it; or it is there. */
const readInOne: Body = async (thread, machine) => {
  if (((await thread.call('get', IN_ONE, NOW, 1)) as number) < 0) return '-';
  return letterIn(machine, thread);
};

/** The namespace has what it counts, and the cache's own entry of that name is what it was. */
function expectNamed(allowed: string): (machine: Machine) => void {
  return (machine) => {
    const { main } = machine;
    const value = letterOf(machine, 'k', IN_ONE);
    assert.ok(allowed.includes(value), `k has ${value} in the namespace`);
    assert.equal(main.callNow('spaceTotal', 1, 0), value === '-' ? 0 : 1);
    assert.equal(registerNow(machine, 'n'), 1);
    expectLeft('z', 'k', 'a')(machine);
    assert.equal(main.callNow('spaceTotal', 1, 0), 0);
  };
}

/** Pages of the index, by their words. */
function indexPages(machine: Machine): number {
  const word = facts.TYPE_MISC | (facts.MISC_INDEX << facts.MISC_SUBTYPE_SHIFT);
  let pages = 0;
  for (let pfn = 0; pfn < 1024; pfn++) if (machine.load(facts.PAGE_MAP + pfn * 4) === word) pages++;
  return pages;
}

/** Makes a cache, and gives each thread a name. */
function nameThreads(...names: string[]): (machine: Machine) => void {
  return (machine) => {
    makeCache(...names.map(() => 'k'))(machine);
    for (const [i, thread] of machine.threads.entries()) nameNext(machine, thread, word(names[i]!));
  };
}

/** Of all namespaces, and of the one that may just come. */
const countAll: Body = async (thread) => {
  assert.equal(await thread.call('entryCount'), 1);
  assert.equal(await thread.call('spaceTotal', 1, 0), 0);
  assert.equal(await thread.call('spaceCounter', 1, 0), 0);
};

export const spaceScenarios: KernelScenario[] = [
  {
    name: 'space-register-count',
    rule: 'who counts while a name is registered counts with its pages or without it',
    bound: 2,
    prepare: nameThreads('n', 'n'),
    threads: [register, countAll],
    check: (machine) => {
      const { main } = machine;
      load(machine, main, 'k', 'b');
      assert.equal(main.callNow('set', IN_ONE, VALUE_BYTES, 1, 0), 0);
      assert.equal(main.callNow('spaceCounter', 1, facts.COUNT_SETS), 1);
    },
  },
  {
    name: 'space-set-count',
    rule: 'who counts in a namespace while another sets there counts what was set, or what was',
    bound: 2,
    prepare: makeNamed,
    threads: [
      setInOne,
      async (thread) => {
        const sets = (await thread.call('spaceCounter', 1, facts.COUNT_SETS)) as number;
        assert.ok([1, 2].includes(Number(sets)), `${sets} sets`);
      },
    ],
  },
  {
    name: 'space-register-register',
    rule: 'a name is one number for all who register it at once, and two names are two',
    bound: 2,
    prepare: nameThreads('n', 'n', 'm'),
    threads: [register, register, register],
    check: (machine) => {
      const [n, again, m] = machine.results;
      assert.equal(n, again, 'one name has two numbers');
      assert.deepEqual([n, m].map(Number).sort(), [1, 2]);
      assert.deepEqual([registerNow(machine, 'n'), registerNow(machine, 'm')], [n, m]);
    },
  },
  {
    name: 'space-register-killed-survived',
    rule: 'who dies registering a name leaves no page behind, and others can register it',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    stepLimit: 60_000,
    prepare: nameThreads('n'),
    threads: [register],
    check: (machine) => {
      const { main } = machine;
      assert.equal(registerNow(machine, 'n'), 1);
      assert.equal(registerNow(machine, 'm'), 2);
      // Top, directory and leaf, and for each name one.
      assert.equal(indexPages(machine), 5, 'a page is lost');
      load(machine, main, 'k', 'b');
      assert.equal(main.callNow('set', IN_ONE, VALUE_BYTES, 1, 0), 0);
      assert.deepEqual([main.callNow('spaceTotal', 1, 0), main.callNow('entryCount')], [1, 2]);
      assert.equal(main.callNow('check'), 0);
    },
  },
  {
    // Who reads twice and has seen nothing does not see it again.
    name: 'space-get-clear',
    rule: 'who has not seen an entry of a namespace that was cleared does not see it again',
    bound: 2,
    prepare: makeNamed,
    threads: [
      async (thread, machine) => {
        const first = await readInOne(thread, machine);
        const second = await readInOne(thread, machine);
        assert.ok(['aa', 'a-', '--'].includes(`${first}${second}`), `${first}, then ${second}`);
      },
      clearOne,
    ],
    check: expectNamed('-'),
  },
  {
    // The value of before is gone; the new one is there, if it is not older than the clear.
    name: 'space-set-clear',
    rule: 'after a clear nothing of before is there, and what is counted is what is there',
    bound: 1,
    prepare: makeNamed,
    threads: [setInOne, clearOne],
    check: expectNamed('b-'),
  },
  {
    name: 'space-clear-killed-survived',
    rule: 'who dies clearing a namespace has cleared it or not, and it can be cleared again',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    prepare: makeNamed,
    threads: [clearOne],
    check: (machine) => {
      assert.ok('a-'.includes(letterOf(machine, 'k', IN_ONE)));
      machine.main.callNow('clearSpace', 1);
      expectNamed('-')(machine);
    },
  },
  {
    name: 'space-set-killed-survived',
    rule: 'who dies setting in a namespace leaves the old value or the new one, counted once',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    stepLimit: 60_000,
    prepare: makeNamed,
    threads: [setInOne],
    check: expectNamed('ab'),
  },
  {
    name: 'space-remove-killed-survived',
    rule: 'who dies deleting in a namespace leaves the value or none, and its figures true',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    stepLimit: 60_000,
    prepare: makeNamed,
    threads: [removeInOne],
    check: expectNamed('a-'),
  },
];
