/** A full stack is the caller's affair: what it cuts short in the kernel is repaired. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PagelessError, SharedCache } from '../../src/index.ts';
import { oldestAndNewest } from '../packaging/nodes.ts';
import { wordOf } from './crew.ts';
import { overflow, tiers } from './overflows.ts';

function filledCache(): SharedCache {
  const cache = new SharedCache({ maxSize: '4MiB' });
  for (let i = 0; i < 1500; i++) cache.set(`key ${i}`, new Uint8Array(3000).fill(i));
  return cache;
}

/**
 * Fills the stack and calls `work` on the way back, deepest first, until it succeeds or throws
 * something that `isLast` names. The parameters pad the frames, so that every depth is met.
 */
function dive(work: () => void, isLast: () => boolean, ...padding: number[]): boolean {
  let isDone = false;
  try {
    isDone = dive(work, isLast, ...padding);
  } catch (error) {
    assert.ok(error instanceof RangeError);
  }
  if (isDone) return true;
  try {
    work();
    return true;
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof PagelessError)) throw error;
    return isLast();
  }
}

test('a call from a full stack is over or undone, and the cache goes on', async () => {
  using cache = filledCache();
  const word = new Int32Array(cache.arena.memory.buffer);
  const at = wordOf(1, 'inKernel');
  const long = new Uint8Array(150_000).map((_, i) => i % 251);
  const calls: (() => void)[] = [
    () => cache.get('key 1499'),
    () => cache.set('key 3', new Uint8Array(3000)),
    () => cache.set('long', long),
    () => cache.delete('key 5'),
  ];
  let cut = 0;
  for (let round = 0; round < 160; round++) {
    dive(calls[round % 4]!, () => word[at] !== 0, ...Array(round % 37).fill(0));
    if (word[at] !== 0) cut++;
    // What was cut short is repaired when the stack is empty.
    await null;
    assert.equal(cache.arena.kernel.fault(), 0);
    assert.equal(word[at], 0, 'the call is over');
    cache.arena.check();
  }
  assert.ok(cut > 0);
});

// More than that: node test/threads/overflows.ts
for (const { path, version } of oldestAndNewest()) {
  for (const tier of Object.keys(tiers)) {
    test(`the stack overflows 60 times in the midst of calls, Node ${version}, ${tier}`, async () => {
      for (const where of ['main', 'worker'] as const) {
        const { overflows, poisoned, errors } = await overflow(path, tier, where, 60);
        assert.ok(overflows > 40);
        assert.equal(poisoned, 0);
        // Its own thread may hold the key's computation, which was cut short as well.
        delete errors.ERR_PAGELESS_BUSY;
        assert.deepEqual(errors, {});
      }
    });
  }
}

test('a RangeError at the border is the caller’s, and the cache goes on', () => {
  using cache = filledCache();
  let depth = 0;
  const recurse = (): void => {
    depth++;
    cache.has('key 1499');
    recurse();
  };
  assert.throws(recurse, RangeError);
  assert.ok(depth > 100);
  cache.arena.check();
});
