/** The table of refs states, row by row: what each operation does in each state. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { offsetOf } from '../../test/support/structures.ts';
import { assertPoisons, assertSound, createZone, type TestZone } from '../../test/support/zone.ts';

const { UNPUBLISHED, FROZEN, GET_BUSY, GET_DONE, GET_GONE, OWNED, PIN_MASK } = facts;
const SELF = 1 << 22;

/** A descriptor that nothing else refers to, on a page of the user's. */
interface Subject {
  zone: TestZone;
  desc: number;
  refs(): number;
  set(value: number): void;
}

function subject(): Subject {
  const zone = createZone();
  const desc = zone.kernel.allocPages(0) * facts.PAGE_BYTES;
  const at = (desc + offsetOf('Header', 'refs')) / 4;
  return {
    zone,
    desc,
    refs: () => zone.words[at]!,
    set: (value) => {
      zone.words[at] = value;
    },
  };
}

test('a descriptor is made, published and freed', () => {
  const { zone, desc, refs, set } = subject();
  const { kernel } = zone;
  set(UNPUBLISHED + SELF);
  kernel.initHeader(desc, facts.TYPE_ANON_FOLIO, 3, 1234);
  assert.equal(refs(), UNPUBLISHED + SELF);
  assert.equal(kernel.tryGet(desc), GET_GONE);
  assert.equal(refs(), UNPUBLISHED + SELF, 'a look changes nothing');
  assert.equal(zone.words[desc / 4], facts.TYPE_ANON_FOLIO | (3 << 5));
  assert.equal(zone.words[desc / 4 + 2], 1234);
  kernel.publish(desc);
  assert.equal(refs(), OWNED);
  assert.equal(kernel.disown(desc), facts.DISOWN_LAST);
  assert.equal(refs(), FROZEN + SELF);
  kernel.clearRefs(desc);
  assert.equal(refs(), 0);
  assertSound(kernel);
});

const looks: [name: string, refs: number, answer: number, after: number][] = [
  ['a free object', 0, GET_GONE, 0],
  ['one that is unpublished', UNPUBLISHED + SELF, GET_GONE, UNPUBLISHED + SELF],
  ['owned, not pinned', OWNED, GET_DONE, OWNED + 1],
  ['many pins', OWNED + 77, GET_DONE, OWNED + 78],
  ['room for the last pin', OWNED + PIN_MASK - 1, GET_DONE, OWNED + PIN_MASK],
  ['a full count', OWNED + PIN_MASK, GET_BUSY, OWNED + PIN_MASK],
  ['disowned, pinned', 3, GET_GONE, 3],
  ['disowned, a full count', PIN_MASK, GET_GONE, PIN_MASK],
  ['frozen, with pins out', FROZEN + SELF + OWNED + 2, GET_BUSY, FROZEN + SELF + OWNED + 2],
  ['frozen, by another', FROZEN + 9 * SELF + OWNED, GET_BUSY, FROZEN + 9 * SELF + OWNED],
  ['frozen, and disowned since', FROZEN + SELF + 2, GET_GONE, FROZEN + SELF + 2],
  ['being freed', FROZEN + SELF, GET_GONE, FROZEN + SELF],
];

for (const [name, before, answer, after] of looks) {
  test(`tryGet: ${name}`, () => {
    const { zone, desc, refs, set } = subject();
    set(before);
    assert.equal(zone.kernel.tryGet(desc), answer);
    assert.equal(refs(), after >>> 0);
    assertSound(zone.kernel);
  });
}

const puts: [name: string, refs: number, isLast: number, after: number][] = [
  ['one of several', OWNED + 3, 0, OWNED + 2],
  ['the last, of an owned one', OWNED + 1, 0, OWNED],
  ['one of several, disowned', 3, 0, 2],
  ['the last, disowned: who drops it frees', 1, 1, FROZEN + SELF],
  ['one of a full count', OWNED + PIN_MASK, 0, OWNED + PIN_MASK - 1],
  ['a frozen count goes down and stays frozen', FROZEN + 9 * SELF + 2, 0, FROZEN + 9 * SELF + 1],
  ['a frozen count reaches 0: who froze it frees', FROZEN + 9 * SELF + 1, 0, FROZEN + 9 * SELF],
];

for (const [name, before, isLast, after] of puts) {
  test(`put: ${name}`, () => {
    const { zone, desc, refs, set } = subject();
    set(before);
    assert.equal(zone.kernel.put(desc), isLast);
    assert.equal(refs(), after >>> 0);
    assertSound(zone.kernel);
  });
}

const disowns: [name: string, refs: number, answer: number, after: number][] = [
  ['owned, not pinned: who disowns it frees', OWNED, facts.DISOWN_LAST, FROZEN + SELF],
  ['owned and pinned', OWNED + 2, facts.DISOWN_DONE, 2],
  ['twice', 2, facts.DISOWN_TWICE, 2],
  ['frozen by another', FROZEN + 9 * SELF + OWNED, facts.DISOWN_DONE, FROZEN + 9 * SELF],
  ['free', 0, facts.DISOWN_TWICE, 0],
  ['being born', UNPUBLISHED + SELF, facts.DISOWN_TWICE, UNPUBLISHED + SELF],
];

for (const [name, before, answer, after] of disowns) {
  test(`disown: ${name}`, () => {
    const { zone, desc, refs, set } = subject();
    set(before);
    assert.equal(zone.kernel.disown(desc), answer);
    assert.equal(refs(), after >>> 0);
    assertSound(zone.kernel);
  });
}

for (const [name, before] of [
  ['without a pin', OWNED],
  ['that is free', 0],
  ['that is being born', UNPUBLISHED + SELF],
  ['that is being freed', FROZEN + SELF],
] as const) {
  test(`put of a descriptor ${name} poisons the zone`, () => {
    const { zone, desc, refs, set } = subject();
    set(before);
    assertPoisons(zone, facts.FAULT_REFS, () => zone.kernel.put(desc));
    assert.equal(refs(), before >>> 0);
    assert.equal(zone.kernel.faultDetail() >>> 0, desc);
    assert.equal(zone.kernel.faultSlot(), 1);
  });
}

test('freeze succeeds with exactly the expected pins out, while there is an owner', () => {
  const { zone, desc, refs, set } = subject();
  const { kernel } = zone;
  set(2);
  assert.equal(kernel.freeze(desc, 2), 0);
  set(OWNED + 2);
  assert.equal(kernel.freeze(desc, 1), 0);
  assert.equal(kernel.freeze(desc, 3), 0);
  assert.equal(refs(), OWNED + 2);
  assert.equal(kernel.freeze(desc, 2), 1);
  assert.equal(refs(), FROZEN + SELF + OWNED + 2);
  assert.equal(kernel.freeze(desc, 2), 0, 'not twice');
  assert.equal(kernel.unfreeze(desc), 0);
  assert.equal(refs(), OWNED + 2);
  assertSound(kernel);
});

test('freeze of a free object or one that is unpublished fails', () => {
  const { zone, desc, refs, set } = subject();
  for (const state of [0, UNPUBLISHED + SELF, FROZEN + SELF]) {
    set(state);
    assert.equal(zone.kernel.freeze(desc, 1), 0);
    assert.equal(refs(), state >>> 0);
  }
  assertSound(zone.kernel);
});

test('unfreeze tells when every reference went meanwhile', () => {
  const { zone, desc, refs, set } = subject();
  const { kernel } = zone;
  const other = zone.join();
  set(OWNED + 1);
  assert.equal(kernel.freeze(desc, 1), 1);
  assert.equal(other.put(desc), 0);
  assert.equal(other.disown(desc), facts.DISOWN_DONE, 'never the last: the freezer frees');
  assert.equal(kernel.unfreeze(desc), 1);
  assert.equal(refs(), FROZEN + SELF, 'still frozen: nobody can take it');
  assert.equal(other.tryGet(desc), GET_GONE);
  assertSound(kernel);
});

test('references of several threads are one number', () => {
  const { zone, desc, refs, set } = subject();
  const threads = [zone.kernel, zone.join(2), zone.join(3)];
  set(OWNED);
  for (const thread of threads) assert.equal(thread.tryGet(desc), GET_DONE);
  assert.equal(refs(), OWNED + 3);
  assert.equal(threads[0]!.disown(desc), facts.DISOWN_DONE);
  for (const thread of threads.slice(0, 2)) assert.equal(thread.put(desc), 0);
  assert.equal(threads[2]!.put(desc), 1);
  assert.equal(refs(), FROZEN + 3 * SELF, 'frozen by who dropped the last');
  assertSound(zone.kernel);
});
