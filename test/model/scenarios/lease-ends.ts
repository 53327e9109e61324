/**
 * Scenarios of what ends a lease besides its owner: a deletion of what is being computed, its own
 * time, a clear, a ring of those who wait; and of the refreshing of what is stale.
 */
import assert from 'node:assert/strict';
import * as facts from '../../../src/generated/facts.ts';
import type { Body, Machine, Thread } from '../engine/index.ts';
import type { KernelScenario } from '../kernel-model.ts';
import { load, makeCache, NOW, setTagged, VALUE_BYTES, word } from './cache.ts';
import { before as beforeLeases, begin, expectFree, NEVER, store } from './leases.ts';

const TAG = word('t');

/** What the threads of an execution have seen. */
let computing = new Set<number>();
let computed = 0;
let isGranted = false;
let isDeletedLater = false;

function before(): void {
  beforeLeases();
  computing = new Set();
  computed = 0;
  isGranted = false;
  isDeletedLater = false;
}

function keyInScratch(thread: Thread, machine: Machine, name: number): void {
  machine.store(thread.callNow('keyScratch') as number, name);
}

async function deleteTag(thread: Thread, machine: Machine): Promise<void> {
  keyInScratch(thread, machine, TAG);
  await thread.call('deleteTag', 4);
  keyInScratch(thread, machine, word('k'));
}

/** Stores under a lease a value with the tag, begun when the tag clock was `born`. */
async function storeTagged(
  thread: Thread,
  machine: Machine,
  { lease, grant }: { lease: number; grant: number },
  born: number,
): Promise<unknown> {
  const output = thread.callNow('outputScratch') as number;
  // Before a name its length, less one.
  machine.store(output, 3 | ((TAG & 0xff_ffff) << 8));
  machine.store(output + 4, TAG >>> 24);
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
  isDeletedLater = isGranted;
  await deleteTag(thread, machine);
};

/** Looks once what there is, as a waiter does that was woken, and leaves. */
const waitAndLeave: Body = async (thread, machine) => {
  const { lease, grant, isMine } = await begin(thread);
  if (isMine) return thread.call('endLease', lease, grant, 0);
  const bytes = (await thread.call('readLease', lease, grant, 4)) as number;
  if (bytes >= 0) {
    assert.equal(machine.load(thread.callNow('outputScratch') as number), word('b'));
    assert.equal(await thread.call('leaseBorn'), 0, 'when it was begun is not told');
  }
  return thread.call('leaveLease', lease, grant);
};

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

const seen = { lease: 0, grant: 0, late: 0 };

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
    keyInScratch(thread, machine, word(name));
    assert.ok((thread.callNow('beginLease', 4, NOW, NEVER, 0) as number) >= 0);
  }
  for (const [i, name] of ['q', 'k'].entries()) {
    keyInScratch(machine.threads[i]!, machine, word(name));
  }
}

const standStill: Body = async (thread) => {
  const found = (await thread.call('beginLease', 4, NOW, NEVER, 1)) as number;
  if (found < 0) return found;
  const grant = thread.callNow('lastGrant') as number;
  return [found & ~facts.LEASE_TAKEN, grant];
};

const clear: Body = async (thread) => {
  isDeletedLater = isGranted;
  while (((await thread.call('clearSome', 9)) as number) > 0);
};

const setLater: Body = (thread) => {
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
    prepare: makeCache('k', 'k'),
    threads: [computeDead, waitAndLeave],
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
    threads: [computePlain, clear],
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
