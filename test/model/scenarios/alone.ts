/**
 * Scenarios of what is computed without a lease: what is deleted, set or cleared later wins, and of
 * two that compute the first one is kept.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine } from '../engine/index.ts';
import { geometryOf } from '../geometry.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { clear, load, makeCache, NOW, nameNext, VALUE_BYTES, word } from './cache.ts';
import { arrive, begin, NEVER, store as storeLeased } from './leases.ts';

/** Computations that have begun, and how many had when the first was about to be stored. */
let begun = 0;
let begunAtStore = 0;
let isChangedLater = false;
/** Else what was there is gone only if somebody has deleted it. */
let isEvicting = false;

function before(): void {
  begun = 0;
  begunAtStore = 0;
  isChangedLater = false;
  isEvicting = false;
}

/** `k` = a, and a table of leases that has been used. */
function makePresent(machine: Machine): void {
  makeCache(...machine.threads.map(() => 'k'))(machine);
  const { main } = machine;
  const lease = main.callNow('beginLease', 4, NOW, NEVER, 0) as number;
  main.callNow('endLease', lease, main.callNow('lastGrant') as number, 0);
}

function makeAbsent(machine: Machine): void {
  makePresent(machine);
  assert.equal(machine.main.callNow('remove', 4), 1);
}

const compute: Body = async (thread) => {
  const version = (await thread.call('beginAlone', 4)) as number;
  const entry = thread.callNow('aloneEntry') as number;
  begun++;
  await arrive(thread);
  begunAtStore ||= begun;
  thread.callNow('allowEntry', entry);
  const failure = await thread.call('setIf', facts.IF_QUIET, version, 4, VALUE_BYTES, 1, 0);
  const isAdded = failure === 0 && thread.callNow('setOutcome', 0) === facts.SET_ADDED;
  assert.ok(isEvicting || entry === 0 || !isAdded, 'stored after a delete of what was there');
  return failure;
};

const computeLeased: Body = async (thread) => {
  const { lease, grant } = await begin(thread);
  begun++;
  await arrive(thread);
  begunAtStore ||= begun;
  return storeLeased(thread, lease, grant);
};

/** An act that says whether it began after the computation. */
function later(act: Body): Body {
  return async (thread, machine) => {
    await arrive(thread);
    isChangedLater = begun > 0;
    return act(thread, machine);
  };
}

const remove: Body = (thread) => thread.call('remove', 4);
const set: Body = (thread) => thread.call('set', 4, VALUE_BYTES, 1, 0);

/** Its entry is gone again: the stamp alone tells of the set. */
const setAndEvict: Body = async (thread, machine) => {
  isEvicting = true;
  await set(thread, machine);
  await thread.call('sweepInCall', 1);
};

/** What the key has: a letter, or '-'. */
function valueIn(machine: Machine): string {
  const { main } = machine;
  load(machine, main, 'k', 'z');
  if (main.callNow('get', 4, NOW, 0) !== VALUE_BYTES) return '-';
  const seen = machine.load(main.callNow('outputScratch') as number);
  return ['a', 'b', 'c'].find((letter) => word(letter) === seen) ?? 'torn';
}

function expect(allowed: string): (machine: Machine) => void {
  return (machine) => {
    const value = valueIn(machine);
    assert.ok(allowed.includes(value), `the key has ${value}`);
    assert.ok(!(value === 'b' && isChangedLater), 'stored after a change that came later');
  };
}

/** Of two that computed at once one is stored. */
function expectFirst(machine: Machine): void {
  const stored = machine.results.map((result) => result === 0);
  if (begunAtStore === 2) assert.notEqual(stored[0], stored[1], 'not one, or both');
  assert.ok(valueIn(machine) === 'b' ? stored[0] : stored[1]);
}

/** Begun by main before the threads' calls, of which one is cut short by a death. */
let version = 0;
let entry = 0;

function beginFirst(make: (machine: Machine) => void): (machine: Machine) => void {
  return (machine) => {
    make(machine);
    const { main } = machine;
    load(machine, main, 'k', 'z');
    version = main.callNow('beginAlone', 4) as number;
    entry = main.callNow('aloneEntry') as number;
  };
}

/** What main has computed is stored only if the key has what it had then. */
function expectUnlessChanged(machine: Machine): void {
  const { main, killed } = machine;
  const before = valueIn(machine);
  main.callNow('allowEntry', entry);
  const failure = main.callNow('setIf', facts.IF_QUIET, version, 4, VALUE_BYTES, 1, 0);
  if (before !== (entry === 0 ? '-' : 'a')) assert.equal(failure, facts.ERR_UNMET);
  if (killed.length === 0) assert.equal(failure, facts.ERR_UNMET);
}

/** Leaves of an index in which keys of one stamp are in several. */
const LEAVES = 32;
/** Bits of a hash that choose its stamp, and its leaf. */
const [STAMP_BITS, LEAF_BITS] = [15, LEAVES - 1];
/** A key of another leaf that shares the stamp of `k`: found once, for hashes have one seed. */
let neighbour = 0;

/** Thread 0 has `k`, and thread 1 its neighbour; neither is there. */
function makeNeighbours(machine: Machine): void {
  const { main, threads } = machine;
  makeAbsent(machine);
  const entries = Math.floor(0.8 * geometryOf('MANY_ENTRIES'));
  while (main.callNow('growIndexFor', LEAVES * entries) === 1);
  assert.equal(main.callNow('leaves'), LEAVES);
  if (neighbour === 0) neighbour = findNeighbour(machine);
  nameNext(machine, threads[1]!, neighbour);
  assert.ok(isNeighbour(machine));
}

function findNeighbour(machine: Machine): number {
  const [first, second] = machine.threads.map((thread) => ({
    at: thread.callNow('keyScratch') as number,
    hash: () => thread.callNow('keyHash', 4) as number,
  }));
  const hash = first!.hash();
  for (let key = 1; ; key++) {
    machine.store(second!.at, key);
    const differs = hash ^ second!.hash();
    const isElsewhere = (differs & STAMP_BITS) === 0 && (differs & LEAF_BITS) !== 0;
    if (isElsewhere && isNeighbour(machine)) return key;
  }
}

/** Whether deleting the second thread's key changes the stamp of the first one's. */
function isNeighbour({ threads: [first, second] }: Machine): boolean {
  const before = first!.callNow('beginAlone', 4);
  second!.callNow('remove', 4);
  return first!.callNow('beginAlone', 4) !== before;
}

/** A delete before, and one after a computation has begun. */
const removeAround: Body = async (thread) => {
  await thread.call('remove', 4);
  const version = (await thread.call('beginAlone', 4)) as number;
  await thread.call('remove', 4);
  thread.callNow('allowEntry', 0);
  const failure = await thread.call('setIf', facts.IF_QUIET, version, 4, VALUE_BYTES, 1, 0);
  assert.equal(failure, facts.ERR_UNMET, 'stored after a delete that came later');
};

const common = { module: 'test', timesOut: true, stepLimit: 60_000, before } as const;
const survived = {
  ...common,
  bound: 1,
  kills: 1,
  mustSurvive: true,
  check: expectUnlessChanged,
} as const;

export const aloneScenarios: KernelScenario[] = [
  {
    ...common,
    name: 'alone-delete',
    rule: 'what was computed without a lease before a delete of what is not there is not stored',
    bound: 2,
    prepare: makeAbsent,
    threads: [compute, later(remove)],
    check: expect('b-'),
  },
  {
    ...common,
    name: 'alone-set',
    rule: 'what was computed without a lease before a set does not take the place of that',
    bound: 1,
    prepare: makeAbsent,
    threads: [compute, later(set)],
    check: expect('bc'),
  },
  {
    ...common,
    name: 'alone-set-evicted',
    rule: 'what was computed without a lease before a set is not there when that was evicted',
    bound: 1,
    prepare: makeAbsent,
    threads: [compute, later(setAndEvict)],
    check: expect('bc-'),
  },
  {
    ...common,
    name: 'alone-clear',
    rule: 'what was computed without a lease before a clear is not there after it',
    bound: 2,
    prepare: makeAbsent,
    threads: [compute, later(clear)],
    check: expect('b-'),
  },
  {
    ...common,
    name: 'alone-alone',
    rule: 'of two that compute a key at once, both without a lease, the first is stored',
    bound: 1,
    prepare: makeAbsent,
    threads: [compute, compute],
    check: expectFirst,
  },
  {
    ...common,
    name: 'alone-refresh',
    rule: 'of two that compute anew what is there, both without a lease, the first is stored',
    bound: 1,
    prepare: makePresent,
    threads: [compute, compute],
    check: expectFirst,
  },
  {
    ...common,
    name: 'alone-lease',
    rule: 'of two that compute a key at once, one of them with a lease, the first is stored',
    bound: 1,
    prepare: makeAbsent,
    threads: [compute, computeLeased],
    check: expectFirst,
  },
  {
    ...common,
    name: 'alone-neighbour',
    rule: 'a stamp that keys of several leaves share has been raised by each who deleted one',
    bound: 2,
    prepare: makeNeighbours,
    threads: [removeAround, remove],
  },
  {
    ...survived,
    name: 'alone-delete-killed-survived',
    rule: 'a delete that a death cut short is done, and nothing older is stored, or was not begun',
    prepare: beginFirst(makePresent),
    threads: [remove],
  },
  {
    ...survived,
    name: 'alone-set-killed-survived',
    rule: 'a set that a death cut short is done, and nothing older is stored, or was not begun',
    prepare: beginFirst(makeAbsent),
    threads: [set],
  },
  {
    ...survived,
    name: 'alone-killed-survived',
    rule: 'who dies computing without a lease has stored what it has, or leaves nothing behind',
    prepare: beginFirst(makeAbsent),
    threads: [compute],
  },
];
