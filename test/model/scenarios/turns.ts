/**
 * Scenarios of turns: one thread has it at a time, who has it gets through, and who dies with it
 * leaves it behind for nobody.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { makeCache, NOW, VALUE_BYTES } from './cache.ts';

/** Threads that have the turn. */
let holders = 0;
const before = (): void => {
  holders = 0;
};

function turn(machine: Machine): number {
  return machine.load(machine.main.callNow('turnAt') as number);
}

async function change(thread: Thread): Promise<boolean> {
  await thread.call('getVersioned', 4, NOW);
  const version = thread.callNow('readVersion') as number;
  return (await thread.call('setIf', facts.IF_VERSION, version, 4, VALUE_BYTES, 1, 0)) === 0;
}

const takeAndGive: Body = async (thread) => {
  if ((await thread.call('takeTurn', 4)) === 0) return;
  assert.equal(holders++, 0, 'two have the turn');
  await thread.call('tagClock');
  holders--;
  await thread.call('giveTurn');
};

/** Changes in its turn. @returns after how many tries */
const changeInTurn: Body = async (thread) => {
  assert.equal(await thread.call('takeTurn', 4), 1);
  holders++;
  let tries = 1;
  while (!(await change(thread))) tries++;
  holders--;
  await thread.call('giveTurn');
  return tries;
};

/** Changes twice, but where it would have to wait. */
const changeOutOfTurn: Body = async (thread, machine) => {
  for (let calls = 0; calls < 2; calls++) {
    await thread.call('tagClock');
    const isToWait = thread.callNow('isOthersTurnOf', 4, turn(machine)) === 1;
    assert.ok(isToWait || holders === 0, 'it does not wait');
    if (isToWait) return;
    await change(thread);
  }
};

/** Ends the turn of who has it, and takes it. */
const takeAway: Body = async (thread, machine) => {
  await thread.call('tagClock');
  const seen = turn(machine);
  if (seen !== 0) await thread.call('endTurn', seen);
  if ((await thread.call('takeTurn', 4)) === 0) return;
  const own = turn(machine);
  await thread.call('tagClock');
  assert.equal(turn(machine), own, 'another thread has given it back');
  await thread.call('giveTurn');
};

const takeAndKeep: Body = async (thread) => {
  await thread.call('takeTurn', 4);
  await thread.call('tagClock');
  await thread.call('giveTurn');
};

const expectFree = (machine: Machine): void =>
  assert.equal(turn(machine), 0, 'somebody has the turn still');

const common = { module: 'test', bound: 2, before, prepare: makeCache('k', 'k') } as const;

export const turnScenarios: KernelScenario[] = [
  {
    ...common,
    name: 'turn-turn',
    rule: 'one thread at a time has the turn, and nobody in the end',
    threads: [takeAndGive, takeAndGive],
    check: expectFree,
  },
  {
    ...common,
    name: 'turn-update',
    rule: 'who has the turn loses only to what had begun before',
    bound: 1,
    threads: [changeInTurn, changeOutOfTurn],
    check: (machine) => {
      const tries = machine.results[0] as number;
      assert.ok(tries <= 2, `${tries} tries`);
      expectFree(machine);
    },
  },
  {
    ...common,
    name: 'turn-ended',
    rule: 'whose turn was ended does not give back that of another',
    threads: [takeAndKeep, takeAway],
    check: expectFree,
  },
  {
    ...common,
    name: 'turn-killed-survived',
    rule: 'who dies with the turn leaves it to the next',
    bound: 0,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    threads: [takeAndKeep],
    prepare: makeCache('k'),
    check: expectFree,
  },
];
