/**
 * Scenarios of grace periods: the shapes by which the memory model of Linux says what RCU promises.
 *
 *   RCU+sync+free  who misses the new version before the grace period does not see the old one
 *                  freed
 *   RCU+sync+read  who saw the first store of a section sees, after a grace period, all of them
 *
 * A section is entered and left by calls of the test build; between its two accesses stands a call,
 * at whose steps another thread may go on. Source: tools/memory-model/litmus-tests of Linux, the
 * shapes alone.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { makeCache, set } from './cache.ts';

/** What the threads share: which version is the present one, and whether the old one was freed. */
let version = 0;
let isFreed = false;
/** Two variables of RCU+sync+read. */
let x = 0;
let y = 0;

function reset(): void {
  version = 0;
  isFreed = false;
  x = 0;
  y = 0;
}

/** What a body does before its first call comes before everything. */
const aStep = (thread: Thread): Promise<unknown> => thread.call('pageWordOf', 1);

async function inSection(thread: Thread, first: () => void, second: () => void): Promise<void> {
  await thread.call('enterSection');
  first();
  await aStep(thread);
  second();
  await thread.call('leaveSection');
}

const readVersion: Body = async (thread) => {
  let seen = 0;
  await inSection(
    thread,
    () => {
      seen = version;
    },
    () => assert.ok(seen === 1 || !isFreed, 'an old version was freed under its reader'),
  );
};

const replaceAndFree: Body = async (thread) => {
  await aStep(thread);
  version = 1;
  if ((await thread.call('synchronize', 3)) !== 0) return 'late';
  isFreed = true;
  return 'freed';
};

const synchronize: Body = (thread) => thread.call('synchronize', 3);

const storeBoth: Body = (thread) =>
  inSection(
    thread,
    () => {
      x = 1;
    },
    () => {
      y = 1;
    },
  );

const readAcross: Body = async (thread) => {
  await aStep(thread);
  const seen = x;
  if ((await thread.call('synchronize', 3)) !== 0) return 'late';
  assert.ok(seen === 0 || y === 1, 'a section was not over when the grace period was');
  return 'over';
};

/**
 * The writer's ring wants one value to be full, and nothing in it is ever done: the first thread
 * is in a section.
 */
function fillLimbo(machine: Machine): void {
  const { main, threads } = machine;
  makeCache('k', 'k')(machine);
  const [reader, writer] = threads;
  reader!.callNow('enterSection');
  while (Number(main.callNow('limboOf', facts.LIMBO_VALUE)) < facts.LIMBO_LEAST - 1) {
    assert.equal(writer!.callNow('set', 4, 8, 1, 0), 0);
  }
}

const leave: Body = (thread) => thread.call('leaveSection');

/** Spins before it sleeps: a thousand looks at all slots. */
const patient = { module: 'test', stepLimit: 40_000, before: reset } as const;

export const rcuScenarios: KernelScenario[] = [
  {
    name: 'rcu-sync-free',
    rule: 'who misses the new version before a grace period does not see the old one freed',
    ...patient,
    bound: 2,
    threads: [readVersion, replaceAndFree],
  },
  {
    name: 'rcu-sync-back',
    rule: 'the epoch only rises: a reader of now is waited for by every grace period to come',
    ...patient,
    bound: 2,
    threads: [
      async (thread, machine) => {
        await synchronize(thread, machine);
        return replaceAndFree(thread, machine);
      },
      async (thread, machine) => {
        await synchronize(thread, machine);
        await synchronize(thread, machine);
        await readVersion(thread, machine);
      },
    ],
  },
  {
    name: 'rcu-sync-read',
    rule: 'who saw the first store of a section sees, after a grace period, all of them',
    ...patient,
    bound: 1,
    threads: [storeBoth, readAcross],
  },
  {
    name: 'rcu-sync-free-three',
    rule: 'a grace period waits for every reader that was inside when it began',
    ...patient,
    bound: 1,
    threads: [readVersion, readVersion, replaceAndFree],
  },
  {
    name: 'rcu-sync-sync',
    rule: 'two that wait for grace periods at once wait for readers, and not for each other',
    ...patient,
    bound: 1,
    threads: [readVersion, replaceAndFree, replaceAndFree],
  },
  {
    name: 'rcu-reader-killed',
    rule: "a dead reader's section lasts until it is recovered, and not longer",
    ...patient,
    bound: 1,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    threads: [readVersion, replaceAndFree],
    check: ({ results }) => assert.ok(['freed', 'late'].includes(String(results[1]))),
  },
  {
    name: 'limbo-full',
    rule: 'a writer whose limbo is full waits for the reader, and goes on when there is room again',
    module: 'test',
    bound: 0,
    stepLimit: 100_000,
    prepare: fillLimbo,
    threads: [leave, set],
    check: ({ main }) => {
      const waiting = Number(main.callNow('limboOf', facts.LIMBO_VALUE));
      assert.ok(waiting < facts.LIMBO_LEAST, `a writer went on with ${waiting} in limbo`);
    },
  },
  {
    name: 'rcu-sync-again',
    rule: 'who enters while a grace period is waited for does not prolong it',
    ...patient,
    bound: 1,
    threads: [
      async (thread, machine) => {
        for (let i = 0; i < 3; i++) await readVersion(thread, machine);
      },
      async (thread, machine) => {
        assert.equal(await replaceAndFree(thread, machine), 'freed');
      },
    ],
    check: ({ main }) => assert.equal(main.callNow('sectionAge', facts.MAX_SLOT), -1),
  },
  {
    name: 'rcu-sync-late',
    rule: 'who enters by an epoch of before, when a grace period is over, does not prolong it',
    ...patient,
    bound: 3,
    threads: [
      readVersion,
      async (thread, machine) => {
        assert.equal(await replaceAndFree(thread, machine), 'freed');
      },
    ],
  },
];
