/**
 * Scenarios of what ends a lease besides its owner: a deletion of what is being computed, its own
 * time, a clear, a ring of those who wait.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import {
  clear,
  load,
  loadTag,
  makeCache,
  NOW,
  nameNext,
  setTagged,
  VALUE_BYTES,
  word,
} from './cache.ts';
import { arrive, before as beforeLeases, begin, expectFree, NEVER, store } from './leases.ts';

const TAG = word('t');

/** What the threads of an execution have seen. */
let isGranted = false;
let isDeletedLater = false;
const seen = { lease: 0, grant: 0, late: 0 };

function before(): void {
  beforeLeases();
  isGranted = false;
  isDeletedLater = false;
}

async function deleteTag(thread: Thread, machine: Machine): Promise<void> {
  nameNext(machine, thread, TAG);
  await thread.call('deleteTag', 4);
  nameNext(machine, thread, word('k'));
}

/** Stores under a lease a value with the tag, begun when the tag clock was `born`. */
async function storeTagged(
  thread: Thread,
  machine: Machine,
  { lease, grant }: { lease: number; grant: number },
  born: number,
): Promise<unknown> {
  loadTag(machine, thread, TAG);
  assert.equal(await thread.call('describeNext', 4, 0, 0, born, 1), 1);
  return store(thread, lease, grant);
}

/** Computes a value whose tag is deleted meanwhile: what it has is for those who wait. */
const computeDead: Body = async (thread, machine) => {
  const lease = await begin(thread);
  if (!lease.isMine) return thread.call('leaveLease', lease.lease, lease.grant);
  const born = (await thread.call('tagClock')) as number;
  await deleteTag(thread, machine);
  const outcome = await storeTagged(thread, machine, lease, born);
  assert.equal(outcome, facts.ERR_UNMET, 'what is dead is for those who wait');
  return outcome;
};

const computeTagged: Body = async (thread, machine) => {
  const lease = await begin(thread);
  const born = (await thread.call('tagClock')) as number;
  isGranted = true;
  return storeTagged(thread, machine, lease, born);
};

const deleteLater: Body = async (thread, machine) => {
  await arrive(thread);
  isDeletedLater = isGranted;
  await deleteTag(thread, machine);
};

/** Thread 0 computes what is dead by now, and thread 1 waits for it. */
function makeDead(machine: Machine): void {
  makeCache('k', 'k')(machine);
  const [computer, waiter] = machine.threads;
  seen.lease = computer!.callNow('beginLease', 4, NOW, NEVER, 0) as number;
  seen.grant = computer!.callNow('lastGrant') as number;
  const found = waiter!.callNow('beginLease', 4, NOW, NEVER, 0);
  assert.equal(found, seen.lease | facts.LEASE_TAKEN);
  nameNext(machine, machine.main, TAG);
  machine.main.callNow('deleteTag', 4);
}

const storeDead: Body = async (thread, machine) => {
  const outcome = await storeTagged(thread, machine, seen, 0);
  assert.equal(outcome, facts.ERR_UNMET, 'what is dead is for those who wait');
};

/** Looks once what there is, as a waiter does that was woken, and leaves. */
const takeAndLeave: Body = async (thread, machine) => {
  const bytes = (await thread.call('readLease', seen.lease, seen.grant, 4)) as number;
  if (bytes >= 0) {
    assert.equal(machine.load(thread.callNow('outputScratch') as number), word('b'));
    assert.equal(await thread.call('leaseBorn'), 0, 'when it was begun is not told');
  }
  return thread.call('leaveLease', seen.lease, seen.grant);
};

/** Thread 0 has a lease whose time is over, and thread 1 waits for it. */
function makeLate(machine: Machine): void {
  makeCache('k', 'k')(machine);
  const [computer, waiter] = machine.threads;
  assert.ok((computer!.callNow('beginLease', 4, NOW, NOW + 1, 0) as number) >= 0);
  seen.grant = computer!.callNow('lastGrant') as number;
  const found = waiter!.callNow('beginLease', 4, NOW, NOW + 1, 0) as number;
  assert.ok((found & facts.LEASE_TAKEN) !== 0);
  seen.lease = found & ~facts.LEASE_TAKEN;
}

const storeLate: Body = (thread) => store(thread, seen.lease, seen.grant);

/** Takes over what is late, and keeps it: nobody else ends it, or stores under it. */
const takeOver: Body = async (thread) => {
  const found = (await thread.call('beginLease', 4, NOW + 2, NEVER, 0)) as number;
  const grant = thread.callNow('lastGrant') as number;
  assert.equal(found & facts.LEASE_TAKEN, 0, 'what is late is waited for');
  await thread.call('leaveLease', seen.lease, seen.grant);
  await thread.call('beginComputed', found, grant, 4, VALUE_BYTES, 0);
  assert.equal(await thread.call('appendSet', VALUE_BYTES, 1), 0);
  const kind = await thread.call('leaseKind', found, grant);
  assert.equal(kind, facts.LEASE_COMPUTING, 'ended by who had it before');
  return thread.call('commitLease', found, grant);
};

/** The same; then thread 0 has it anew, and thread 1 waits for that, as for what is late. */
function makeRejoined(machine: Machine): void {
  makeLate(machine);
  const [computer, waiter] = machine.threads;
  assert.equal(computer!.callNow('beginLease', 4, NOW + 2, NEVER, 0), seen.lease);
  seen.late = seen.grant;
  seen.grant = computer!.callNow('lastGrant') as number;
  const found = waiter!.callNow('beginLease', 4, NOW + 2, NEVER, 0);
  assert.equal(found, seen.lease | facts.LEASE_TAKEN);
  assert.equal(computer!.callNow('remove', 4), 1);
}

const leaveLate: Body = (thread) => thread.call('leaveLease', seen.lease, seen.late);

/** Main has a result for both threads, which wait for it. */
function makeTwoWait(machine: Machine): void {
  makeCache('k', 'k')(machine);
  const { main, threads } = machine;
  load(machine, main, 'k', 'b');
  seen.lease = main.callNow('beginLease', 4, NOW, NEVER, 0) as number;
  seen.grant = main.callNow('lastGrant') as number;
  for (const thread of threads) {
    const found = thread.callNow('beginLease', 4, NOW, NEVER, 0);
    assert.equal(found, seen.lease | facts.LEASE_TAKEN);
  }
  assert.equal(main.callNow('remove', 4), 1);
  main.callNow('beginComputed', seen.lease, seen.grant, 4, VALUE_BYTES, 0);
  assert.equal(main.callNow('appendSet', VALUE_BYTES, 1), 0);
  assert.equal(main.callNow('commitLease', seen.lease, seen.grant), facts.ERR_UNMET);
}

const takeResult: Body = async (thread, machine) => {
  assert.equal(await thread.call('readLease', seen.lease, seen.grant, 4), VALUE_BYTES);
  const at = thread.callNow('outputScratch') as number;
  for (let i = 0; i < VALUE_BYTES; i += 4) assert.equal(machine.load(at + i), word('b'));
  return thread.call('leaveLease', seen.lease, seen.grant);
};

/** Each thread has the lease of its own key, and stands still for the other one's. */
function makeRing(machine: Machine): void {
  makeCache('k', 'k')(machine);
  for (const [i, name] of ['k', 'q'].entries()) {
    const thread = machine.threads[i]!;
    nameNext(machine, thread, word(name));
    assert.ok((thread.callNow('beginLease', 4, NOW, NEVER, 0) as number) >= 0);
  }
  for (const [i, name] of ['q', 'k'].entries()) {
    nameNext(machine, machine.threads[i]!, word(name));
  }
}

const standStill: Body = async (thread) => {
  const found = (await thread.call('beginLease', 4, NOW, NEVER, 1)) as number;
  if (found < 0) return found;
  const grant = thread.callNow('lastGrant') as number;
  return [found & ~facts.LEASE_TAKEN, grant];
};

const clearLater: Body = async (thread, machine) => {
  await arrive(thread);
  isDeletedLater = isGranted;
  await clear(thread, machine);
};

const setLater: Body = async (thread) => {
  await arrive(thread);
  isDeletedLater = isGranted;
  return thread.call('set', 4, VALUE_BYTES, 1, 0);
};

const computePlain: Body = async (thread) => {
  const { lease, grant } = await begin(thread);
  isGranted = true;
  return store(thread, lease, grant);
};

/** Nothing that was begun before a deletion is there after it. */
function expectDeleted(allowed: string): (machine: Machine) => void {
  return (machine) => {
    const { main } = machine;
    load(machine, main, 'k', 'z');
    const isThere = main.callNow('get', 4, NOW, 0) === VALUE_BYTES;
    const value = machine.load(main.callNow('outputScratch') as number);
    const isStored = isThere && value === word('b');
    assert.ok(!(isStored && isDeletedLater), 'stored after a deletion that came later');
    expectFree(allowed)(machine);
  };
}

const common = { module: 'test', timesOut: true, stepLimit: 60_000, before } as const;

export const leaseEndScenarios: KernelScenario[] = [
  {
    ...common,
    name: 'lease-dead',
    rule: 'a result whose tag was deleted meanwhile is for those who wait, and not stored',
    bound: 1,
    prepare: makeDead,
    threads: [storeDead, takeAndLeave],
    check: expectFree('a'),
  },
  {
    ...common,
    name: 'lease-tag',
    rule: 'what was computed before its tag was deleted is not there after it',
    bound: 1,
    prepare: (machine) => {
      makeCache('k', 'k')(machine);
      load(machine, machine.main, 'k', 'a');
      setTagged(machine, TAG);
    },
    threads: [computeTagged, deleteLater],
    check: expectDeleted('b-'),
  },
  {
    ...common,
    name: 'lease-set',
    rule: 'what was computed before the key was set does not take the place of what was set',
    bound: 1,
    prepare: makeCache('k', 'k'),
    threads: [computePlain, setLater],
    check: expectDeleted('bc'),
  },
  {
    ...common,
    name: 'lease-two-wait',
    rule: 'a result is there until the last who waits for it has left',
    bound: 1,
    prepare: makeTwoWait,
    threads: [takeResult, takeResult],
    check: expectFree('-'),
  },
  {
    ...common,
    name: 'lease-rejoined',
    rule: 'who leaves what is late waits still for what took its place',
    bound: 1,
    prepare: makeRejoined,
    threads: [storeLate, leaveLate],
    check: (machine) => {
      const [, waiter] = machine.threads;
      assert.equal(waiter!.callNow('leaseKind', seen.lease, seen.grant), facts.LEASE_RESULT);
      waiter!.callNow('leaveLease', seen.lease, seen.grant);
      expectFree('-')(machine);
    },
  },
  {
    ...common,
    name: 'lease-clear',
    rule: 'what was computed before everything was removed is not there after it',
    bound: 1,
    prepare: makeCache('k', 'k'),
    threads: [computePlain, clearLater],
    check: expectDeleted('b-'),
  },
  {
    ...common,
    name: 'lease-dead-killed-survived',
    rule: 'who dies with a result whose tag was deleted leaves neither lease nor result',
    bound: 0,
    kills: 1,
    mustSurvive: true,
    prepare: makeCache('k'),
    threads: [computeDead],
    check: expectFree('a'),
  },
  {
    ...common,
    name: 'lease-late',
    rule: 'who computes for too long loses its lease to another, whose it leaves alone',
    bound: 1,
    prepare: makeLate,
    threads: [storeLate, takeOver],
    check: expectFree('bc'),
  },
  {
    ...common,
    name: 'lease-late-killed-survived',
    rule: 'a lease that is late and whose owner dies may be taken over before that is repaired',
    bound: 0,
    kills: 1,
    killable: [0],
    mustSurvive: true,
    prepare: (machine) => {
      makeLate(machine);
      // What it has is for those who wait.
      assert.equal(machine.threads[0]!.callNow('remove', 4), 1);
    },
    threads: [storeLate, takeOver],
    check: expectFree('-c'),
  },
  {
    ...common,
    name: 'lease-ring',
    rule: 'of two threads that would stand still for each other one at least is told',
    bound: 2,
    prepare: makeRing,
    threads: [standStill, standStill],
    check: ({ results }) => {
      assert.ok(results.includes(facts.ERR_BUSY), 'each waits for the other');
    },
  },
];
