/** Scenarios of threads: who comes, goes, dies, stops the world, and who is stopped. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import { offsetOf, wordOfSlot } from '../../support/structures.ts';
import type { Body, Machine } from '../engine/index.ts';
import {
  type KernelScenario,
  MAIN_OWNER,
  type ModelFolio,
  newFolio,
  ownerOf,
} from '../kernel-model.ts';
import { makeCache, reclaim, set, VALUE_BYTES } from './cache.ts';

/** Has proof of the death of a thread which does nothing any more. */
function bury(index: number): Body {
  return async (thread) => {
    const marked = await thread.call('markDead', ownerOf(index));
    await thread.call('recoverDead');
    return marked;
  };
}

const recoverThird = bury(2);

const stopAndStart: Body = async (thread) => {
  await thread.call('stop');
  await thread.call('start');
};

const allocOne: Body = (thread) => thread.call('allocPages', 0);
/** Thread that has stopped the world, as the threads themselves see it. */
let stopper: number | undefined;

export function nobodyStops(): void {
  stopper = undefined;
}

/** While the world is stopped nobody else stops it. */
export const stopAlone: Body = async (thread) => {
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

/** Pages that slots name: the threads' own, and those of their scratch. */
function pagesOfThreads(machine: Machine): [own: number, scratch: number] {
  const orders = { keyScratch: 0, inputScratch: 4, outputScratch: 4, tableScratch: 2 };
  let own = 0;
  let scratch = 0;
  for (let slot = 1; slot <= facts.MAX_SLOT; slot++) {
    const isNamed = (field: string) => machine.load(wordOfSlot(slot, field)) !== 0;
    own += ['page', 'zsThread'].filter(isNamed).length;
    for (const [field, order] of Object.entries(orders)) if (isNamed(field)) scratch += 1 << order;
  }
  return [own, scratch];
}

let pinned: ModelFolio | undefined;

/** Thread 2 has scratch, sheaves, a pin and a lock, and does nothing any more. */
function leaveDebts(machine: Machine): void {
  const third = machine.threads[2]!;
  assert.equal(third.callNow('prepare'), 0);
  pinned = newFolio(third);
  third.callNow('pinFolio', pinned.name);
  third.callNow('lockPage', pinned.id);
}

/** Owner numbers of two supervisors that come after one that has ended. */
const GONE = 500;
const HEIRS = [501, 502];

const nameHeir: Body = (thread) =>
  thread.call('succeedSupervisor', GONE, HEIRS[thread.index] ?? NOBODY);

/** Nobody is attached, as when every thread has closed its cache. */
function leaveZone(machine: Machine): void {
  forgetThreads(machine);
  machine.main.callNow('detach');
}

/** Of the zone that the memory is recycled for. */
export const NEXT_ID = 77;

export const recycle: Body = (thread) => thread.call('recycle', NEXT_ID, 0, 1, 2);

export const attach: Body = (thread) => thread.call('attach', ownerOf(thread.index), 1);

export const threadScenarios: KernelScenario[] = [
  {
    name: 'recycle-attach',
    rule: 'who attaches while the zone becomes another is in the one or the other, or in none',
    bound: 2,
    prepare: leaveZone,
    threads: [recycle, attach],
    settle: ({ main, results }) => {
      const [failure, slot] = results as [number, number];
      assert.ok(failure === 0 || failure === facts.ERR_BUSY, `recycled: ${failure}`);
      assert.equal(main.callNow('zoneIdLo') === NEXT_ID, failure === 0);
      assert.ok(slot > 0 || slot === facts.ERR_NOT_A_ZONE, `attached: ${slot}`);
      assert.ok(slot > 0 || failure === 0 || slot === facts.ERR_NOT_A_ZONE);
      assert.equal(main.callNow('liveThreads'), slot > 0 ? 1 : 0);
      assert.ok((main.callNow('attach', MAIN_OWNER, 1) as number) > 0);
    },
  },
  {
    name: 'recycle-attach-attach',
    rule: "the next zone's slots are its threads', whoever is on his way out of the old one",
    bound: 2,
    prepare: leaveZone,
    threads: [
      async (thread, machine) => {
        if ((await recycle(thread, machine)) !== 0) return 0;
        return attach(thread, machine);
      },
      attach,
    ],
    settle: ({ main, results }) => {
      const attached = (results as number[]).filter((slot) => slot > 0).length;
      assert.equal(main.callNow('liveThreads'), attached);
      assert.ok((main.callNow('attach', MAIN_OWNER, 1) as number) > 0);
    },
  },
  {
    name: 'recycle-recycle',
    rule: 'of two that make a new zone of the same memory one at least gets it',
    bound: 2,
    prepare: leaveZone,
    threads: [recycle, recycle],
    settle: ({ main, results }) => {
      assert.ok((results as number[]).includes(0));
      assert.equal(main.callNow('attach', MAIN_OWNER, 1), 1);
    },
  },
  {
    name: 'supervisor-succession',
    rule: "two that see the supervisor's end at once name one successor, and both know which",
    bound: 2,
    prepare: ({ main }) => main.callNow('succeedSupervisor', 0, GONE),
    threads: [nameHeir, nameHeir],
    check: ({ main, results }) => {
      const named = main.callNow('supervisorOwner');
      assert.deepEqual(results, [named, named]);
      assert.equal(main.callNow('supervisorTerm'), 2);
    },
  },
  {
    name: 'supervisor-succession-killed',
    rule: 'who dies naming a successor has named one or none; the next knows which',
    bound: 2,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    prepare: ({ main }) => main.callNow('succeedSupervisor', 0, GONE),
    threads: [nameHeir, nameHeir],
    check: ({ main, results }) => {
      assert.equal(results[1], main.callNow('supervisorOwner'));
      assert.equal(main.callNow('supervisorTerm'), 2);
    },
  },
  {
    name: 'death-proven-twice',
    rule: 'of two proofs of a death one marks it, and it is recovered once',
    bound: 2,
    prepare: leaveDebts,
    threads: [recoverThird, recoverThird, async () => 0],
    check: ({ main, results }) => {
      assert.deepEqual(results.toSorted(), [0, 0, 1]);
      assert.equal(main.callNow('liveThreads'), 3);
    },
  },
  {
    name: 'deaths-proven-apart',
    rule: "who is found dead after the repairs of another's death keeps its debts until its own",
    bound: 2,
    prepare: ({ threads }) => {
      for (const dead of threads.slice(2)) dead.callNow('allocFolio', 0, facts.TYPE_ANON_FOLIO);
    },
    threads: [bury(2), bury(3), async () => 0, async () => 0],
    check: ({ main }) => assert.equal(main.callNow('liveThreads'), 3),
  },
  {
    name: 'recover-stop',
    rule: 'who stops the world steps back for who halts it, and both get it',
    bound: 2,
    threads: [recoverThird, stopAndStart, async () => 0],
    check: ({ main }) => assert.equal(main.callNow('liveThreads'), 3),
  },
  {
    name: 'recover-set',
    rule: 'a set that was halted for a recovery goes on as if nothing had been',
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [recoverThird, set, async () => 0],
  },
  {
    name: 'recover-killed',
    rule: 'who recovers dies: the next ends that halt, and pays what is still owed',
    bound: 1,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    threads: [recoverThird, allocOne, async () => 0],
  },
  {
    name: 'recover-killed-debts',
    rule: "a dead thread's debts are paid once, whoever dies while paying them",
    bound: 0,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    prepare: leaveDebts,
    threads: [recoverThird, allocOne, async () => 0],
    check: (machine) => {
      const { main } = machine;
      // If the first recoverer died before it had said what it knew.
      main.callNow('markDead', ownerOf(2));
      main.callNow('recoverDead');
      assert.equal(main.callNow('freeFolio', pinned!.name), 0);
      assert.equal(main.callNow('cacheInUse', facts.CACHE_FOLIO), 0, 'the folio went with its pin');
      const count = (use: number) => main.callNow('countPagesOf', facts.TYPE_MISC, use);
      const pages = [count(facts.MISC_THREAD), count(facts.MISC_SCRATCH)];
      assert.deepEqual(pages, pagesOfThreads(machine), 'a page of a thread that is gone');
    },
  },
  {
    name: 'stop-stop',
    rule: 'two that stop the world do it one after the other',
    bound: 2,
    threads: [stopAndStart, stopAndStart],
    check: ({ main }) => assert.equal(main.callNow('start'), 0, 'who has not stopped it starts it'),
  },
  {
    name: 'stopper-killed',
    rule: 'a stopper that dies has changed nothing: the world goes on',
    bound: 1,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    prepare: makeCache('k', 'k'),
    threads: [stopAndStart, set],
  },
  {
    name: 'stopper-killed-stop',
    rule: "who finds a dead one's stop ends that, and not the stop that another began since",
    bound: 1,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    before: nobodyStops,
    threads: [stopAndStart, stopAlone],
  },
  {
    name: 'attach-fresh',
    rule: 'two that take slots never used before are both seen by every scan',
    bound: 2,
    prepare: forgetThreads,
    threads: [attachOnce, attachOnce],
    check: ({ main }) => assert.equal(main.callNow('liveThreads'), 3),
  },
  {
    name: 'attach-scan',
    rule: 'who has no slot may look at all slots while others take the first ones',
    bound: 2,
    prepare: forgetThreads,
    threads: [attachOnce, (thread) => thread.call('markDead', NOBODY)],
  },
  {
    name: 'detach-reclaim',
    rule: 'who leaves closes its section: nobody waits for it, and nothing is freed too early',
    bound: 2,
    prepare: (machine) => {
      makeCache('k', 'k')(machine);
      machine.main.callNow('remove', 4);
    },
    threads: [attachTwice(), reclaim],
  },
  {
    name: 'set-reclaim',
    rule: 'what was removed is freed while another writes, and nothing of what he writes',
    bound: 2,
    prepare: (machine) => {
      makeCache('k', 'k')(machine);
      machine.main.callNow('remove', 4);
    },
    threads: [set, reclaim],
  },
  {
    name: 'attach-detach',
    rule: 'two that leave and come back at once have a slot each',
    bound: 2,
    threads: [attachTwice(), attachTwice()],
  },
  {
    name: 'attach-killed',
    rule: 'who dies on the way in or out leaves no page that nobody has',
    bound: 1,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    threads: [attachTwice(), allocOne],
    check: (machine) => {
      const pages = machine.main.callNow('countPagesOf', facts.TYPE_MISC, facts.MISC_THREAD);
      assert.equal(pages, pagesOfThreads(machine)[0], 'a page of a thread that is gone');
    },
  },
  {
    name: 'detach-count-killed',
    rule: 'who dies on the way out has counted what it did once',
    bound: 0,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    prepare: (machine) => {
      makeCache('k', 'k')(machine);
      for (const thread of machine.threads) thread.callNow('set', 4, VALUE_BYTES, 1, 0);
    },
    threads: [(thread) => thread.call('detach'), allocOne],
    check: ({ main }) => assert.equal(main.callNow('counter', facts.COUNT_SETS), 3),
  },
  {
    name: 'counter-detach',
    rule: 'a sum over all threads may be asked for while one of them leaves and comes back',
    bound: 2,
    threads: [(thread) => thread.call('counter', facts.COUNT_SETS), attachTwice()],
  },
  {
    name: 'stop-again-set',
    rule: 'a thread that stops the world twice in a row lets a waiting set through in the end',
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [stopTwice, set],
  },
  {
    name: 'stop-again-stop',
    rule: 'who waited for a stop to end does not take the next, by the same thread, for it',
    bound: 2,
    before: nobodyStops,
    threads: [
      async (thread, machine) => {
        await stopAlone(thread, machine);
        await stopAlone(thread, machine);
      },
      stopAlone,
    ],
  },
  {
    name: 'detach-detach',
    rule: 'the counts of two that leave at once are all in the sum',
    bound: 1,
    prepare: (machine) => {
      makeCache('k', 'k')(machine);
      for (const thread of machine.threads) thread.callNow('set', 4, VALUE_BYTES, 1, 0);
    },
    threads: [attachTwice(), attachTwice()],
    check: ({ main }) => assert.equal(main.callNow('counter', facts.COUNT_SETS), 3),
  },
];
