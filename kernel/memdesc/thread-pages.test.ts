/** Names of a thread's scratch in its slot: damaged, they lead nobody to what is another's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { storeFace } from '../../test/support/store-face.ts';
import { offsetOf } from '../../test/support/structures.ts';
import { createZone, type TestZone, zoneTest } from '../../test/support/zone.ts';

const FIRST = facts.SLOT_TABLE + offsetOf('ThreadSlot', 'keyScratch');
const NAMES = 4;
const OTHER = 2;

/** Flips a bit of the names in a slot. */
function flip({ words }: TestZone, slot: number, bit: number): void {
  words[(FIRST + slot * facts.SLOT_BYTES) / 4 + (bit >> 5)]! ^= 1 << (bit & 31);
}

zoneTest(
  'a thread works where it did, whatever becomes of its names',
  { hasStore: true },
  (zone) => {
    const face = storeFace(zone, zone.kernel);
    for (let bit = 0; bit < NAMES * 32; bit++) {
      const value = Uint8Array.from({ length: 100 + bit }, (_, i) => i ^ bit);
      flip(zone, 1, bit);
      assert.equal(face.set(`key ${bit}`, value), 0);
      assert.deepEqual(face.get(`key ${bit}`), value);
      const places = ['keyScratch', 'inputScratch', 'outputScratch'] as const;
      for (const place of places) assert.equal(zone.kernel[place]() & 4095, 0);
      flip(zone, 1, bit);
      assert.deepEqual(face.get(`key ${bit}`), value);
    }
  },
);

/** What ends with a fault, or has freed nothing that another thread works in. */
function checkEnd(zone: TestZone, what: string, end: () => void): boolean {
  const scratch = [1, 3].flatMap((slot) => namedBy(zone, slot));
  try {
    end();
  } catch (error) {
    assert.ok(error instanceof WebAssembly.RuntimeError, what);
    return true;
  }
  for (const address of scratch) {
    assert.notEqual(zone.kernel.pageWordOf(address >>> facts.PAGE_SHIFT), 0, `${what}: freed`);
  }
  return false;
}

function namedBy({ words }: TestZone, slot: number): number[] {
  const at = (FIRST + slot * facts.SLOT_BYTES) / 4;
  return [...words.subarray(at, at + NAMES)];
}

const ends: [string, damaged: number, end: (zone: TestZone, other: TestZone['kernel']) => void][] =
  [
    ['its thread leaves', OTHER, (_, other) => other.detach()],
    [
      'its thread has died',
      OTHER,
      ({ kernel }) => {
        kernel.markDead(OTHER);
        kernel.recoverDead();
      },
    ],
    [
      'another thread has died',
      3,
      ({ kernel }) => {
        kernel.markDead(OTHER);
        kernel.recoverDead();
      },
    ],
  ];
for (const [when, damaged, end] of ends) {
  test(`a damaged name is noticed when ${when}`, () => {
    for (let bit = 0; bit < NAMES * 32; bit++) {
      const zone = createZone({ hasStore: true });
      const other = zone.join(OTHER);
      zone.join(3);
      flip(zone, damaged, bit);
      // A name of nothing: what it named is found at the next death.
      const isNothing = namedBy(zone, damaged)[bit >> 5] === 0;
      const isNoticed = checkEnd(zone, `bit ${bit}`, () => end(zone, other));
      assert.ok(isNoticed || isNothing, `bit ${bit}`);
    }
  });
}
