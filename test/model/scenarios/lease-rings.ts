/**
 * Scenarios of words of a lease that are loaded without its bucket's lock: who looks for a ring,
 * who counts, and who takes over what a deletion overtakes.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { load, makeCache, NOW, remove } from './cache.ts';
import { countAwaited, expectFree, NEVER } from './leases.ts';

interface Held {
  lease: number;
  grant: number;
}

/** Asks for a key's lease: it is the thread's, or is waited for by who stands still. */
function beginNow(machine: Machine, thread: Thread, key: string, deadline = NEVER): Held {
  load(machine, thread, key, 'z');
  const lease = thread.callNow('beginLease', 4, NOW, deadline, 1) as number;
  assert.ok(lease >= 0, 'there is room, and no ring');
  return { lease: lease & ~facts.LEASE_TAKEN, grant: thread.callNow('lastGrant') as number };
}

let held: Held = { lease: 0, grant: 0 };

/** Thread 1 computes `k`, and stands still for `q` of the main thread, or of thread 2. */
function makeChain(machine: Machine, last: Thread): void {
  const { threads } = machine;
  makeCache(...threads.map(() => 'k'))(machine);
  beginNow(machine, threads[1]!, 'k');
  held = beginNow(machine, last, 'q');
  beginNow(machine, threads[1]!, 'q');
  load(machine, threads[0]!, 'k', 'z');
}

/** Main has computed `k` for too long; thread `waiter` waits for it. */
function makeLate(waiter: number): (machine: Machine) => void {
  return (machine) => {
    const { main, threads } = machine;
    makeCache(...threads.map(() => 'k'))(machine);
    held = beginNow(machine, main, 'k', NOW + 1);
    const found = threads[waiter]?.callNow('beginLease', 4, NOW, NOW + 1, 0);
    assert.ok(found === undefined || found === (held.lease | facts.LEASE_TAKEN));
  };
}

async function giveBack(thread: Thread, found: number): Promise<void> {
  const grant = thread.callNow('lastGrant') as number;
  const lease = found & ~facts.LEASE_TAKEN;
  if (lease === found) await thread.call('endLease', lease, grant, 0);
  else await thread.call('leaveLease', lease, grant);
}

/** There is no ring, whatever the others do meanwhile. */
const standStill: Body = async (thread) => {
  const found = (await thread.call('beginLease', 4, NOW, NEVER, 1)) as number;
  assert.ok(found >= 0, 'it would wait for itself');
  await giveBack(thread, found);
};

const takeOver: Body = async (thread) => {
  const found = (await thread.call('beginLease', 4, NOW + 2, NEVER, 0)) as number;
  assert.equal(found & facts.LEASE_TAKEN, 0, 'what is late is waited for');
  await giveBack(thread, found);
};

const end: Body = (thread) => thread.call('endLease', held.lease, held.grant, 0);
const goOn: Body = (thread) => thread.call('goOn');
const detach: Body = (thread) => thread.call('detach');

function expectNone(thread: Thread): void {
  assert.equal(thread.callNow('nextLease', 0), facts.ERR_NOT_FOUND, 'a lease is left');
}

const common = { module: 'test', bound: 1, timesOut: true, stepLimit: 60_000 } as const;

export const leaseRingScenarios: KernelScenario[] = [
  {
    ...common,
    name: 'lease-ring-taken',
    rule: 'who stands still for what is taken over just then waits for the new owner',
    prepare: makeLate(-1),
    threads: [standStill, takeOver],
    check: ({ main }) => expectNone(main),
  },
  {
    ...common,
    name: 'lease-ring-ends',
    rule: 'who stands still for one that waits for what is just ending makes no ring',
    prepare: (machine) => makeChain(machine, machine.threads[2]!),
    threads: [standStill, (thread) => thread.call('tagClock'), end],
  },
  {
    ...common,
    name: 'lease-ring-goes-on',
    rule: 'who stands still for one that just goes on makes no ring',
    prepare: (machine) => makeChain(machine, machine.main),
    threads: [standStill, goOn],
  },
  {
    ...common,
    name: 'lease-ring-leaves',
    rule: 'who stands still for one that just leaves for good makes no ring',
    prepare: (machine) => makeChain(machine, machine.main),
    threads: [standStill, detach],
  },
  {
    ...common,
    name: 'lease-taken-delete',
    rule: 'what is late and overtaken just then is taken over all the same',
    prepare: makeLate(-1),
    threads: [takeOver, remove],
    check: expectFree('-'),
  },
  {
    ...common,
    name: 'lease-taken-count',
    rule: 'who counts those that are waited for while one is taken over counts it, or not',
    prepare: makeLate(1),
    threads: [takeOver, countAwaited],
  },
  {
    ...common,
    name: 'lease-end-delete',
    rule: 'a lease that ends while a delete overtakes it stays ended',
    prepare: (machine) => {
      makeCache('k', 'k')(machine);
      held = beginNow(machine, machine.threads[0]!, 'k');
    },
    threads: [end, remove],
    check: ({ threads }) => expectNone(threads[0]!),
  },
];
