/**
 * Calls of the whole API of a cache, each with the answer of a Map with a clock: what
 * src/cache/api-model.test.ts plays in any order.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { NotANumberError } from '../../src/errors.ts';
import {
  type CacheView,
  type NearOptions,
  SharedCache,
  type SharedCacheOptions,
  type Tier,
  type ValueCodec,
  type Version,
} from '../../src/index.ts';
import { fakeClock } from './fake-clock.ts';

export interface Expected {
  value: string;
  /** When it gets stale; 0 = never. */
  expiry: number;
  /** When it is gone: `expiry`, or later. */
  until: number;
  tag: string;
  /** Its time to live, which `touch` gives it anew. */
  ttl: number;
}

/** The oracle. */
export class Oracle {
  readonly entries = new Map<string, Expected>();
  now = 0;

  /** The entry of a key that is not stale. */
  fresh(key: string): Expected | undefined {
    const entry = this.entries.get(key);
    return entry && (entry.expiry === 0 || this.now < entry.expiry) ? entry : undefined;
  }

  find(key: string): string | undefined {
    return this.fresh(key)?.value;
  }

  /** What a walk gives. */
  walk(): [key: string, value: string][] {
    const keys = [...this.entries.keys()].filter((key) => this.fresh(key));
    return keys.map((key) => [key, this.find(key)!]);
  }

  put(key: string, value: string, ttl = 0, tag = '', staleFor = 0): void {
    const expiry = ttl === 0 ? 0 : this.now + ttl;
    const until = ttl === 0 ? 0 : expiry + staleFor;
    this.entries.set(key, { value, expiry, until, tag, ttl });
  }

  /** As what changes a value and was given neither ttl nor tags. */
  change(key: string, value: string): void {
    const old = this.fresh(key);
    if (old) this.entries.set(key, { ...old, value });
    else this.put(key, value);
  }

  tick(ms: number): void {
    this.now += ms;
    for (const [key, { until }] of this.entries) {
      if (until !== 0 && this.now >= until) this.entries.delete(key);
    }
  }
}

export interface World {
  cache: CacheView<string>;
  oracle: Oracle;
  tick(ms: number): void;
  /** What getWithVersion gave last, and what the key had then. */
  seen: Map<string, { version: Version; value: string }>;
  /** Whether its values are of a kind that can be added to. */
  counts: boolean;
}

/** A call of both. @returns the two answers, which must be equal */
export type Step = (world: World) => [ours: unknown, expected: unknown];

export const key = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('a', 'b', 'c', '__proto__') },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 90 }) },
);
export const value = fc.oneof(
  fc.constantFrom('', '0', '41', '-7', 'text', '9007199254740991'),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.nat(80_000).map((n) => 'long '.repeat(n / 5)),
);
export const ttl = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 }));
export const tag = fc.constantFrom('red', 'green');
export const keys = fc.array(key, { maxLength: 80 });

/** Further off than any time that is played. */
export const FAR_MS = 1e8;

/** A whole number as the cache keeps it, or undefined. */
function numberOf(text: string): number | undefined {
  return /^(0|-?[1-9]\d*)$/.test(text) && Number.isSafeInteger(Number(text))
    ? Number(text)
    : undefined;
}

function increment({ cache, oracle, counts }: World, name: string, by: number): [unknown, unknown] {
  if (!counts) return [0, 0];
  const old = oracle.find(name);
  const number = old === undefined ? 0 : numberOf(old);
  const sum = number === undefined ? undefined : number + by;
  if (sum === undefined || !Number.isSafeInteger(sum)) {
    assert.throws(() => cache.increment(name, by), NotANumberError);
    return [cache.get(name), old];
  }
  oracle.change(name, String(sum));
  return [cache.increment(name, by), sum];
}

function getOrSetSync({ cache, oracle }: World, name: string, made: string, life: number) {
  const old = oracle.find(name);
  if (old === undefined) oracle.put(name, made, life);
  return [cache.getOrSetSync(name, () => made, { ttl: life }), old ?? made] as [unknown, unknown];
}

function update({ cache, oracle }: World, name: string, made: string): [unknown, unknown] {
  const old = oracle.find(name);
  if (made === 'text') oracle.entries.delete(name);
  else oracle.change(name, (old ?? '') + made);
  const answer = cache.update(name, (text) => (made === 'text' ? undefined : (text ?? '') + made));
  return [answer, made === 'text' ? undefined : (old ?? '') + made];
}

/** A throw changes nothing. */
function updateThrows({ cache, oracle }: World, name: string): [unknown, unknown] {
  const change = () => {
    throw new RangeError('of change');
  };
  assert.throws(() => cache.update(name, change), RangeError);
  return [cache.peek(name), oracle.find(name)];
}

/** Nothing but this thread changes the cache, so it fails only where the key has changed. */
function setIfVersion({ cache, oracle, seen }: World, name: string, made: string) {
  const known = seen.get(name);
  if (known === undefined || oracle.find(name) !== known.value) return [0, 0] as [unknown, unknown];
  const isKept = cache.setIfVersion(name, made, known.version);
  seen.delete(name);
  if (isKept) oracle.put(name, made);
  return [cache.get(name), oracle.find(name)] as [unknown, unknown];
}

export const ticks: fc.Arbitrary<Step> = fc.integer({ min: 1, max: 25 }).map(
  (ms): Step =>
    ({ oracle, tick }) => {
      oracle.tick(ms);
      return [tick(ms), undefined];
    },
);

export const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(key, value, ttl).map(
    ([k, v, t]): Step =>
      ({ cache, oracle }) => {
        oracle.put(k, v, t);
        return [cache.set(k, v, { ttl: t }), true];
      },
  ),
  fc.tuple(key, value, ttl).map(
    ([k, v, t]): Step =>
      ({ cache, oracle }) => {
        const isNew = oracle.find(k) === undefined;
        if (isNew) oracle.put(k, v, t);
        return [cache.add(k, v, { ttl: t }), isNew];
      },
  ),
  fc.tuple(key, value, ttl).map(
    ([k, v, t]): Step =>
      ({ cache, oracle }) => {
        const isThere = oracle.find(k) !== undefined;
        if (isThere) oracle.put(k, v, t);
        return [cache.replace(k, v, { ttl: t }), isThere];
      },
  ),
  fc.tuple(key, value).map(
    ([k, v]): Step =>
      (world) =>
        update(world, k, v),
  ),
  key.map(
    (k): Step =>
      (world) =>
        updateThrows(world, k),
  ),
  fc.tuple(key, fc.integer({ min: -5, max: 5 })).map(
    ([k, n]): Step =>
      (w) =>
        increment(w, k, n),
  ),
  fc.tuple(key, value, ttl).map(
    ([k, v, t]): Step =>
      (world) =>
        getOrSetSync(world, k, v, t),
  ),
  key.map(
    (k): Step =>
      ({ cache, oracle, seen }) => {
        const found = cache.getWithVersion(k);
        if (found) seen.set(k, found);
        return [found?.value, oracle.find(k)];
      },
  ),
  fc.tuple(key, value).map(
    ([k, v]): Step =>
      (world) =>
        setIfVersion(world, k, v),
  ),
  key.map(
    (k): Step =>
      ({ cache, oracle }) => [cache.get(k), oracle.find(k)],
  ),
  key.map(
    (k): Step =>
      ({ cache, oracle }) => [cache.peek(k), oracle.find(k)],
  ),
  key.map(
    (k): Step =>
      ({ cache, oracle }) => [cache.has(k), oracle.find(k) !== undefined],
  ),
  key.map(
    (k): Step =>
      ({ cache, oracle }) => {
        const text = cache.read(k, (bytes) =>
          new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes),
        );
        return [text, oracle.find(k)];
      },
  ),
  key.map(
    (k): Step =>
      ({ cache, oracle }) => {
        const target = new Uint8Array(3 + (cache.info(k)?.size ?? 0));
        const bytes = cache.getInto(k, target, 3) ?? 0;
        const text = new TextDecoder('utf-8', { ignoreBOM: true });
        return [text.decode(target.subarray(3, 3 + bytes)), oracle.find(k) ?? ''];
      },
  ),
  key.map(
    (k): Step =>
      ({ cache, oracle }) => {
        const found = oracle.entries.get(k);
        const never = found?.expiry === 0 ? Number.POSITIVE_INFINITY : 0;
        const left = found && found.expiry !== 0 ? found.expiry - oracle.now : never;
        // Before a tier what never expires is believed for long.
        const ours = cache.getRemainingTTL(k);
        return [ours > FAR_MS ? Number.POSITIVE_INFINITY : ours, left];
      },
  ),
  key.map(
    (k): Step =>
      ({ cache, oracle }) => [cache.delete(k), oracle.entries.delete(k)],
  ),
  keys.map(
    (all): Step =>
      ({ cache, oracle }) => [cache.getMany(all), all.map((k) => oracle.find(k))],
  ),
  fc.array(fc.tuple(key, value), { maxLength: 20 }).map(
    (all): Step =>
      ({ cache, oracle }) => {
        for (const [k, v] of all) oracle.put(k, v);
        return [cache.setMany(all), all.map(() => true)];
      },
  ),
  keys.map(
    (all): Step =>
      ({ cache, oracle }) => [cache.deleteMany(all), all.map((k) => oracle.entries.delete(k))],
  ),
  fc.tuple(key, value, ttl, tag).map(
    ([k, v, t, name]): Step =>
      ({ cache, oracle }) => {
        oracle.put(k, v, t, name);
        return [cache.set(k, v, { ttl: t, tags: [name, 'another'] }), true];
      },
  ),
  tag.map(
    (name): Step =>
      ({ cache, oracle }) => {
        for (const [k, entry] of oracle.entries) if (entry.tag === name) oracle.entries.delete(k);
        return [cache.deleteTag(name), undefined];
      },
  ),
  fc.tuple(key, ttl).map(
    ([k, t]): Step =>
      ({ cache, oracle }) => {
        const entry = oracle.fresh(k);
        if (entry)
          oracle.put(k, entry.value, t, entry.tag, Math.max(0, entry.until - entry.expiry));
        return [cache.touch(k, { ttl: t }), entry !== undefined];
      },
  ),
  key.map(
    (k): Step =>
      ({ cache, oracle }) => {
        const { tag: name } = oracle.entries.get(k) ?? { tag: '' };
        return [cache.info(k)?.tags.includes(name || 'none') ?? false, name !== ''];
      },
  ),
  fc.constant<Step>(({ cache, oracle }) => [cache.clear(), oracle.entries.clear()]),
  fc.constant<Step>(({ cache, oracle }) => {
    cache.purgeStale();
    return [cache.size, oracle.entries.size];
  }),
  fc.constant<Step>(({ cache, oracle }) => [[...cache].sort(), oracle.walk().sort()]),
  fc.constant<Step>(({ cache, oracle }) => [
    [[...cache.keys()].sort(), [...cache.values()].sort()],
    [
      oracle
        .walk()
        .map(([k]) => k)
        .sort(),
      oracle
        .walk()
        .map(([, v]) => v)
        .sort(),
    ],
  ]),
  ticks,
);

/** How it is played: what values are, and in which view of the cache. */
export interface Played {
  near?: NearOptions;
  /** A second tier for each who has it open, whose belief outlasts the play. */
  tier?(): Tier;
  /** Texts, or a codec that makes UTF-8 of them. */
  values?: ValueCodec<string>;
  open?(cache: SharedCache<string>): CacheView<string>;
}

/** Plays it on a cache. Who has it open as well is asked every now and then. */
export function play(
  sequence: readonly Step[],
  { near, tier, values, open = (cache) => cache }: Played = {},
): World & { cache: SharedCache<string> } {
  const { now, tick } = fakeClock();
  const brought = () => ({
    ...{ now, ...(near && { near }), ...(values && { values }), ...(tier && { tier: tier() }) },
  });
  const options = {
    maxSize: '64MiB',
    values: 'string',
    ...brought(),
  } as SharedCacheOptions<string>;
  const cache = new SharedCache<string>(options as { maxSize: string; values: 'string' });
  using other = SharedCache.attach<string>(cache.handle, brought());
  const counts = values === undefined;
  const world: World = { cache: open(cache), oracle: new Oracle(), tick, seen: new Map(), counts };
  for (const [i, step] of sequence.entries()) {
    const isOthers = near !== undefined && i % 3 === 2;
    const [ours, expected] = step(isOthers ? { ...world, cache: open(other) } : world);
    assert.deepEqual(ours, expected, `step ${i}`);
    // Not always: who looks takes out what is over.
    for (const name of i % 3 === 0 ? ['a', 'b', 'c'] : []) {
      const expected = world.oracle.entries.get(name)?.value;
      assert.equal(world.cache.peek(name, { allowStale: true }), expected, `stale, step ${i}`);
    }
    // What each of them keeps near is looked at after all that anybody has done.
    for (const one of near ? [world.cache, open(other)] : []) {
      for (const name of ['a', 'b', 'c']) assert.equal(one.get(name), world.oracle.find(name));
    }
  }
  cache.arena.check();
  return { ...world, cache };
}
