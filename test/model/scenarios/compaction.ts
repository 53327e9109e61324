/** Scenarios of migration: against pin, lock, write, free, split, a second compactor, death. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import { type KernelScenario, type ModelFolio, newFolio } from '../kernel-model.ts';

/** The folio that is moved. */
let folio: ModelFolio;
/** Pages of a block, and the word that its last page holds in the end. */
const CONTENTS = 0x5eed0000;
const WRITTEN = 0x0badcafe;

function makeFolio(order: number): (machine: Machine) => void {
  return (machine) => {
    folio = newFolio(machine.main, order);
    for (let page = 0; page < 2 ** order; page++) {
      machine.store((folio.pfn + page) * facts.PAGE_BYTES, CONTENTS + page);
    }
  };
}

/** Two folios side by side, which one step moves. */
let twin: ModelFolio;

function makeTwins(machine: Machine): void {
  makeFolio(0)(machine);
  twin = newFolio(machine.main, 0);
  assert.equal(Math.abs(twin.pfn - folio.pfn), 1, 'side by side');
}

const evacuateTwins: Body = async (thread) => {
  await thread.call('beginEvacuation', Math.min(folio.pfn, twin.pfn), 2);
  while (Number(await thread.call('compactStep')) > 0);
  while ((await thread.call('endCompaction')) === 0);
};

const freeTwin: Body = (thread) => thread.call('freeFolio', twin.name);

/** Empties the folio's first page, as far as the others let it. */
const evacuate: Body = async (thread) => {
  if ((await thread.call('beginEvacuation', folio.pfn, 1)) !== 0) return 'busy';
  while (Number(await thread.call('compactStep')) > 0);
  while ((await thread.call('endCompaction')) === 0);
  return 'done';
};

/** While a pin is held the folio stays where it is, whole. */
const pinAndLook: Body = async (thread, machine) => {
  const id = (await thread.call('pinFolio', folio.name)) as number;
  if (id < 0) return id === facts.ERR_BUSY ? 'busy' : 'gone';
  const pfn = (await thread.call('firstPage', id)) as number;
  const word = (await thread.call('pageWordOf', pfn)) as number;
  assert.equal(word >>> 5, id, 'the page does not name the folio that has it');
  assert.equal(machine.load(pfn * facts.PAGE_BYTES) >>> 0, CONTENTS, 'contents were lost');
  assert.equal(await thread.call('firstPage', id), pfn, 'moved while pinned');
  await thread.call('putPage', id);
  return 'pinned';
};

/** The same by a page number, which may be the old one. */
const pinByPage: Body = async (thread) => {
  const id = (await thread.call('pinPage', folio.pfn)) as number;
  if (id < 0) return 'gone';
  const pfn = (await thread.call('firstPage', id)) as number;
  assert.equal(pfn, folio.pfn, 'pinned by a page that it has left');
  await thread.call('putPage', id);
  return 'pinned';
};

const lockAndWrite: Body = async (thread, machine) => {
  const id = (await thread.call('pinFolio', folio.name)) as number;
  if (id < 0) return 'gone';
  await thread.call('lockPage', id);
  const pfn = (await thread.call('firstPage', id)) as number;
  machine.store(pfn * facts.PAGE_BYTES, WRITTEN);
  await thread.call('unlockPage', id);
  await thread.call('putPage', id);
  return 'written';
};

const free: Body = (thread) => thread.call('freeFolio', folio.name);

const split: Body = async (thread) => {
  const id = (await thread.call('pinFolio', folio.name)) as number;
  if (id < 0) return 'gone';
  await thread.call('lockPage', id);
  const failure = await thread.call('splitPage', id, 0);
  await thread.call('unlockPage', id);
  await thread.call('putPage', id);
  return failure;
};

/** Frees the folio, and lets its descriptor be reborn for another page, which must not move. */
const freeAndReuse: Body = async (thread) => {
  await thread.call('freeFolio', folio.name);
  await thread.call('allocPages', 0, 0);
  await thread.call('allocFolio', 0, facts.FIRST_USER_TYPE);
};

/** A folio, and a type of users whose pages cannot be moved. */
function makeFolioAndType(machine: Machine): void {
  makeFolio(0)(machine);
  assert.equal(machine.main.callNow('registerType', 32, 0), facts.FIRST_USER_TYPE);
}

/** Takes what the migration gives back. */
const reuse: Body = async (thread) => {
  const pfn = (await thread.call('allocPages', 0, 0)) as number;
  if (pfn > 0) assert.equal(await thread.call('freePages', pfn, 0), 0);
};

/** What the folio holds wherever it is now; and nothing is captured for ever. */
function contentsOf(machine: Machine): number {
  const { main } = machine;
  const id = main.callNow('pinFolio', folio.name) as number;
  assert.equal(id, folio.id, 'the folio is lost');
  const pfn = main.callNow('firstPage', id) as number;
  main.callNow('putPage', id);
  return machine.load(pfn * facts.PAGE_BYTES) >>> 0;
}

function assertKept(machine: Machine): void {
  assert.equal(contentsOf(machine), CONTENTS);
  assertNothingCaptured(machine);
}

function assertFreed(machine: Machine): void {
  const { main } = machine;
  assert.ok(Number(main.callNow('pinFolio', folio.name)) < 0, 'freed and still there');
  assert.equal(main.callNow('countPagesOf', facts.TYPE_ANON_FOLIO, 0), 0, 'its page was lost');
  assertNothingCaptured(machine);
}

function assertNothingCaptured({ main }: Machine): void {
  assert.equal(main.callNow('countPagesOf', facts.TYPE_LIMBO, 0), 0, 'captured for ever');
}

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

/** The same, removed and ripe; its zspage is nobody's to allocate from, so it goes with the value. */
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

const reclaimOnce: Body = (thread) => thread.call('reclaim');

function findPage({ main }: Machine, type: number): number {
  for (let pfn = Number(main.callNow('firstPfn')); ; pfn++) {
    if ((Number(main.callNow('pageWordOf', pfn)) & facts.TYPE_MASK) === type) return pfn;
  }
}

/** Empties the page that the value was on. */
const evacuateValue: Body = async (thread) => {
  if ((await thread.call('beginEvacuation', valuePage, 1)) !== 0) return 'busy';
  while (Number(await thread.call('compactStep')) > 0);
  while ((await thread.call('endCompaction')) === 0);
  return 'done';
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

/** A chain of two objects: the first is written again when the second is appended. */
const writeInParts: Body = async (thread) => {
  await thread.call('beginSet', 1, VALUE_BYTES);
  assert.equal(await thread.call('appendSet', VALUE_BYTES, 1), 0);
  return thread.call('commitSet', 0);
};

function assertReadable(machine: Machine): void {
  const { main } = machine;
  assert.equal(main.callNow('get', 1, 0, 0), VALUE_BYTES);
  checkOutput(machine, main);
  for (let i = 0; i < 3; i++) main.callNow('reclaim');
  assertNothingCaptured(machine);
}

export const compactionScenarios: KernelScenario[] = [
  {
    name: 'migrate-pin',
    bound: 2,
    timesOut: true,
    prepare: makeFolio(0),
    threads: [evacuate, pinAndLook],
    check: assertKept,
  },
  {
    name: 'migrate-pin-page',
    bound: 2,
    timesOut: true,
    prepare: makeFolio(1),
    threads: [evacuate, pinByPage],
    check: assertKept,
  },
  {
    name: 'migrate-lock-write',
    bound: 2,
    timesOut: true,
    prepare: makeFolio(0),
    threads: [evacuate, lockAndWrite],
    check: (machine) => assert.equal(contentsOf(machine), WRITTEN, 'a write was lost'),
  },
  {
    name: 'migrate-free',
    bound: 2,
    timesOut: true,
    prepare: makeFolio(0),
    threads: [evacuate, free],
    check: assertFreed,
  },
  {
    name: 'migrate-pin-free',
    bound: 1,
    timesOut: true,
    prepare: makeFolio(0),
    threads: [evacuate, pinAndLook, free],
    check: assertFreed,
  },
  {
    // Each is frozen when its last reference goes, so the mover has two to free: with two preemptions.
    name: 'migrate-free-twice',
    bound: 1,
    timesOut: true,
    prepare: makeTwins,
    threads: [evacuateTwins, free, freeTwin],
    check: assertFreed,
  },
  {
    // Whoever has loaded the word of the page freezes a stranger: it must be let go as it is.
    name: 'migrate-descriptor-reused',
    bound: 2,
    timesOut: true,
    prepare: makeFolioAndType,
    threads: [evacuate, freeAndReuse],
  },
  {
    name: 'migrate-free-reuse',
    bound: 2,
    timesOut: true,
    prepare: makeFolio(0),
    threads: [evacuate, reuse],
    check: assertKept,
  },
  {
    name: 'migrate-split',
    bound: 2,
    timesOut: true,
    prepare: makeFolio(1),
    threads: [evacuate, split],
    check: assertKept,
  },
  {
    name: 'migrate-migrate',
    bound: 2,
    timesOut: true,
    prepare: makeFolio(0),
    threads: [evacuate, evacuate],
    check: assertKept,
  },
  {
    name: 'migrate-killed',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    prepare: makeFolio(1),
    threads: [evacuate],
    check: assertKept,
  },
  {
    // Who recovers dies, too.
    name: 'migrate-killed-twice',
    bound: 0,
    kills: 2,
    prepare: makeFolio(1),
    threads: [evacuate],
    check: assertKept,
  },
  {
    name: 'migrate-killed-pin',
    bound: 1,
    kills: 1,
    timesOut: true,
    mustSurvive: true,
    prepare: makeFolio(0),
    threads: [evacuate, pinAndLook],
    killable: [0],
    check: assertKept,
  },
  {
    name: 'migrate-killed-free',
    bound: 1,
    kills: 1,
    timesOut: true,
    prepare: makeFolio(0),
    threads: [evacuate, free],
    killable: [0],
    check: assertFreed,
  },
  {
    name: 'migrate-read',
    bound: 2,
    timesOut: true,
    prepare: makeValue,
    threads: [evacuateValue, readValue],
    check: assertReadable,
  },
  {
    // A new object on the page that is moved, its payload still to be written.
    name: 'migrate-alloc',
    bound: 2,
    timesOut: true,
    prepare: makeValue,
    threads: [evacuateValue, overwrite],
    check: assertReadable,
  },
  {
    name: 'migrate-alloc-parts',
    bound: 2,
    timesOut: true,
    prepare: makeValue,
    threads: [evacuateValue, writeInParts],
    check: assertReadable,
  },
  {
    // The freed object is linked into limbo through a word on the page that is moved.
    name: 'migrate-object-free',
    bound: 2,
    timesOut: true,
    prepare: makeValue,
    threads: [evacuateValue, removeValue],
    check: ({ main }) => {
      assert.equal(main.callNow('get', 1, 0, 0), facts.ERR_NOT_FOUND);
      for (let i = 0; i < 5; i++) main.callNow('reclaim');
      assert.equal(main.callNow('cacheInUse', facts.CACHE_CELL), 0, 'an object was lost');
    },
  },
  {
    // The zspage goes with its last object while the mover is looking at it.
    name: 'migrate-zspage-free',
    bound: 2,
    timesOut: true,
    prepare: makeLooseValue,
    threads: [evacuateValue, reclaimOnce],
    check: ({ main }) => {
      for (let i = 0; i < 5; i++) main.callNow('reclaim');
      assert.equal(main.callNow('cacheInUse', facts.CACHE_ZSPAGE), 0, 'a zspage was lost');
    },
  },
  {
    name: 'migrate-read-killed',
    bound: 1,
    stepLimit: 40_000,
    kills: 1,
    timesOut: true,
    mustSurvive: true,
    prepare: makeValue,
    threads: [evacuateValue, readValue],
    killable: [0],
    check: assertReadable,
  },
];
