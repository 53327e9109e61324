/**
 * Scenarios of deaths that nobody notices: a thread is gone with a lock in its hand, and whoever
 * waits for it gives its call up. Then events turn, and the news comes.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import { wordOfSlot } from '../../support/structures.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import { type KernelScenario, ownerOf } from '../kernel-model.ts';
import { slotOf } from '../places.ts';

const GONE = 2;
const AT_SAFEPOINT = 0x200;

/** Thread 2 is gone in the midst of a call, with the lock of types. */
function leaveLock(machine: Machine): void {
  const slot = slotOf(GONE);
  machine.store(wordOfSlot(slot, 'inKernel'), facts.OP_FOLIO | AT_SAFEPOINT);
  machine.store(facts.MEMDESC_STATE, slot);
}

/** Until it is not told to try again. */
async function insist(thread: Thread, call: string, ...args: number[]): Promise<void> {
  while ((await thread.call(call, ...args)) === facts.ERR_BUSY);
}

/** Waits for the lock, is forsaken, repairs itself, hears of the death, and has the lock then. */
const waitAndBury: Body = async (thread) => {
  try {
    return await thread.call('registerType', 32, 0);
  } catch (error) {
    if (!(error instanceof WebAssembly.RuntimeError)) throw error;
    assert.equal(await thread.call('wasRefused'), facts.GAVE_UP);
  }
  await insist(thread, 'repairSelf', 1);
  await thread.call('markDead', ownerOf(GONE));
  await insist(thread, 'recoverDead');
  return thread.call('registerType', 32, 0);
};

const noThread: Body = async () => {};

/** A supervisor that hears who waits long, and then of the death. */
const answerAndBury: Body = async (thread) => {
  await thread.call('answerAsks');
  await thread.call('markDead', ownerOf(GONE));
  await insist(thread, 'recoverDead');
};

export const forsakenScenarios: KernelScenario[] = [
  {
    name: 'forsaken',
    rule: 'who waits in vain for what a dead thread has gives up, hears of the death, and gets it',
    bound: 0,
    ...{ timesOut: true, stepLimit: 60_000 },
    prepare: leaveLock,
    threads: [waitAndBury, waitAndBury, noThread],
    check: ({ main, results }) => {
      assert.ok((results as number[]).slice(0, 2).every((type) => type > 0));
      assert.equal(main.callNow('liveThreads'), 3);
    },
  },
  {
    name: 'forsaken-answered',
    rule: 'who waits for what a dead thread has goes on waiting when somebody answers, and gets it',
    bound: 1,
    ...{ timesOut: true, stepLimit: 60_000 },
    prepare: leaveLock,
    threads: [waitAndBury, answerAndBury, noThread],
    check: ({ results }) => assert.ok((results[0] as number) > 0),
  },
  {
    name: 'forsaken-answered-once',
    rule: 'who hears one answer waits on, and gives up as others do when no other comes',
    bound: 1,
    ...{ timesOut: true, stepLimit: 60_000 },
    prepare: leaveLock,
    threads: [waitAndBury, (thread) => thread.call('answerAsks'), noThread],
    check: ({ results }) => assert.ok((results[0] as number) > 0),
  },
  {
    name: 'forsaken-killed',
    rule: 'of two that wait in vain one may die at any step, and the other gets what both wait for',
    bound: 0,
    ...{ kills: 1, killable: [0], mustSurvive: true, timesOut: true, stepLimit: 60_000 },
    prepare: leaveLock,
    threads: [waitAndBury, waitAndBury, noThread],
    check: ({ results }) => assert.ok((results[1] as number) > 0),
  },
];
