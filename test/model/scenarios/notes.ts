/**
 * Scenarios of words that threads write down and anybody looks at, mostly without a lock: who lives
 * provably, who supervises, how late it is, which types there are, what is lent. The memory rules
 * judge each look; what was written is there in the end.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import { wordOfSlot } from '../../support/structures.ts';
import type { Body, Machine } from '../engine/index.ts';
import {
  idle,
  type KernelScenario,
  MAIN_OWNER,
  type ModelFolio,
  newFolio,
  ownerOf,
} from '../kernel-model.ts';
import { makeCache, NOW, nameNext, VALUE_BYTES } from './cache.ts';
import { attach, NEXT_ID, recycle } from './threads.ts';

/** Of thread 0: slot 1 is the main thread's. */
const SLOT = 2;
const DEAD_SLOT = 3;

const holdLife: Body = (thread) => thread.call('holdsLife');

/** The look of one who would hear of a death. */
const lookForLife: Body = async (thread) => {
  const owner = (await thread.call('provableOwner', SLOT)) as number;
  assert.ok([0, ownerOf(0)].includes(owner), `the owner is ${owner}`);
  assert.equal(await thread.call('isSupervised'), 0, 'main has said nothing');
};

/** Puts itself in nobody's place. @returns who supervises */
const supervise: Body = async (thread) => {
  const owner = await thread.call('succeedSupervisor', 0, ownerOf(thread.index));
  assert.equal(await thread.call('supervisorOwner'), owner);
  assert.equal(await thread.call('supervisorTerm'), 1);
  return owner;
};

function sleepFor(ms: number): Body {
  return async (thread) => {
    await thread.call('raiseSlept', ms);
    const slept = (await thread.call('timeSlept')) as number;
    assert.ok(slept >= ms, `${slept} ms, after ${ms}`);
  };
}

const lend: Body = (thread) => thread.call('lend');

const countLoad: Body = (thread) => thread.call('countLoad', 0);

const setExpiring: Body = (thread) => thread.call('set', 4, VALUE_BYTES, 1, NOW + 1);

const register: Body = (thread) => thread.call('registerType', 32, 0);

/** Makes a folio of a type that another may be registering. */
const makeTyped: Body = async (thread) => {
  const name = (await thread.call('allocFolio', 0, facts.FIRST_USER_TYPE)) as number;
  if (name > 0) assert.equal(await thread.call('freeFolio', name), 0);
};

const PATTERN = 0x5a5a5a5a;
let shared: ModelFolio;

/** Both threads have pinned one folio. */
function pinBoth({ main, threads }: Machine): void {
  shared = newFolio(main);
  for (const thread of threads) thread.callNow('pinFolio', shared.name);
}

const setWord: Body = (thread) => thread.call('setOwnerWord', shared.id, 0, PATTERN);

const readWord: Body = async (thread) => {
  const word = (await thread.call('ownerWord', shared.id, 0)) as number;
  assert.ok(word === 0 || word === PATTERN, `a torn word: ${word}`);
};

const lockAndUnlock: Body = async (thread) => {
  assert.equal(await thread.call('lockPage', shared.id), 0);
  assert.equal(await thread.call('unlockPage', shared.id), 0);
};

/** What its descriptor says beside the lock. */
const describeShared: Body = async (thread) => {
  assert.equal(await thread.call('orderOfPinned', shared.id), 0);
  assert.ok(((await thread.call('ownerWords', shared.id)) as number) > 0);
};

/** Thread 0 is not attached yet. */
function leaveOne({ threads }: Machine): void {
  threads[0]!.callNow('detach');
}

const lookForOwner: Body = async (thread) => {
  const owner = (await thread.call('liveOwner', SLOT)) as number;
  assert.ok([0, ownerOf(0)].includes(owner), `the owner is ${owner}`);
};

/** Thread 0 supervised, and thread 1 is dead; all have left. */
function leaveDead({ main, threads }: Machine): void {
  main.callNow('succeedSupervisor', 0, ownerOf(0));
  threads[0]!.callNow('detach');
  threads[2]!.callNow('detach');
  main.callNow('markDead', ownerOf(1));
  main.callNow('detach');
}

const attachAnew: Body = async (thread, machine) => {
  const supervisor = (await thread.call('supervisorOwner')) as number;
  assert.ok([0, ownerOf(0)].includes(supervisor), `the supervisor is ${supervisor}`);
  return attach(thread, machine);
};

let pool = 0;

function makePool({ main }: Machine): void {
  pool = main.callNow('zsCreate') as number;
  assert.ok(pool > 0);
}

const createPool: Body = (thread) => thread.call('zsCreate');

const lookForPool: Body = async (thread) => {
  assert.equal(await thread.call('zsIsPool', pool), 1);
  assert.equal(await thread.call('zsIsPool', pool + 1), 0);
};

/** A cache in which thread 0 has no scratch yet. */
function leaveOneWithout({ main, threads }: Machine): void {
  assert.equal(main.callNow('formatStore'), 0);
  assert.equal(threads[1]!.callNow('prepare'), 0);
}

const takeScratch: Body = async (thread) => assert.equal(await thread.call('prepare'), 0);

const leave: Body = (thread) => thread.call('detach');

const sweepDead: Body = (thread) => thread.call('sweepDead');

/** Two keys that have expired, and one that never does; a tag was deleted since. */
function makeDead(machine: Machine): void {
  const { main } = machine;
  makeCache('k', 'k')(machine);
  for (const key of [1, 2]) {
    nameNext(machine, main, key);
    assert.equal(main.callNow('set', 4, VALUE_BYTES, 1, NOW), 0);
  }
  main.callNow('deleteTag', 4);
  main.callNow('tellTime', NOW + 1);
}

export const noteScenarios: KernelScenario[] = [
  {
    name: 'held-look',
    rule: 'who looks for lives that are provable sees that of a thread or nobody',
    bound: 2,
    threads: [holdLife, lookForLife],
    check: ({ main, threads }) => {
      assert.equal(main.callNow('provableOwner', SLOT), ownerOf(0));
      main.callNow('holdsLife');
      threads[1]!.callNow('detach');
      assert.equal(main.callNow('isSupervised'), 1, 'a slot that was left holds no lock');
    },
  },
  {
    name: 'supervise-supervise',
    rule: 'of two that would supervise the zone one does, and both know which',
    bound: 2,
    threads: [supervise, supervise],
    check: ({ results }) => assert.equal(results[0], results[1]),
  },
  {
    name: 'supervise-look',
    rule: 'who asks for the supervisor while there comes one sees it or nobody',
    bound: 2,
    threads: [
      supervise,
      async (thread) => {
        const term = (await thread.call('supervisorTerm')) as number;
        const owner = (await thread.call('supervisorOwner')) as number;
        assert.ok(owner === ownerOf(0) || (owner === 0 && term === 0), `${owner} in term ${term}`);
      },
    ],
  },
  {
    name: 'slept-slept',
    rule: 'of two times that threads have slept the longer one stays',
    bound: 2,
    threads: [sleepFor(5), sleepFor(7)],
    check: ({ main }) => assert.equal(main.callNow('timeSlept'), 7),
  },
  {
    name: 'lend-lend',
    rule: 'what two have lent is lent',
    bound: 2,
    threads: [lend, lend],
  },
  {
    name: 'load-load',
    rule: 'of two computations that end at once both are counted',
    bound: 2,
    threads: [countLoad, countLoad],
    check: ({ main }) => assert.equal(main.callNow('loads', 0), 2),
  },
  {
    name: 'expiring-expiring',
    rule: 'of two that store the first entries that expire both say that there are some',
    bound: 1,
    prepare: makeCache('k', 'k'),
    threads: [setExpiring, setExpiring],
    check: (machine) => assert.equal(machine.load(machine.main.callNow('expiringAt') as number), 1),
  },
  {
    name: 'type-alloc',
    rule: 'a folio has a type that is registered whole, or is not made',
    bound: 2,
    threads: [register, makeTyped],
  },
  {
    name: 'owner-word',
    rule: 'of two that have pinned a folio one reads what the other writes, or what was there',
    bound: 2,
    prepare: pinBoth,
    threads: [setWord, readWord],
    check: ({ main }) => assert.equal(main.callNow('freeFolio', shared.name), 0),
  },
  {
    name: 'scratch-leave',
    rule: 'who leaves sees that its scratch is its own, whatever another takes meanwhile',
    bound: 1,
    prepare: leaveOneWithout,
    threads: [takeScratch, leave],
  },
  {
    name: 'lock-describe',
    rule: 'who looks what a folio is while another locks it sees what it is',
    bound: 2,
    prepare: pinBoth,
    threads: [lockAndUnlock, describeShared],
  },
  {
    name: 'attach-look',
    rule: 'who looks whose a slot is while it is taken finds the one or nobody',
    bound: 2,
    prepare: leaveOne,
    threads: [attach, lookForOwner],
  },
  {
    name: 'recycle-dead-attach',
    rule: 'a slot whose thread died is free in the next zone, whoever attaches meanwhile',
    bound: 2,
    prepare: leaveDead,
    threads: [recycle, idle, attachAnew],
    settle: (machine) => {
      const { main, results } = machine;
      const [failure, , slot] = results as number[];
      const isNew = failure === 0;
      assert.equal(main.callNow('zoneIdLo') === NEXT_ID, isNew);
      assert.ok(slot! > 0 || slot === facts.ERR_NOT_A_ZONE, `attached: ${slot}`);
      assert.ok((main.callNow('attach', MAIN_OWNER, 1) as number) > 0);
      const state = machine.load(wordOfSlot(DEAD_SLOT, 'identity')) & 3;
      if (isNew) assert.ok([0, 1].includes(state), 'a dead slot in the new zone');
      else main.callNow('recoverDead');
    },
  },
  {
    name: 'pool-look',
    rule: 'who looks whether a page is that of a pool finds those that are, while more are made',
    bound: 1,
    prepare: makePool,
    threads: [createPool, lookForPool],
  },
  {
    name: 'sweep-sweep',
    rule: 'of two that sweep out the dead none waits, and each of these goes once',
    module: 'test',
    bound: 1,
    prepare: makeDead,
    threads: [sweepDead, sweepDead],
    check: (machine) => {
      const { main, results } = machine;
      const swept = (results as number[]).reduce((sum, entries) => sum + Math.max(entries, 0), 0);
      assert.equal(swept, 2, `${swept} were swept`);
      assert.equal(main.callNow('sweepDead'), -1, 'the round is not over');
    },
  },
];
