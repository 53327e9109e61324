/** Another zone in the same memory: who stands in its way, and what is left of the old one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { assertSound, createZone, openZone } from '../../test/support/zone.ts';

const NEXT_ID = 77;

test('a zone that somebody is attached to is not recycled', () => {
  const { kernel } = createZone();
  assert.equal(kernel.recycle(NEXT_ID, 0, 1, 2), facts.ERR_BUSY);
  assert.notEqual(kernel.zoneIdLo(), NEXT_ID);
  assertSound(kernel);
});

test('nor is one of which somebody may keep a view', () => {
  const zone = createZone();
  zone.kernel.lend();
  zone.kernel.detach();
  assert.equal(zone.kernel.recycle(NEXT_ID, 0, 1, 2), facts.ERR_PINNED);
  assert.notEqual(zone.kernel.zoneIdLo(), NEXT_ID);
});

test('of the dead, of supervisors and of poison nothing is left', () => {
  const zone = createZone();
  const { kernel } = zone;
  zone.join(5);
  kernel.succeedSupervisor(0, 9);
  assert.equal(kernel.markDead(5), 1);
  kernel.callFailed();
  kernel.detach();
  assert.equal(kernel.isAttached(), 0, 'a poisoned zone can be left');
  const next = openZone(zone.memory);
  assert.equal(next.recycle(NEXT_ID, 0, 1, 2), 0);
  assert.equal(next.zoneIdLo(), NEXT_ID);
  assert.deepEqual([next.fault(), next.supervisorOwner()], [0, 0]);
  assert.equal(next.attach(6, 1), 1);
  assert.equal(openZone(zone.memory).attach(7, 1), 2, 'the dead thread has its slot still');
  assertSound(next);
});
