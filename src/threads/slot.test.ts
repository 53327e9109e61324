/**
 * Slots and closed zones, each against a kernel whose other thread acts between any two of the
 * calls that are made.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERR_BUSY, ERR_NO_MEMORY, ERR_NO_SLOT, ERR_NOT_A_ZONE } from '../generated/facts.ts';
import { recycle } from './recycle.ts';
import { takeSlot } from './slot.ts';

const SUPERVISOR = 7;
/** More than are made before the first wait: each of 255 slots is asked for. */
const MOST_CALLS = 300;

/** A zone in which `owner` alone has a slot, until so many calls were made. */
function closedZone(owner: number, leavesAfter: number) {
  let calls = 0;
  const isThere = () => calls++ < leavesAfter;
  return {
    calls: () => calls,
    liveThreads: () => (isThere() ? 1 : 0),
    liveOwner: (slot: number) => (isThere() && slot === 3 ? owner : 0),
    supervisorOwner: () => {
      calls++;
      return SUPERVISOR;
    },
    recycle: () => (isThere() ? ERR_BUSY : 0),
  };
}

test('a supervisor that leaves between any two calls: the zone is made anew', () => {
  for (let leavesAfter = 0; leavesAfter < MOST_CALLS; leavesAfter++) {
    assert.equal(recycle(closedZone(SUPERVISOR, leavesAfter)), 0, `after ${leavesAfter} calls`);
  }
});

test('another thread’s zone is not waited for', () => {
  const zone = closedZone(SUPERVISOR + 1, 1000);
  assert.equal(recycle(zone), ERR_BUSY);
  assert.ok(zone.calls() < MOST_CALLS, `${zone.calls()}`);
});

/** A zone that is none, or has no memory, for the first attempts. */
function contestedZone(attempts: number, failure = ERR_NOT_A_ZONE, hasStore = 1) {
  let made = 0;
  return {
    made: () => made,
    hasStore: () => hasStore,
    attach: () => (made++ < attempts ? failure : 5),
    zoneIdLo: () => 2,
    zoneIdHi: () => 1,
  };
}

const ID = '0000000100000002';

test('a zone that is none for a moment gives a slot after it', () => {
  for (const mayPark of [true, false]) {
    for (let attempts = 0; attempts < 5; attempts++) {
      assert.equal(takeSlot(contestedZone(attempts), 1, mayPark, ID), 5);
    }
  }
});

test('a zone that stays none, is another one, or has no slot, is left', () => {
  assert.equal(takeSlot(contestedZone(Infinity), 1, true, ID), ERR_NOT_A_ZONE);
  const others: [ReturnType<typeof contestedZone>, string | undefined, number][] = [
    [contestedZone(1000), 'f000000100000002', ERR_NOT_A_ZONE],
    [contestedZone(1000), undefined, ERR_NOT_A_ZONE],
    [contestedZone(1000, ERR_NO_SLOT), ID, ERR_NO_SLOT],
  ];
  for (const [zone, id, failure] of others) {
    assert.equal(takeSlot(zone, 1, true, id), failure);
    assert.equal(zone.made(), 1);
  }
});

test('a full cache that has no page for a moment gives a slot after it', () => {
  for (let attempts = 0; attempts < 50; attempts++) {
    assert.equal(takeSlot(contestedZone(attempts, ERR_NO_MEMORY), 1, true, ID), 5);
  }
});

test('an arena without memory is left at once, and a cache by who may not wait', () => {
  for (const [hasStore, mayPark] of [
    [0, true],
    [1, false],
  ] as const) {
    const zone = contestedZone(1000, ERR_NO_MEMORY, hasStore);
    assert.equal(takeSlot(zone, 1, mayPark, ID), ERR_NO_MEMORY);
    assert.equal(zone.made(), 1);
  }
});

test('a cache that stays without a page is left', () => {
  const zone = contestedZone(Infinity, ERR_NO_MEMORY);
  assert.equal(takeSlot(zone, 1, true, ID), ERR_NO_MEMORY);
});
