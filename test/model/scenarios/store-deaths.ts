/**
 * Deaths in the store: a thread is killed at any instruction of anything that changes the cache.
 * Nothing is poisoned, every other entry is there, and every page, object and total is accounted
 * for.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import {
  clear,
  clearNow,
  evictAndRenew,
  letterOf,
  load,
  makeCache,
  NOW,
  nameNext,
  reclaim,
  remove,
  set,
  VALUE_BYTES,
  word,
} from './cache.ts';

/**
 * The thread has what it allocates from at hand: deaths on the way to that are other scenarios'
 * affair.
 */
export function warmUp(machine: Machine): void {
  const { main, threads } = machine;
  for (const thread of threads) {
    load(machine, thread, 'w', 'w');
    for (let i = 0; i < 2; i++) assert.equal(thread.callNow('set', 4, VALUE_BYTES, 1, 0), 0);
    assert.equal(thread.callNow('remove', 4), 1);
    for (let i = 0; i < 2; i++) thread.callNow('reclaim');
  }
  assert.equal(main.callNow('limboOf', facts.LIMBO_VALUE), 0);
}

/** A cache with `others` besides the key of thread 0, and few entries a leaf. */
export function makeWith(others: string, key: string, many = 0): (machine: Machine) => void {
  return (machine) => {
    const { main, threads } = machine;
    for (const thread of [main, ...threads]) thread.callNow('setMany', many);
    makeCache(...threads.map(() => key))(machine);
    warmUp(machine);
    for (const other of others) put(machine, other);
    for (const [i, thread] of threads.entries()) load(machine, thread, key, 'bcd'[i]!);
  };
}

export function put(machine: Machine, key: string, expiry = 0, letter = key): void {
  load(machine, machine.main, key, letter);
  assert.equal(machine.main.callNow('set', 4, VALUE_BYTES, 1, expiry), 0);
}

/** Others are there; the key has one of the values; and after all is gone nothing is left. */
export function expectLeft(
  others: string,
  key: string,
  allowed: string,
): (machine: Machine) => void {
  return (machine) => {
    const { main } = machine;
    for (const other of others) assert.equal(letterOf(machine, other), other, `${other} is lost`);
    const value = letterOf(machine, key);
    assert.ok(allowed.includes(value), `${key} has ${value}`);
    clearNow(main);
    for (let i = 0; i < 12; i++) main.callNow('reclaim');
    const totals = ['entryCount', 'valueBytes', 'keyBytes', 'storedBytes'].map((name) =>
      main.callNow(name),
    );
    assert.deepEqual(totals, [0, 0, 0, 0]);
    assert.equal(main.callNow('check'), 0);
    assert.equal(main.callNow('cacheInUse', facts.CACHE_CELL), 0, 'objects are left');
  };
}

const setTwo: Body = async (thread, machine) => {
  await set(thread, machine);
  await set(thread, machine);
};
const removeAndReclaim: Body = async (thread, machine) => {
  await remove(thread, machine);
  await reclaim(thread);
};
const overwriteAndReclaim: Body = async (thread, machine) => {
  await set(thread, machine);
  await reclaim(thread);
};
/** A value of three objects. */
const setChain: Body = (thread) => thread.call('set', 4, 9000, 1, 0);
const setAndDropDraft: Body = async (thread) => {
  // Of three objects: that of one alone stands in the thread state as well.
  await thread.call('beginSet', 4, 9000, 0);
  await thread.call('appendSet', 9000, 1);
  await thread.call('beginSet', 4, VALUE_BYTES, 0);
};
const evict: Body = (thread) => thread.call('sweepInCall', 1);
const expire: Body = (thread) => thread.call('get', 4, NOW, 0);

interface Death {
  name: string;
  doing: string;
  others: string;
  key: string;
  allowed: string;
  body: Body;
  many?: number;
  /** Leaves at the end, if nobody died. */
  leaves?: number;
  prepare?: (machine: Machine) => void;
}

const deaths: Death[] = [
  {
    name: 'set-new',
    doing: 'setting a new key',
    others: 'xy',
    key: 'k',
    allowed: 'b-',
    body: set,
    prepare: (machine) => removeKey(machine, 'k'),
  },
  {
    name: 'overwrite',
    doing: 'overwriting a value',
    others: 'xy',
    key: 'k',
    allowed: 'ab',
    body: overwriteAndReclaim,
  },
  {
    name: 'overwrite-twice',
    doing: 'overwriting a value twice',
    others: 'x',
    key: 'k',
    allowed: 'ab',
    body: setTwo,
  },
  {
    name: 'delete',
    doing: 'deleting a key',
    others: 'xy',
    key: 'k',
    allowed: 'a-',
    body: removeAndReclaim,
  },
  {
    name: 'chain',
    doing: 'setting a value of three objects',
    others: 'x',
    key: 'k',
    allowed: 'ab',
    body: setChain,
  },
  {
    name: 'draft',
    doing: 'dropping a draft',
    others: 'x',
    key: 'k',
    allowed: 'a',
    body: setAndDropDraft,
  },
  { name: 'clear', doing: 'clearing the cache', others: '', key: 'k', allowed: 'a-', body: clear },
  { name: 'evict', doing: 'evicting an entry', others: '', key: 'k', allowed: 'a-', body: evict },
  {
    name: 'evict-renew',
    doing: 'using again what it has evicted',
    others: 'x',
    key: 'k',
    allowed: 'ab-',
    body: evictAndRenew,
  },
  // Of leaves that hold one entry: the second key splits, and merges when it goes.
  {
    ...{
      name: 'split',
      doing: 'splitting a leaf',
      others: 'z',
      key: 'k',
      allowed: 'b-',
      body: set,
      many: 1,
      leaves: 2,
    },
    prepare: (machine) => removeKey(machine, 'k'),
  },
  {
    name: 'merge',
    doing: 'merging two leaves',
    others: 'z',
    key: 'k',
    allowed: 'a-',
    body: remove,
    many: 1,
    leaves: 1,
  },
];

/** What the first thread replaced a moment ago is done, and its next value takes its place. */
function makeDone(machine: Machine): void {
  const { main, threads } = machine;
  assert.equal(threads[0]!.callNow('set', 4, VALUE_BYTES, 1, 0), 0);
  assert.equal(main.callNow('reclaim'), 0);
  load(machine, threads[0]!, 'k', 'd');
}

/** What waits is what was replaced last: what was done before is used again, or freed. */
function assertReused({ main, killed }: Machine): void {
  if (killed.length === 0) assert.equal(main.callNow('limboOf', facts.LIMBO_VALUE), 1);
}

/** Two threads, of which either may die; the other goes on, and what it does is done. */
const pairs: [name: string, others: string, allowed: string, bodies: Body[], many?: number][] = [
  ['set-clear', '', 'ab-', [set, clear]],
  ['set-reclaim', 'x', 'ab', [set, reclaim]],
];

/** Takes a key out again, and its memory is free. */
export function removeKey(machine: Machine, key: string): void {
  const { main } = machine;
  nameNext(machine, main, word(key));
  assert.equal(main.callNow('remove', 4), 1);
  for (let i = 0; i < 4; i++) main.callNow('reclaim');
}

function ruleOfDeath(doing: string): string {
  return `who dies ${doing} has done it or not, and lost nothing besides`;
}

/** `a set and a delete`. */
function nouns(pair: string): string {
  return pair
    .replace(/^(\w+)-\1$/, 'two $1s')
    .replace(/^(\w+)-(\w+)$/, 'a $1 and a $2')
    .replaceAll('a e', 'an e');
}

export const storeDeathScenarios: KernelScenario[] = [
  ...deaths.map(
    ({ name, doing, others, key, allowed, body, many, leaves, prepare }): KernelScenario => ({
      name: `${name}-killed-survived`,
      rule: ruleOfDeath(doing),
      module: 'test',
      bound: 1,
      kills: 1,
      killable: [0],
      mustSurvive: true,
      stepLimit: 60_000,
      prepare: (machine) => {
        makeWith(others, key, many)(machine);
        prepare?.(machine);
      },
      threads: [body],
      check: (machine) => {
        if (leaves !== undefined && machine.killed.length === 0) {
          assert.equal(machine.main.callNow('leaves'), leaves);
        }
        expectLeft(others, key, allowed)(machine);
      },
    }),
  ),
  ...pairs.map(
    ([name, others, allowed, threads, many]): KernelScenario => ({
      name: `${name}-killed-survived`,
      rule: `of ${nouns(name)} either may die: the other is done, and nothing lost`,
      module: 'test',
      // Within one preemption 3,000 executions each: `npm run model -- NAME --bound 1`.
      bound: 0,
      kills: 1,
      mustSurvive: true,
      stepLimit: 60_000,
      prepare: makeWith(others, 'k', many),
      threads,
      check: expectLeft(others, 'k', allowed),
    }),
  ),
  ...[[set], [set, reclaim]].map(
    (threads): KernelScenario => ({
      name: threads.length === 1 ? 'renew-killed-survived' : 'renew-reclaim-killed-survived',
      rule:
        threads.length === 1
          ? ruleOfDeath('using an object again')
          : 'of who uses an object again and who frees it one does, though either may die',
      module: 'test',
      bound: threads.length === 1 ? 1 : 0,
      kills: 1,
      mustSurvive: true,
      stepLimit: 60_000,
      prepare: (machine) => {
        makeWith('x', 'k')(machine);
        makeDone(machine);
      },
      threads,
      check: (machine) => {
        if (threads.length === 1) assertReused(machine);
        expectLeft('x', 'k', 'bd')(machine);
      },
    }),
  ),
  {
    name: 'expire-killed-survived',
    rule: ruleOfDeath('taking out what is over'),
    module: 'test',
    bound: 1,
    kills: 1,
    mustSurvive: true,
    stepLimit: 60_000,
    prepare: (machine) => {
      makeWith('xy', 'k')(machine);
      put(machine, 'k', NOW - 1);
    },
    threads: [expire],
    check: expectLeft('xy', 'k', '-'),
  },
];
