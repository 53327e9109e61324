/** Assertions of context: each is true where it should be, and traps where it should not. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { createZone, type ZoneExports } from '../../test/support/zone.ts';

/** A word of page 0 that nothing uses. */
const LOCK = facts.RCU_STATE + 32;
const ANOTHER = LOCK + 4;

/** Contexts, as what begins one, and the assertions that are true in it. */
const contexts: [string, (kernel: ZoneExports) => void, string[]][] = [
  ['nowhere', () => {}, ['assertOutside', 'assertNoLock']],
  [
    'with the lock',
    (kernel) => kernel.lock(LOCK),
    ['assertLocked', 'assertLockedOrHalted', 'assertOutside'],
  ],
  ['with another lock', (kernel) => kernel.lock(ANOTHER), ['assertOutside']],
  [
    'after the lock',
    (kernel) => {
      kernel.lock(LOCK);
      kernel.unlock(LOCK);
    },
    ['assertOutside', 'assertNoLock'],
  ],
  ['in a section', (kernel) => kernel.enterSection(), ['assertInSection', 'assertNoLock']],
  [
    'in the halted world',
    (kernel) => kernel.haltWorld(),
    ['assertHalted', 'assertLockedOrHalted', 'assertInSection', 'assertOutside', 'assertNoLock'],
  ],
];

const assertions = [
  ...['assertLocked', 'assertHalted', 'assertLockedOrHalted', 'assertInSection'],
  ...['assertOutside', 'assertNoLock'],
];

for (const [context, begin, truths] of contexts) {
  test(`${context}: ${truths.join(', ')}`, () => {
    const { kernel } = createZone({ build: 'debug' });
    begin(kernel);
    const calls = kernel as unknown as Record<string, (at: number) => void>;
    for (const assertion of assertions) {
      const call = (): void => calls[assertion]!(LOCK);
      if (truths.includes(assertion)) assert.doesNotThrow(call, assertion);
      else assert.throws(call, WebAssembly.RuntimeError, assertion);
    }
  });
}

test('a lock that is not held is not unlocked', () => {
  const zone = createZone({ build: 'debug' });
  zone.join().lock(LOCK);
  assert.throws(() => zone.kernel.unlock(LOCK), WebAssembly.RuntimeError);
});

test('nothing of them is in the build that ships', () => {
  const wasm = readFileSync(new URL('../../build/kernel/release.wasm', import.meta.url), 'latin1');
  assert.ok(wasm.includes('kernel/thread/lock/'), 'it has names');
  assert.ok(!wasm.includes('kernel/thread/context/'));
});
