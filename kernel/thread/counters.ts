/**
 * Counters: what threads have done, in cells of their slots.
 *
 * Each is written by its owner alone, and summed by anybody. It stays when the thread is gone, and
 * who has the slot next counts on: nothing is moved that a death could count twice.
 */

import { selfSlot } from '../base/env';
import { Slot } from '../base/layout';
import { loadCell, pokeCell } from '../base/words';
import { highestSlot, slotAt, ThreadSlot } from './slot';

/** Counters, by position from `hits`. */
export const COUNT_HITS: u32 = 0;
export const COUNT_MISSES: u32 = 1;
export const COUNT_SETS: u32 = 2;
export const COUNT_REFUSALS: u32 = 3;
export const COUNT_DELETES: u32 = 4;
export const COUNT_EVICTIONS: u32 = 5;
export const COUNT_EXPIRATIONS: u32 = 6;
export const COUNT_BYTES_IN: u32 = 7;
export const COUNT_BYTES_OUT: u32 = 8;
/** How often this thread has waited because limbo was full. */
export const COUNT_LIMBO_WAITS: u32 = 9;
/** Refusals of values above `maxEntrySize`, and because a reader stood in its section. */
export const COUNT_REFUSALS_TOO_LARGE: u32 = 10;
export const COUNT_REFUSALS_STALLED: u32 = 11;
export const COUNTERS: u32 = 12;

export function counterAt(slot: Slot, counter: u32): usize {
  return slotAt(slot) + offsetof<ThreadSlot>('hits') + counter * 8;
}

/** Adds to one of this thread's counters. Owner thread only, so load and plain store suffice. */
export function count(counter: u32, amount: u64): void {
  const at = counterAt(selfSlot(), counter);
  pokeCell(at, loadCell(at) + amount);
}

/** Sum of a counter over all threads, past and present. */
export function sumCounter(counter: u32): u64 {
  let sum: u64 = 0;
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    sum += loadCell(counterAt(slot, counter));
  }
  return sum;
}
