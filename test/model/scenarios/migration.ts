/**
 * Scenarios of moving pages of zspages: against reading, writing, freeing, packing objects, death.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import { offsetOf } from '../../support/structures.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import { idle, type KernelScenario } from '../kernel-model.ts';
import { assertNothingIsolated, evacuatePages } from './folio-steps.ts';

/** A value of the cache, and the page that it is on. */
const KEY = 7;
const VALUE_BYTES = 200;
let valuePage = 0;

function valueByte(version: number, i: number): number {
  return (version * 50 + i) & 255;
}

/** Puts key and value into a thread's scratch. */
function stage({ memory }: Machine, thread: Thread, version: number): void {
  const bytes = new Uint8Array(memory.buffer);
  bytes[Number(thread.callNow('keyScratch'))] = KEY;
  const at = Number(thread.callNow('inputScratch'));
  for (let i = 0; i < VALUE_BYTES; i++) bytes[at + i] = valueByte(version, i);
}

/**
 * A cache with one value; all threads have their scratch, and a value and a key in it. The value is
 * made by the second thread, so that what that one makes next is on the same page.
 */
function makeValue(machine: Machine): void {
  const { main, threads, rescuers } = machine;
  assert.equal(main.callNow('formatStore'), 0);
  for (const thread of [main, ...threads, ...rescuers]) {
    assert.equal(thread.callNow('prepare'), 0);
    stage(machine, thread, thread.index + 2);
  }
  const maker = threads[1] ?? main;
  stage(machine, maker, 1);
  assert.equal(maker.callNow('set', 1, VALUE_BYTES, 1, 0), 0);
  stage(machine, maker, 2);
  valuePage = findPage(machine, facts.TYPE_ZSPAGE);
}

/**
 * The same, removed and done; its zspage is nobody's to allocate from, so it goes with the value.
 */
function makeLooseValue(machine: Machine): void {
  makeValue(machine);
  const maker = machine.threads[1]!;
  maker.callNow('detach');
  assert.ok(Number(maker.callNow('attach', maker.index + 1, 1)) > 0);
  assert.equal(maker.callNow('prepare'), 0);
  new Uint8Array(machine.memory.buffer)[Number(maker.callNow('keyScratch'))] = KEY;
  maker.callNow('remove', 1);
  maker.callNow('reclaim');
}

/** The same, not removed yet: the first thread moves it, and frees it. */
function makeLone(machine: Machine): void {
  makeValue(machine);
  const maker = machine.threads[1]!;
  maker.callNow('detach');
  assert.ok(Number(maker.callNow('attach', maker.index + 1, 1)) > 0);
}

/** The same, overwritten, and done: the maker's next value takes the place of the first. */
function makeDoneValue(machine: Machine): void {
  makeValue(machine);
  const maker = machine.threads[1]!;
  assert.equal(maker.callNow('set', 1, VALUE_BYTES, 1, 0), 0);
  machine.main.callNow('reclaim');
}

const reclaimOnce: Body = (thread) => thread.call('reclaim');

function findPage({ main }: Machine, type: number, from = 0): number {
  for (let pfn = Math.max(from, Number(main.callNow('firstPfn'))); ; pfn++) {
    if ((Number(main.callNow('pageWordOf', pfn)) & facts.TYPE_MASK) === type) return pfn;
  }
}

/** Empties the page that the value was on. */
const evacuateValue: Body = (thread) => evacuatePages(thread, valuePage);

/** Moves the value, and frees it before the compaction ends: its zspage waits in limbo. */
const evacuateAndRemove: Body = async (thread, machine) => {
  await thread.call('beginEvacuation', valuePage, 1);
  while (Number(await thread.call('compactStep')) > 0);
  await removeValue(thread, machine);
  while ((await thread.call('endCompaction')) === 0);
};

/** Reads the value, which one version or another must have written whole. */
const readValue: Body = async (thread, machine) => {
  const bytes = Number(await thread.call('get', 1, 0, 0));
  if (bytes === facts.ERR_NOT_FOUND) return 'gone';
  assert.equal(bytes, VALUE_BYTES);
  checkOutput(machine, thread);
  return 'read';
};

function checkOutput({ memory }: Machine, thread: Thread): void {
  const at = Number(thread.callNow('outputScratch'));
  const seen = new Uint8Array(memory.buffer, at, VALUE_BYTES);
  const version = [1, 2, 3, 4].find((one) => seen[0] === valueByte(one, 0));
  assert.ok(version !== undefined, `nobody wrote ${seen[0]}`);
  for (let i = 0; i < VALUE_BYTES; i++) assert.equal(seen[i], valueByte(version, i), `byte ${i}`);
}

const overwrite: Body = (thread) => thread.call('set', 1, VALUE_BYTES, 1, 0);

const removeValue: Body = async (thread) => {
  await thread.call('remove', 1);
  for (let i = 0; i < 2; i++) await thread.call('reclaim');
};

/** As while a reader stalls: what is removed waits in limbo, linked by a word of its own. */
const removeAndSpill: Body = async (thread) => {
  await thread.call('remove', 1);
  await thread.call('spillInCall');
  for (let i = 0; i < 2; i++) await thread.call('reclaim');
};

/** A chain of two objects: the first is written again when the second is appended. */
const writeInParts: Body = async (thread) => {
  await thread.call('beginSet', 1, VALUE_BYTES);
  assert.equal(await thread.call('appendSet', VALUE_BYTES, 1), 0);
  return thread.call('commitSet', 0);
};

/** A value that lies on two pages of its zspage, behind another. */
const LONG_BYTES = 2500;
const LONG_KEY = 9;

function makeLong(machine: Machine): void {
  makeValue(machine);
  const { main } = machine;
  const bytes = new Uint8Array(machine.memory.buffer);
  for (const key of [LONG_KEY + 1, LONG_KEY]) {
    bytes[Number(main.callNow('keyScratch'))] = key;
    const at = Number(main.callNow('inputScratch'));
    for (let i = 0; i < LONG_BYTES; i++) bytes[at + i] = valueByte(key, i);
    assert.equal(main.callNow('set', 1, LONG_BYTES, 1, 0), 0);
  }
  valuePage = findPage(machine, facts.TYPE_ZSPAGE, valuePage + 1);
  for (const thread of [...machine.threads, main]) {
    bytes[Number(thread.callNow('keyScratch'))] = LONG_KEY;
  }
}

/** The same; its second page is the one to be emptied. */
function makeTail(machine: Machine): void {
  makeLong(machine);
  valuePage = findPage(machine, facts.TYPE_ZSPAGE, valuePage + 1);
}

/** Reads it, which nobody changes. */
const readLong: Body = async (thread, machine) => {
  checkLong(machine, thread, Number(await thread.call('get', 1, 0, 0)));
};

function checkLong({ memory }: Machine, thread: Thread, bytes: number): void {
  assert.equal(bytes, LONG_BYTES);
  const at = Number(thread.callNow('outputScratch'));
  const seen = new Uint8Array(memory.buffer, at, LONG_BYTES);
  for (let i = 0; i < LONG_BYTES; i++) assert.equal(seen[i], valueByte(LONG_KEY, i), `byte ${i}`);
}

/** Packs the store's objects, which this thread's own zspages take part in. */
const packObjects: Body = async (thread, machine) => {
  const pool = machine.load(facts.ZS_STATE + offsetOf('ZsState', 'store')) >>> facts.PAGE_SHIFT;
  await thread.call('zsCompactBegin');
  for (let i = 0; i < 2; i++) await thread.call('zsCompactSome', pool, 0);
};

/** A value, and a hole below it that it can be moved into, in a zspage that is nobody's. */
function makeHole(machine: Machine): void {
  makeValue(machine);
  const maker = machine.threads[1]!;
  // The value is written again above the old one, which then goes.
  assert.equal(maker.callNow('set', 1, VALUE_BYTES, 1, 0), 0);
  for (let i = 0; i < 4; i++) maker.callNow('reclaim');
  maker.callNow('zsCompactBegin');
}

function assertLongReadable(machine: Machine): void {
  const { main } = machine;
  checkLong(machine, main, Number(main.callNow('get', 1, 0, 0)));
  for (let i = 0; i < 3; i++) main.callNow('reclaim');
  assertNothingIsolated(machine);
}

function assertReadable(machine: Machine): void {
  const { main } = machine;
  assert.equal(main.callNow('get', 1, 0, 0), VALUE_BYTES);
  checkOutput(machine, main);
  for (let i = 0; i < 3; i++) main.callNow('reclaim');
  assertNothingIsolated(machine);
}

/** If the value is gone, so is its zspage. */
function assertFreed({ main }: Machine): void {
  for (let i = 0; i < 5; i++) main.callNow('reclaim');
  if (main.callNow('get', 1, 0, 0) !== facts.ERR_NOT_FOUND) return;
  assert.equal(main.callNow('cacheInUse', facts.CACHE_ZSPAGE), 0, 'a zspage was lost');
}

export const migrationScenarios: KernelScenario[] = [
  {
    name: 'migrate-read',
    rule: 'a value is read whole while its page moves: one version or another',
    bound: 2,
    prepare: makeValue,
    threads: [evacuateValue, readValue],
    check: assertReadable,
  },
  {
    name: 'migrate-read-across',
    rule: 'a value on two pages is read whole while the first of them moves',
    bound: 2,
    prepare: makeLong,
    threads: [evacuateValue, readLong],
    check: assertLongReadable,
  },
  {
    name: 'migrate-read-tail',
    rule: 'a value on two pages is read whole while the second of them moves',
    bound: 2,
    prepare: makeTail,
    threads: [evacuateValue, readLong],
    check: assertLongReadable,
  },
  {
    name: 'migrate-alloc',
    rule: 'an object that is allocated on the page that moves arrives with what is written into it',
    bound: 2,
    prepare: makeValue,
    threads: [evacuateValue, overwrite],
    check: assertReadable,
  },
  {
    name: 'migrate-renew',
    rule: 'an object that is used again on the page that moves arrives with what is written into it',
    bound: 2,
    prepare: makeDoneValue,
    threads: [evacuateValue, overwrite],
    check: assertReadable,
  },
  {
    name: 'migrate-alloc-parts',
    rule: 'a value that is written in parts arrives though its page moves between them',
    bound: 2,
    prepare: makeValue,
    threads: [evacuateValue, writeInParts],
    check: assertReadable,
  },
  {
    name: 'migrate-object-free',
    rule: 'a freed object is not lost though the word that links it lies on the page that moves',
    module: 'test',
    bound: 2,
    prepare: makeValue,
    threads: [evacuateValue, removeAndSpill],
    check: ({ main }) => {
      assert.equal(main.callNow('get', 1, 0, 0), facts.ERR_NOT_FOUND);
      for (let i = 0; i < 5; i++) main.callNow('reclaim');
      assert.equal(main.callNow('cacheInUse', facts.CACHE_CELL), 0, 'an object was lost');
    },
  },
  {
    name: 'migrate-zspage-free',
    rule: 'a zspage that goes with its last object is let go by who moves its page',
    bound: 2,
    prepare: makeLooseValue,
    threads: [evacuateValue, reclaimOnce],
    check: ({ main }) => {
      for (let i = 0; i < 5; i++) main.callNow('reclaim');
      assert.equal(main.callNow('cacheInUse', facts.CACHE_ZSPAGE), 0, 'a zspage was lost');
    },
  },
  {
    name: 'migrate-pack',
    rule: 'an object that is packed while its page moves is in one place, whole',
    bound: 1,
    prepare: makeHole,
    threads: [evacuateValue, packObjects],
    check: assertReadable,
  },
  // The mover dies at each step, and who comes next does so on what it left.
  {
    name: 'migrate-killed-pack',
    rule: "a page's dead mover leaves its objects to who packs them",
    bound: 0,
    stepLimit: 40_000,
    kills: 1,
    mustSurvive: true,
    prepare: makeHole,
    threads: [evacuateValue, packObjects],
    killable: [0],
    check: assertReadable,
  },
  {
    name: 'migrate-killed-alloc',
    rule: "a page's dead mover leaves it to who writes the next value there",
    bound: 0,
    stepLimit: 40_000,
    kills: 1,
    mustSurvive: true,
    prepare: makeValue,
    threads: [evacuateValue, overwrite],
    killable: [0],
    check: assertReadable,
  },
  {
    name: 'migrate-killed-object-free',
    rule: "a page's dead mover leaves it to who frees the objects there",
    bound: 0,
    stepLimit: 40_000,
    kills: 1,
    mustSurvive: true,
    prepare: makeValue,
    threads: [evacuateValue, removeValue],
    killable: [0],
    check: ({ main }) => assert.equal(main.callNow('get', 1, 0, 0), facts.ERR_NOT_FOUND),
  },
  {
    name: 'migrate-killed-freed',
    rule: 'a zspage that waits in limbo is not freed again for the dead mover who put it there',
    bound: 0,
    stepLimit: 40_000,
    kills: 1,
    mustSurvive: true,
    prepare: makeLone,
    threads: [evacuateAndRemove, idle],
    killable: [0],
    check: assertFreed,
  },
  {
    name: 'migrate-read-killed',
    rule: "a page's dead mover leaves each value readable",
    bound: 1,
    stepLimit: 40_000,
    kills: 1,
    mustSurvive: true,
    prepare: makeValue,
    threads: [evacuateValue, readValue],
    killable: [0],
    check: assertReadable,
  },
];
