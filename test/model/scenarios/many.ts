/**
 * Scenarios of several keys in one call: what is read in a section that lasts for all of them, what
 * is set one after the other, and deaths between one key and the next.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import {
  letterOf,
  load,
  makeCache,
  NOW,
  overwriteAndReuse,
  reclaim,
  set,
  VALUE_BYTES,
  word,
} from './cache.ts';
import { expectLeft, makeWith, put } from './store-deaths.ts';

/** Length, hash and key, of one word each. */
const RECORD_BYTES = 12;

/** Behind the lengths of the answers; each value's begin at a multiple of 8. */
const FIRST_VALUE: number = facts.MANY_KEYS * 4;

/** Puts a row of one-word keys into a thread's scratch. */
function putRow(machine: Machine, thread: Thread, keys: string): void {
  let at = thread.callNow('keyRow') as number;
  for (const key of keys) {
    machine.store(at, 4);
    machine.store(at + 8, word(key));
    at += RECORD_BYTES;
  }
}

/** Makes a cache in which k has a value, and a second key another one. */
function makeTwo(machine: Machine): void {
  makeCache(...machine.threads.map(() => 'k'))(machine);
  put(machine, 'q');
  load(machine, machine.main, 'k', 'a');
}

/** Reads k, q and k again: each is whole, k is never older than before, q is always there. */
const readRow: Body = async (thread, machine) => {
  putRow(machine, thread, 'kqk');
  assert.equal(await thread.call('getMany', 3, NOW), 3);
  const output = thread.callNow('outputScratch') as number;
  let at = output + FIRST_VALUE;
  let letters = '';
  for (let i = 0; i < 3; i++) {
    const bytes = machine.load(output + i * 4) | 0;
    const seen = bytes < 0 ? [] : [0, 4, 8].map((from) => machine.load(at + from));
    letters += bytes < 0 ? '-' : String.fromCharCode(seen[0]! & 255);
    if (bytes >= 0) assert.deepEqual(seen, Array(3).fill(word(letters[i]!)), 'a torn value');
    at += (Math.max(bytes, 0) + 7) & ~7;
  }
  assert.ok(['aqa', 'aqc', 'cqc'].includes(letters), `k, q and k have ${letters}`);
  return letters;
};

const removeRow: Body = async (thread, machine) => {
  putRow(machine, thread, 'kqk');
  await thread.call('removeMany', 3);
  const at = thread.callNow('outputScratch') as number;
  return [0, 4, 8].map((from) => machine.load(at + from)).join('');
};

/** Puts a row of one-word keys with a value of one letter each into a thread's scratch. */
function putEntries(machine: Machine, thread: Thread, keys: string, letters: string): void {
  let at = thread.callNow('inputScratch') as number;
  for (const [i, key] of [...keys].entries()) {
    machine.store(at, 4);
    machine.store(at + 4, VALUE_BYTES);
    for (let beside = 8; beside < facts.SET_KEY; beside += 4) machine.store(at + beside, 0);
    machine.store(at + facts.SET_KEY, word(key));
    const value = at + facts.SET_KEY + 8;
    for (let j = 0; j < VALUE_BYTES; j += 4) machine.store(value + j, word(letters[i]!));
    at = value + 16;
  }
}

/** @returns what became of each: SET_… */
function setRow(keys: string, letters: string): Body {
  return async (thread, machine) => {
    putEntries(machine, thread, keys, letters);
    await thread.call('storeMany', keys.length, 1);
    const at = thread.callNow('inputScratch') as number;
    const bytes = facts.SET_KEY + 24;
    return [...keys].map((_, i) => machine.load(at + i * bytes)).join('');
  };
}

export const manyScenarios: KernelScenario[] = [
  {
    name: 'many-get-overwrite-reuse',
    rule: 'keys read in one call are whole, and one that is read twice is never older later',
    bound: 2,
    prepare: makeTwo,
    threads: [readRow, overwriteAndReuse],
  },
  {
    name: 'many-get-expired',
    rule: 'a value that is over is taken out in the middle of a row, and the row read on',
    bound: 2,
    prepare: (machine) => {
      makeTwo(machine);
      put(machine, 'q', NOW - 1);
      load(machine, machine.main, 'k', 'a');
    },
    threads: [
      async (thread, machine) => {
        putRow(machine, thread, 'kqk');
        assert.equal(await thread.call('getMany', 3, NOW), 3);
        const at = thread.callNow('outputScratch') as number;
        const lengths = [0, 4, 8].map((from) => machine.load(at + from) | 0);
        assert.deepEqual(lengths, [VALUE_BYTES, -1, VALUE_BYTES]);
      },
      async (thread, machine) => {
        await set(thread, machine);
        await reclaim(thread);
      },
    ],
  },
  {
    name: 'many-remove-twice',
    rule: 'of two that remove the same keys each key is removed by one',
    bound: 2,
    prepare: makeTwo,
    threads: [removeRow, removeRow],
    check: ({ main, results }) => {
      const answers = results.map((answer) => [...String(answer)].map(Number));
      const sums = [0, 1, 2].map((i) => answers[0]![i]! + answers[1]![i]!);
      assert.deepEqual([sums[0]! + sums[2]!, sums[1]], [1, 1], String(results));
      assert.equal(main.callNow('entryCount'), 0);
    },
  },
  {
    name: 'many-remove-killed',
    rule: 'who dies between two keys has removed the first, and loses nothing of the second',
    module: 'test',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    stepLimit: 40_000,
    prepare: (machine) => {
      makeWith('z', 'k')(machine);
      load(machine, machine.main, 'k', 'a');
    },
    threads: [removeRow],
    check: expectLeft('z', 'k', 'a-'),
  },
  {
    name: 'many-set-set',
    rule: 'of two that set the same keys each key has a whole value of one, and is added once',
    bound: 1,
    prepare: makeTwo,
    threads: [setRow('kmk', 'bcd'), setRow('mk', 'ef')],
    check: (machine) => {
      const { results, main } = machine;
      const [one, two] = results as [string, string];
      assert.ok('df'.includes(letterOf(machine, 'k')) && 'ce'.includes(letterOf(machine, 'm')));
      assert.equal(letterOf(machine, 'q'), 'q');
      assert.equal(main.callNow('entryCount'), 3);
      const { SET_ADDED, SET_REPLACED } = facts;
      assert.deepEqual([one[0], one[2], two[1]], Array(3).fill(`${SET_REPLACED}`));
      assert.deepEqual([one[1], two[0]].sort(), [`${SET_ADDED}`, `${SET_REPLACED}`]);
    },
  },
  {
    name: 'many-set-get',
    rule: 'who reads while a row is set sees of each key what it was or is, and what waits is freed',
    bound: 2,
    prepare: makeTwo,
    threads: [
      async (thread, machine) => {
        await setRow('kq', 'cq')(thread, machine);
        await reclaim(thread);
        await setRow('kq', 'cq')(thread, machine);
      },
      readRow,
    ],
  },
  {
    name: 'many-set-killed',
    rule: 'who dies between two entries has set the first, and loses nothing of the second',
    module: 'test',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    stepLimit: 60_000,
    prepare: makeWith('yz', 'k'),
    threads: [setRow('kzk', 'bzc')],
    check: expectLeft('yz', 'k', 'abc'),
  },
  {
    name: 'many-get-killed',
    rule: 'who dies reading several keys ends its section: what waited for it goes',
    bound: 2,
    kills: 1,
    mustSurvive: true,
    prepare: makeTwo,
    threads: [readRow],
    check: ({ main, killed }) => {
      assert.equal(main.callNow('liveThreads'), 3 - killed.length);
      main.callNow('remove', 4);
      for (let i = 0; i < 3; i++) main.callNow('reclaim');
      assert.equal(main.callNow('limboOf', facts.LIMBO_VALUE), 0);
    },
  },
];
