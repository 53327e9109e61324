/**
 * `getOrSet` and what is stale against a Map with a clock: whatever is called in whatever order,
 * and whatever happens while a value is computed, the answers are those of the oracle.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { fakeClock } from '../../../test/support/fake-clock.ts';
import { type CacheView, SharedCache } from '../../index.ts';

interface Expected {
  value: string;
  /** Until when it is fresh, and until when it is there; Infinity = for ever. */
  fresh: number;
  end: number;
  tag: string;
}

class Oracle {
  readonly entries = new Map<string, Expected>();
  now = 0;

  put(key: string, value: string, ttl: number, staleFor: number, tag: string): void {
    const fresh = ttl === 0 ? Number.POSITIVE_INFINITY : this.now + ttl;
    this.entries.set(key, { value, fresh, end: fresh + staleFor, tag });
  }

  /** The key's value, a stale one as well if it is wanted. */
  find(key: string, isStaleToo = false): string | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined || this.now >= entry.end) return undefined;
    return isStaleToo || this.now < entry.fresh ? entry.value : undefined;
  }

  deleteTag(tag: string): void {
    for (const [key, entry] of this.entries) if (entry.tag === tag) this.entries.delete(key);
  }
}

interface World {
  cache: CacheView<string>;
  oracle: Oracle;
  tick(ms: number): void;
}

type Step = (world: World) => Promise<[ours: unknown, expected: unknown]>;

/** What an entry is set with. */
interface Said {
  value: string;
  ttl: number;
  staleFor: number;
  tag: string;
}

/** What happens while a value is computed, and what comes of that. */
type Meanwhile = 'nothing' | 'set' | 'delete' | 'tag' | 'clear' | 'throw' | 'none';

const key = fc.constantFrom('a', 'b', 'c');
const tag = fc.constantFrom('red', 'green');
const said: fc.Arbitrary<Said> = fc.record({
  value: fc.string({ unit: 'grapheme', maxLength: 60 }),
  ttl: fc.constantFrom(0, 5, 20),
  staleFor: fc.constantFrom(0, 10, Number.POSITIVE_INFINITY),
  tag,
});
const meanwhile = fc.constantFrom<Meanwhile>(
  ...(['nothing', 'nothing', 'set', 'delete', 'tag', 'clear', 'throw', 'none'] as const),
);

const optionsOf = ({ ttl, staleFor, tag: name }: Said) => ({ ttl, staleFor, tags: [name] });

/** The other call that comes in the middle, of both. */
function meddle({ cache, oracle }: World, name: string, what: Meanwhile, own: Said): void {
  if (what === 'set') {
    cache.set(name, 'theirs');
    oracle.put(name, 'theirs', 0, 0, '');
  } else if (what === 'delete') {
    cache.delete(name);
    oracle.entries.delete(name);
  } else if (what === 'tag') {
    cache.deleteTag(own.tag);
    oracle.deleteTag(own.tag);
  } else if (what === 'clear') {
    cache.clear();
    oracle.entries.clear();
  }
}

/**
 * Two callers at once, and what comes while one computes: both get what it computes, or what was
 * stale; it is stored unless something has come.
 */
async function load(world: World, name: string, own: Said, what: Meanwhile) {
  const { cache, oracle } = world;
  const [found, stale] = [oracle.find(name), oracle.find(name, true)];
  let computed = 0;
  const compute = (_key: unknown, old: string | undefined): string | undefined => {
    computed++;
    assert.equal(old, stale, 'what is stale is given to who computes');
    meddle(world, name, what, own);
    if (what === 'throw') throw new RangeError('on purpose');
    return what === 'none' ? undefined : own.value;
  };
  const fails = (error: unknown): string => (error as Error).message;
  const calls = [1, 2].map(() => {
    const later = async (k: unknown, old: string | undefined) => {
      await undefined;
      return compute(k, old);
    };
    return cache.getOrSet(name, later, optionsOf(own)).catch(fails);
  });
  const answers = await Promise.all(calls);
  await setImmediate();
  if (found === undefined && what === 'nothing') {
    oracle.put(name, own.value, own.ttl, own.staleFor, own.tag);
  }
  return { found, stale, computed, answers };
}

/** What one caller gets who finds nothing fresh. */
function resultOf(own: Said, what: Meanwhile): string | undefined {
  return what === 'throw' ? 'on purpose' : what === 'none' ? undefined : own.value;
}

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(key, said).map(
    ([k, own]): Step =>
      async ({ cache, oracle }) => {
        oracle.put(k, own.value, own.ttl, own.staleFor, own.tag);
        return [cache.set(k, own.value, optionsOf(own)), true];
      },
  ),
  fc.tuple(fc.array(fc.tuple(key, said), { maxLength: 5 })).map(
    ([all]): Step =>
      async ({ cache, oracle }) => {
        for (const [k, own] of all) oracle.put(k, own.value, own.ttl, own.staleFor, own.tag);
        const entries = all.map(([k, own]) => [k, own.value, optionsOf(own)] as const);
        return [cache.setMany(entries), all.map(() => true)];
      },
  ),
  {
    weight: 3,
    arbitrary: fc.tuple(key, said, meanwhile).map(
      ([k, own, what]): Step =>
        async (world) => {
          const { found, stale, computed, answers } = await load(world, k, own, what);
          const expected = found ?? stale ?? resultOf(own, what);
          const isAlone = found === undefined && stale === undefined && what === 'none';
          const calls = found !== undefined ? 0 : isAlone ? 2 : 1;
          return [
            [...answers, computed],
            [expected, expected, calls],
          ];
        },
    ),
  },
  key.map(
    (k): Step =>
      async ({ cache, oracle }) => [
        [cache.get(k), cache.get(k, { allowStale: true }), cache.has(k)],
        [oracle.find(k), oracle.find(k, true), oracle.find(k) !== undefined],
      ],
  ),
  key.map(
    (k): Step =>
      async ({ cache, oracle }) => {
        const left = (oracle.entries.get(k)?.fresh ?? 0) - oracle.now;
        return [cache.getRemainingTTL(k), oracle.find(k, true) === undefined ? 0 : left];
      },
  ),
  key.map(
    (k): Step =>
      async ({ cache, oracle }) => {
        const isThere = oracle.find(k) !== undefined;
        oracle.entries.delete(k);
        const isDeleted = cache.delete(k);
        // Of what is stale it may say that it was there.
        return [isDeleted || !isThere, true];
      },
  ),
  tag.map(
    (name): Step =>
      async ({ cache, oracle }) => [cache.deleteTag(name), oracle.deleteTag(name)],
  ),
  fc.integer({ min: 1, max: 12 }).map(
    (ms): Step =>
      async ({ oracle, tick }) => {
        oracle.now += ms;
        return [tick(ms), undefined];
      },
  ),
);

const runs = Math.ceil(Number(process.env.PAGELESS_MODEL_RUNS ?? 150) / 2);

for (const isNamed of [false, true]) {
  test(`loads ${isNamed ? 'in a namespace' : 'of a cache'} answer like a Map`, async () => {
    const run = async (sequence: Step[]) => {
      const { now, tick } = fakeClock();
      const cache = new SharedCache<string>({ maxSize: '16MiB', values: 'string', now });
      const view = isNamed ? cache.namespace('n') : cache;
      const world = { cache: view, oracle: new Oracle(), tick };
      for (const [i, step] of sequence.entries()) {
        const [ours, expected] = await step(world);
        assert.deepEqual(ours, expected, `step ${i}`);
      }
      cache.arena.check();
      assert.equal(cache.arena.kernel.awaitedLeases(), 0);
      cache.close();
    };
    const sequences = fc.array(steps, { maxLength: 40, size: 'max' });
    await fc.assert(fc.asyncProperty(sequences, run), { numRuns: runs });
  });
}
