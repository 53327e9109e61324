/** Caches that lie now and then: a history that is taken from one must be found out. */
import type { CacheView, SetOptions, SharedCache } from '../../src/index.ts';
import type { Seeded } from '../support/seeded.ts';

type Cache = SharedCache<unknown>;
type View = CacheView<unknown>;
type Wrong = Partial<View>;
type IsNow = () => boolean;

/** One call of so many lies; of those that are rare. */
const [ONE_IN, ONE_OF_FEW] = [100, 4];
const pause = new Int32Array(new SharedArrayBuffer(4));
const wait = (): unknown => Atomics.wait(pause, 0, 0, 1);

/** What a view does otherwise. @param other  of the cache its namespace, and vice versa */
const faults = {
  /** `get` gives what this thread has read last, as a near cache that nobody tells would. */
  stale: (view, isNow) => {
    const near = new Map<unknown, unknown>();
    return {
      get(key) {
        if (near.has(key) && isNow()) return near.get(key);
        const value = view.get(key);
        near.set(key, value);
        return value;
      },
    };
  },
  /** `set` says that it has, and has not. */
  lost: (view, isNow) => ({
    set: (key, value, options) => isNow() || view.set(key, value, options),
  }),
  /** `increment` reads, and writes a millisecond later. */
  'torn-increment': (view, isNow) => ({
    increment(key, by = 1) {
      if (!isNow()) return view.increment(key, by);
      const sum = ((view.get(key) as number | undefined) ?? 0) + by;
      wait();
      view.set(key, sum);
      return sum;
    },
  }),
  /** What `delete` has taken out is back at the next one. */
  resurrected: (view, isNow) => {
    let dead: [key: string | Uint8Array, value: unknown] | undefined;
    return {
      delete(key) {
        if (dead !== undefined) view.set(...dead);
        const value = isNow() ? view.get(key) : undefined;
        dead = value === undefined ? undefined : [key, value];
        return view.delete(key);
      },
    };
  },
  /** `update` takes out what is there by then, whatever it has seen. */
  'careless-removal': (view, _, isOften) => ({
    update(key, change) {
      const seen = view.get(key);
      if (!isOften() || seen === undefined || change(seen) !== undefined) {
        return view.update(key, change);
      }
      wait();
      view.delete(key);
      return undefined;
    },
  }),
  /** `setIfVersion` looks whether there is a value, not which. */
  'any-version': (view, _, isOften) => ({
    setIfVersion(key, value, version, options) {
      if (!isOften()) return view.setIfVersion(key, value, version, options);
      wait();
      return view.replace(key, value, options);
    },
  }),
  /** `add` looks, and sets a millisecond later. */
  'torn-add': (view, _, isOften) => ({
    add(key, value, options) {
      if (!isOften()) return view.add(key, value, options);
      if (view.has(key)) return false;
      wait();
      return view.set(key, value, options);
    },
  }),
  /** `deleteTag` is not heard. */
  'deaf-to-tags': (view, _, isOften) => ({
    deleteTag: (tag) => {
      if (!isOften()) view.deleteTag(tag);
    },
  }),
  /** A namespace is read as if it were none, and the other way round. */
  'mixed-spaces': (view, isNow, _, other) => ({
    get: (key) => (isNow() ? other : view).get(key),
  }),
  /** `clear` of a namespace is not heard. */
  'deaf-space': (view, _, isOften) => ({
    clear: () => {
      if ('arena' in view || !isOften()) view.clear();
    },
  }),
  /** What was computed is stored, whatever has happened meanwhile. */
  'late-load': (view, _, isOften) => ({
    getOrSetSync(...[key, compute, options]: Parameters<View['getOrSetSync']>) {
      const found = isOften() ? view.get(key) : view.getOrSetSync(key, compute, options);
      if (found !== undefined) return found;
      const value = compute(key, undefined, { options: {} });
      wait();
      view.set(key, value, options);
      return value;
    },
  }),
  /** What was computed is not stored, though nothing has happened. */
  'unkept-load': (view, _, isOften) => ({
    getOrSetSync: (...[key, compute, options]: Parameters<View['getOrSetSync']>) =>
      isOften() && !view.has(key)
        ? compute(key, undefined, { options: {} })
        : view.getOrSetSync(key, compute, options),
  }),
  /** What expires lives on for a while. */
  'long-lived': (view, _, isOften) => ({
    set: (key, value, options = {}) => view.set(key, value, later(options, isOften() ? 3 : 1)),
  }),
  /** And not as long as it should. */
  'short-lived': (view, _, isOften) => ({
    set: (key, value, options = {}) => view.set(key, value, later(options, isOften() ? 1 / 3 : 1)),
  }),
  /** What is kept near is never looked at. */
  'unseen-changes': (view, _, isOften) => {
    if (!('arena' in view)) return {};
    const { kernel } = view.arena as Cache['arena'];
    const isNear = kernel.isNear.bind(kernel);
    kernel.isNear = (...note) => (isOften() ? 1 : isNear(...note));
    return {};
  },
} satisfies Record<string, (view: View, isNow: IsNow, isOften: IsNow, other: View) => Wrong>;

export type Fault = keyof typeof faults;
export const FAULTS = Object.keys(faults) as Fault[];
/** Those that only values that expire show. */
export const TIMED_FAULTS: readonly Fault[] = ['long-lived', 'short-lived'];

function later(options: SetOptions, times: number): SetOptions {
  return options.ttl === undefined ? options : { ...options, ttl: options.ttl * times };
}

/** A cache and its namespace, with a fault. */
export function faulty(
  cache: Cache,
  space: View,
  fault: Fault | undefined,
  run: Seeded,
): [Cache, View] {
  if (fault === undefined) return [cache, space];
  const wrongOf = (view: View, other: View) =>
    faults[fault](
      view,
      () => run.int(ONE_IN) === 0,
      () => run.int(ONE_OF_FEW) === 0,
      other,
    );
  return [instead(cache, wrongOf(cache, space)), instead(space, wrongOf(space, cache))];
}

function instead<V extends object>(view: V, wrong: Wrong): V {
  return new Proxy(view, {
    get(target, name) {
      const member = Reflect.get(name in wrong ? wrong : target, name) as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
