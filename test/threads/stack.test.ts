/** A full stack: at the border it is the caller's affair, in the midst of a change it poisons. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { PagelessError, SharedCache } from '../../src/index.ts';
import { wordOf } from './crew.ts';

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

test('a call from a full stack changes nothing, or poisons the zone: never in between', async (context) => {
  let cache = filledCache();
  const seen = { fine: 0, poisoned: 0 };
  const long = new Uint8Array(150_000).map((_, i) => i % 251);
  const calls: ((cache: SharedCache) => void)[] = [
    (it) => it.get('key 1499'),
    (it) => it.set('key 3', new Uint8Array(3000)),
    (it) => it.set('long', long),
    (it) => it.delete('key 5'),
  ];
  for (let round = 0; round < 160; round++) {
    const current = cache;
    const word = new Int32Array(current.arena.memory.buffer);
    const at = wordOf(1, 'inKernel');
    const isInside = () => word[at] !== 0;
    dive(() => calls[round % 4]!(current), isInside, ...Array(round % 37).fill(0));
    // A full stack leaves no room to explain; then that is done when the stack is empty.
    await null;
    const isPoisoned = current.arena.kernel.fault() !== 0;
    seen[isPoisoned ? 'poisoned' : 'fine']++;
    if (isPoisoned) {
      assert.equal(current.arena.kernel.fault(), facts.FAULT_TRAP);
      assert.throws(() => current.get('key 1'), { code: 'ERR_PAGELESS_CORRUPTION' });
      current[Symbol.dispose]();
      cache = filledCache();
    } else {
      assert.equal(word[at], 0, 'the call is over');
      current.arena.check();
    }
  }
  context.diagnostic(JSON.stringify(seen));
  assert.ok(seen.fine > 0);
  cache[Symbol.dispose]();
});

test('a RangeError at the border is the caller’s, and the cache goes on', () => {
  using cache = filledCache();
  let depth = 0;
  const recurse = (): void => {
    depth++;
    cache.has('key 1499');
    recurse();
  };
  assert.throws(recurse, (error) => error instanceof RangeError || error instanceof PagelessError);
  assert.ok(depth > 100);
  if (cache.arena.kernel.fault() === 0) cache.arena.check();
});
