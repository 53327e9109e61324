/**
 * The whole API of a cache against a Map with a clock: whatever is called in whatever order, the
 * answers are those of the oracle. `PAGELESS_MODEL_RUNS` makes it longer.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { FAR_MS, steps as plainSteps, play, type Step } from '../../test/support/api-steps.ts';
import { MemoryTier } from '../../test/support/memory-tier.ts';
import { tempFolder } from '../../test/support/temp-folder.ts';
import { timeSteps } from '../../test/support/time-steps.ts';
import { SharedCache, type ValueCodec } from '../index.ts';

const steps = fc.oneof(plainSteps, timeSteps);
const runs = Number(process.env.PAGELESS_MODEL_RUNS ?? 150);

test('any sequence of calls answers like a Map', () => {
  const sequences = fc.array(steps, { maxLength: 60, size: 'max' });
  const run = (sequence: Step[]) => play(sequence).cache.close();
  fc.assert(fc.property(sequences, run), { numRuns: runs });
});

test('so does a namespace, and the cache and another one keep what they have', () => {
  const run = (sequence: Step[]) => {
    const { cache } = play(sequence, {
      open: (one) => {
        for (const view of [one, one.namespace('other')])
          view.set('a', 'its own', { tags: ['red'] });
        return one.namespace('n');
      },
    });
    for (const view of [cache, cache.namespace('other')]) {
      assert.deepEqual([...view], [['a', 'its own']]);
    }
    assert.equal(cache.namespace('n').stats().entries, cache.namespace('n').size);
    cache.namespace('n').clear();
    cache.purgeStale();
    assert.equal(cache.stats().entries, 2);
    cache.close();
  };
  const sequences = fc.array(steps, { maxLength: 60, size: 'max' });
  fc.assert(fc.property(sequences, run), { numRuns: runs });
});

test('it does with values near, whichever of two that have it open is asked', () => {
  let hits = 0;
  const run = (sequence: Step[]) => {
    const { cache } = play(sequence, { near: { max: 3 } });
    hits += cache.stats().near!.hits;
    cache.close();
  };
  const sequences = fc.array(steps, { maxLength: 60, minLength: 30, size: 'max' });
  fc.assert(fc.property(sequences, run), { numRuns: runs });
  assert.ok(hits > runs, 'near was of no use');
});

test('so does a cache with a codec of its own', () => {
  const buffer = Buffer.alloc(320_000);
  const values: ValueCodec<string> = {
    // Used again for the next value.
    serialize: (value) => buffer.subarray(0, buffer.write(value)),
    deserialize: (bytes) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
  };
  const sequences = fc.array(steps, { maxLength: 60, size: 'max' });
  const run = (sequence: Step[]) => play(sequence, { values }).cache.close();
  fc.assert(fc.property(sequences, run), { numRuns: Math.ceil(runs / 3) });
});

test('so does a cache before a second tier, of what is there', () => {
  const tier = () => Object.assign(new MemoryTier(), { policy: { maxStaleMs: 2 * FAR_MS } });
  const sequences = fc.array(steps, { maxLength: 60, size: 'max' });
  const run = (sequence: Step[]) => play(sequence, { tier }).cache.close();
  fc.assert(fc.property(sequences, run), { numRuns: Math.ceil(runs / 3) });
});

test('what was saved after any sequence is there when it is loaded', async () => {
  const file = join(tempFolder(), 'cache');
  const run = async (sequence: Step[], isNamed: boolean) => {
    const { cache, oracle } = play(sequence, {
      open: (one) => {
        (isNamed ? one : one.namespace('n')).set('beside', 'it');
        return isNamed ? one.namespace('n') : one;
      },
    });
    await cache.save(file);
    cache.close();
    const never = [...oracle.entries].filter(([, { expiry }]) => expiry === 0);
    using loaded = await SharedCache.load<string>(file, { now: () => 1 });
    const [view, other] = [loaded.namespace('n'), loaded];
    const own = isNamed ? view : other;
    const found = [...own].filter(([k]) => oracle.entries.get(k as string)?.expiry === 0);
    assert.deepEqual(found.sort(), never.map(([k, { value: v }]) => [k, v]).sort());
    for (const [k, { tag }] of never)
      assert.equal(own.info(k)?.tags.includes(tag || 'none'), tag !== '');
    // What `clear` of the cache has taken is not there.
    const beside = (isNamed ? other : view).get('beside');
    assert.ok(beside === 'it' || !isNamed);
  };
  const sequences = fc.array(steps, { maxLength: 30 });
  const property = fc.asyncProperty(sequences, fc.boolean(), run);
  await fc.assert(property, { numRuns: Math.ceil(runs / 8) });
});
