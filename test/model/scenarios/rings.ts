/**
 * Scenarios of the rings: what was evicted waits for its readers though its thread uses other
 * objects again, and though another thread closes its ring; and whoever has looked once in vain
 * looks again.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { load, makeCache, read, reclaim, remove, set, VALUE_BYTES } from './cache.ts';

/** Of another class than the values that are read. */
const OTHER_BYTES = 20 * VALUE_BYTES;

/** The second thread has taken something out, of no use to it. */
function makeWaiting(machine: Machine): void {
  makeCache(...machine.threads.map(() => 'k'))(machine);
  const second = machine.threads[1]!;
  load(machine, second, 'z', 'z');
  assert.equal(second.callNow('set', 4, OTHER_BYTES, 1, 0), 0);
  assert.equal(second.callNow('remove', 4), 1);
  load(machine, second, 'k', 'c');
}

/** And that is done. */
function makeDone(machine: Machine): void {
  makeWaiting(machine);
  machine.main.callNow('reclaim');
  assert.equal(machine.main.callNow('limboOf', facts.LIMBO_VALUE), 1);
}

const evictAndSet: Body = async (thread, machine) => {
  await thread.call('sweepInCall', 1);
  await set(thread, machine);
};

/** Of all rings; then what it has freed is written to. */
const closeAndFree: Body = async (thread, machine) => {
  await reclaim(thread);
  await set(thread, machine);
};

/** Sets twice after the ring was closed: a look that was in vain is followed by another. */
const overwriteAndLookTwice: Body = async (thread, machine) => {
  await set(thread, machine);
  await thread.call('reclaim');
  await set(thread, machine);
  await set(thread, machine);
};

export const ringScenarios: KernelScenario[] = [
  {
    name: 'get-evict-open',
    rule: 'what was evicted since the ring was closed is not used again, though what was closed is',
    module: 'test',
    bound: 2,
    prepare: makeDone,
    threads: [read('ac-'), evictAndSet],
  },
  {
    name: 'get-delete-close',
    rule: 'what is taken out while another thread closes the ring waits for who reads it',
    bound: 1,
    prepare: makeWaiting,
    threads: [read('ad-'), remove, closeAndFree],
  },
  {
    name: 'get-overwrite-look-twice',
    rule: 'what a reader has is not used again, though its thread has asked for it before',
    bound: 2,
    prepare: makeCache('k', 'k'),
    threads: [read('ac'), overwriteAndLookTwice],
  },
];
