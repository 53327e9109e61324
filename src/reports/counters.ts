/**
 * What the threads of a zone have counted of its cache: the list that reports, statistics and the
 * inspector share.
 */
import * as facts from '../generated/facts.ts';

/** What was done since the cache was made, by all threads, past and present. */
export interface Counters {
  /**
   * Reads that found a value, and that found none: also those that `update`, `increment` and
   * `getOrSet` begin with.
   */
  hits: number;
  misses: number;
  sets: number;
  refusals: number;
  deletes: number;
  /** Entries that went because memory was short. */
  evictions: number;
  /** Entries whose time was over, or that `deleteTag` or the `clear` of a namespace had killed. */
  expirations: number;
  /** Σ length of the values that were stored, and that were read; of near hits nothing is. */
  bytesIn: number;
  bytesOut: number;
  /** How often a writer has waited for readers, because too much was waiting for them. */
  limboWaits: number;
}

/** @param counter  reads one, COUNT_… */
export function readCounters(counter: (which: number) => number): Counters {
  return {
    hits: counter(facts.COUNT_HITS),
    misses: counter(facts.COUNT_MISSES),
    sets: counter(facts.COUNT_SETS),
    refusals: counter(facts.COUNT_REFUSALS),
    deletes: counter(facts.COUNT_DELETES),
    evictions: counter(facts.COUNT_EVICTIONS),
    expirations: counter(facts.COUNT_EXPIRATIONS),
    bytesIn: counter(facts.COUNT_BYTES_IN),
    bytesOut: counter(facts.COUNT_BYTES_OUT),
    limboWaits: counter(facts.COUNT_LIMBO_WAITS),
  };
}
