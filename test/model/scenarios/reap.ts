/**
 * Scenarios of debts in zsmalloc, and of telling that all are paid: a thread is dead and left one
 * of each kind; whoever gives them back is killed, or cut short, at each step, and the next one
 * goes on.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import { offsetOf, wordOfSlot } from '../../support/structures.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import { type KernelScenario, ownerOf } from '../kernel-model.ts';
import { slotOf } from '../places.ts';
import { handles, makeObjects, pool } from './objects.ts';

const DEBTOR = 2;
/** Bytes of objects in zspages of two classes, which the debtor owns and leaves empty. */
const EMPTIED = [100, 1000];
const FROZEN = 0x8000_0000;
const SLOT_SHIFT = 22;

/** Objects and zspages that are there after all is given back. */
let cells = 0;
let zspages = 0;

function zsThreadOf(machine: Machine, slot: number): number {
  return machine.load(wordOfSlot(slot, 'zsThread'));
}

/** A pattern cell of which nobody tells yet, a zspage that it is freeing, and one cell it makes. */
function leaveHalfDone(machine: Machine, debtor: Thread): void {
  const slot = slotOf(debtor.index);
  const state = zsThreadOf(machine, slot);
  const pattern = debtor.callNow('allocObject', facts.CACHE_CELL) as number;
  machine.store(pattern, facts.CELL_PATTERN | (1 << 3));
  machine.store(state + offsetOf('ThreadState', 'ownPattern'), pattern);
  const retired = debtor.callNow('allocObject', facts.CACHE_ZSPAGE) as number;
  machine.store(retired + offsetOf('Header', 'refs'), (FROZEN | (slot << SLOT_SHIFT)) >>> 0);
  machine.store(state + offsetOf('ThreadState', 'retired'), retired);
  assert.ok((debtor.callNow('zsAlloc', 12) as number) > 0);
}

/** What it has freed: of either batch, with room and without. */
function leaveBatches(machine: Machine, debtor: Thread): void {
  const next = zsThreadOf(machine, slotOf(debtor.index)) + offsetOf('ThreadState', 'next');
  const zeros = debtor.callNow('zsMalloc', pool, 8) as number;
  assert.equal(debtor.callNow('zsFree', pool, zeros), 0);
  assert.equal(debtor.callNow('zsFree', pool, handles[1]!), 0);
  machine.store(next, 1 - machine.load(next));
  for (const handle of handles.slice(2)) assert.equal(debtor.callNow('zsFree', pool, handle), 0);
}

function leaveDebts(machine: Machine): void {
  makeObjects(4)(machine);
  const debtor = machine.threads[DEBTOR]!;
  const { main } = machine;
  assert.equal(main.callNow('formatPool'), 0);
  cells = (main.callNow('cacheInUse', facts.CACHE_CELL) as number) - 3;
  zspages = main.callNow('cacheInUse', facts.CACHE_ZSPAGE) as number;
  leaveBatches(machine, debtor);
  for (const bytes of EMPTIED) {
    debtor.callNow('zsRelease', debtor.callNow('zsAlloc', bytes) as number);
  }
  leaveHalfDone(machine, debtor);
  main.callNow('markDead', ownerOf(DEBTOR));
  main.callNow('repairInCall');
}

const reap: Body = (thread) => thread.call('reapInCall');

/** Makes objects where the debts were. */
const reuse: Body = async (thread) => {
  for (let i = 0; i < 2; i++) {
    const handle = (await thread.call('zsMalloc', pool, 12)) as number;
    assert.ok(handle > 0);
    assert.equal(await thread.call('zsOverwrite', pool, handle, 12), 0);
    assert.equal(await thread.call('zsFree', pool, handle), 0);
  }
};

const noThread: Body = async () => {};

function expectNothingLeft({ main, threads }: Machine): void {
  for (const thread of [main, threads[1]!]) thread.callNow('zsCompactBegin');
  for (let i = 0; i < 12; i++) main.callNow('reclaim');
  assert.equal(main.callNow('check'), 0);
  assert.equal(main.callNow('cacheInUse', facts.CACHE_CELL), cells, 'cells');
  assert.equal(main.callNow('cacheInUse', facts.CACHE_ZSPAGE), zspages, 'zspages');
}

/** Has proof of the death of a thread which does nothing any more. */
const recoverFirst: Body = async (thread) => {
  await thread.call('markDead', ownerOf(0));
  await thread.call('recoverDead');
};

/** Owners of those whose deaths were told, in order of their numbers. */
function toldDeaths({ main }: Machine): unknown[] {
  const deaths = main.callNow('deaths') as number;
  return Array.from({ length: deaths }, (_, death) => main.callNow('deathOwner', death)).sort();
}

/** Looks at the first death while it is told. */
const lookAtDeath: Body = async (thread) => {
  const owner = await thread.call('deathOwner', 0);
  const what = (await thread.call('deathWhat', 0)) as number;
  const isWhole = [2, 3].includes(what & 0xff) && what >>> 16 <= 2;
  assert.ok(owner === 0 || isWhole, `pages and slot: ${what}`);
};

export const reapScenarios: KernelScenario[] = [
  {
    name: 'reap-killed',
    rule: 'what a dead thread had in zsmalloc is given back once, whoever gives it back and dies',
    module: 'test',
    bound: 0,
    ...{ kills: 1, killable: [0], mustSurvive: true, stepLimit: 60_000 },
    prepare: leaveDebts,
    threads: [reap, reuse, noThread],
    // What nobody has come to.
    settle: ({ main }) => main.callNow('recoverDead'),
    check: expectNothingLeft,
  },
  {
    name: 'death-told',
    rule: 'a death is told once, though who tells it dies; who looks sees all of it or nothing',
    bound: 1,
    kills: 1,
    killable: [1],
    mustSurvive: true,
    threads: [async () => 0, recoverFirst, lookAtDeath],
    check: (machine) => {
      const { main, killed } = machine;
      main.callNow('markDead', ownerOf(0));
      main.callNow('recoverDead');
      assert.deepEqual(toldDeaths(machine), [0, ...killed].map(ownerOf).sort());
    },
  },
];
