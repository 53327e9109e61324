/** Scenarios of threads: who comes, goes, dies, stops the world, and who is stopped. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine } from '../engine/index.ts';
import { type KernelScenario, ownerOf } from '../kernel-model.ts';
import { offsetOf } from '../lifetimes.ts';
import { makeCache, reclaim, set, VALUE_BYTES } from './cache.ts';

/** Two survivors have proof of the same death, that of a thread which does nothing any more. */
const recoverThird: Body = async (thread) => {
  const marked = await thread.call('markDead', ownerOf(2));
  await thread.call('recoverDead');
  return marked;
};

const stopAndStart: Body = async (thread) => {
  await thread.call('stop');
  await thread.call('start');
};

const allocOne: Body = (thread) => thread.call('allocPages', 0);
/** Thread that has stopped the world, as the threads themselves see it. */
let stopper: number | undefined;

function nobodyStops(): void {
  stopper = undefined;
}

/** While the world is stopped nobody else stops it. */
const stopAlone: Body = async (thread) => {
  await thread.call('stop');
  assert.equal(stopper, undefined, 'two threads have stopped the world');
  stopper = thread.index;
  await thread.call('fault');
  stopper = undefined;
  await thread.call('start');
};

function attachTwice(): Body {
  return async (thread) => {
    await thread.call('detach');
    assert.ok(((await thread.call('attach', thread.index + 1, 1)) as number) > 0);
  };
}

/** The owner number of no thread. */
const NOBODY = 999;

function forgetThreads(machine: Machine): void {
  for (const thread of machine.threads) thread.callNow('detach');
  machine.store(facts.THREADS_STATE + offsetOf('ThreadsState', 'highest'), 1);
}

const attachOnce: Body = async (thread) => {
  assert.ok(((await thread.call('attach', ownerOf(thread.index), 1)) as number) > 1);
};

const stopTwice: Body = async (thread, machine) => {
  await stopAndStart(thread, machine);
  await stopAndStart(thread, machine);
};

/** Pages that slots name as their own. */
function pagesOfThreads(machine: Machine): number {
  let pages = 0;
  for (let slot = 1; slot <= facts.MAX_SLOT; slot++) {
    const at = facts.SLOT_TABLE + slot * facts.SLOT_BYTES;
    for (const field of ['page', 'desk']) {
      if (machine.load(at + offsetOf('ThreadSlot', field)) !== 0) pages++;
    }
  }
  return pages;
}

export const threadScenarios: KernelScenario[] = [
  {
    name: 'death-proven-twice',
    bound: 2,
    prepare: makeCache('k', 'k', 'k'),
    threads: [recoverThird, recoverThird, async () => 0],
    check: ({ main, results }) => {
      assert.deepEqual(results.toSorted(), [0, 0, 1]);
      assert.equal(main.callNow('liveThreads'), 3);
    },
  },
  {
    // Who recovers halts the world; who stops it needs everybody outside, and steps back.
    name: 'recover-stop',
    bound: 2,
    threads: [recoverThird, stopAndStart, async () => 0],
    check: ({ main }) => assert.equal(main.callNow('liveThreads'), 3),
  },
  {
    name: 'recover-set',
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [recoverThird, set, async () => 0],
  },
  {
    // The recoverer dies as well: whoever takes its place ends its halt.
    name: 'recover-killed',
    bound: 1,
    kills: 1,
    killable: [0],
    threads: [recoverThird, allocOne, async () => 0],
  },
  {
    name: 'stop-stop',
    bound: 2,
    threads: [stopAndStart, stopAndStart],
  },
  {
    // A stopper that dies has changed nothing: the world must go on.
    name: 'stopper-killed',
    bound: 1,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    prepare: makeCache('k', 'k'),
    threads: [stopAndStart, set],
  },
  {
    // Whoever finds the dead one's stop ends that, and not the stop that somebody else began since.
    name: 'stopper-killed-stop',
    bound: 1,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    before: nobodyStops,
    threads: [stopAndStart, stopAlone],
  },
  {
    // As if these slots had never been used: both threads raise the bound of all scans.
    name: 'attach-fresh',
    bound: 2,
    prepare: forgetThreads,
    threads: [attachOnce, attachOnce],
    check: ({ main }) => assert.equal(main.callNow('liveThreads'), 3),
  },
  {
    // Needs no slot, and looks at all that there are.
    name: 'attach-scan',
    bound: 2,
    prepare: forgetThreads,
    threads: [attachOnce, (thread) => thread.call('markDead', NOBODY)],
  },
  {
    // Who leaves closes a section that others look at.
    name: 'detach-reclaim',
    bound: 2,
    prepare: (machine) => {
      makeCache('k', 'k')(machine);
      machine.main.callNow('remove', 4);
    },
    threads: [attachTwice(), reclaim],
  },
  {
    name: 'set-reclaim',
    bound: 2,
    prepare: (machine) => {
      makeCache('k', 'k')(machine);
      machine.main.callNow('remove', 4);
    },
    threads: [set, reclaim],
  },
  { name: 'attach-detach', bound: 2, threads: [attachTwice(), attachTwice()] },
  {
    // Whoever dies on the way in or out leaves no page that nobody has.
    name: 'attach-killed',
    bound: 1,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    threads: [attachTwice(), allocOne],
    check: (machine) => {
      const pages = machine.main.callNow('countPagesOf', facts.TYPE_MISC, facts.MISC_THREAD);
      assert.equal(pages, pagesOfThreads(machine), 'a page of a thread that is gone');
    },
  },
  {
    name: 'counter-detach',
    bound: 2,
    threads: [(thread) => thread.call('counter', facts.COUNT_SETS), attachTwice()],
  },
  {
    name: 'stop-again-set',
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [stopTwice, set],
  },
  { name: 'stop-again-stop', bound: 2, threads: [stopTwice, stopAndStart] },
  {
    // Whose counts are added up at the same time.
    name: 'detach-detach',
    bound: 1,
    prepare: (machine) => {
      makeCache('k', 'k')(machine);
      for (const thread of machine.threads) thread.callNow('set', 4, VALUE_BYTES, 1, 0);
    },
    threads: [attachTwice(), attachTwice()],
    check: ({ main }) => assert.equal(main.callNow('counter', facts.COUNT_SETS), 3),
  },
];
