/**
 * Scenarios of references alone: a header in a page of its own, which nobody but its threads uses.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import { offsetOf } from '../../support/structures.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';

const GET_DONE = 0;

let desc = 0;

/** A descriptor with an owner. */
function makeHeader({ main }: Machine): void {
  const pfn = main.callNow('allocPages', 0) as number;
  desc = pfn << facts.PAGE_SHIFT;
  main.callNow('initHeader', desc, facts.TYPE_ANON_FOLIO, 0, pfn);
  main.callNow('publish', desc);
}

/** Who is told that it was the last reference frees. */
async function freeIf(isLast: unknown, thread: Thread): Promise<number> {
  if (isLast === 1) await thread.call('clearRefs', desc);
  return Number(isLast);
}

/** Freezes what has so many pins: none, as whoever moves the page would, or somebody's. */
const freezeAndThaw =
  (pins: number): Body =>
  async (thread) => {
    if ((await thread.call('freeze', desc, pins)) === 0) return 0;
    assert.notEqual(
      await thread.call('tryGet', desc),
      GET_DONE,
      'a frozen descriptor was referenced',
    );
    return freeIf(await thread.call('unfreeze', desc), thread);
  };

const dropLast: Body = async (thread) => freeIf(await thread.call('disown', desc), thread);

const getAndPut: Body = async (thread) => {
  if ((await thread.call('tryGet', desc)) !== GET_DONE) return 0;
  return freeIf(await thread.call('put', desc), thread);
};

const putOnce: Body = async (thread) => freeIf(await thread.call('put', desc), thread);

function assertFreedOnce(machine: Machine): void {
  const freed = machine.results.filter((isLast) => isLast === 1);
  assert.equal(freed.length, 1, `one of three must free, seen ${machine.results.join(' ')}`);
  assert.equal(machine.load(desc + offsetOf('Header', 'refs')), 0, 'not buried');
}

export const freezeScenarios: KernelScenario[] = [
  {
    name: 'freeze-put',
    rule: 'nobody references what is frozen, and of freezer, owner and reader one frees: the last',
    module: 'test',
    bound: 3,
    prepare: makeHeader,
    threads: [freezeAndThaw(0), dropLast, getAndPut],
    check: assertFreedOnce,
  },
  {
    name: 'freeze-put-pinned',
    rule: 'a pin from before may be put while all is frozen: one is still the last, and frees',
    module: 'test',
    bound: 3,
    prepare: (machine) => {
      makeHeader(machine);
      assert.equal(machine.main.callNow('tryGet', desc), GET_DONE);
    },
    threads: [freezeAndThaw(1), dropLast, putOnce],
    check: assertFreedOnce,
  },
];
