/** Scenarios of what is computed without a lease: a deletion that comes later wins. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { clear, load, makeCache, NOW, VALUE_BYTES, word } from './cache.ts';
import { arrive, NEVER } from './leases.ts';

let hasBegun = false;
let isDeletedLater = false;

function before(): void {
  hasBegun = false;
  isDeletedLater = false;
}

/** There is no `k`, and a table of leases that has been used. */
function makeAbsent(machine: Machine): void {
  makeCache('k', 'k')(machine);
  const { main } = machine;
  assert.equal(main.callNow('remove', 4), 1);
  const lease = main.callNow('beginLease', 4, NOW, NEVER, 0) as number;
  main.callNow('endLease', lease, main.callNow('lastGrant') as number, 0);
}

const compute: Body = async (thread) => {
  const version = (await thread.call('beginAlone', 4)) as number;
  hasBegun = true;
  return thread.call('setIf', facts.IF_QUIET, version, 4, VALUE_BYTES, 1, 0);
};

const remove: Body = async (thread) => {
  await arrive(thread);
  isDeletedLater = hasBegun;
  return thread.call('remove', 4);
};

const clearLater: Body = async (thread, machine) => {
  await arrive(thread);
  isDeletedLater = hasBegun;
  await clear(thread, machine);
};

function expectDeleted(machine: Machine): void {
  const { main, results } = machine;
  load(machine, main, 'k', 'z');
  const isThere = main.callNow('get', 4, NOW, 0) === VALUE_BYTES;
  if (isThere) assert.equal(machine.load(main.callNow('outputScratch') as number), word('b'));
  assert.ok(!(isThere && isDeletedLater), 'stored after a deletion that came later');
  assert.ok(results[0] === 0 || results[0] === facts.ERR_UNMET);
}

const common = {
  module: 'test',
  bound: 2,
  timesOut: true,
  stepLimit: 60_000,
  before,
  prepare: makeAbsent,
} as const;

export const aloneScenarios: KernelScenario[] = [
  {
    ...common,
    name: 'alone-delete',
    rule: 'what was computed without a lease before a delete of what is not there is not stored',
    threads: [compute, remove],
    check: expectDeleted,
  },
  {
    ...common,
    name: 'alone-clear',
    rule: 'what was computed without a lease before a clear is not there after it',
    threads: [compute, clearLater],
    check: expectDeleted,
  },
];
