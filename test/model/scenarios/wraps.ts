/**
 * Scenarios of counts that come round: what was noted before is not taken for what has the same
 * number now. In the kernel that ships their words are set to just before that, or they hold
 * because nothing comes round; in its smallest geometry it does within these few calls.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import { offsetOf } from '../../support/structures.ts';
import type { Body, Machine } from '../engine/index.ts';
import { geometryOf } from '../geometry.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { load, makeLongValue, nameNext, readLong, remove, set, VALUE_BYTES } from './cache.ts';
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

export const wrapScenarios: KernelScenario[] = [
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
