/**
 * Calls with times, each with the oracle's answer: what is stale and for whom it is there, whose
 * time goes on, is left or begins anew, and what `status` says. Played among the others
 * (api-steps.ts).
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { SetOptions, Status } from '../../src/index.ts';
import {
  type Expected,
  key,
  keys,
  type Oracle,
  type Step,
  tag,
  ticks,
  ttl,
  value,
  type World,
} from './api-steps.ts';

/** What a call says of an entry. */
interface Said {
  ttl?: number;
  staleFor?: number;
  tag?: string;
  noUpdateTTL?: boolean;
}

const said: fc.Arbitrary<Said> = fc.record(
  { ttl, staleFor: fc.integer({ min: 0, max: 30 }), tag, noUpdateTTL: fc.boolean() },
  { requiredKeys: [] },
);
const reading = fc.record({ allowStale: fc.boolean(), updateAgeOnGet: fc.boolean() });
const computed = fc.record({
  forceRefresh: fc.boolean(),
  staleIfError: fc.boolean(),
  throws: fc.boolean(),
});
type Computed = typeof computed extends fc.Arbitrary<infer T> ? T : never;
type Answers = ReturnType<Step>;
const NOTHING: Said = {};

const optionsOf = ({ tag: name, ...times }: Said): SetOptions =>
  name === undefined ? times : { ...times, tags: [name] };

const staleForOf = ({ expiry, until }: Expected): number => Math.max(0, until - expiry);

/** Stores as `set` does: with `noUpdateTTL` in the time of what is there. */
function put(oracle: Oracle, name: string, made: string, options: Said = NOTHING): void {
  const old = oracle.fresh(name);
  const label = options.tag ?? '';
  if (options.noUpdateTTL && old) oracle.entries.set(name, { ...old, value: made, tag: label });
  else oracle.put(name, made, options.ttl, label, options.staleFor);
}

/** Stores as `update` and `increment` do: what is not said stays. */
function change(oracle: Oracle, name: string, made: string, options: Said): void {
  const old = oracle.fresh(name);
  const { ttl: life, staleFor, tag: label = old?.tag, noUpdateTTL } = options;
  if (old === undefined) put(oracle, name, made, options);
  else if (life !== undefined && !noUpdateTTL) {
    oracle.put(name, made, life, label, staleFor ?? staleForOf(old));
  } else {
    const isKept = staleFor === undefined || noUpdateTTL || old.expiry === 0;
    const until = isKept ? old.until : old.expiry + staleFor;
    oracle.entries.set(name, { ...old, value: made, tag: label ?? '', until });
  }
}

function renew(oracle: Oracle, name: string): void {
  const old = oracle.fresh(name);
  if (old) oracle.put(name, old.value, old.ttl, old.tag, staleForOf(old));
}

/** What a `get` with these options finds. */
function found(oracle: Oracle, name: string, { allowStale }: { allowStale: boolean }) {
  return oracle.fresh(name) ?? (allowStale ? oracle.entries.get(name) : undefined);
}

/** `getOrSetSync` whose function throws, or not. */
function getOrSet(world: World, name: string, made: string, options: Said, how: Computed) {
  const { cache, oracle } = world;
  const { forceRefresh, staleIfError, throws } = how;
  const { noUpdateTTL: _, ...times } = options;
  const [fresh, before] = [oracle.find(name), oracle.entries.get(name)?.value];
  const make = () => {
    if (throws) throw new RangeError('of compute');
    return made;
  };
  const call = () =>
    cache.getOrSetSync(name, make, { ...optionsOf(times), forceRefresh, staleIfError });
  if (fresh !== undefined && !forceRefresh) return [call(), fresh] as Answers;
  if (!throws) put(oracle, name, made, times);
  // What is stale is given where this one fails, unless it was to be computed anew.
  const instead = staleIfError || !forceRefresh ? before : undefined;
  if (!throws || instead !== undefined) return [call(), throws ? instead : made] as Answers;
  assert.throws(call, RangeError);
  return [cache.peek(name), fresh] as Answers;
}

export const timeSteps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: ticks },
  fc.tuple(key, value, said).map(
    ([k, v, options]): Step =>
      ({ cache, oracle }) => {
        put(oracle, k, v, options);
        return [cache.set(k, v, optionsOf(options)), true];
      },
  ),
  fc.array(fc.tuple(key, value, said), { maxLength: 20 }).map(
    (all): Step =>
      ({ cache, oracle }) => {
        for (const [k, v, options] of all) put(oracle, k, v, options);
        const rows = all.map(([k, v, options]) => [k, v, optionsOf(options)] as const);
        return [cache.setMany(rows), all.map(() => true)];
      },
  ),
  fc.tuple(key, value, said).map(
    ([k, v, options]): Step =>
      ({ cache, oracle }) => {
        // One in six gives back what is there.
        const make = (old: string | undefined) => (v === 'text' ? (old ?? v) : `${old ?? ''}${v}!`);
        const made = make(oracle.find(k));
        change(oracle, k, made, options);
        return [cache.update(k, make, optionsOf(options)), made];
      },
  ),
  fc.tuple(key, said).map(
    ([k, options]): Step =>
      ({ cache, oracle, counts }) => {
        if (!counts || oracle.find(k) !== undefined) return [0, 0];
        change(oracle, k, '1', options);
        change(oracle, k, '2', options);
        const add = () => cache.increment(k, 1, optionsOf(options));
        return [
          [add(), add()],
          [1, 2],
        ];
      },
  ),
  fc.tuple(key, value, said, computed).map(
    ([k, v, options, how]): Step =>
      (world) =>
        getOrSet(world, k, v, options, how),
  ),
  fc.tuple(key, reading).map(
    ([k, how]): Step =>
      ({ cache, oracle }) => {
        const entry = found(oracle, k, how);
        const isFresh = entry !== undefined && entry === oracle.fresh(k);
        const status: Status = {};
        const answer = cache.get(k, { ...how, status });
        if (how.updateAgeOnGet) renew(oracle, k);
        const told = isFresh ? 'hit' : entry ? 'stale' : 'miss';
        return [
          [answer, status.get],
          [entry?.value, told],
        ];
      },
  ),
  fc.tuple(keys, reading).map(
    ([all, how]): Step =>
      ({ cache, oracle }) => {
        const values = all.map((k) => {
          const entry = found(oracle, k, how);
          if (how.updateAgeOnGet) renew(oracle, k);
          return entry?.value;
        });
        return [cache.getMany(all, how), values];
      },
  ),
  key.map(
    (k): Step =>
      ({ cache, oracle }) => [cache.peek(k, { allowStale: true }), oracle.entries.get(k)?.value],
  ),
  key.map(
    (k): Step =>
      ({ cache, oracle }) => {
        const isStale = oracle.entries.has(k) ? oracle.find(k) === undefined : undefined;
        return [cache.info(k)?.isStale, isStale];
      },
  ),
  key.map(
    (k): Step =>
      ({ cache, oracle }) => {
        renew(oracle, k);
        return [cache.touch(k), oracle.find(k) !== undefined];
      },
  ),
);
