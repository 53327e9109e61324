/** Scenarios of a poisoned zone: one fault is kept, and nobody goes on or waits for ever. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import { offsetOf, wordOfSlot } from '../../support/structures.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import { idle, type KernelScenario, newFolio } from '../kernel-model.ts';
import { slotOf } from '../places.ts';
import { makeCache, set } from './cache.ts';

/** The first two threads stand in calls, of numbers 1 and 2. */
function enterTwo(machine: Machine): void {
  for (const thread of [0, 1]) machine.store(wordOfSlot(slotOf(thread), 'inKernel'), thread + 1);
}

/** Poisons the zone, as the border does when an exception came out of a call. */
const poison: Body = (thread) => thread.call('callFailed');

/** Whether the call traps, as every one must that waits in a poisoned zone. */
async function traps(thread: Thread, name: string, ...args: number[]): Promise<boolean> {
  try {
    await thread.call(name, ...args);
    return false;
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    return true;
  }
}

/** Who has seen the fault before a call is stopped by it. */
const workOn: Body = async (thread) => {
  const isPoisoned = (await thread.call('fault')) !== 0;
  const hasTrapped = await traps(thread, 'allocPages', 0);
  assert.ok(hasTrapped || !isPoisoned, 'a call goes on in a poisoned zone');
};

/** The descriptor (>> 5) of a folio that all threads pin. */
let desc = 0;
let pfn = 0;
/** In the word that says what a thread does. */
const WANTS_HALT = 0x400;

function shareFolio(machine: Machine): void {
  const { main, threads } = machine;
  const { pfn } = newFolio(main);
  for (const thread of threads) desc = thread.callNow('pinPage', pfn) as number;
}

/** Takes a page's lock and keeps it; the zone is then poisoned, so that it is never given back. */
const lockAndPoison: Body = async (thread) => {
  if (await traps(thread, 'lockPage', desc)) return;
  await thread.call('callFailed');
};

const lockOrTrap: Body = async (thread) => {
  if (!(await traps(thread, 'lockPage', desc))) await traps(thread, 'unlockPage', desc);
};

/**
 * A cache whose entry's handle says that its object is free: who takes it out faults under the
 * leaf's lock.
 */
function loseValue(machine: Machine): void {
  makeCache('k', 'm')(machine);
  const top = machine.load(facts.STORE_STATE + offsetOf('StoreState', 'top'));
  const leaf = machine.load(machine.load(top));
  // The last half of each line is cells.
  let at = leaf;
  while ((at & 32) === 0 || machine.load(at) === 0) at += 4;
  machine.store(machine.load(at), machine.load(machine.load(at)) & ~7);
}

const clearAndTrap: Body = async (thread) => {
  assert.ok(await traps(thread, 'clearNext', 0, 3), 'an entry that is free was removed');
};

const setOrTrap: Body = async (thread, machine) => {
  try {
    await set(thread, machine);
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
  }
};

const stopAndPoison: Body = async (thread) => {
  await traps(thread, 'stop');
  await thread.call('callFailed');
};

const stopAndStart: Body = async (thread) => {
  if (!(await traps(thread, 'stop'))) await traps(thread, 'start');
};

/** Freezes the folio's descriptor, unless it is pinned, and does not unfreeze it. */
const freezeAndPoison: Body = async (thread) => {
  await thread.call('freeze', desc << 5, 0);
  await thread.call('callFailed');
};

const pinOrTrap: Body = async (thread) => {
  if (!(await traps(thread, 'pinPage', pfn))) await traps(thread, 'putPage', desc);
};

/** Thread 2 wants to halt the world, and traps in a poisoned zone. */
function wantHalt(machine: Machine): void {
  machine.store(wordOfSlot(slotOf(2), 'inKernel'), facts.OP_COMPACT | WANTS_HALT);
}

/** Thread 0 had its call cut short, and the zone is poisoned. */
function cutShort(machine: Machine): void {
  machine.store(wordOfSlot(slotOf(0), 'inKernel'), facts.OP_FOLIO);
  machine.main.callNow('callFailed');
}

/** What waits ten seconds for somebody who has trapped takes more steps. */
const soon = { stepLimit: 3000 };

export const poisonScenarios: KernelScenario[] = [
  {
    name: 'fault-fault',
    rule: 'of two faults at once one is kept, and names the thread that it came from',
    bound: 2,
    poisons: true,
    prepare: enterTwo,
    threads: [poison, poison],
    check: ({ main }) => {
      const operation = main.callNow('faultDetail') as number;
      assert.ok(operation === 1 || operation === 2);
      const slot = operation + 1;
      assert.equal(main.callNow('faultSlot'), slot, 'a fault of one thread, named after another');
      main.callNow('detach');
      assert.equal(main.callNow('isAttached'), 0, 'a poisoned zone can be left');
    },
  },
  {
    name: 'fault-work',
    rule: 'who has seen that the zone is poisoned is let into no call',
    bound: 2,
    poisons: true,
    threads: [poison, workOn, idle],
  },
  {
    name: 'fault-page-lock',
    rule: "nobody waits for a folio's lock whose holder a poisoned zone keeps from unlocking",
    bound: 2,
    poisons: true,
    prepare: shareFolio,
    threads: [lockAndPoison, lockOrTrap, idle],
  },
  {
    name: 'fault-under-lock',
    ...soon,
    rule: "who traps with a leaf's lock in hand keeps nobody waiting for it",
    bound: 2,
    poisons: true,
    prepare: loseValue,
    threads: [clearAndTrap, setOrTrap],
  },
  {
    name: 'fault-stopped',
    rule: 'a world that is stopped when the zone is poisoned keeps nobody waiting',
    bound: 2,
    poisons: true,
    threads: [stopAndPoison, workOn, idle],
  },
  {
    name: 'fault-stop',
    ...soon,
    rule: 'who trapped is inside for ever: who stops the world does not wait for that',
    bound: 2,
    poisons: true,
    prepare: loseValue,
    threads: [clearAndTrap, stopAndStart],
  },
  {
    name: 'fault-frozen',
    ...soon,
    rule: 'nobody waits to pin what was frozen when the zone was poisoned',
    module: 'test',
    bound: 1,
    poisons: true,
    prepare: (machine) => {
      const folio = newFolio(machine.main);
      desc = folio.id;
      pfn = folio.pfn;
    },
    threads: [freezeAndPoison, pinOrTrap],
  },
  {
    name: 'fault-halter',
    ...soon,
    rule: 'who stops the world does not let one go first that has trapped in a poisoned zone',
    bound: 1,
    poisons: true,
    prepare: wantHalt,
    threads: [stopAndStart, poison, idle],
  },
  {
    name: 'fault-cut',
    rule: 'nothing is repaired in a poisoned zone by who was cut short there',
    bound: 0,
    poisons: true,
    prepare: cutShort,
    threads: [async (thread) => assert.ok(await traps(thread, 'repairSelf', 1)), idle],
  },
];
