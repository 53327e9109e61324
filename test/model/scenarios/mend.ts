/**
 * Scenarios of what a dead thread's state names in zsmalloc (kernel/zsmalloc/mend.ts): nothing else
 * is looked at, so each thing must be named at each step.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import { offsetOf, wordOfSlot } from '../../support/structures.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import { idle, type KernelScenario, ownerOf } from '../kernel-model.ts';
import { slotOf } from '../places.ts';
import { compactStore, LARGE } from './objects.ts';

/** Bytes of objects of two classes; one of the second is a page. */
const SIZES = [12, 4088];
const ZSPAGE_LOCK = offsetOf('Zspage', 'lock');

let pool = 0;
/** A public handle. */
let handle = 0;

function makePool({ main, threads }: Machine): void {
  for (const thread of [main, ...threads]) assert.equal(thread.callNow('prepare'), 0);
  assert.equal(main.callNow('formatPool'), 0);
}

function stateOf(machine: Machine, thread: number): number {
  return machine.load(wordOfSlot(slotOf(thread), 'zsThread'));
}

/** The zspage that an object which lives is in. */
function zspageOf(machine: Machine, cell: number): number {
  const pfn = ((machine.load(cell + 4) >>> 1) << 2) >>> 12;
  return machine.load(facts.PAGE_MAP + pfn * 4) & ~31;
}

/**
 * A thread owns a zspage of each class, and is in the midst of freeing an object that `maker` made,
 * which has this index in its zspage.
 */
function leaveVacated(machine: Machine, dead: Thread, maker: Thread, index = 0): void {
  for (const bytes of SIZES) {
    dead.callNow('zsRelease', dead.callNow('zsAlloc', bytes) as number);
  }
  const cell = maker.callNow('zsAlloc', SIZES[0]!) as number;
  const zspage = zspageOf(machine, cell);
  const state = stateOf(machine, dead.index);
  const slot = dead.index + 2;
  machine.store(state + offsetOf('ThreadState', 'place'), index);
  machine.store(state + offsetOf('ThreadState', 'place') + 4, zspage);
  machine.store(state + offsetOf('ThreadState', 'ownCell'), cell);
  machine.store(zspage + ZSPAGE_LOCK, slot);
  machine.store(cell, (slot << 3) | 7);
  machine.store(cell + 4, 0);
  machine.main.callNow('markDead', ownerOf(dead.index));
}

/** As it frees its own: it is repaired after who began to, and died. */
function leaveOneVacated(machine: Machine): void {
  makePool(machine);
  leaveVacated(machine, machine.threads[2]!, machine.threads[2]!);
}

/** In a zspage that main still puts objects into; it is repaired before who began to. */
function leaveAnothersVacated(machine: Machine): void {
  makePool(machine);
  leaveVacated(machine, machine.threads[0]!, machine.main);
}

/** With another object, which lives. Who began to repair it died too, and is repaired after it. */
function leaveHalfMended(machine: Machine): void {
  makePool(machine);
  const { main, threads } = machine;
  const dead = threads[1]!;
  handle = dead.callNow('zsAlloc', SIZES[0]!) as number;
  dead.callNow('zsSettle', handle);
  leaveVacated(machine, dead, dead, 1);
  machine.store(facts.ZS_STATE + offsetOf('ZsState', 'repairing'), 1);
  main.callNow('markDead', ownerOf(2));
}

/** Objects of a page each that fill a zspage. */
const HUGE_OBJECTS = 8;

/** Thread 0 has filled a zspage of the second class, and has come to own one of the first since. */
function fillOne(machine: Machine): void {
  makePool(machine);
  const filler = machine.threads[0]!;
  for (let i = 0; i < HUGE_OBJECTS; i++) {
    filler.callNow('zsSettle', filler.callNow('zsAlloc', SIZES[1]!) as number);
  }
  filler.callNow('zsSettle', filler.callNow('zsAlloc', SIZES[0]!) as number);
}

const allocOneMore: Body = async (thread) => {
  await thread.call('zsAlloc', SIZES[1]!);
};

/** Fills a zspage, begins another, and empties both before it gives them up. */
const fillAndEmpty: Body = async (thread) => {
  const cells: number[] = [];
  for (let i = 0; i <= HUGE_OBJECTS; i++) {
    cells.push((await thread.call('zsAlloc', SIZES[1]!)) as number);
  }
  for (const cell of cells) await thread.call('zsRelease', cell);
  for (let i = 0; i < 3; i++) await thread.call('reclaim');
  await thread.call('zsCompactBegin');
};

/** Of an object that is given up unpublished, alone in its zspage; another one has room. */
function leaveDraft(machine: Machine): void {
  makePool(machine);
  const { main } = machine;
  const cells: number[] = [];
  for (let i = 0; i < 17; i++) {
    cells.push(main.callNow('zsAlloc', LARGE) as number);
    main.callNow('zsSettle', cells[i]!);
  }
  handle = cells.pop()!;
  for (const cell of cells.slice(-2)) main.callNow('zsRelease', cell);
  main.callNow('zsCompactBegin');
}

/** Its first objects of all: cells, zspages and pages come, and go. */
const allocAndRelease: Body = async (thread) => {
  for (const bytes of SIZES) {
    const cell = (await thread.call('zsAlloc', bytes)) as number;
    assert.ok(cell > 0);
    await thread.call('zsRelease', cell);
  }
};

function isAlive(machine: Machine, thread: number): boolean {
  return (machine.load(wordOfSlot(slotOf(thread), 'identity')) & 3) === facts.SLOT_LIVE;
}

const recoverDead: Body = (thread) => thread.call('recoverDead');

function assertNothingLeft(machine: Machine): void {
  const { main, threads } = machine;
  const living = threads.filter(({ index }) => isAlive(machine, index));
  for (const thread of [main, ...living]) thread.callNow('zsCompactBegin');
  for (let i = 0; i < 8; i++) main.callNow('reclaim');
  assert.equal(main.callNow('check'), 0);
  assert.equal(main.callNow('cacheInUse', facts.CACHE_CELL), 0, 'cells');
  assert.equal(main.callNow('limboOf', facts.LIMBO_ZSPAGE), 0, 'zspages');
}

/** Objects in a thread's two sheaves of cells that it could not put one more into. */
function isFullOfCells(machine: Machine, thread: Thread): boolean {
  const page = machine.load(wordOfSlot(slotOf(thread.index), 'page'));
  const rack = page + facts.THREAD_SLAB + facts.CACHE_CELL * 8;
  return [rack, rack + 4].every((at) => {
    const sheaf = machine.load(at);
    if (sheaf === 0) return false;
    const [count, capacity] = [offsetOf('Sheaf', 'count'), offsetOf('Sheaf', 'capacity')];
    return machine.load(sheaf + count) === machine.load(sheaf + capacity);
  });
}

/**
 * Thread 0 has a zspage with one object, and an empty sheaf; thread 1, whose sheaves of cells are
 * full, is to free that object.
 */
function leaveOneObject(machine: Machine): void {
  const { main, threads } = machine;
  const [owner, freer] = [threads[0]!, threads[1]!];
  for (const thread of [main, ...threads]) assert.equal(thread.callNow('prepare'), 0);
  main.callNow('openCache', 2048);
  pool = main.callNow('zsCreate') as number;
  const input = owner.callNow('inputScratch') as number;
  for (let i = 0; i < 3; i++) machine.store(input + i * 4, i + 1);
  handle = owner.callNow('zsMalloc', pool, 12) as number;
  assert.equal(owner.callNow('zsOverwrite', pool, handle, 12), 0);
  const cells = Array.from({ length: 200 }, () => freer.callNow('zsMalloc', pool, 8) as number);
  for (const cell of cells) {
    if (isFullOfCells(machine, freer)) break;
    assert.equal(freer.callNow('zsFree', pool, cell), 0);
    for (let i = 0; i < 2; i++) freer.callNow('zsCompactBegin');
  }
  assert.ok(isFullOfCells(machine, freer));
}

const takeObject: Body = async (thread) => {
  await thread.call('newObject', facts.FIRST_USER_CACHE);
};

const freeIt: Body = async (thread) => {
  assert.equal(await thread.call('zsFree', pool, handle), 0);
  for (let i = 0; i < 2; i++) await thread.call('zsCompactBegin');
};

export const mendScenarios: KernelScenario[] = [
  {
    name: 'object-alloc-killed',
    rule: 'who dies making its first objects, or freeing them, leaves no cell, zspage or page',
    module: 'test',
    bound: 0,
    ...{ kills: 1, killable: [0], mustSurvive: true, stepLimit: 60_000 },
    prepare: makePool,
    threads: [allocAndRelease, idle],
    check: assertNothingLeft,
  },
  {
    name: 'object-spare-killed',
    rule: "who dies while a full zspage becomes its spare leaves none that is nobody's to fill",
    module: 'test',
    bound: 0,
    ...{ kills: 1, killable: [0], mustSurvive: true },
    prepare: fillOne,
    threads: [allocOneMore, idle],
  },
  {
    name: 'object-spare-emptied',
    rule: "a zspage that is a thread's spare is not freed before it gives it up",
    module: 'test',
    bound: 0,
    prepare: makePool,
    threads: [fillAndEmpty, idle],
    check: assertNothingLeft,
  },
  {
    name: 'object-recover-killed',
    rule: 'who recovers a thread that died freeing an object dies too: the next does the rest',
    module: 'test',
    bound: 0,
    ...{ kills: 1, killable: [0], mustSurvive: true, stepLimit: 60_000 },
    prepare: leaveOneVacated,
    threads: [recoverDead, idle, idle],
    check: assertNothingLeft,
  },
  {
    name: 'object-recover-anothers-killed',
    rule: 'who dies recovering one that died in the zspage of another leaves that to its owner',
    module: 'test',
    bound: 0,
    ...{ kills: 1, killable: [1], mustSurvive: true, stepLimit: 60_000 },
    prepare: leaveAnothersVacated,
    threads: [idle, recoverDead, idle],
    check: assertNothingLeft,
  },
  {
    name: 'object-sweep-killed',
    rule: 'of three that die recovering the second is sweeping: the third sweeps again',
    module: 'test',
    bound: 0,
    ...{ kills: 1, killable: [0], mustSurvive: true, stepLimit: 60_000 },
    prepare: leaveHalfMended,
    threads: [recoverDead, idle, idle],
    check: (machine) => {
      machine.main.callNow('zsRelease', handle);
      assertNothingLeft(machine);
    },
  },
  {
    name: 'draft-compact',
    rule: 'who gives up what it wrote finds it where it was moved, and keeps no lock of where it was',
    module: 'test',
    bound: 2,
    stepLimit: 30_000,
    prepare: leaveDraft,
    threads: [(thread) => thread.call('zsRelease', handle), compactStore],
  },
  {
    name: 'object-free-owner-killed',
    rule: 'a zspage whose owner died while another vacated it goes once',
    bound: 0,
    ...{ kills: 1, killable: [0], mustSurvive: true, stepLimit: 60_000 },
    prepare: leaveOneObject,
    threads: [takeObject, freeIt],
  },
];
