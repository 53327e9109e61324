/**
 * Scenarios of changes that are made only on a condition: of two that were made of the same, one is
 * not made, and what was added is there twice.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import {
  clearNow,
  letterIn,
  load,
  makeCache,
  NOW,
  nameNext,
  remove,
  set,
  VALUE_BYTES,
  word,
} from './cache.ts';

/** Twelve times the digit 1. */
export const BEFORE = 111_111_111_111;

/** As the library adds: again, if something has come between. */
export const increment: Body = async (thread) => {
  thread.callNow('nameTimes', 0, 0, 0, facts.KEEPS_TIMES);
  let failure: unknown = facts.ERR_UNMET;
  while (failure === facts.ERR_UNMET) failure = await thread.call('increment', 4, 1, 0, NOW);
  return failure;
};
const add: Body = (thread) => thread.call('setIf', facts.IF_ABSENT, 0, 4, VALUE_BYTES, 1, 0);
const replace: Body = (thread) => thread.call('setIf', facts.IF_PRESENT, 0, 4, VALUE_BYTES, 1, 0);
const evict: Body = (thread) => thread.call('sweepInCall', 1);

async function readVersioned(
  thread: Thread,
  machine: Machine,
): Promise<{ read: string; version: number }> {
  const bytes = (await thread.call('getVersioned', 4, NOW)) as number;
  const version = thread.callNow('readVersion') as number;
  return { read: bytes < 0 ? '-' : letterIn(machine, thread), version };
}

/**
 * Reads with a version, and stores its own if nothing has changed. @returns what it read and
 * whether it did
 */
const update: Body = async (thread, machine) => {
  const { read, version } = await readVersioned(thread, machine);
  const args = [facts.IF_VERSION, version, 4, VALUE_BYTES, 1, 0];
  const isDone = (await thread.call('setIf', ...args)) === 0;
  return { read, isDone };
};

const removeVersioned: Body = async (thread, machine) => {
  const { read, version } = await readVersioned(thread, machine);
  return { read, isDone: (await thread.call('removeIf', version, 4)) === 0 };
};

/** The cache has `k` = 1…1; leaves hold `many` entries. */
export function makeNumber(many = 0): (machine: Machine) => void {
  return (machine) => {
    const { main, threads } = machine;
    for (const thread of [main, ...threads]) thread.callNow('setMany', many);
    makeCache(...threads.map(() => 'k'))(machine);
    load(machine, main, 'k', '1');
    assert.equal(main.callNow('set', 4, VALUE_BYTES, 1, 0), 0);
  };
}

function makeWithout(machine: Machine): void {
  makeCache('k', 'k')(machine);
  assert.equal(machine.main.callNow('remove', 4), 1);
}

export function numberOf(machine: Machine): number {
  const { main } = machine;
  nameNext(machine, main, word('k'));
  const bytes = main.callNow('get', 4, NOW, 0) as number;
  return textIn(machine, main, bytes);
}

export function textIn(machine: Machine, thread: Thread, bytes: number): number {
  const at = thread.callNow('outputScratch') as number;
  let text = '';
  for (let i = 0; i < bytes; i++) {
    text += String.fromCharCode((machine.load(at + (i & ~3)) >>> ((i & 3) * 8)) & 255);
  }
  return Number(text);
}

/** How many of the calls have succeeded. */
const done = (results: unknown[]): number => results.filter((result) => result === 0).length;

interface Updated {
  read: string;
  isDone: boolean;
}

export const conditionScenarios: KernelScenario[] = [
  {
    name: 'increment-increment',
    rule: 'of two additions none is lost',
    bound: 1,
    module: 'test',
    stepLimit: 60_000,
    prepare: makeNumber(),
    threads: [increment, increment],
    check: (machine) => {
      assert.deepEqual(machine.results, [0, 0]);
      assert.equal(numberOf(machine), BEFORE + 2, 'an addition is lost');
    },
  },
  {
    name: 'increment-split',
    rule: 'an addition finds its key though the leaf is split in the middle of it',
    module: 'test',
    bound: 1,
    stepLimit: 60_000,
    prepare: (machine) => {
      makeNumber(1)(machine);
      load(machine, machine.threads[1]!, 'z', 'z');
    },
    threads: [increment, set],
    check: (machine) => assert.equal(numberOf(machine), BEFORE + 1),
  },
  {
    name: 'add-add',
    rule: 'of two that add a key one does',
    bound: 1,
    prepare: makeWithout,
    threads: [add, add],
    check: ({ results }) => assert.equal(done(results), 1),
  },
  {
    name: 'replace-delete',
    rule: 'a replacement does not bring back a key that was deleted',
    bound: 1,
    prepare: makeCache('k', 'k'),
    threads: [replace, remove],
    check: ({ results, main }) => {
      assert.equal(results[1], 1);
      assert.equal(main.callNow('entryCount'), 0, 'a replacement made a key anew');
    },
  },
  {
    name: 'update-update',
    rule: 'of two changes made of the same value one is refused, and one at least is done',
    bound: 1,
    prepare: makeCache('k', 'k'),
    threads: [update, update],
    check: ({ results }) => {
      const updated = results as Updated[];
      const both = updated.filter(({ isDone }) => isDone);
      assert.ok(both.length >= 1, 'neither went on');
      if (both.length === 2) assert.notEqual(both[0]!.read, both[1]!.read, 'made of the same');
    },
  },
  {
    name: 'update-evict',
    rule: 'a change of a value that was evicted meanwhile is refused, and brings nothing back',
    module: 'test',
    bound: 1,
    prepare: makeCache('k', 'k'),
    threads: [update, evict],
    check: ({ results, main }) => {
      const { read, isDone } = results[0] as Updated;
      // Evicted and made again, or not evicted at all.
      if (isDone) assert.ok(read === '-' || read === 'a');
      if (!isDone) assert.equal(main.callNow('entryCount'), 0);
    },
  },
  {
    name: 'update-delete',
    rule: 'of a change and a delete by version one at least is done, and none blindly',
    bound: 1,
    prepare: makeCache('k', 'k'),
    threads: [update, removeVersioned],
    check: ({ results, main }) => {
      const [updated, removed] = results as Updated[];
      const both = updated!.isDone && removed!.isDone;
      assert.ok(updated!.isDone || removed!.isDone);
      if (both) assert.notEqual(updated!.read, removed!.read, 'made of the same');
      if (both && updated!.read === 'a') assert.equal(main.callNow('entryCount'), 0);
    },
  },
  ...Object.entries({ increment, add, replace, update }).map(
    ([name, body]): KernelScenario => ({
      name: `${name}-killed-survived`,
      rule: `who dies in the middle of ${name}() has done it or not, and lost nothing besides`,
      module: 'test',
      // As deep as all four are long: the change is one.
      bound: name === 'increment' ? 1 : 0,
      kills: 1,
      killable: [0],
      mustSurvive: true,
      stepLimit: 60_000,
      prepare: (machine) => {
        makeNumber()(machine);
        load(machine, machine.threads[0]!, name === 'add' ? 'n' : 'k', 'b');
      },
      threads: [body],
      check: (machine) => {
        const { main } = machine;
        if (name === 'increment') {
          assert.ok([BEFORE, BEFORE + 1].includes(numberOf(machine)), 'half a number');
        }
        clearNow(main);
        for (let i = 0; i < 12; i++) main.callNow('reclaim');
        assert.deepEqual(
          ['entryCount', 'valueBytes', 'keyBytes'].map((total) => main.callNow(total)),
          [0, 0, 0],
        );
        assert.equal(main.callNow('cacheInUse', facts.CACHE_CELL), 0, 'objects are left');
      },
    }),
  ),
];
