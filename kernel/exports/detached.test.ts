/**
 * A thread that has left its zone: whatever it calls, nothing is written, and nothing is in the
 * zone that others have made of the memory meanwhile. Code of the user's own may close a cache
 * within any call of the library, which then goes on.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kernelModule } from '../../src/border/kernel.ts';
import type { KernelExports } from '../../src/generated/kernel-exports.ts';
import { createZone, newFolio, openZone, type ZoneExports } from '../../test/support/zone.ts';

/** What threads call that have no slot; */
const needsNoSlot = ['format', 'attach', 'recycle', 'adoptImage', 'adoptClock', 'lend']
  .concat('markDead', 'recoverDead', 'answerAsks', 'succeedSupervisor')
  // what is told where to write; and what is called between `stop`, which traps, and `start`.
  .concat('compress', 'decompress', 'noteWall');

/** Numbers of pages, of objects and of bytes that there are. */
const samples = [0, 1, 2, 40, 1024];

const exported = WebAssembly.Module.exports(kernelModule())
  .filter(({ name, kind }) => kind === 'function' && !needsNoSlot.includes(name))
  .map(({ name }) => name as keyof KernelExports);

/** A thread that had a part in everything, and has left; another has the memory now. */
function leftZone(): { left: ZoneExports; now: ZoneExports; bytes: Uint8Array } {
  const { kernel: left, memory, bytes } = createZone({ hasStore: true });
  left.openClock(1, 0);
  bytes.set([107, 101, 121], left.keyScratch() >>> 0);
  assert.equal(left.set(3, 16, 1, 1000), 0);
  left.getVersioned(3, 1);
  left.inspectEntry(3, 1);
  left.beginLease(3, 1, 1000, 0);
  newFolio(left);
  left.detach();
  const now = openZone(memory);
  assert.equal(now.recycle(5, 6, 7, 8), 0);
  assert.equal(now.attach(9, 1), 1);
  assert.equal(now.formatStore(), 0);
  assert.equal(now.prepare(), 0);
  now.openClock(1, 0);
  return { left, now, bytes };
}

/** It may trap, and does so where it asks for the slot first. */
function callQuietly(call: (...values: number[]) => number, first: number, others: number): void {
  try {
    call(first, ...Array.from({ length: 7 }, () => others));
  } catch (error) {
    assert.ok(error instanceof WebAssembly.RuntimeError, `${error}`);
  }
}

test('no export writes for a thread that has left', () => {
  const { left, now, bytes } = leftZone();
  const before = Buffer.from(bytes);
  const writers: string[] = [];
  for (const name of exported) {
    const call = left[name] as (...values: number[]) => number;
    for (const first of samples) for (const others of samples) callQuietly(call, first, others);
    if (Buffer.compare(before, bytes) === 0) continue;
    writers.push(name);
    bytes.set(before);
  }
  assert.deepEqual(writers, []);
  assert.equal(now.check(), 0);
});
