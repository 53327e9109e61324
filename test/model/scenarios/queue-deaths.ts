/**
 * Deaths in the queues: a thread is killed at any instruction of what takes a page, drops one, or
 * strikes records out of one. No page is lost, and what was to be purged is purged by the survivor.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import { offsetOf } from '../../support/structures.ts';
import type { Body, Machine } from '../engine/index.ts';
import { geometryOf } from '../geometry.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { NOW, set, VALUE_BYTES } from './cache.ts';
import { expectLeft, makeWith, put, removeKey } from './store-deaths.ts';

/** The first page of the small queue. */
function headPage(machine: Machine): number {
  const { shards, small } = queueOffsets;
  return machine.load(machine.load(shards) + small + offsetOf('Fifo', 'head'));
}

/** Of an entry of these scenarios. */
const UNITS = 2;
const queueOffsets = { shards: facts.QUEUE_STATE, small: facts.SMALL_AT };

function recordsIn(machine: Machine, page: number): number {
  return machine.load(page + offsetOf('FifoPage', 'count'));
}

/** Fills the first page of the queue with records of keys that are not there any more. */
function fillPage(machine: Machine): void {
  const { main } = machine;
  const page = headPage(machine);
  const keyAt = main.callNow('keyScratch') as number;
  for (let i = 1; recordsIn(machine, page) < geometryOf('PAGE_RECORDS'); i++) {
    machine.store(keyAt, i);
    assert.equal(main.callNow('set', 4, VALUE_BYTES, 1, 0), 0);
    machine.store(keyAt, i);
    assert.equal(main.callNow('remove', 4), 1);
  }
  for (let i = 0; i < 4; i++) main.callNow('reclaim');
}

/** Leaves one record in the first page, as if the others had been popped. */
function popAllButOne(machine: Machine): void {
  const queue = machine.load(queueOffsets.shards) + queueOffsets.small;
  const page = headPage(machine);
  const left = recordsIn(machine, page) - 1;
  machine.store(page + offsetOf('FifoPage', 'first'), left);
  for (const field of ['records', 'units']) {
    const at = queue + offsetOf('Fifo', field);
    machine.store(at, machine.load(at) - left * (field === 'units' ? UNITS : 1));
  }
}

const evict: Body = (thread) => thread.call('sweepInCall', 1);
const purge: Body = async (thread) => {
  await thread.call('beginPurge');
  await thread.call('purgeNext');
};

const purgeOfAll: Body = async (thread) => {
  await thread.call('beginPurge', 1);
  await thread.call('purgeNext');
};

/** What is over is found by a survivor, though the dead one had taken the page's time away. */
function purgeRest(machine: Machine): void {
  const { main } = machine;
  main.callNow('beginPurge');
  while ((main.callNow('purgeNext') as number) >= 0);
  assert.equal(main.callNow('entryCount'), 2, 'an expired entry was not purged');
}

/** Where the first shard remembers what was driven out. */
function ghostsOf(machine: Machine): number {
  return machine.load(queueOffsets.shards) + facts.GHOSTS_AT;
}

const clear: Body = (thread) => thread.call('clearNext', 0, 10);

let firstPage = 0;

/** Makes a queue whose first page has one record left, of a deleted entry; the next has q's. */
function leaveOneOfTheDead(machine: Machine): void {
  makeWith('', 'k')(machine);
  removeKey(machine, 'k');
  fillPage(machine);
  popAllButOne(machine);
  // Not k: the record that is left is one of its own, and would lead to it.
  put(machine, 'q');
  firstPage = headPage(machine);
}

/** One dead thread, or a survivor at the same time. */
const common = { module: 'test', bound: 1, kills: 1, mustSurvive: true } as const;

export const queueDeathScenarios: KernelScenario[] = [
  {
    ...common,
    name: 'queue-page-taken-killed-survived',
    rule: 'who dies taking a page for the queue loses neither page nor entry',
    killable: [0],
    stepLimit: 60_000,
    prepare: (machine) => {
      makeWith('x', 'k')(machine);
      removeKey(machine, 'k');
      fillPage(machine);
    },
    threads: [set],
    check: expectLeft('x', 'k', 'b-'),
  },
  {
    ...common,
    name: 'queue-page-dropped-killed-survived',
    rule: 'a page that is leaving the queue at a death is in it still, or free',
    killable: [0],
    stepLimit: 200_000,
    prepare: leaveOneOfTheDead,
    threads: [evict],
    check: (machine) => {
      const { main, killed } = machine;
      if (killed.length === 0) {
        assert.equal(main.callNow('entryCount'), 0);
        assert.notEqual(headPage(machine), firstPage);
      }
      expectLeft('', 'q', killed.length === 0 ? '-' : 'q-')(machine);
    },
  },
  {
    ...common,
    name: 'ghosts-forgotten-killed-survived',
    rule: 'who dies forgetting what was driven out loses none of its pages',
    stepLimit: 60_000,
    prepare: (machine) => {
      makeWith('x', 'k')(machine);
      machine.main.callNow('sweepInCall', 1);
      put(machine, 'k');
      assert.equal(machine.load(ghostsOf(machine) + offsetOf('Ghosts', 'pages')), 1);
    },
    threads: [clear],
    check: (machine) => {
      if (machine.killed.length === 0) {
        assert.equal(machine.load(ghostsOf(machine) + offsetOf('Ghosts', 'pages')), 0);
      }
      expectLeft('', 'k', machine.killed.length === 0 ? '-' : 'k-')(machine);
    },
  },
  {
    name: 'ghosts-asked-forgotten',
    rule: 'who asks for ghosts that another forgets finds them or none',
    module: 'test',
    bound: 2,
    stepLimit: 60_000,
    prepare: (machine) => {
      makeWith('x', 'k')(machine);
      machine.main.callNow('sweepInCall', 1);
    },
    threads: [set, clear],
    check: expectLeft('', 'k', 'b-'),
  },
  {
    ...common,
    name: 'purge-of-all-killed-survived',
    rule: 'who dies purging records of the deleted takes none of the living with them',
    stepLimit: 60_000,
    prepare: leaveOneOfTheDead,
    threads: [purgeOfAll],
    check: (machine) => {
      if (machine.killed.length === 0) assert.notEqual(headPage(machine), firstPage);
      // The page that is left has the record of q, by which it is evicted.
      assert.equal(machine.main.callNow('entryCount'), 1);
      expectLeft('q', 'q', 'q')(machine);
    },
  },
  {
    ...common,
    name: 'purge-killed-survived',
    rule: 'what a dead thread was to purge is purged by a survivor',
    stepLimit: 60_000,
    prepare: (machine) => {
      makeWith('xy', 'k')(machine);
      put(machine, 'k', NOW - 1);
      put(machine, 'l', NOW);
      machine.main.callNow('tellTime', NOW);
    },
    threads: [purge],
    check: (machine) => {
      purgeRest(machine);
      expectLeft('xy', 'k', '-')(machine);
    },
  },
];
