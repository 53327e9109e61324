/** Scenarios of what is stale: all are served, and one computes. */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { load, makeCache, NOW, VALUE_BYTES, word } from './cache.ts';
import { before as beforeLeases, begin, expectFree } from './leases.ts';

/** Who computes now, and how many did. */
let computing = new Set<number>();
let computed = 0;

function before(): void {
  beforeLeases();
  computing = new Set();
  computed = 0;
}

/** What is served: the stale value, or a new one; never none. */
async function serve(thread: Thread, machine: Machine): Promise<void> {
  const bytes = await thread.call('get', 4, NOW, facts.GET_STALE);
  assert.equal(bytes, VALUE_BYTES, 'nothing is there to be served');
  const value = machine.load(thread.callNow('outputScratch') as number);
  assert.ok(['a', 'b', 'c'].some((letter) => word(letter) === value));
}

/** As getOrSet does with what is stale: one computes, and all others go on with what there is. */
const refresh: Body = async (thread, machine) => {
  await serve(thread, machine);
  const { lease, grant, isMine } = await begin(thread);
  if (!isMine) {
    await serve(thread, machine);
    return thread.call('leaveLease', lease, grant);
  }
  // Somebody may have been faster.
  if ((await thread.call('has', 4, NOW)) === 1) return thread.call('endLease', lease, grant, 0);
  const others = [...computing].filter((index) => !machine.killed.includes(index));
  assert.deepEqual(others, [], 'two compute');
  computing.add(thread.index);
  computed++;
  await thread.call('beginComputed', lease, grant, 4, VALUE_BYTES, 0);
  assert.equal(await thread.call('appendSet', VALUE_BYTES, 1), 0);
  computing.delete(thread.index);
  return thread.call('commitLease', lease, grant);
};

/** `k` = a is past its time, and kept. */
function makeStale(machine: Machine): void {
  makeCache('k', 'k')(machine);
  const { main } = machine;
  load(machine, main, 'k', 'a');
  assert.equal(main.callNow('describeNext', 4, NOW - 1, 0, 0, 0), 1);
  assert.equal(main.callNow('set', 4, VALUE_BYTES, 1, NOW + 1000), 0);
  assert.equal(main.callNow('has', 4, NOW), 0);
}

function expectRefreshed(machine: Machine): void {
  const { killed, main } = machine;
  assert.ok(computed <= 1 + killed.length, 'more than one has computed');
  if (killed.length === 0) {
    assert.equal(computed, 1, 'nobody has computed');
    load(machine, main, 'k', 'z');
    assert.equal(main.callNow('has', 4, NOW), 1, 'it is stale still');
  }
  // What is stale still is none for `get`.
  expectFree(killed.length === 0 ? 'bc' : 'bc-')(machine);
}

const common = { module: 'test', timesOut: true, stepLimit: 60_000, before } as const;

export const refreshScenarios: KernelScenario[] = [
  {
    ...common,
    name: 'lease-refresh',
    rule: 'of two that find a stale value one computes, and both are served all the time',
    bound: 1,
    prepare: makeStale,
    threads: [refresh, refresh],
    check: expectRefreshed,
  },
  {
    ...common,
    name: 'lease-refresh-killed-survived',
    rule: 'who dies computing what is stale leaves it there, and another may compute',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    prepare: makeStale,
    threads: [refresh, refresh],
    check: expectRefreshed,
  },
];
