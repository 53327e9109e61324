/**
 * What lru-cache 11 documents, done to both: the answers are the same, or different on purpose, as
 * the table in docs/guides/from-lru-cache.md says, which has a row for each.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { LRUCache } from 'lru-cache';
import { SharedCache } from '../../src/index.ts';
import { fakeClock } from '../support/fake-clock.ts';

type Value = { n: number };

/** What both have. */
interface Face {
  get(key: string): Value | undefined;
  peek(key: string): Value | undefined;
  has(key: string): boolean;
  set(key: string, value: Value, options?: { ttl?: number; noUpdateTTL?: boolean }): unknown;
  delete(key: string): boolean;
  clear(): void;
  getRemainingTTL(key: string): number;
  purgeStale(): unknown;
  readonly size: number;
  keys(): Iterable<unknown>;
  values(): Iterable<Value>;
  entries(): Iterable<[unknown, Value]>;
  forEach(visit: (value: Value, key: never, cache: never) => void): void;
}

type Steps = (cache: Face, tick: (ms: number) => void) => unknown;
const sorted = (all: Iterable<unknown>) => [...all].map((one) => JSON.stringify(one)).sort();
const one = { n: 1 };
const two = { n: 2 };

/** Row of the table → steps whose answer both give. */
const same: Record<string, Steps> = {
  '`get` and `peek` of what is not there are undefined': (c) => [c.get('a'), c.peek('a')],
  '`set` overwrites': (c) => [c.set('a', one) && c.set('a', two) && c.get('a'), c.size],
  '`delete` says whether there was something': (c) => [
    c.set('a', one) && c.delete('a'),
    c.delete('a'),
    c.has('a'),
  ],
  '`clear` empties it': (c) => [c.set('a', one) && c.clear(), c.size, c.get('a')],
  '`has` is false once the time is over': (c, tick) => [
    c.set('a', one, { ttl: 10 }) && c.has('a'),
    tick(9),
    c.has('a'),
    tick(2),
    c.has('a'),
    c.get('a'),
  ],
  '`getRemainingTTL`: Infinity for never, 0 for absent': (c, tick) => [
    c.set('a', one) && c.getRemainingTTL('a') === Number.POSITIVE_INFINITY,
    c.getRemainingTTL('b'),
    c.set('c', one, { ttl: 100 }) && tick(40),
    c.getRemainingTTL('c'),
  ],
  'a ttl of 0 is never': (c, tick) => [c.set('a', one, { ttl: 0 }), tick(1e9), c.has('a')].slice(1),
  '`set` begins a new time to live': (c, tick) => [
    c.set('a', one, { ttl: 10 }) && tick(8),
    c.set('a', two, { ttl: 10 }) && tick(8),
    c.get('a'),
  ],
  '`set` without a ttl takes that of the cache: never': (c, tick) => [
    c.set('a', one, { ttl: 10 }) && c.set('a', two) && tick(20),
    c.get('a'),
  ],
  '`purgeStale` takes out what is over, and nothing else': (c, tick) => [
    c.set('a', one, { ttl: 10 }) && c.set('b', one) && tick(20),
    void c.purgeStale(),
    c.size,
  ],
  '`keys`, `values`, `entries` and `forEach` give what is there': (c) => {
    const seen: unknown[] = [];
    c.set('a', one);
    c.set('b', two);
    c.forEach((value, key) => void seen.push([key, value]));
    return [sorted(c.keys()), sorted(c.values()), sorted(c.entries()), sorted(seen)];
  },
  'a walk leaves out what is over': (c, tick) => [
    c.set('a', one, { ttl: 10 }) && c.set('b', one) && tick(20),
    [...c.keys()],
  ],
  'deleting in a loop over the keys ends with none': (c) => {
    for (let i = 0; i < 50; i++) c.set(`k${i}`, one);
    for (const key of c.keys()) c.delete(key as string);
    return c.size;
  },
  'texts that objects have as members are keys like others': (c) => [
    c.get('__proto__'),
    c.set('__proto__', one) && c.get('__proto__'),
    c.has('constructor'),
  ],
};

/** Row of the table → steps, what lru-cache answers, and what is answered here. */
const different: Record<string, [steps: Steps, theirs: unknown, ours: unknown]> = {
  '`set` returns whether it was kept, not the cache': [
    (c) => typeof c.set('a', one),
    'object',
    'boolean',
  ],
  'what `get` returns is a copy': [
    (c) => {
      const value = { n: 1 };
      c.set('a', value);
      value.n = 2;
      return c.get('a') === value;
    },
    true,
    false,
  ],
  'changing what was given changes nothing in the cache': [
    (c) => {
      const value = { n: 1 };
      c.set('a', value);
      value.n = 2;
      return c.get('a')?.n;
    },
    2,
    1,
  ],
  '`delete` of what is over says that there was nothing, as `has` does': [
    (c, tick) => {
      c.set('a', one, { ttl: 10 });
      tick(11);
      return c.delete('a');
    },
    true,
    false,
  ],
  '`set` of undefined is a typed error, not `delete`': [
    (c) => {
      c.set('a', one);
      try {
        c.set('a', undefined as never);
      } catch {
        return 'thrown';
      }
      return c.has('a');
    },
    false,
    'thrown',
  ],
  'keys are texts or bytes: others are typed errors': [
    (c) => {
      try {
        c.set(7 as never, one);
      } catch {
        return 'thrown';
      }
      return c.get(7 as never);
    },
    one,
    'thrown',
  ],
};

function pair(): { lru: Face; ours: SharedCache<Value>; tick: (ms: number) => void } {
  // A time of 0 is none to lru-cache.
  const { now, tick } = fakeClock(1000);
  const lru = new LRUCache<string, Value>({ max: 1000, perf: { now }, ttlResolution: 0 });
  const ours = new SharedCache<Value>({ maxSize: '4MiB', values: 'json', now });
  return { lru: lru as unknown as Face, ours, tick };
}

/** What `set` returned is told apart as a row of its own. */
function plain(cache: Face, answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map((part) => plain(cache, part));
  return answer === cache ? true : answer;
}

for (const [row, steps] of Object.entries(same)) {
  test(`the same: ${row}`, () => {
    const theirs = pair();
    const mine = pair();
    const expected = plain(theirs.lru, steps(theirs.lru, theirs.tick));
    assert.deepEqual(steps(mine.ours as unknown as Face, mine.tick), expected);
    for (const { ours } of [theirs, mine]) ours.close();
  });
}

for (const [row, [steps, theirs, ours]] of Object.entries(different)) {
  test(`different on purpose: ${row}`, () => {
    const both = pair();
    assert.deepEqual(steps(both.lru, both.tick), theirs);
    assert.deepEqual(steps(both.ours as unknown as Face, both.tick), ours);
    both.ours.close();
  });
}

test('the guide has a row for each', () => {
  const guide = new URL('../../docs/guides/from-lru-cache.md', import.meta.url);
  const text = readFileSync(guide, 'utf8');
  for (const row of Object.keys(same)) assert.ok(text.includes(`| ${row} | same |`), row);
  for (const row of Object.keys(different)) assert.ok(text.includes(`| ${row} | different |`), row);
});
