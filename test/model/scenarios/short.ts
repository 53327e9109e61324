/**
 * Scenarios of a full zone: who is short waits for memory that others have, living or dead, and is
 * refused nothing that there will be room for.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { load, makeCache, reclaim, VALUE_BYTES } from './cache.ts';

/** A page of its own for each. */
const LARGE = facts.PAGE_BYTES / 2;
const LONG_KEYS = 'qrstuv';
/** A value of so many blocks, of a page each. */
const BLOCKS = 4;
const BLOCK = 4000;
/** Pages that one such value takes with all that describes it, and not two. */
const ROOM = 9;
/** What `makeRoom` may answer. */
const { FREED, NOTHING_FREED } = facts;

/** A full zone with nothing but what has been taken out and is done. */
function makeDone(machine: Machine): void {
  const { main } = machine;
  makeCache('k', 'm')(machine);
  for (const key of LONG_KEYS) {
    load(machine, main, key, key);
    assert.equal(main.callNow('set', 4, LARGE, 1, 0), 0);
  }
  while ((main.callNow('allocPages', 0) as number) > 0);
  for (const key of `${LONG_KEYS}k`) removeNow(machine, key);
  main.callNow('reclaim');
}

function removeNow(machine: Machine, key: string): void {
  load(machine, machine.main, key, key);
  assert.equal(machine.main.callNow('remove', 4), 1);
}

/** A cache without an entry, in a zone without a page. @returns the pages */
function makeBare(machine: Machine): number[] {
  const { main } = machine;
  makeCache('k', 'm')(machine);
  removeNow(machine, 'k');
  const taken: number[] = [];
  for (let pfn = main.callNow('allocPages', 0) as number; pfn > 0; ) {
    taken.push(pfn);
    pfn = main.callNow('allocPages', 0) as number;
  }
  return taken;
}

/** Room for a long value; the second thread has begun to write one. */
function makeBegun(machine: Machine): void {
  const { main, threads } = machine;
  const taken = makeBare(machine);
  for (const pfn of taken.slice(-ROOM)) assert.equal(main.callNow('freePages', pfn, 0), 0);
  threads[1]!.callNow('beginSet', 4, BLOCKS * BLOCK, 0);
  for (let i = 1; i < BLOCKS; i++) assert.equal(threads[1]!.callNow('appendSet', BLOCK, 1), 0);
}

/** The first thread has found nothing once; the second one has begun to write a short value. */
function makeTried(machine: Machine): void {
  const { main, threads } = machine;
  makeBare(machine);
  for (let round = 0; round < 2; round++) main.callNow('reclaim');
  assert.equal(threads[0]!.callNow('makeRoomInCall', 1), FREED);
  threads[1]!.callNow('beginSet', 4, VALUE_BYTES, 0);
  assert.equal(threads[1]!.callNow('appendSet', VALUE_BYTES, 1), 0);
}

const setLarge: Body = async (thread) => {
  assert.equal(await thread.call('set', 4, LARGE, 1, 0), 0, 'refused');
};

/** Appends what is left of such a value, or all again, as the library does. */
async function finish(thread: Thread, blocks: number): Promise<void> {
  for (let left = blocks; left > 0; ) {
    const failure = await thread.call('appendSet', BLOCK, 1);
    assert.ok(failure === 0 || failure === facts.ERR_RESTART, 'refused');
    left = failure === 0 ? left - 1 : BLOCKS;
  }
  assert.equal(await thread.call('commitSet'), 0);
}

const setLong: Body = async (thread) => {
  await thread.call('beginSet', 4, BLOCKS * BLOCK, 0);
  await finish(thread, BLOCKS);
};

const finishLong: Body = (thread) => finish(thread, 1);

const tryLast: Body = async (thread) => {
  assert.notEqual(await thread.call('makeRoomInCall', 1), NOTHING_FREED, 'refused');
};

const commit: Body = async (thread) => {
  assert.equal(await thread.call('commitSet'), 0);
};

export const shortScenarios: KernelScenario[] = [
  {
    name: 'short-while-freed',
    rule: 'who finds nothing to evict waits for what another frees',
    bound: 1,
    stepLimit: 60_000,
    module: 'test',
    prepare: makeDone,
    threads: [setLarge, reclaim],
  },
  {
    name: 'short-while-freed-killed',
    rule: 'who finds nothing to evict waits for what a dead one was freeing',
    bound: 0,
    kills: 1,
    killable: [1],
    mustSurvive: true,
    stepLimit: 60_000,
    module: 'test',
    prepare: makeDone,
    threads: [setLarge, reclaim],
  },
  {
    name: 'short-drafts',
    rule: 'of two values for which there is room one after the other both are stored',
    bound: 0,
    stepLimit: 60_000,
    prepare: makeBegun,
    threads: [setLong, finishLong],
  },
  {
    name: 'short-while-stored',
    rule: 'nobody is refused while there is an entry that could go',
    bound: 1,
    module: 'test',
    prepare: makeTried,
    threads: [tryLast, commit],
  },
];
