/**
 * Scenarios of leases that share a bucket: who looks for a place among another key's leases meets
 * what is done to these.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { clear, load, makeCache, NOW, nameNext, remove } from './cache.ts';
import { countAwaited, NEVER } from './leases.ts';

const BUCKET_LEASES = 7;
const LETTERS = 'abcdefghijlmnopqrstuvwxyz';

function beginNow(machine: Machine, thread: Thread, key: string): number {
  load(machine, thread, key, 'z');
  return thread.callNow('beginLease', 4, NOW, NEVER, 0) as number;
}

function endNow(thread: Thread, lease: number): void {
  thread.callNow('endLease', lease, thread.callNow('lastGrant') as number, 0);
}

/** A key whose leases are in the bucket of a lease. */
function neighbourOf(machine: Machine, lease: number): string {
  for (const one of LETTERS) {
    for (const other of LETTERS) {
      const key = one + other;
      loadPair(machine, machine.main, key);
      const found = machine.main.callNow('beginLease', 4, NOW, NEVER, 0) as number;
      endNow(machine.main, found);
      if (Math.floor(found / BUCKET_LEASES) === Math.floor(lease / BUCKET_LEASES)) return key;
    }
  }
  throw new Error('no key is in the bucket');
}

/** A key of two letters, each twice. */
function loadPair(machine: Machine, thread: Thread, key: string): void {
  const [one, other] = [key.charCodeAt(0), key.charCodeAt(1)];
  nameNext(machine, thread, (one * 0x101 + other * 0x1010000) >>> 0);
}

let kept = 0;
let grant = 0;

/** Main computes `k`; thread 0 has a key that is its neighbour, the others have `k`. */
function computing(machine: Machine): void {
  const { main, threads } = machine;
  makeCache(...threads.map(() => 'k'))(machine);
  kept = beginNow(machine, main, 'k');
  grant = main.callNow('lastGrant') as number;
  loadPair(machine, threads[0]!, neighbourOf(machine, kept));
}

/** Of the lease beside the other, before it was given back. */
let kind: unknown;

/** Takes a lease beside the other, looks at all, and gives it back. */
const computeBeside: Body = async (thread) => {
  const lease = (await thread.call('beginLease', 4, NOW, NEVER, 1)) as number;
  assert.equal(lease & facts.LEASE_TAKEN, 0, 'it is taken');
  const own = thread.callNow('lastGrant') as number;
  assert.notEqual(lease, kept, 'it has the lease of another key');
  assert.equal(await thread.call('nextLease', 0), lease);
  kind = await thread.call('leaseKind', lease, own);
  await thread.call('endLease', lease, own, 0);
};

/** The same, where nothing is done to its key. */
const computeUndisturbed: Body = async (thread, machine) => {
  await computeBeside(thread, machine);
  assert.equal(kind, facts.LEASE_COMPUTING, 'overtaken by what is done to another key');
};

/** Waits for the other, leaves it, and computes something. */
const leaveAndCompute: Body = async (thread) => {
  const lease = (await thread.call('beginLease', 4, NOW, NEVER, 1)) as number;
  const own = thread.callNow('lastGrant') as number;
  const isTaken = (lease & facts.LEASE_TAKEN) !== 0;
  if (isTaken) await thread.call('leaveLease', lease & ~facts.LEASE_TAKEN, own);
  else await thread.call('endLease', lease, own, 0);
};

const leave: Body = (thread) => thread.call('detach');

/** Thread 0 computes `k`, for which thread 1 waits. */
function computedByOne(machine: Machine): void {
  const { threads } = machine;
  makeCache('k', 'k', 'k')(machine);
  kept = beginNow(machine, threads[0]!, 'k');
  beginNow(machine, threads[1]!, 'k');
}

function expectOvertaken({ main }: Machine): void {
  main.callNow('endLease', kept, grant, 0);
  assert.equal(main.callNow('nextLease', 0), facts.ERR_NOT_FOUND, 'a lease is left');
  assert.equal(main.callNow('awaitedLeases'), 0);
}

const common = { module: 'test', bound: 1, stepLimit: 60_000, prepare: computing } as const;

export const leaseNeighbourScenarios: KernelScenario[] = [
  {
    ...common,
    name: 'lease-beside-delete',
    rule: 'who begins a lease beside one that a delete overtakes gets another one',
    threads: [computeUndisturbed, remove],
    check: expectOvertaken,
  },
  {
    ...common,
    name: 'lease-delete-beside',
    rule: 'a delete leaves alone what is computed for another key of the bucket',
    threads: [remove],
    check: ({ main }) => {
      assert.equal(main.callNow('leaseKind', kept, grant), facts.LEASE_COMPUTING);
      main.callNow('endLease', kept, grant, 0);
    },
  },
  {
    ...common,
    name: 'lease-beside-clear',
    rule: 'who begins a lease while a clear overtakes all of them gets a free one',
    threads: [computeBeside, clear],
    check: expectOvertaken,
  },
  {
    ...common,
    name: 'lease-beside-wait',
    rule: 'who waits in a bucket, who computes there and who counts do not meet',
    bound: 0,
    threads: [computeBeside, leaveAndCompute, countAwaited],
    check: expectOvertaken,
  },
  {
    ...common,
    name: 'lease-leave-delete',
    rule: 'who leaves while it computes, or waits, gives its lease back, whatever a delete does to it',
    bound: 0,
    prepare: computedByOne,
    threads: [leave, leave, remove],
    check: ({ main }) => {
      assert.equal(main.callNow('nextLease', 0), facts.ERR_NOT_FOUND, 'a lease is left');
      assert.equal(main.callNow('awaitedLeases'), 0);
    },
  },
];
