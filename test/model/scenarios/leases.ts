/**
 * Scenarios of leases: one computes, what is deleted meanwhile is not stored, and whoever dies,
 * computing or waiting, leaves neither a lease nor an object.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { clearNow, letterOf, makeCache, NOW, VALUE_BYTES, word } from './cache.ts';

export const NEVER = 2 ** 40;
/** What the threads of an execution have seen. */
let holders = 0;
let isGranted = false;
let isDeleteLater = false;

export function before(): void {
  holders = 0;
  isGranted = false;
  isDeleteLater = false;
}

export async function begin(
  thread: Thread,
): Promise<{ lease: number; grant: number; isMine: boolean }> {
  const found = (await thread.call('beginLease', 4, NOW, NEVER, 0)) as number;
  assert.ok(found >= 0, 'there is room, and no ring');
  const grant = thread.callNow('lastGrant') as number;
  const isMine = (found & facts.LEASE_TAKEN) === 0;
  return { lease: found & ~facts.LEASE_TAKEN, grant, isMine };
}

export async function store(thread: Thread, lease: number, grant: number): Promise<unknown> {
  await thread.call('beginComputed', lease, grant, 4, VALUE_BYTES, 0);
  assert.equal(await thread.call('appendSet', VALUE_BYTES, 1), 0);
  return thread.call('commitLease', lease, grant);
}

/** Computes, if nobody does. */
const compute: Body = async (thread) => {
  const { lease, grant, isMine } = await begin(thread);
  if (!isMine) return thread.call('leaveLease', lease, grant);
  assert.equal(holders, 0, 'two compute');
  holders++;
  isGranted = true;
  await thread.call('beginComputed', lease, grant, 4, VALUE_BYTES, 0);
  await thread.call('appendSet', VALUE_BYTES, 1);
  holders--;
  return thread.call('commitLease', lease, grant);
};

/** A step, for a body runs to its first one before anything is chosen. */
export async function arrive(thread: Thread): Promise<void> {
  await thread.call('tagClock');
}

const removeLater: Body = async (thread) => {
  await arrive(thread);
  isDeleteLater = isGranted;
  return thread.call('remove', 4);
};

/** Deletes what it has seen, or that there is nothing, unless that has changed meanwhile. */
const removeIfLater: Body = async (thread) => {
  await thread.call('getVersioned', 4, NOW);
  const isAfter = isGranted;
  const failure = await thread.call('removeIf', thread.callNow('readVersion') as number, 4);
  isDeleteLater = isAfter && failure === 0;
  return failure;
};

/** Computes, and finds that the key was deleted meanwhile: what it has is for those who wait. */
const computeOvertaken: Body = async (thread) => {
  const { lease, grant, isMine } = await begin(thread);
  if (!isMine) return thread.call('leaveLease', lease, grant);
  await thread.call('remove', 4);
  return store(thread, lease, grant);
};

/** Looks once what there is, as a waiter does that was woken, and leaves. */
async function readAndLeave(
  thread: Thread,
  machine: Machine,
  { lease, grant }: { lease: number; grant: number },
): Promise<unknown> {
  const bytes = (await thread.call('readLease', lease, grant, 4)) as number;
  if (bytes >= 0) {
    const at = thread.callNow('outputScratch') as number;
    assert.equal(machine.load(at), word('b'), 'a foreign result');
  }
  return thread.call('leaveLease', lease, grant);
}

const waitAndLeave: Body = async (thread, machine) => {
  const { isMine, ...seen } = await begin(thread);
  if (isMine) return thread.call('endLease', seen.lease, seen.grant, 0);
  return readAndLeave(thread, machine, seen);
};

export const countAwaited: Body = async (thread) => {
  const awaited = (await thread.call('awaitedLeases')) as number;
  assert.ok(awaited <= 1, `${awaited} are waited for`);
};

/** The computer's call, with a waiter that has joined before anybody runs. */
function joined(machine: Machine): void {
  makeCache('k', 'k')(machine);
  const computer = machine.threads[0]!;
  const waiter = machine.threads[1]!;
  assert.equal((computer.callNow('beginLease', 4, NOW, NEVER, 0) as number) >= 0, true);
  seen.grant = computer.callNow('lastGrant') as number;
  const found = waiter.callNow('beginLease', 4, NOW, NEVER, 0) as number;
  assert.ok((found & facts.LEASE_TAKEN) !== 0);
  seen.lease = found & ~facts.LEASE_TAKEN;
  assert.equal(computer.callNow('remove', 4), 1);
}

const seen = { lease: 0, grant: 0 };
const handOver: Body = (thread) => store(thread, seen.lease, seen.grant);
const takeOver: Body = (thread, machine) => readAndLeave(thread, machine, seen);

/** The key has one of the values; nobody has a lease; and after all is gone nothing is left. */
export function expectFree(allowed: string): (machine: Machine) => void {
  return (machine) => {
    const { main } = machine;
    const value = letterOf(machine, 'k');
    assert.ok(allowed.includes(value), `the key has ${value}`);
    if (isDeleteLater) assert.equal(value, '-', 'stored after a delete that came later');
    const lease = main.callNow('beginLease', 4, NOW, NEVER, 0) as number;
    assert.equal(lease & facts.LEASE_TAKEN, 0, 'somebody has the lease still');
    assert.equal(main.callNow('awaitedLeases'), 0);
    main.callNow('endLease', lease, main.callNow('lastGrant') as number, 0);
    clearNow(main);
    for (let i = 0; i < 12; i++) main.callNow('reclaim');
    assert.equal(main.callNow('check'), 0);
    assert.equal(main.callNow('cacheInUse', facts.CACHE_CELL), 0, 'objects are left');
  };
}

interface Case {
  name: string;
  rule: string;
  threads: Body[];
  allowed: string;
  kills?: number;
  prepare?: (machine: Machine) => void;
}

const cases: Case[] = [
  {
    name: 'lease-lease',
    rule: 'of two that want a value one computes it at a time',
    threads: [compute, compute],
    allowed: 'bc',
  },
  {
    name: 'lease-delete',
    rule: 'what was computed before a delete is not stored after it',
    threads: [compute, removeLater],
    allowed: 'b-',
  },
  {
    name: 'lease-remove-if',
    rule: 'what was computed before a delete by version is not stored after it',
    threads: [compute, removeIfLater],
    allowed: 'ab-',
  },
  {
    name: 'lease-remove-if-killed-survived',
    rule: 'whichever dies, who computes or who deletes by version, no lease and no entry is lost',
    threads: [compute, removeIfLater],
    allowed: 'ab-',
    kills: 1,
  },
  {
    name: 'lease-wait',
    rule: 'a result that a delete overtook is for those who wait for it, and not stored',
    threads: [computeOvertaken, waitAndLeave],
    allowed: 'a-',
  },
  {
    name: 'lease-killed-survived',
    rule: 'who dies computing leaves no lease behind: the next may compute',
    threads: [compute],
    allowed: 'ab',
    kills: 1,
  },
  {
    name: 'lease-overtaken-killed-survived',
    rule: 'who dies with a result that is for others only leaves neither lease nor result',
    threads: [computeOvertaken],
    allowed: 'a-',
    kills: 1,
  },
  {
    ...{
      name: 'lease-hand-over',
      rule: 'who waits gets the result of the lease that it waits for, or none',
      threads: [handOver, takeOver],
      allowed: '-',
    },
    prepare: joined,
  },
  {
    ...{
      name: 'lease-hand-over-killed-survived',
      rule: 'whichever dies, who computed or who waits, no lease and no result is left',
      threads: [handOver, takeOver],
      allowed: '-',
    },
    kills: 1,
    prepare: joined,
  },
];

export const leaseScenarios: KernelScenario[] = cases.map(
  ({ name, rule, threads, allowed, kills, prepare }): KernelScenario => ({
    name,
    rule,
    module: 'test',
    // With a kill and two threads, one preemption more is some minutes: `npm run model`.
    bound: kills !== undefined && threads.length > 1 ? 0 : 1,
    ...(kills === undefined ? {} : { kills, mustSurvive: true }),
    timesOut: true,
    stepLimit: 60_000,
    before,
    prepare: prepare ?? makeCache(...threads.map(() => 'k')),
    threads,
    check: expectFree(allowed),
  }),
);
