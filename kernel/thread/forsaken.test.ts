/** Forsaken waits: what nobody is left to end gives up its call once, and then poisons. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { wordOfSlot } from '../../test/support/structures.ts';
import { assertSound, createZone, type TestZone } from '../../test/support/zone.ts';

const AT_SAFEPOINT = 0x200;
const inKernelOf = (slot: number) => wordOfSlot(slot, 'inKernel') / 4;

/** The second thread is in a call, has the lock of types, and does not come out. */
function hold({ words }: TestZone): void {
  words[inKernelOf(2)] = facts.OP_FOLIO | AT_SAFEPOINT;
  words[facts.MEMDESC_STATE / 4] = 2;
}

function release({ words }: TestZone): void {
  words[facts.MEMDESC_STATE / 4] = 0;
  words[inKernelOf(2)] = 0;
}

test('a wait without an answer gives up its call, and the next such poisons the zone', () => {
  const zone = createZone();
  const { kernel } = zone;
  zone.join(99);
  hold(zone);
  assert.throws(() => kernel.registerType(32, 0), WebAssembly.RuntimeError);
  assert.equal(kernel.wasRefused(), facts.GAVE_UP);
  assert.equal(kernel.fault(), 0);
  assert.equal(kernel.repairSelf(1), 0);
  release(zone);
  assert.ok(kernel.registerType(32, 0) > 0);
  assertSound(kernel);
  hold(zone);
  assert.throws(() => kernel.registerType(32, 0), WebAssembly.RuntimeError);
  assert.equal(kernel.fault(), facts.FAULT_FORSAKEN);
  assert.equal(kernel.faultSlot(), 1);
  assert.equal(kernel.faultDetail(), 2);
});
