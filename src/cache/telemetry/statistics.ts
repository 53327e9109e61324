/**
 * Figures of a cache: sums over what each thread has counted, so that asking costs a look at each
 * thread and not at each page. What takes a walk over pages is in `arena.report()`.
 */
import type { KernelExports } from '../../border/kernel.ts';
import * as facts from '../../generated/facts.ts';
import { type Counters, readCounters } from '../../reports/counters.ts';
import { usersThreads } from '../../threads/registry.ts';
import type { TierStats } from '../../tier/interface.ts';
import type { NearStats } from '../near/near.ts';
import type { Refusal } from '../options/settings.ts';

/** What came of calls of `getOrSet` that found no value. */
export interface LoadStats {
  /** Computations for all threads. */
  computed: number;
  /** Calls that got the result of another call's computation. */
  waited: number;
  /** Computations for one call alone: there was nothing to wait for, or it took too long. */
  alone: number;
  /** Results that were not stored, because the key, or a tag, was set or deleted. */
  discarded: number;
  /** Computations that threw. */
  failed: number;
}

/** Figures of a cache, summed over all threads, past and present. */
export interface CacheStats extends Counters {
  /** As `size`, with those of namespaces: the dead count until somebody meets them. */
  entries: number;
  keyBytes: number;
  /** Σ length of the values, as they were given. */
  valueBytes: number;
  /**
   * Σ bytes that entries take as they are stored, keys and heads included, each rounded up to 64
   * and counted as 4 MiB at most. The pages that hold them are figures of `arena.report()`.
   */
  storedBytes: number;
  /** `valueBytes` and `keyBytes` over `storedBytes`. */
  compressionRatio: number;
  /** Hits over hits and misses; 0 before the first. */
  hitRatio: number;
  refusalsByReason: Record<Refusal, number>;
  loads: LoadStats;
  /** Threads that are attached; the supervisor, which is hidden, is not counted. */
  threads: number;
  /**
   * Whether deaths are noticed at once: by a supervisor, or in a browser by a lock that every
   * attached thread holds. Else they are noticed late, at an exit event, or not at all.
   */
  isSupervised: boolean;
  /**
   * What this thread keeps near, if it does: of a cache with its namespaces. Its hits are among
   * those above.
   */
  near?: NearStats;
  /** This thread's part in the second tier, if it has one. */
  tier?: TierStats;
}

/** What it asks the kernel for: each a load for each slot. */
export type Asked = Pick<
  KernelExports,
  | 'counter'
  | 'entryCount'
  | 'isSupervised'
  | 'keyBytes'
  | 'liveOwner'
  | 'liveThreads'
  | 'loads'
  | 'spaceCounter'
  | 'spaceTotal'
  | 'storedBytes'
  | 'supervisorOwner'
  | 'valueBytes'
>;

/** Of a cache with its namespaces, or of one of these. */
export function readStats(kernel: Asked, space = 0): CacheStats {
  const counter = (which: number) =>
    space === 0 ? kernel.counter(which) : kernel.spaceCounter(space, which);
  const [entries, valueBytes, keyBytes, storedBytes] = readTotals(kernel, space);
  const counters = readCounters(counter);
  const { hits, misses } = counters;
  return {
    entries,
    keyBytes,
    valueBytes,
    storedBytes,
    compressionRatio: ratio(keyBytes + valueBytes, storedBytes),
    ...counters,
    hitRatio: ratio(hits, hits + misses),
    ...readRefusals(counter),
    loads: {
      computed: kernel.loads(facts.LOADS_COMPUTED),
      waited: kernel.loads(facts.LOADS_WAITED),
      alone: kernel.loads(facts.LOADS_ALONE),
      discarded: kernel.loads(facts.LOADS_DISCARDED),
      failed: kernel.loads(facts.LOADS_FAILED),
    },
    threads: usersThreads(kernel),
    isSupervised: kernel.isSupervised() !== 0,
  };
}

/** Entries, and bytes of values, of keys, as stored. */
function readTotals(kernel: Asked, space: number): [number, number, number, number] {
  if (space === 0) {
    return [kernel.entryCount(), kernel.valueBytes(), kernel.keyBytes(), kernel.storedBytes()];
  }
  const total = (which: number) => kernel.spaceTotal(space, which);
  return [
    total(facts.TOTAL_ENTRIES),
    total(facts.TOTAL_VALUE_BYTES),
    total(facts.TOTAL_KEY_BYTES),
    total(facts.TOTAL_STORED_BYTES),
  ];
}

function readRefusals(
  counter: (which: number) => number,
): Pick<CacheStats, 'refusals' | 'refusalsByReason'> {
  const tooLarge = counter(facts.COUNT_REFUSALS_TOO_LARGE);
  const stalled = counter(facts.COUNT_REFUSALS_STALLED);
  // Read after the reasons, and counted before them: never fewer.
  const refusals = counter(facts.COUNT_REFUSALS);
  const noMemory = refusals - tooLarge - stalled;
  const refusalsByReason = {
    'too-large': tooLarge,
    'no-memory': noMemory,
    'stalled-reader': stalled,
  };
  return { refusals, refusalsByReason };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
