/**
 * Patience: how long a thread waits that may not park, as a browser's main thread.
 *
 * While it waits its events stand still, and with them perhaps the news that ends the wait: in
 * Chromium a worker lives on as long as who called its `terminate` is blocked. So every wait of it
 * is a bounded number of looks, and then its call ends in the midst: what it leaves is what a call
 * leaves that was cut short, in the state of one that waits for its repair (zone/unwound.ts), so
 * that nobody waits for it who halts the world. The border repairs, and throws `BusyError`. Where
 * nobody notices deaths a thread that parks gives up in the same way (forsaken.ts).
 */
import { THREADS_STATE } from '../base/layout';
import { addWord, loadWord, wakeWord } from '../base/words';
import { AT_SAFEPOINT, setInKernel, ThreadsState, UNWOUND } from './slot';

/** A slice of waiting is this many looks at the word, some 50 µs. */
const SLICE_LOOKS: u32 = 100_000;
/** What it costs to see that the word has moved, in looks at one that has not. */
const MOVED_LOOKS: u32 = 100;
/** Looks of a whole wait: some 50 ms, longer than any call and shorter than a user notices. */
const PATIENCE_LOOKS: u32 = 1000 * SLICE_LOOKS;

/** Thread-local: looks that the present wait has taken. */
let looks: u32 = 0;
/** Thread-local: whether the last call has given up; asked once. */
let gaveUp: bool = false;

/** To be called before a wait. */
export function takePatience(): void {
  looks = 0;
}

/** A slice of waiting for the word at `at` to be another than `seen`. */
export function lookSlice(at: usize, seen: u32): void {
  let slice: u32 = 0;
  while (slice < SLICE_LOOKS && loadWord(at) == seen) slice++;
  looks += slice + MOVED_LOOKS;
}

/** Has the present wait end now, of a thread that parks as well: see forsaken.ts. */
export function losePatience(): void {
  looks = PATIENCE_LOOKS;
}

/** Whether the wait has taken too long; of a thread that parks, only if it is forsaken. */
export function isImpatient(): bool {
  return looks >= PATIENCE_LOOKS;
}

/**
 * To be called after each slice: ends the call, which is `operation` or none, if it took too long.
 * Then it does not return.
 */
export function giveUpIfImpatient(operation: u32): void {
  if (isImpatient()) giveUpCall(operation);
}

/** Ends the call in the midst. Does not return. */
export function giveUpCall(operation: u32): void {
  looks = 0;
  gaveUp = true;
  if (operation != 0) setInKernel(operation | AT_SAFEPOINT | UNWOUND, 0);
  const changesAt = THREADS_STATE + offsetof<ThreadsState>('changes');
  addWord(changesAt, 1);
  wakeWord(changesAt, -1);
  unreachable();
}

export function takeGivenUp(): bool {
  const answer = gaveUp;
  gaveUp = false;
  return answer;
}
