/**
 * Scenarios of exchanges and second looks: words that two threads move at once, or that have moved
 * when a thread looks again. Each shows what goes wrong where the exchange is a load and a store,
 * where nobody looks again, or where a look is not atomic.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import { bytesOf, offsetOf, wordOfSlot } from '../../support/structures.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import { idle, type KernelScenario, ownerOf } from '../kernel-model.ts';
import { slotOf } from '../places.ts';
import { clear, load, makeCache, NOW, VALUE_BYTES } from './cache.ts';
import { newLonelyFolio, pinAndPut } from './folio-steps.ts';
import { nobodyStops, stopAlone } from './threads.ts';

const { TYPE_ANON_FOLIO } = facts;
/** Of a name: its descriptor's number. */
const NUMBER_BITS = 27;

const detach: Body = (thread) => thread.call('detach');
const reclaim: Body = (thread) => thread.call('reclaim');
const registerType: Body = (thread) => thread.call('registerType', 32, 0);

const alloc: Body = (thread) => thread.call('allocFolio', 0, TYPE_ANON_FOLIO);

/** How often its descriptor was drawn, as the name has it. */
function stampOf(name: unknown): number {
  return Math.floor((name as number) / 2 ** NUMBER_BITS);
}

/** At rest, in the word that says what a thread does. */
const AT_SAFEPOINT = 0x200;

let name = 0;
let slabPage = 0;

function makeLonelyFolio({ main }: Machine): void {
  const folio = newLonelyFolio(main);
  name = folio.name;
  slabPage = (folio.id << 5) >>> facts.PAGE_SHIFT;
}

const freeAndLeave: Body = async (thread) => {
  await thread.call('freeFolio', name);
  await thread.call('detach');
  assert.ok(((await thread.call('attach', ownerOf(1), 1)) as number) > 0);
  await thread.call('reclaim');
  await thread.call('reclaim');
};

/** That slab is retired, and done as soon as somebody looks. */
function retireSlab(machine: Machine): void {
  makeLonelyFolio(machine);
  const freer = machine.threads[1]!;
  freer.callNow('freeFolio', name);
  freer.callNow('detach');
  assert.ok((freer.callNow('attach', ownerOf(1), 1) as number) > 0);
  freer.callNow('reclaim');
}

/** The slab goes, its descriptor is that of another slab, and its page is free. */
const renewSlab: Body = async (thread) => {
  await thread.call('reclaim');
  assert.equal(await thread.call('allocPages', 0, 0), slabPage);
  for (let i = 0; i < 2; i++) await thread.call('allocFolio', 0, TYPE_ANON_FOLIO);
  await thread.call('freePages', slabPage, 0);
};

/** By a name that somebody else may be ending. */
const pinByName: Body = (thread) => pinAndPut(thread, 'pinFolio', name);

/** Keys of the cache's leaf that nobody has set. */
const ABSENT = ['1', '2', '3', '4', '5', '6', '7', '8'];

const lookForAbsent: Body = async (thread, machine) => {
  for (const key of ABSENT) {
    load(machine, thread, key, 'x');
    assert.equal(await thread.call('has', 4, NOW), 0);
  }
};

/** More than a line has room for. */
const KEYS = 'abcdefghijklmnopqrstuvwxyz0';

function fillLines(machine: Machine): void {
  makeCache('k', 'k')(machine);
  const { main } = machine;
  for (const key of KEYS) {
    load(machine, main, key, 'v');
    assert.equal(main.callNow('set', 4, VALUE_BYTES, 1, 0), 0);
  }
}

const setMore: Body = async (thread, machine) => {
  for (const key of 'ABCDEFGH') {
    load(machine, thread, key, 'v');
    assert.equal(await thread.call('set', 4, VALUE_BYTES, 1, 0), 0);
  }
};

/** The thread that stopped the world has died, and nobody has recovered it. */
function leaveStop({ main, threads }: Machine): void {
  threads[2]!.callNow('stop');
  main.callNow('markDead', ownerOf(2));
}

const setExpiring: Body = (thread) => thread.call('set', 4, VALUE_BYTES, 1, NOW + 1);

/** Of a clear that came after it began, of this very thread. */
const clearTwiceAndStore: Body = async (thread, machine) => {
  await clear(thread, machine);
  const version = (await thread.call('beginAlone', 4)) as number;
  await clear(thread, machine);
  return thread.call('setIf', facts.IF_QUIET, version, 4, VALUE_BYTES, 1, 0);
};

function useLeases(machine: Machine): void {
  makeCache('k', 'k')(machine);
  const { main } = machine;
  const lease = main.callNow('beginLease', 4, NOW, NOW + 1000, 0) as number;
  main.callNow('endLease', lease, main.callNow('lastGrant') as number, 0);
}

/** The word that says what a thread is doing. */
const inKernelOf = (thread: number): number => wordOfSlot(slotOf(thread), 'inKernel');

/** Thread 2 is dead and has debts; thread 3 is gone with the lock of the slab, which they need. */
function leaveTwo(machine: Machine): void {
  const { main, threads } = machine;
  const [, , debtor] = threads;
  assert.equal(debtor!.callNow('prepare'), 0);
  debtor!.callNow('allocFolio', 0, TYPE_ANON_FOLIO);
  main.callNow('markDead', ownerOf(2));
  const slot = slotOf(3);
  const hand = facts.THREAD_SLAB + facts.CACHES * bytesOf('Rack');
  const page = machine.load(wordOfSlot(slot, 'page'));
  machine.store(inKernelOf(3), facts.OP_FOLIO | AT_SAFEPOINT);
  machine.store(page + hand + offsetOf('SlabHand', 'hasEntered'), 1);
  machine.store(facts.SLAB_STATE, slot);
}

/** Thread 3 does not come out, and nobody has heard of its death. */
function leaveInside(machine: Machine): void {
  machine.store(inKernelOf(3), facts.OP_FOLIO);
}

/** Each has set something, and nothing waits to be freed, for which who leaves stops the world. */
function countOnce(machine: Machine): void {
  makeCache('k', 'k')(machine);
  for (const [i, thread] of machine.threads.entries()) {
    load(machine, thread, 'xy'[i]!, 'v');
    thread.callNow('set', 4, VALUE_BYTES, 1, 0);
  }
}

/** @param attempts  after which it leaves the dead to others */
async function bury(thread: Thread, dead: number, attempts = Infinity): Promise<void> {
  await thread.call('markDead', ownerOf(dead));
  for (let left = attempts; left > 0; left--) {
    if ((await thread.call('recoverDead')) !== facts.ERR_BUSY) return;
  }
}

const slow = { timesOut: true, stepLimit: 60_000 } as const;

export const secondLookScenarios: KernelScenario[] = [
  {
    name: 'names-first',
    rule: 'of two that name their first folios neither draws what the other draws',
    bound: 1,
    threads: [alloc, alloc],
    check: ({ results: [one, other] }) => assert.notEqual(stampOf(one), stampOf(other)),
  },
  {
    name: 'name-slab-given-back',
    rule: "who asks for a folio by its name may look into its descriptor's slab, which is just going",
    bound: 2,
    prepare: makeLonelyFolio,
    threads: [pinByName, freeAndLeave],
  },
  {
    name: 'name-slab-renewed',
    rule: 'who has read a word that leads to a slab looks whether it still does: that may be another',
    bound: 1,
    prepare: retireSlab,
    threads: [pinByName, renewSlab],
    check: ({ main }) => assert.equal(main.callNow('pageWordOf', slabPage), 0),
  },
  {
    name: 'slab-retired-reclaim',
    rule: 'of two that give back what slabs wait one does, and none is lost',
    bound: 1,
    prepare: makeLonelyFolio,
    threads: [reclaim, freeAndLeave],
    check: ({ main }) => {
      for (let i = 0; i < 3; i++) main.callNow('reclaim');
      assert.equal(main.callNow('pageWordOf', slabPage), 0, 'a slab was lost');
    },
  },
  {
    name: 'absent-get-set',
    rule: 'a key that nobody has set is not found, though lines fill up and run over meanwhile',
    bound: 1,
    prepare: fillLines,
    threads: [lookForAbsent, setMore],
  },
  {
    name: 'stop-of-dead',
    rule: "of two that find a dead one's stop one ends it, and not the stop of the other",
    bound: 2,
    ...slow,
    before: nobodyStops,
    prepare: leaveStop,
    threads: [stopAlone, stopAlone, idle],
    settle: ({ main }) => main.callNow('recoverDead'),
  },
  {
    name: 'lock-leave-types',
    rule: 'who waits for a lock whose owner unlocks and leaves does not take it for a dead one',
    bound: 2,
    ...slow,
    threads: [
      registerType,
      async (thread, machine) => {
        await registerType(thread, machine);
        await detach(thread, machine);
      },
    ],
    check: ({ main }) => assert.equal(main.callNow('liveThreads'), 2),
  },
  {
    name: 'expiring-sweep',
    rule: 'who sweeps while the first entry that expires is stored looks for it, or for none',
    module: 'test',
    bound: 1,
    prepare: makeCache('k', 'k'),
    threads: [setExpiring, (thread) => thread.call('sweepInCall', 1)],
  },
  {
    name: 'alone-clear-twice',
    rule: 'what was computed without a lease between two clears is not stored, whoever else clears',
    bound: 2,
    ...slow,
    prepare: useLeases,
    threads: [clear, clearTwiceAndStore],
    check: ({ results }) => assert.equal(results[1], facts.ERR_UNMET),
  },
  {
    name: 'recover-recover-waiting',
    rule: 'who recovers and waits for what another dead thread has is not repaired itself',
    bound: 1,
    ...slow,
    prepare: leaveTwo,
    threads: [(thread) => bury(thread, 2), (thread) => bury(thread, 3), idle, idle],
    check: ({ main }) => assert.equal(main.callNow('liveThreads'), 3),
  },
  {
    name: 'recover-in-vain',
    rule: 'who waits in vain for the others to come out leaves the world as it was',
    bound: 1,
    ...slow,
    prepare: leaveInside,
    threads: [(thread) => bury(thread, 2, 1), alloc, idle, idle],
    settle: (machine) => {
      machine.store(inKernelOf(3), 0);
      machine.main.callNow('recoverDead');
    },
    check: ({ main }) => assert.equal(main.callNow('liveThreads'), 4),
  },
  {
    name: 'recover-detach',
    rule: 'who pays the debts of the dead looks at no slot that its thread is just leaving',
    bound: 1,
    threads: [(thread) => bury(thread, 2), detach, idle],
    check: ({ main }) => assert.equal(main.callNow('liveThreads'), 2),
  },
  {
    name: 'detach-count',
    rule: 'the counts of two that leave at once and for good are all in the sum',
    bound: 1,
    prepare: countOnce,
    threads: [detach, detach],
    check: ({ main }) => assert.equal(main.callNow('counter', facts.COUNT_SETS), 3),
  },
];
