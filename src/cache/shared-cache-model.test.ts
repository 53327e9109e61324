/** SharedCache against a Map with a clock: any sequence of operations answers the same. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { seeded } from '../../test/support/seeded.ts';
import { SharedCache } from '../index.ts';

interface Expected {
  value: string;
  expiry: number;
}

type Operation =
  | { kind: 'set'; key: string; value: string; ttl: number }
  | { kind: 'get' | 'peek' | 'has' | 'delete'; key: string }
  | { kind: 'clear' | 'keys' }
  | { kind: 'tick'; ms: number };

const keys = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', '\0') },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 80 }) },
);
const values = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.tuple(fc.string({ minLength: 1, maxLength: 9 }), fc.nat(20_000)).map(([s, n]) => s.repeat(n)),
);
const operations: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    kind: fc.constant('set' as const),
    key: keys,
    value: values,
    ttl: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 50 })),
  }),
  fc.record({ kind: fc.constantFrom('get', 'peek', 'has', 'delete'), key: keys }),
  fc.record({ kind: fc.constantFrom('clear', 'keys') }),
  fc.record({ kind: fc.constant('tick' as const), ms: fc.integer({ min: 1, max: 20 }) }),
) as fc.Arbitrary<Operation>;

/** The answer that a Map gives. */
function expect(model: Map<string, Expected>, now: number, operation: Operation): unknown {
  for (const [key, { expiry }] of model) if (expiry !== 0 && now >= expiry) model.delete(key);
  switch (operation.kind) {
    case 'set': {
      const { key, value, ttl } = operation;
      model.set(key, { value, expiry: ttl === 0 ? 0 : now + ttl });
      return true;
    }
    case 'get':
    case 'peek':
      return model.get(operation.key)?.value;
    case 'has':
      return model.has(operation.key);
    case 'delete':
      return model.delete(operation.key);
    case 'clear':
      return model.clear();
    case 'keys':
      return [...model.keys()].sort();
  }
  return undefined;
}

function perform(cache: SharedCache<string>, operation: Operation): unknown {
  switch (operation.kind) {
    case 'set': {
      const { key, value, ttl } = operation;
      return cache.set(key, value, ttl === 0 ? {} : { ttl });
    }
    case 'get':
    case 'peek':
    case 'has':
    case 'delete':
      return cache[operation.kind](operation.key);
    case 'clear':
      return cache.clear();
    case 'keys':
      return [...cache.keys()].sort();
  }
  return undefined;
}

test('a cache with room answers like a Map', () => {
  const { now, tick } = fakeClock();
  const run = (sequence: Operation[]) => {
    using cache = new SharedCache<string>({ maxSize: '32MiB', values: 'string', now });
    const model = new Map<string, Expected>();
    for (const operation of sequence) {
      if (operation.kind === 'tick') tick(operation.ms);
      const expected = expect(model, now(), operation);
      assert.deepEqual(perform(cache, operation), expected, operation.kind);
    }
    cache.arena.check();
  };
  const sequences = fc.array(operations, { maxLength: 60, size: 'max' });
  fc.assert(fc.property(sequences, run), { numRuns: 150 });
});

test('a cache without room forgets, and is never wrong', () => {
  using cache = new SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  const model = new Map<string, string>();
  const run = seeded('a cache without room');
  for (let round = 0; round < 2000 || run.hasTime(); round++) {
    const key = `key ${run.int(400)}`;
    // Hexadecimal digits: LZ4 hardly shrinks them.
    const value = randomBytes(run.int(run.int(20) === 0 ? 200_000 : 20_000)).toString('hex');
    if (cache.set(key, value)) assert.equal(cache.get(key), value);
    else assert.equal(cache.get(key), undefined);
    model.set(key, value);
    const other = `key ${run.int(400)}`;
    const found = cache.get(other);
    if (found !== undefined) assert.equal(found, model.get(other));
    if (run.int(9) === 0) assert.equal(cache.delete(other), found !== undefined);
  }
  assert.ok(cache.stats().evictions > 0);
  cache.arena.check();
});
