/** What is known of the dead: told once for each, the newest of many, and none of a supervisor. */
import assert from 'node:assert/strict';
import * as facts from '../../src/generated/facts.ts';
import { wordOfSlot } from '../../test/support/structures.ts';
import { assertSound, type TestZone, zoneTest } from '../../test/support/zone.ts';

const KNOWN = 46;

function die(zone: TestZone, owner: number): void {
  zone.join(owner);
  assert.equal(zone.kernel.markDead(owner), 1);
  assert.equal(zone.kernel.recoverDead(), 1);
}

zoneTest('a death is told when all is given back: who, in which slot, of what', {}, (zone) => {
  const { kernel, words } = zone;
  const reader = zone.join(42);
  reader.enterSection();
  words[wordOfSlot(2, 'inKernel') / 4]! |= facts.OP_READ;
  zone.join(43);
  assert.equal(kernel.markDead(42), 1);
  assert.equal(kernel.deaths(), 0, 'not before');
  assert.equal(kernel.deathOwner(0), 0);
  assert.equal(kernel.recoverDead(), 1);
  assert.equal(kernel.deaths(), 1);
  assert.equal(kernel.deathOwner(0), 42);
  assert.equal(kernel.deathWhat(0), (2 << 16) | (facts.OP_READ << 8) | 2, 'two pages');
  assert.equal(kernel.recoverDead(), 0);
  assert.equal(kernel.deaths(), 1, 'once');
  assertSound(kernel);
});

zoneTest('a thread that leaves has not died', {}, (zone) => {
  zone.join(42).detach();
  assert.equal(zone.kernel.markDead(42), 0);
  zone.kernel.recoverDead();
  assert.equal(zone.kernel.deaths(), 0);
});

zoneTest('of many deaths the newest are known', {}, (zone) => {
  const { kernel } = zone;
  for (let owner = 100; owner < 200; owner++) die(zone, owner);
  assert.equal(kernel.deaths(), 100);
  for (let death = 0; death < 102; death++) {
    const isKnown = death >= 100 - KNOWN && death < 100;
    assert.equal(kernel.deathOwner(death), isKnown ? 100 + death : 0, `death ${death}`);
    assert.equal(kernel.deathWhat(death) !== 0, isKnown);
  }
  assertSound(kernel);
});

zoneTest('the death of the supervisor is told to nobody', {}, (zone) => {
  zone.kernel.succeedSupervisor(0, 42);
  die(zone, 42);
  assert.equal(zone.kernel.deaths(), 0);
  die(zone, 43);
  assert.equal(zone.kernel.deaths(), 1);
});
