/** Who is attached, as told apart from the supervisor: with one, before it runs, and without. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../generated/facts.ts';
import { recycle } from './recycle.ts';
import { isAttached, usersThreads } from './registry.ts';

/** A zone whose slots have these owners; the number 0 is nobody's. */
function zoneOf(owners: readonly number[], supervisor: number) {
  return {
    tries: 0,
    liveOwner: (slot: number) => owners[slot - 1] ?? 0,
    liveThreads: () => owners.filter((owner) => owner !== 0).length,
    supervisorOwner: () => supervisor,
    recycle() {
      this.tries++;
      return facts.ERR_BUSY;
    },
  };
}

test('the supervisor is no thread of the user’s, once it has its slot', () => {
  assert.equal(usersThreads(zoneOf([1, 0, 9, 4], 9)), 2);
  assert.equal(usersThreads(zoneOf([1, 0, 4], 9)), 2, 'it is named, and does not run yet');
  assert.equal(usersThreads(zoneOf([1, 0, 4], 0)), 2, 'there is none');
  assert.equal(usersThreads(zoneOf([-5 >>> 0], -5)), 0, 'numbers have 32 bits');
});

test('nobody is attached as nobody, however many slots are free', () => {
  assert.equal(isAttached(zoneOf([1], 0), 0), false);
  assert.equal(isAttached(zoneOf([1], 0), 1), true);
});

test('memory that another thread uses is not waited for where there is no supervisor', () => {
  const zone = zoneOf([7], 0);
  assert.equal(recycle(zone), facts.ERR_BUSY);
  assert.equal(zone.tries, 1);
});
