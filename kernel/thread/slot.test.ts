/** Thread slots: taking, giving back, dying outside and inside, and late news of a death. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { wordOfSlot } from '../../test/support/structures.ts';
import {
  assertSound,
  createZone,
  openZone,
  type TestZone,
  zoneTest,
} from '../../test/support/zone.ts';

const { AT_SAFEPOINT: SAFEPOINT, ERR_NO_SLOT, MAX_SLOT, SLOT_DEAD, SLOT_FREE, SLOT_LIVE } = facts;

const slotWord = ({ words }: TestZone, slot: number, field: string, at = 0): number =>
  words[wordOfSlot(slot, field) / 4 + at]!;

/** State, generation and owner of a slot. */
function identity(
  zone: TestZone,
  slot: number,
): [state: number, generation: number, owner: number] {
  const word = slotWord(zone, slot, 'identity');
  return [word & 3, word >>> 2, slotWord(zone, slot, 'identity', 1)];
}

function setInKernel(zone: TestZone, slot: number, value: number): void {
  const at = wordOfSlot(slot, 'inKernel');
  // The section, above the operation's 16 bits, stays.
  zone.words[at / 4] = (zone.words[at / 4]! & ~0xffff) | value;
}

zoneTest('slots are taken from 1 to 255, then ERR_NO_SLOT', {}, (zone) => {
  assert.deepEqual(identity(zone, 1), [SLOT_LIVE, 1, 1]);
  for (let slot = 2; slot <= MAX_SLOT; slot++) {
    assert.equal(openZone(zone.memory).attach(1000 + slot, 1), slot);
    assert.deepEqual(identity(zone, slot), [SLOT_LIVE, 1, 1000 + slot]);
  }
  assert.equal(zone.kernel.liveThreads(), MAX_SLOT);
  assert.equal(openZone(zone.memory).attach(9999, 1), ERR_NO_SLOT);
  assert.deepEqual(identity(zone, MAX_SLOT), [SLOT_LIVE, 1, 1000 + MAX_SLOT]);
});

zoneTest('detach frees the slot, and its next owner is another generation', {}, (zone) => {
  for (let generation = 1; generation <= 5; generation++) {
    const other = zone.join(70 + generation);
    assert.deepEqual(identity(zone, 2), [SLOT_LIVE, generation, 70 + generation]);
    other.detach();
    assert.deepEqual(identity(zone, 2), [SLOT_FREE, generation, 0]);
  }
  assert.equal(zone.kernel.liveThreads(), 1);
});

zoneTest('detach gives back scratch and draft', { hasStore: true }, (zone) => {
  const { kernel } = zone;
  const free = kernel.freePagesNow();
  const other = zone.join();
  assert.equal(
    kernel.freePagesNow(),
    free - 39,
    'own pages 2, key 1, input 16, output 16, table 4',
  );
  other.beginSet(3, 2 * facts.BLOCK_BYTES, 0);
  assert.equal(other.appendSet(facts.BLOCK_BYTES, 1), 0);
  assert.ok(kernel.zsPages() > 0);
  other.detach();
  assert.equal(kernel.zsPages(), 0);
  assert.equal(kernel.cacheInUse(facts.CACHE_CELL), 0);
});

zoneTest('counters of threads that are gone stay in the sums', { hasStore: true }, (zone) => {
  const { kernel } = zone;
  const other = zone.join();
  assert.equal(other.set(3, 10, 1, 0), 0);
  assert.equal(other.get(3, 0, 1), 10);
  other.detach();
  assert.equal(kernel.counter(facts.COUNT_SETS), 1);
  assert.equal(kernel.counter(facts.COUNT_HITS), 1);
  const next = zone.join(3);
  assert.equal(next.set(3, 10, 1, 0), 0);
  assert.equal(kernel.counter(facts.COUNT_SETS), 2);
});

zoneTest(
  'a death outside the kernel: a survivor gives back everything',
  {
    hasStore: true,
  },
  (zone) => {
    const { kernel } = zone;
    const other = zone.join(42);
    assert.equal(other.set(3, 100, 1, 0), 0);
    const free = kernel.freePagesNow();
    other.beginSet(4, 2 * facts.BLOCK_BYTES, 0);
    assert.equal(other.appendSet(facts.BLOCK_BYTES, 1), 0);
    assert.equal(kernel.check(), 0, 'a draft is accounted for');

    assert.equal(kernel.markDead(42), 1);
    assert.deepEqual(identity(zone, 2), [SLOT_DEAD, 1, 42]);
    assert.equal(kernel.fault(), 0);
    assert.equal(kernel.liveThreads(), 1);
    assertSound(kernel);
    assert.equal(kernel.recoverDead(), 1);
    assert.deepEqual(identity(zone, 2), [SLOT_FREE, 1, 0]);
    assert.ok(
      kernel.freePagesNow() >= free + 38 - 2,
      'scratch and draft; two slabs of the draft’s stay',
    );
    assert.equal(kernel.get(3, 0, 0), 100, 'what it published stays');
    assert.equal(kernel.recoverDead(), 0, 'once');
  },
);

zoneTest('a death while reading ends its section', { hasStore: true }, (zone) => {
  const { kernel } = zone;
  const other = zone.join(42);
  other.enterSection();
  setInKernel(zone, 2, 7);
  kernel.set(1, 5, 1, 0);
  kernel.remove(1);
  for (let round = 0; round < 5; round++) assert.equal(kernel.reclaim(), 0);
  assert.equal(kernel.markDead(42), 1);
  assert.equal(kernel.fault(), 0, 'it had changed nothing');
  assert.equal(kernel.recoverDead(), 1);
  assert.ok(kernel.reclaim() > 0);
});

zoneTest('news of a death that concerns nobody changes nothing', {}, (zone) => {
  const { kernel } = zone;
  const other = zone.join(42);
  assert.equal(kernel.markDead(43), 0);
  other.detach();
  assert.equal(kernel.markDead(42), 0, 'it had left');
  zone.join(44);
  assert.equal(kernel.markDead(42), 0, 'the slot is another one’s now');
  assert.deepEqual(identity(zone, 2), [SLOT_LIVE, 2, 44]);
  assert.equal(kernel.markDead(44), 1);
  assert.equal(kernel.markDead(44), 0, 'marked before');
  assert.equal(kernel.recoverDead(), 1);
  assert.equal(kernel.markDead(44), 0, 'and recovered');
});

zoneTest('all slots of a dead owner are marked', {}, (zone) => {
  for (let slot = 2; slot <= 4; slot++) zone.join(slot === 3 ? 50 : 60);
  assert.equal(zone.kernel.markDead(60), 2);
  assert.deepEqual(identity(zone, 3), [SLOT_LIVE, 1, 50]);
  assert.equal(zone.kernel.recoverDead(), 2);
  assert.equal(zone.join(70).liveThreads(), 3);
  assert.deepEqual(identity(zone, 2), [SLOT_LIVE, 2, 70], 'the lowest free slot');
});

test('a call after one that was cut short is refused, until the thread has repaired', () => {
  const zone = createZone();
  for (const operation of [3, 7, 4 | SAFEPOINT]) {
    setInKernel(zone, 1, operation);
    assert.throws(() => zone.kernel.allocPages(0), WebAssembly.RuntimeError);
    assert.equal(zone.kernel.wasRefused(), 1);
    assert.equal(zone.kernel.wasRefused(), 0, 'it is told once');
    assert.equal(zone.kernel.fault(), 0);
    assert.equal(zone.kernel.repairSelf(0), 0);
    assert.equal(slotWord(zone, 1, 'inKernel'), 0, 'the call is over');
    zone.kernel.freePages(zone.kernel.allocPages(0), 0);
    assertSound(zone.kernel);
  }
});

test('nobody gets in without a slot', () => {
  const zone = createZone();
  const other = zone.join();
  other.detach();
  assert.throws(() => other.allocPages(0), WebAssembly.RuntimeError);
  assert.equal(other.wasRefused(), 1);
  assert.equal(other.isAttached(), 0);
  assert.equal(other.repairSelf(0), 0);
  assertSound(zone.kernel);
});

test('a trap that no check foresaw poisons the zone', () => {
  const zone = createZone();
  zone.kernel.callFailed();
  assert.equal(zone.kernel.fault(), facts.FAULT_TRAP);
});

test('a thread is provable once it has said that it holds its lock, and no other in its slot', () => {
  const zone = createZone();
  const { kernel } = zone;
  const other = zone.join(77);
  kernel.holdsLife();
  assert.equal(kernel.provableOwner(1), 1);
  assert.equal(kernel.provableOwner(2), 0);
  assert.equal(kernel.isSupervised(), 0, 'one is not');
  other.holdsLife();
  assert.equal(kernel.provableOwner(2), 77);
  assert.equal(kernel.isSupervised(), 1);
  assert.equal(kernel.provableOwner(300), 0);
  other.detach();
  other.holdsLife();
  assert.equal(kernel.provableOwner(2), 0, 'it has left');
  zone.join(78);
  assert.equal(kernel.provableOwner(2), 0, 'nor is the next');
  assert.equal(kernel.isSupervised(), 0);
  assertSound(kernel);
});
