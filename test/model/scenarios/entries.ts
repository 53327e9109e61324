/** Scenarios of entries that go: by their time, all at once, or because memory is short. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine } from '../engine/index.ts';
import { idle, type KernelScenario } from '../kernel-model.ts';
import { clear, load, makeCache, NOW, overwriteAndReuse, read, set, VALUE_BYTES } from './cache.ts';

/** A cache whose entry has expired. */
function makeExpired(machine: Machine): void {
  makeCache('k', 'k')(machine);
  load(machine, machine.main, 'k', 'a');
  assert.equal(machine.main.callNow('set', 4, VALUE_BYTES, 1, NOW - 1), 0);
}

/** One leaf of several entries, which whoever sets splits. */
function makeSplitting(machine: Machine): void {
  const { main, threads } = machine;
  for (const thread of threads) thread.callNow('setMany', 1);
  makeCache('k', 'm')(machine);
  for (const key of 'xyz') {
    load(machine, main, key, key);
    assert.equal(main.callNow('set', 4, VALUE_BYTES, 1, 0), 0);
  }
}

/** Two leaves, each with entries; the threads find them few enough for one. */
function makeTwoLeaves(machine: Machine): void {
  const { main } = machine;
  main.callNow('setMany', 1);
  makeCache('k', 'm')(machine);
  for (const key of 'mnopq') {
    load(machine, main, key, key);
    assert.equal(main.callNow('set', 4, VALUE_BYTES, 1, 0), 0);
    if (main.callNow('leaves') === 2) break;
  }
}

/** As the library ends to clear: the second leaf, which then is merged into the first. */
const clearLast: Body = async (thread) => {
  assert.equal(await thread.call('clearNext', 2 ** 31, 9), 2 ** 32);
};

/** A cache in a zone without a free page. */
function fillZone(machine: Machine): void {
  makeCache('k', 'm')(machine);
  while ((machine.main.callNow('allocPages', 0) as number) > 0);
}

/** The same, but for an entry that main has taken out, and that a reader may still have: main. */
function fillBehindReader(machine: Machine): void {
  const { main } = machine;
  makeCache('k', 'm')(machine);
  load(machine, main, 'q', 'q');
  assert.equal(main.callNow('set', 4, facts.PAGE_BYTES / 2, 1, 0), 0);
  while ((main.callNow('allocPages', 0) as number) > 0);
  assert.equal(main.callNow('remove', 4), 1);
  main.callNow('enterSection');
}

/** Too large for the page of the entry that is there: it has to go. */
const setLarge: Body = async (thread) => {
  const failure = await thread.call('set', 4, facts.PAGE_BYTES / 2, 1, 0);
  assert.ok(failure === 0 || failure === facts.ERR_NO_MEMORY);
};

function beginDraft(machine: Machine): void {
  makeCache('k')(machine);
  const thread = machine.threads[0]!;
  thread.callNow('beginSet', 4, VALUE_BYTES);
  assert.equal(thread.callNow('appendSet', VALUE_BYTES, 1), 0);
}

/** Looks through all records of the queue, of which one page is the first and the last. */
const purgeAll: Body = async (thread) => {
  await thread.call('beginPurge', 1);
  await thread.call('purgeNext');
};

/** Evicts what there is, and so begins the queue's page anew. */
const evictAll: Body = (thread) => thread.call('sweepInCall', facts.PAGE_BYTES);

export const entryScenarios: KernelScenario[] = [
  {
    name: 'purge-evicted',
    rule: 'who purges a page strikes out nothing that was popped, and the page begun anew',
    module: 'test',
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [purgeAll, evictAll],
    check: ({ main }) => assert.equal(main.callNow('entryCount'), 0),
  },
  {
    name: 'get-expired-set',
    rule: 'who takes out a value that is over does not take out the new one',
    bound: 2,
    prepare: makeExpired,
    threads: [read('c-'), set],
    check: ({ main }) => assert.equal(main.callNow('get', 4, NOW, 0), VALUE_BYTES),
  },
  {
    name: 'get-expired-reuse',
    rule: 'who waited for the lock to take a value out reads the new one in a section again',
    bound: 2,
    prepare: makeExpired,
    threads: [read('c-'), overwriteAndReuse],
  },
  {
    name: 'clear-set',
    rule: 'what was there when all is cleared is gone; what is set meanwhile may stay',
    bound: 2,
    prepare: makeCache('k', 'm'),
    threads: [clear, set],
    check: ({ main }) => assert.ok((main.callNow('entryCount') as number) <= 1),
  },
  {
    name: 'clear-split',
    rule: 'what was there when all is cleared is gone, though leaves are split meanwhile',
    module: 'test',
    bound: 1,
    stepLimit: 60_000,
    prepare: makeSplitting,
    threads: [clear, set],
    check: ({ main }) => {
      assert.ok((main.callNow('entryCount') as number) <= 1, 'an entry outlives a clear');
    },
  },
  {
    name: 'clear-merge',
    rule: 'who clears the last leaf merges it into another, in a section, while somebody sets there',
    module: 'test',
    bound: 1,
    prepare: makeTwoLeaves,
    threads: [clearLast, overwriteAndReuse],
  },
  {
    name: 'evict-get',
    rule: "who is short of memory waits for a reader's section, and takes nothing from under it",
    stepLimit: 60_000,
    bound: 2,
    prepare: fillZone,
    threads: [setLarge, read('a-')],
  },
  {
    name: 'evict-behind-reader',
    rule: 'who is short of memory evicts nothing while what waits for a reader would do',
    module: 'test',
    stepLimit: 100_000,
    bound: 1,
    prepare: fillBehindReader,
    threads: [idle, setLarge],
    settle: ({ main }) => main.callNow('leaveSection'),
    check: (machine) => {
      load(machine, machine.main, 'k', 'z');
      assert.equal(machine.main.callNow('get', 4, NOW, 1), VALUE_BYTES, 'an entry was evicted');
    },
  },
  {
    name: 'draft-dropped-killed',
    rule: "a draft that no slot names any more is its thread's alone, and not lost with it",
    bound: 2,
    kills: 1,
    prepare: beginDraft,
    threads: [(thread) => thread.call('beginSet', 4, VALUE_BYTES)],
  },
  {
    name: 'evict-set',
    rule: 'two that are short of memory at once evict for each other, and neither waits for ever',
    stepLimit: 60_000,
    bound: 1,
    prepare: fillZone,
    threads: [setLarge, set],
  },
];
