/**
 * Forsaken waits: what is waited for may belong to a thread whose death nobody notices.
 *
 * The supervisor may have died with it, and everybody else be in here, waiting, so that no event
 * loop is left that could name another (supervision.ts); or there is none, as in browsers. A living
 * supervisor answers who has waited long (park.ts) within a millisecond, whatever else goes on. So
 * whoever has waited in vain for five seconds, and for as long heard no answer, gives its call up
 * (patience.ts): its own event loop, which stood still meanwhile, may bring the news of the deaths,
 * and then it names a supervisor, and all is repaired. Who waits so again, and has heard no answer
 * since, poisons the zone: every thread gets a typed error, and nobody waits for ever. Deaths are
 * never guessed from that: nothing is repaired.
 *
 * One wait is in vain although somebody answers: for what a living thread has that is outside the
 * kernel, where none has anything. The memory is damaged. Seen outside at each look for five
 * seconds, each of them in vain, the other did not come and go in between.
 *
 * answers  word, raised by the supervisor for each time that it was asked
 */
import { FAULT_FORSAKEN, fail } from '../base/fault';
import { THREADS_STATE } from '../base/layout';
import { addWord, loadWord } from '../base/words';
import { SLICE_MS } from './park';
import { losePatience } from './patience';
import { operationOf, ThreadsState } from './slot';

/** No call lasts a thousandth of that, and no supervisor is off its CPU for so long. */
const FORSAKEN_MS: u32 = 5000;

/**
 * Thread-local: how long this thread has waited in vain, which answer it has heard, and for how
 * long who has it was outside at each look.
 */
let waitedMs: u32 = 0;
let heard: u32 = 0;
let idleMs: u32 = 0;
/** Thread-local: whether it has given up a call since it has heard one. */
let wasForsaken: bool = false;

function answersAt(): usize {
  return THREADS_STATE + offsetof<ThreadsState>('answers');
}

/** The supervisor's: says that it has heard, and looks. */
export function answer(): void {
  addWord(answersAt(), 1);
}

/** To be called before a wait that only the owner of something can end. */
export function beginWait(): void {
  waitedMs = 0;
  idleMs = 0;
  heard = loadWord(answersAt());
}

/**
 * To be called after each slice of it, and `giveUpIfImpatient` then: when nobody is left who could
 * end the wait, this thread is to give up, or, the second time, the zone is poisoned.
 *
 * @param isVain  as `parkSlice` says
 * @param whose  slot of what is waited for, for the error
 */
export function failIfForsaken(isVain: bool, whose: u32): void {
  failIfIdle(isVain, whose, SLICE_MS);
  waitedMs += SLICE_MS;
  if (loadWord(answersAt()) != heard) wasForsaken = false;
  if (isVain && waitedMs < FORSAKEN_MS) return;
  if (isVain && loadWord(answersAt()) == heard) {
    if (wasForsaken) fail(FAULT_FORSAKEN, whose);
    wasForsaken = true;
    losePatience();
  }
  waitedMs = 0;
  heard = loadWord(answersAt());
}

/** The same after `ms` of a wait that may last, as long as whose it is stays inside. */
export function failIfIdle(isVain: bool, whose: u32, ms: u32): void {
  const isIdle = isVain && whose != 0 && operationOf(whose) == 0;
  idleMs = isIdle ? idleMs + ms : 0;
  if (idleMs >= FORSAKEN_MS) fail(FAULT_FORSAKEN, whose);
}
