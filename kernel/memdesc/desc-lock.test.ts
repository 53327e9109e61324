/** The lock in a descriptor's flags word: taken, refused, handed on, and a dead owner. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { assertPoisons, createZone, zoneTest } from '../../test/support/zone.ts';

const LOCKED = 1 << 9;
const ownedBy = (slot: number): number => LOCKED | (slot << 12);

zoneTest('a lock names its owner and leaves type and order alone', {}, (zone) => {
  const { kernel, words } = zone;
  const other = zone.join();
  const pin = kernel.pinPage(kernel.allocFolio(2));
  const at = (pin << 5) / 4;
  const flags = words[at]!;
  kernel.lockPage(pin);
  assert.equal(words[at], flags | ownedBy(1));
  assert.equal(other.tryLockDesc(pin << 5), 0);
  assert.equal(kernel.tryLockDesc(pin << 5), 0, 'not even by its owner');
  assert.equal(words[at], flags | ownedBy(1));
  kernel.unlockPage(pin);
  assert.equal(words[at], flags);
  assert.equal(other.tryLockDesc(pin << 5), 1);
  assert.equal(words[at], flags | ownedBy(2));
  other.unlockPage(pin);
  kernel.putPage(pin);
});

test('waiting for a lock whose owner is dead poisons the zone', () => {
  const zone = createZone();
  const other = zone.join(77);
  const pin = zone.kernel.pinPage(zone.kernel.allocFolio(0));
  other.lockPage(pin);
  assert.equal(zone.kernel.markDead(77), 1);
  assertPoisons(zone, facts.FAULT_LOCK_OWNER_DIED, () => zone.kernel.lockPage(pin));
  assert.equal(zone.kernel.faultDetail(), 2, 'the dead slot');
});
