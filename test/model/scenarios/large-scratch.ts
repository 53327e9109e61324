/** Large scratches: two threads want the last one, and one of them dies with it. */
import assert from 'node:assert/strict';
import type { Body, Machine } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { load } from './cache.ts';

/** One of two is left. */
function leaveOne(machine: Machine): void {
  const { main, threads } = machine;
  assert.equal(main.callNow('formatStore'), 0);
  for (const thread of [main, ...threads]) assert.equal(thread.callNow('prepareSmall'), 0);
  for (const thread of threads) load(machine, thread, 'k', 'v');
  assert.equal(threads[2]!.callNow('takeLarge'), 1);
}

/** Works in one if there is one, and in its own pages after that. */
function work(mark: number): Body {
  return async (thread, machine) => {
    const own = thread.callNow('inputScratch') as number;
    if ((await thread.call('takeLarge')) !== 0) {
      const large = thread.callNow('inputScratch') as number;
      assert.notEqual(large, own);
      machine.store(large, mark);
      await thread.call('has', 4, 0);
      assert.equal(machine.load(large), mark, 'another thread works in it');
      await thread.call('giveLarge');
    }
    assert.equal(thread.callNow('inputScratch'), own);
  };
}

function checkAll({ main, threads, killed }: Machine): void {
  assert.equal(main.callNow('takeLarge'), 1, 'the last one is lost');
  assert.equal(threads[1]!.callNow('takeLarge'), 0, 'a borrowed one is given to another');
  main.callNow('giveLarge');
  if (!killed.includes(2)) threads[2]!.callNow('giveLarge');
  assert.equal(main.callNow('check'), 0);
}

/** Both of two are free. */
function leaveBoth(machine: Machine): void {
  leaveOne(machine);
  machine.threads[2]!.callNow('giveLarge');
}

export const largeScratchScenarios: KernelScenario[] = [
  {
    name: 'large-scratch-each',
    rule: 'of two threads that take a large scratch at once each has its own until it gives it back',
    bound: 2,
    prepare: leaveBoth,
    threads: [work(1), work(2), async () => 0],
    check: ({ main, threads }) => {
      for (const thread of [main, threads[2]!]) assert.equal(thread.callNow('takeLarge'), 1);
      for (const thread of [main, threads[2]!]) thread.callNow('giveLarge');
    },
  },
  {
    name: 'large-scratch-last',
    rule: 'of two threads that want the last large scratch one has it, and gives it back',
    bound: 1,
    prepare: leaveOne,
    threads: [work(1), work(2), async () => 0],
    check: checkAll,
  },
  {
    name: 'large-scratch-killed-survived',
    rule: 'a large scratch whose borrower dies is free again',
    bound: 0,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    prepare: leaveOne,
    threads: [work(1), async () => 0, async () => 0],
    check: checkAll,
  },
];
