/**
 * Rest: one slice of waiting for a word to change.
 *
 * Every wait in the kernel is a row of slices, and after each the waiter looks whether what it
 * waits for can still happen: whether the zone is sound, and whether whoever should move the word
 * is alive.
 */
import { canPark } from '../base/env';
import { loadWord, parkWord } from '../base/words';

/** How late a death may be noticed. */
export const SLICE_MS: u32 = 10;
/** Where parking is forbidden a slice is this many looks at the word, some 50 µs. */
const SPIN_SLICE: u32 = 100_000;

/** Returns when the word at `at` is not `seen` any more, when woken, or after a slice of `ms`. */
export function parkSlice(at: usize, seen: u32, ms: u32 = SLICE_MS): void {
  if (canPark()) parkWord(at, seen, ms);
  else for (let i: u32 = 0; i < SPIN_SLICE && loadWord(at) == seen; i++);
}
