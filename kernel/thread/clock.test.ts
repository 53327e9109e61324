/** The zone's clock: whose it is, what it never goes back behind, and what an image keeps of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertSound, createZone } from '../../test/support/zone.ts';

test('a clock is the zone’s own, or goes on from an origin', () => {
  const { kernel } = createZone();
  kernel.openClock(12.5, 0);
  assert.equal(kernel.isOwnClock(), 0);
  assert.equal(kernel.clockOrigin(), 12.5);
  kernel.openClock(0, 1);
  assert.equal(kernel.isOwnClock(), 1);
});

test('told times and sleeps only rise', () => {
  const { kernel } = createZone();
  assert.equal(kernel.tellTime(7), 7);
  assert.equal(kernel.tellTime(5), 7, 'somebody has told a later one');
  assert.equal(kernel.raiseSlept(3), 3);
  assert.equal(kernel.raiseSlept(2), 3);
  assert.equal(kernel.timeSlept(), 3);
  assertSound(kernel);
});
