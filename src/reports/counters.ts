/**
 * What the threads of a zone have counted of its cache: the list that reports, statistics and the
 * inspector share.
 */
import * as facts from '../generated/facts.ts';

/** Since the zone was made, by all threads, past and present. */
export interface Counters {
  hits: number;
  misses: number;
  sets: number;
  refusals: number;
  deletes: number;
  evictions: number;
  expirations: number;
  bytesIn: number;
  bytesOut: number;
  /** How often a writer has waited for readers, because limbo was full. */
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
