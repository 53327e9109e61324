/**
 * Scenarios of limbo: what waits for a grace period when threads die that put it in or take it out.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine } from '../engine/index.ts';
import { geometryOf } from '../geometry.ts';
import { idle, type KernelScenario } from '../kernel-model.ts';
import { clear, letterOf, load, makeCache, set, VALUE_BYTES } from './cache.ts';
import { handles, makeHoles, makeObjects, makePatterns, PATTERN_BYTES, pool } from './objects.ts';

/** Frees an object, and with it the zspage if it was its last one. */
const freeLast: Body = async (thread) => {
  await thread.call('zsFree', pool, handles[0]!);
  await thread.call('zsCompactBegin');
};

const reclaim: Body = (thread) => thread.call('reclaim');

/** The first call lets what is next wait, the second one frees it. */
const freeAndReclaim: Body = async (thread, machine) => {
  await freeLast(thread, machine);
  await thread.call('reclaim');
  await thread.call('reclaim');
};

/** Frees the object with this index, which then waits in limbo and not with its thread. */
const deferAndReclaim =
  (index: number): Body =>
  async (thread) => {
    await thread.call('zsFree', pool, handles[index]!);
    await thread.call('deferFreed');
    await thread.call('reclaim');
  };

/** The first thread has freed an object, and a pattern after it. */
function freeMixed(machine: Machine): void {
  makePatterns(machine);
  const { main, threads } = machine;
  const pattern = handles[0]!;
  const object = main.callNow('zsMalloc', pool, 0) as number;
  machine.store(main.callNow('inputScratch') as number, 1);
  assert.equal(main.callNow('zsOverwrite', pool, object, PATTERN_BYTES), 0);
  for (const handle of [object, pattern]) {
    assert.equal(threads[0]!.callNow('zsFree', pool, handle), 0);
  }
}

/** Frees all objects, which are the last of a zspage that main still puts objects into. */
const emptyOthers: Body = async (thread) => {
  for (const handle of handles) await thread.call('zsFree', pool, handle);
  await thread.call('deferFreed');
  await thread.call('reclaim');
  await thread.call('reclaim');
};

/** Whatever was left of the objects and their zspages goes, and nothing is left then. */
function assertAllGo({ main, threads, killed }: Machine): void {
  for (const handle of handles) main.callNow('zsFree', pool, handle);
  const living = threads.filter(({ index }) => !killed.includes(index));
  // Releases what waits with them.
  for (const thread of [main, ...living]) thread.callNow('zsCompactBegin');
  for (let i = 0; i < 4; i++) main.callNow('reclaim');
  for (const cache of [facts.CACHE_CELL, facts.CACHE_ZSPAGE]) {
    assert.equal(main.callNow('cacheInUse', cache), 0, `objects of cache ${cache} were lost`);
  }
  for (let kind = 0; kind < facts.LIMBO_KINDS; kind++) {
    assert.equal(main.callNow('limboCount', kind), 0, `limbo counts what it does not have`);
  }
  assert.equal(main.callNow('check'), 0, 'what is given back is not all that there was');
}

/** An eviction fills the ring, and the set after it wants room in it. */
const evictAndSet: Body = async (thread, machine) => {
  assert.equal(await thread.call('sweepInCall', 1), 1);
  await set(thread, machine);
};

/** What was replaced goes, each of it once, and the last value is left. */
function assertReplacedGo({ main }: Machine): void {
  for (let i = 0; i < 4; i++) main.callNow('reclaim');
  assert.equal(main.callNow('limboOf', facts.LIMBO_VALUE), 0, 'an entry waits that nobody frees');
  assert.equal(main.callNow('cacheInUse', facts.CACHE_CELL), 1, 'an object was lost');
  assert.equal(main.callNow('check'), 0);
}

/** The first thread's ring wants one more to be full, and no reader is left. */
function fillRing(machine: Machine): void {
  const { main, threads } = machine;
  const owner = threads[0]!;
  makeCache('m', 'm')(machine);
  load(machine, owner, 'k', 'b');
  main.callNow('enterSection');
  for (let i = 0; i < geometryOf('RING'); i++) {
    assert.equal(owner.callNow('set', 4, VALUE_BYTES, 1, 0), 0);
  }
  assert.equal(main.callNow('limboOf', facts.LIMBO_VALUE), geometryOf('RING') - 1);
  main.callNow('leaveSection');
}

/** The same, and the entry that is left is the only one. */
function fillLast(machine: Machine): void {
  fillRing(machine);
  assert.equal(machine.main.callNow('remove', 4), 1);
}

/** A zspage in limbo, whose grace period is over. */
function makeDone(machine: Machine): void {
  makeHoles(1, [0])(machine);
  const { main } = machine;
  main.callNow('zsFree', pool, handles[0]!);
  main.callNow('zsCompactBegin');
  main.callNow('reclaim');
}

export const limboScenarios: KernelScenario[] = [
  {
    name: 'limbo-reclaim',
    rule: 'of two that reclaim at once each object is freed by one',
    module: 'test',
    bound: 2,
    prepare: makeObjects(2),
    threads: [deferAndReclaim(0), deferAndReclaim(1)],
    check: assertAllGo,
  },
  {
    name: 'limbo-zspage-killed',
    rule: 'a zspage on its way through limbo is freed in the end, whoever carries it and dies',
    module: 'test',
    bound: 0,
    kills: 1,
    stepLimit: 30_000,
    mustSurvive: true,
    prepare: makeHoles(2, [1]),
    threads: [freeAndReclaim, reclaim],
    check: assertAllGo,
  },
  {
    name: 'limbo-object-killed',
    rule: 'an object on its way through limbo is freed in the end, whoever carries it and dies',
    module: 'test',
    bound: 0,
    kills: 1,
    stepLimit: 30_000,
    mustSurvive: true,
    prepare: makeObjects(2),
    threads: [deferAndReclaim(0), deferAndReclaim(1)],
    check: assertAllGo,
  },
  {
    name: 'limbo-mixed-killed',
    rule: 'what waits with its thread and what goes into limbo is named at each step, by one',
    module: 'test',
    bound: 0,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    prepare: freeMixed,
    threads: [(thread) => thread.call('deferFreed'), idle],
  },
  {
    name: 'limbo-last-object-killed',
    rule: 'the last objects of a zspage go, and it stays with the one who still fills it',
    module: 'test',
    bound: 0,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    prepare: makeObjects(2),
    threads: [emptyOthers, reclaim],
    check: assertAllGo,
  },
  {
    name: 'limbo-done-killed',
    rule: 'what has waited long enough is freed once, though the one who frees it dies',
    module: 'test',
    bound: 1,
    kills: 1,
    mustSurvive: true,
    prepare: makeDone,
    threads: [reclaim, reclaim],
    check: assertAllGo,
  },
  {
    name: 'ring-full-drained',
    rule: 'who adds to a full ring waits for the thread that drains it',
    module: 'test',
    bound: 1,
    stepLimit: 60_000,
    prepare: fillRing,
    threads: [evictAndSet, reclaim],
    check: assertReplacedGo,
  },
  {
    name: 'ring-full-swept',
    rule: 'who evicts by the hand what no queue leads to is in no section when it makes room',
    module: 'test',
    bound: 1,
    prepare: fillLast,
    threads: [(thread) => thread.call('sweepInCall', facts.PAGE_BYTES), idle],
    check: ({ main, results }) => {
      assert.equal(results[0], 1);
      for (let i = 0; i < 4; i++) main.callNow('reclaim');
      assert.equal(
        main.callNow('limboOf', facts.LIMBO_VALUE),
        0,
        'an entry waits that nobody frees',
      );
    },
  },
  {
    name: 'ring-full-cleared',
    rule: 'who clears goes on with what its full ring has left, though it is drained meanwhile',
    module: 'test',
    bound: 1,
    stepLimit: 60_000,
    prepare: fillRing,
    threads: [clear, reclaim],
    check: (machine) => {
      for (const key of 'km') assert.equal(letterOf(machine, key), '-', `${key} is there still`);
    },
  },
  {
    name: 'ring-full-drained-killed',
    rule: 'who dies draining another’s full ring leaves room in it',
    module: 'test',
    bound: 0,
    stepLimit: 60_000,
    kills: 1,
    killable: [1],
    mustSurvive: true,
    prepare: fillRing,
    threads: [evictAndSet, reclaim],
    check: assertReplacedGo,
  },
];
