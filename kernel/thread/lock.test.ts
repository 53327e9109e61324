/** Locks of one word: owner, waiters, and what a wait does when the owner is gone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { offsetOf } from '../../test/support/structures.ts';
import { assertPoisons, createZone, openZone, zoneTest } from '../../test/support/zone.ts';

const { LIMBO_STATE, RCU_STATE, THREADS_STATE } = facts;
/** A word of page 0 that nothing uses. */
const FREE_WORD = RCU_STATE + 32;

zoneTest('a lock word names its owner while it is held', {}, (zone) => {
  const other = zone.join();
  for (const [slot, thread] of [zone.kernel, other].entries()) {
    thread.lock(FREE_WORD);
    assert.equal(zone.words[FREE_WORD / 4], slot + 1);
    thread.unlock(FREE_WORD);
    assert.equal(zone.words[FREE_WORD / 4], 0);
  }
});

zoneTest('the fast path keeps the read section', {}, ({ kernel }) => {
  kernel.enterSection();
  kernel.lock(FREE_WORD);
  assert.equal(kernel.isInSection(), 1);
  kernel.unlock(FREE_WORD);
  kernel.leaveSection();
});

for (const [name, word] of [
  ['of nobody', 200],
  ['of nobody with waiters', 200 | 0x100],
  ['of the waiter itself', 1],
] as const) {
  test(`waiting for a lock ${name} poisons the zone`, () => {
    const zone = createZone();
    zone.words[LIMBO_STATE / 4] = word;
    assertPoisons(zone, facts.FAULT_LOCK_OWNER_DIED, () => zone.kernel.lock(LIMBO_STATE));
    assert.equal(zone.kernel.faultDetail(), word & 255);
  });
}

zoneTest('recovery frees the lock of a dead thread, and no other', {}, (zone) => {
  zone.join(42);
  zone.join(43);
  for (const [word, left] of [
    [2, 0],
    [2 | 0x100, 0],
  ] as const) {
    zone.words[THREADS_STATE / 4] = word;
    zone.kernel.markDead(42);
    assert.equal(zone.kernel.recoverDead(), 1);
    assert.equal(zone.words[THREADS_STATE / 4], left);
    zone.join(42);
  }
});

test('who may not park notices a lock of nobody as well', () => {
  const zone = createZone();
  const browser = openZone(zone.memory);
  assert.equal(browser.attach(7, 0), 2);
  zone.words[LIMBO_STATE / 4] = 99;
  assertPoisons(zone, facts.FAULT_LOCK_OWNER_DIED, () => browser.lock(LIMBO_STATE));
});

test('a waiter of a poisoned zone stops', () => {
  const zone = createZone();
  const other = zone.join(42);
  zone.words[LIMBO_STATE / 4] = 1;
  zone.words[offsetOf('Superblock', 'fault') / 4] = facts.FAULT_INDEX;
  assert.throws(() => other.lock(LIMBO_STATE), WebAssembly.RuntimeError);
  assert.equal(zone.kernel.fault(), facts.FAULT_INDEX, 'the first fault is kept');
});
