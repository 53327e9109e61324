/** Caches that lie now and then: a history that is taken from one must be found out. */
import type { SharedCache } from '../../src/index.ts';
import type { Seeded } from '../support/seeded.ts';

export const FAULTS = ['stale', 'lost', 'torn-increment', 'resurrected'] as const;
export type Fault = (typeof FAULTS)[number];

type Cache = SharedCache<unknown>;
/** One call of so many lies. */
const ONE_IN = 100;
const pause = new Int32Array(new SharedArrayBuffer(4));

const faults: Record<Fault, (cache: Cache, isNow: () => boolean) => Partial<Cache>> = {
  /** `get` gives what this thread has read last, as a near cache that nobody tells would. */
  stale: (cache, isNow) => {
    const near = new Map<unknown, unknown>();
    return {
      get(key) {
        if (near.has(key) && isNow()) return near.get(key);
        const value = cache.get(key);
        near.set(key, value);
        return value;
      },
    };
  },
  /** `set` says that it has, and has not. */
  lost: (cache, isNow) => ({
    set: (key, value, options) => isNow() || cache.set(key, value, options),
  }),
  /** `increment` reads, and writes a millisecond later. */
  'torn-increment': (cache, isNow) => ({
    increment(key, by = 1) {
      if (!isNow()) return cache.increment(key, by);
      const sum = ((cache.get(key) as number | undefined) ?? 0) + by;
      Atomics.wait(pause, 0, 0, 1);
      cache.set(key, sum);
      return sum;
    },
  }),
  /** `delete` puts the value back when it was over. */
  resurrected: (cache, isNow) => ({
    delete(key) {
      const value = isNow() ? cache.get(key) : undefined;
      const isDeleted = cache.delete(key);
      if (value !== undefined) setTimeout(() => cache.set(key, value));
      return isDeleted;
    },
  }),
};

/** The cache with a fault. */
export function faulty(cache: Cache, fault: Fault, run: Seeded): Cache {
  const wrong = faults[fault](cache, () => run.int(ONE_IN) === 0);
  return new Proxy(cache, {
    get(target, name) {
      const member = Reflect.get(name in wrong ? wrong : target, name) as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
