/**
 * Scenarios of counts at their end: a leaf that is full to its last place, and counts that come
 * round, where what was noted before is not taken for what has the same number now. In the kernel
 * that ships their words are set to just before that, or they hold because nothing comes round; in
 * its smallest geometry it does within these few calls.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import { offsetOf } from '../../support/structures.ts';
import type { Body, Machine } from '../engine/index.ts';
import { geometryOf } from '../geometry.ts';
import type { KernelScenario } from '../kernel-model.ts';
import {
  letterOf,
  load,
  makeCache,
  makeLongValue,
  nameNext,
  read,
  readLong,
  remove,
  set,
  VALUE_BYTES,
} from './cache.ts';
import { change, forgetNear, holdsTruly, keep, key, makeTwoLeaves } from './near.ts';

/** More than the cells of a long value, each of which is another's in the end. */
const KEYS = 20;
const LINE_BYTES = 64;
const VERSION = 16;

/** Takes out what is read; its cells are born anew, at one epoch after the other. */
const removeAndChurn: Body = async (thread, machine) => {
  await remove(thread, machine);
  for (let i = -2; i < KEYS; i++) {
    await thread.call('reclaim');
    if (i <= 0) continue;
    nameNext(machine, thread, i);
    await set(thread, machine);
  }
};

/** Gives all lines of the index a version. */
function setVersions(machine: Machine, version: number): void {
  const top = machine.load(facts.STORE_STATE + offsetOf('StoreState', 'top'));
  const leaves = machine.main.callNow('leaves') as number;
  for (let number = 0; number < leaves; number++) {
    const leaf = machine.load(machine.load(top) + number * 4);
    for (let line = 0; line < geometryOf('LINES'); line++) {
      machine.store(leaf + line * LINE_BYTES + VERSION, version);
    }
  }
}

/** Two leaves whose lines have the last version but one; that of `k` has the last. */
function makeLastVersion(machine: Machine): void {
  const { main } = machine;
  makeTwoLeaves(machine);
  setVersions(machine, geometryOf('VERSION_MASK') - 1);
  load(machine, main, 'k', 'a');
  assert.equal(main.callNow('set', 4, VALUE_BYTES, 1, 0), 0);
}

/** All but one of what a leaf of the smallest geometry has places for. */
const OTHERS = 'abcdefg';

/** A leaf with one place left, which is not split before that is taken. */
function makeAlmostFull(machine: Machine): void {
  const { main, threads } = machine;
  for (const thread of [main, ...threads]) thread.callNow('setMany', OTHERS.length + 1);
  makeCache(OTHERS[0]!, OTHERS[0]!)(machine);
  for (const other of OTHERS) {
    load(machine, main, other, other);
    assert.equal(main.callNow('set', 4, VALUE_BYTES, 1, 0), 0);
  }
  load(machine, threads[0]!, 'z', 'z');
}

function expectAll(machine: Machine): void {
  for (const letter of `${OTHERS}z`) assert.equal(letterOf(machine, letter), letter);
}

export const wrapScenarios: KernelScenario[] = [
  {
    name: 'set-last-place',
    rule: 'what takes the last place of a leaf is there, and nothing splits',
    module: 'test',
    bound: 1,
    prepare: makeAlmostFull,
    threads: [set, read('a')],
    check: (machine) => {
      expectAll(machine);
      assert.equal(machine.main.callNow('leaves'), 1);
    },
  },
  {
    name: 'read-on-churn',
    rule: 'who reads on is told to begin again, at whichever epoch the cell was born anew',
    bound: 1,
    stepLimit: 60_000,
    prepare: makeLongValue,
    threads: [readLong, removeAndChurn],
  },
  {
    name: 'near-set-merge-last',
    rule: 'of a value kept near at the last version, which is set, and leaves merged: as ever',
    module: 'test',
    bound: 1,
    stepLimit: 60_000,
    before: forgetNear,
    prepare: makeLastVersion,
    threads: [keep, change(set, key('z'), remove, key('m'), remove)],
    check: holdsTruly,
  },
];
