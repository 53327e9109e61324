/** Types of users: one table for all threads, and what is refused. */
import assert from 'node:assert/strict';
import * as facts from '../../src/generated/facts.ts';
import { type ZoneExports, zoneTest } from '../../test/support/zone.ts';

const { ERR_ARGUMENT, ERR_EXISTS, ERR_FULL, FIRST_USER_TYPE, USER_TYPES } = facts;

zoneTest('threads agree on a type, and differ only with an error', {}, (zone) => {
  const { kernel } = zone;
  const other = zone.join();
  const register = (thread: ZoneExports, name: string, bytes = 32, movable = 1): number => {
    const at = thread.window() >>> 0;
    zone.bytes.fill(0, at, at + facts.TYPE_NAME_BYTES);
    zone.bytes.set(Buffer.from(name), at);
    return thread.registerType(bytes, movable);
  };
  assert.equal(register(kernel, 'a'), FIRST_USER_TYPE);
  assert.equal(register(other, 'b', 64), FIRST_USER_TYPE + 1);
  assert.equal(register(other, 'a'), FIRST_USER_TYPE);
  assert.equal(register(other, 'a', 64), ERR_EXISTS);
  assert.equal(register(other, 'a', 32, 0), ERR_EXISTS);
  for (const bytes of [0, 16, 33, 96, 256, -1]) {
    assert.equal(register(kernel, 'c', bytes), ERR_ARGUMENT);
  }
  const longest = 'x'.repeat(facts.TYPE_NAME_BYTES);
  assert.equal(register(kernel, longest), FIRST_USER_TYPE + 2);
  for (let i = 3; i < USER_TYPES; i++) assert.equal(register(kernel, `${i}`), FIRST_USER_TYPE + i);
  assert.equal(register(kernel, 'one more'), ERR_FULL);
  assert.equal(register(kernel, longest), FIRST_USER_TYPE + 2);
});

zoneTest('descriptors of every size come from their own caches', {}, (zone) => {
  const { kernel } = zone;
  for (const [i, bytes] of [32, 64, 128].entries()) {
    zone.bytes[kernel.window() >>> 0] = 65 + i;
    const type = kernel.registerType(bytes, 1);
    const name = kernel.allocFolio(1, type);
    const id = kernel.pinFolio(name);
    assert.equal((id * 32) % bytes, 0);
    assert.equal(kernel.ownerWords(id), (bytes - 20) / 4);
    assert.equal(kernel.setOwnerWord(id, (bytes - 20) / 4, 1), ERR_ARGUMENT);
    assert.equal(kernel.setOwnerWord(id, (bytes - 20) / 4 - 1, 7), 0);
    kernel.putPage(id);
    assert.equal(kernel.freeFolio(name), 0);
    const again = kernel.allocFolio(0, type);
    assert.equal(kernel.ownerWord(kernel.pinFolio(again), (bytes - 20) / 4 - 1), 0);
    assert.equal(kernel.putPage(id), 0);
  }
});
