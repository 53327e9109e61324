/**
 * Park: one slice of waiting for a word to change.
 *
 * Every wait in the kernel is a row of slices, and after each the waiter looks whether what it
 * waits for can still happen: whether the zone is sound, and whether whoever should move the word
 * is alive.
 *
 * One more thing may be: whoever should move the word lives, but its call was cut short (a time-out
 * of Node's `vm`, a full stack), and it has not been back since. Only the thread itself can tell
 * that from a call that takes long. So a waiter to whom nothing happens for 50 ms raises `asks`, on
 * which the supervisor waits, who has every thread look at itself (src/threads/).
 */
import { canPark } from '../base/env';
import { THREADS_STATE } from '../base/layout';
import { addWord, parkWord, wakeWord } from '../base/words';
import { lookSlice } from './patience';
import { ThreadsState } from './slot';

/** How late a death may be noticed. */
export const SLICE_MS: u32 = 10;
/** Much longer than any call, and not long for somebody who waits. */
const ASK_MS: u32 = 50;

/** Thread-local: milliseconds in which nobody moved a word that this thread waited for. */
let vainMs: u32 = 0;

/**
 * Returns when the word at `at` is not `seen` any more, when woken, or after a slice of `ms`.
 *
 * @returns whether it was in vain: the slice is over. Where parking is forbidden (patience.ts),
 *          never
 */
export function parkSlice(at: usize, seen: u32, ms: u32 = SLICE_MS): bool {
  if (!canPark()) {
    lookSlice(at, seen);
    return false;
  }
  const isVain = parkWord(at, seen, ms);
  vainMs = isVain ? vainMs + ms : 0;
  if (vainMs >= ASK_MS) ask();
  return isVain;
}

export function asksWord(): usize {
  return THREADS_STATE + offsetof<ThreadsState>('asks');
}

function ask(): void {
  vainMs = 0;
  addWord(asksWord(), 1);
  wakeWord(asksWord(), -1);
}
