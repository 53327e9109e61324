/** The lock in a descriptor's flags word: taken, refused, misused, and left by the dead. */
import assert from 'node:assert/strict';
import * as facts from '../../src/generated/facts.ts';
import { newFolio, zoneTest } from '../../test/support/zone.ts';

const { ERR_BUSY, ERR_NOT_YOURS, LOCK_ORPHANED, LOCK_TAKEN } = facts;
const LOCKED = 1 << 9;
const ownedBy = (slot: number): number => LOCKED | (slot << 12);

zoneTest('a lock names its owner and leaves type and order alone', {}, (zone) => {
  const { kernel, words } = zone;
  const other = zone.join();
  const { id, pfn } = newFolio(kernel, 2);
  for (const thread of [kernel, other]) assert.equal(thread.pinPage(pfn), id);
  const at = (id * 32) / 4;
  const flags = words[at]!;
  assert.equal(kernel.lockPage(id), LOCK_TAKEN);
  assert.equal(words[at], flags | ownedBy(1));
  assert.equal(other.tryLockPage(id), ERR_BUSY);
  assert.equal(kernel.tryLockPage(id), ERR_BUSY, 'not even by its owner');
  assert.equal(words[at], flags | ownedBy(1));
  assert.equal(kernel.unlockPage(id), 0);
  assert.equal(words[at], flags);
  assert.equal(other.tryLockPage(id), LOCK_TAKEN);
  assert.equal(words[at], flags | ownedBy(2));
  assert.equal(other.unlockPage(id), 0);
  for (const thread of [kernel, other]) thread.putPage(id);
});

zoneTest('no lock without a pin, no unlock by a stranger, no lock twice', {}, (zone) => {
  const { kernel } = zone;
  const other = zone.join();
  const { id, pfn } = newFolio(kernel);
  assert.equal(kernel.lockPage(id), ERR_NOT_YOURS);
  assert.equal(kernel.tryLockPage(id), ERR_NOT_YOURS);
  for (const thread of [kernel, other]) thread.pinPage(pfn);
  assert.equal(kernel.unlockPage(id), ERR_NOT_YOURS, 'not locked');
  assert.equal(kernel.lockPage(id), LOCK_TAKEN);
  assert.equal(kernel.lockPage(id), ERR_NOT_YOURS, 'it would wait for itself');
  assert.equal(other.unlockPage(id), ERR_NOT_YOURS);
  assert.equal(kernel.unlockPage(id), 0);
  for (const thread of [kernel, other]) thread.putPage(id);
});

zoneTest('who may not park is told that a lock is busy', {}, (zone) => {
  const { kernel } = zone;
  const other = zone.join();
  const { id, pfn } = newFolio(kernel);
  other.pinPage(pfn);
  other.lockPage(id);
  kernel.detach();
  kernel.attach(1, 0);
  kernel.pinPage(pfn);
  assert.equal(kernel.lockPage(id), ERR_BUSY);
  other.unlockPage(id);
  assert.equal(kernel.lockPage(id), LOCK_TAKEN);
  kernel.unlockPage(id);
  kernel.putPage(id);
  other.putPage(id);
});

zoneTest("a dead thread's lock is freed, and the next owner is told, once", {}, (zone) => {
  const { kernel, words } = zone;
  const other = zone.join(77);
  const { id, pfn } = newFolio(kernel);
  kernel.pinPage(pfn);
  other.pinPage(pfn);
  other.lockPage(id);
  assert.equal(kernel.markDead(77), 1);
  assert.equal(kernel.tryLockPage(id), ERR_BUSY);
  assert.equal(kernel.recoverDead(), 1);
  assert.equal(words[id * 8 + 1], facts.OWNED + 1, 'its pin is given back');
  assert.equal(kernel.lockPage(id), LOCK_ORPHANED);
  kernel.unlockPage(id);
  assert.equal(kernel.lockPage(id), LOCK_TAKEN);
  kernel.unlockPage(id);
  kernel.putPage(id);
});
