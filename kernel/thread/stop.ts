/**
 * Stopping and halting the world: a moment at which nobody else changes anything.
 *
 * Idea: calls are microseconds long, so it is enough to let no new one begin and to wait for those
 * under way. There are two ways to wait:
 *   stop   until every other thread is outside the kernel: no lock is held, every sum must come
 *          out. This is when `check` looks and an image is copied
 *   halt   until every other thread is outside, *or rests at a safe point*: it waits for a lock and
 *          will not go on while the world is halted. Who halts may hold locks. This is when a dead
 *          thread's half-done work is repaired, and when the stocks of others are emptied
 *
 * stop word  0 = the world runs · slot:8 of who stopped it · HALT (bit 8)
 *   0         → slot        stopWorld, by compare-and-swap
 *   0         → slot|HALT   haltWorld, likewise
 *   slot(|H)  → 0           by its owner; a dead *stopper's* by anybody: it had changed nothing
 *   dead|HALT → slot|HALT   enterHalted: whoever takes a dead halter's place finishes its repairs
 * inKernel (slot.ts) is stored before the stop word is loaded, and the stop word before inKernel is
 *   loaded, all sequentially consistent: of an entering thread and a stopper at least one sees the
 *   other. Who enters and sees a stop goes back and waits; so does who would go on after a rest and
 *   sees a halt. Who leaves or rests stores that before it looks for a stop, and wakes the stopper,
 *   who parks only while the word says neither
 *
 * A stopper needs everybody outside; a thread inside that itself wants to halt would wait for it
 * for ever. So it says WANTS_HALT, and the stopper steps back and tries again.
 *
 * Cost: 4 ns to enter, 4 ns to leave: the atomic stores. Waiting is in slices: a dead stopper and a
 * poisoned zone are noticed.
 */
import { selfSlot } from '../base/env';
import { trapIfPoisoned } from '../base/fault';
import { THREADS_STATE } from '../base/layout';
import { casWord, loadWord, storeWord, wakeWord } from '../base/words';
import { rest, SLICE_MS } from './rest';
import {
  highestSlot,
  inKernelAt,
  RESTING,
  SLOT_LIVE,
  slotState,
  ThreadsState,
  WANTS_HALT,
} from './slot';

const STOPPER: u32 = 0xff;
const HALT: u32 = 0x100;
/** Looks at a thread's inKernel word before parking: most calls are over by then. */
const SPINS: u32 = 100;
/** Slices that a recoverer waits: much longer than any call, and not long for who retries. */
const PATIENCE: u32 = 3;

function stopAt(): usize {
  return THREADS_STATE + offsetof<ThreadsState>('stop');
}

/** Begins a call: returns when the world runs and everybody can see that we are inside. */
export function enterKernel(operation: u32): void {
  trapIfPoisoned();
  say(operation);
  if (loadWord(stopAt()) != 0) enterSlow(operation);
}

/** Ends a call: nobody who stops the world waits for us any more. */
export function leaveKernel(): void {
  sayAndWake(0);
}

/** Stores this thread's inKernel word. */
function say(operation: u32): void {
  storeWord(inKernelAt(selfSlot()), operation);
}

/** Stores it and wakes who waits for it to become 0 or RESTING. */
function sayAndWake(operation: u32): void {
  say(operation);
  if (loadWord(stopAt()) != 0) wakeWord(inKernelAt(selfSlot()), 1);
}

function enterSlow(operation: u32): void {
  let stop = loadWord(stopAt());
  while (stop != 0 && (stop & STOPPER) != selfSlot()) {
    leaveKernel();
    awaitStart(stop);
    say(operation);
    stop = loadWord(stopAt());
  }
}

/** One slice of waiting for the world to run; ends the stop of a dead stopper. */
function awaitStart(stop: u32): void {
  rest(stopAt(), stop);
  trapIfPoisoned();
  if ((stop & HALT) == 0 && slotState(stop) != SLOT_LIVE) casWord(stopAt(), stop, 0);
}

/**
 * One slice of waiting for the word at `at` to change from `seen`, at a safe point: others may halt
 * the world meanwhile. The caller is in the middle of nothing but what its locks protect.
 */
export function restSafely(at: usize, seen: u32, ms: u32 = SLICE_MS): void {
  const operation = loadWord(inKernelAt(selfSlot()));
  sayAndWake(operation | RESTING);
  rest(at, seen, ms);
  goOn(operation);
}

/** Ends a rest as soon as the world is not halted. */
function goOn(operation: u32): void {
  while (true) {
    say(operation);
    const stop = loadWord(stopAt());
    if ((stop & HALT) == 0 || (stop & STOPPER) == selfSlot()) return;
    sayAndWake(operation | RESTING);
    awaitStart(stop);
  }
}

/** Returns when no other thread is inside the kernel. Inside a call, no lock held, not nested. */
export function stopWorld(): void {
  const operation = loadWord(inKernelAt(selfSlot()));
  while (true) {
    const found = casWord(stopAt(), 0, selfSlot());
    if (found == 0) {
      const wanting = awaitOutside();
      if (wanting == 0) return;
      startWorld();
      leaveKernel();
      awaitHalt(wanting);
    } else {
      // Another stopper waits for us to leave: go out and come in again.
      leaveKernel();
      awaitStart(found);
    }
    say(operation);
  }
}

/** Waits until all others are outside. @returns 0, or a slot that itself wants to halt the world */
function awaitOutside(): u32 {
  for (let slot: u32 = 1, end = highestSlot(); slot <= end; slot++) {
    if (slot != selfSlot() && !awaitSlot(slot, 0, u32.MAX_VALUE)) return slot;
  }
  return 0;
}

/** One slice of waiting for a thread to get the halt that it wants. */
function awaitHalt(slot: u32): void {
  const seen = loadWord(inKernelAt(slot));
  if ((seen & WANTS_HALT) != 0) rest(inKernelAt(slot), seen);
  trapIfPoisoned();
}

/**
 * Waits until a thread is outside, or its inKernel word has a bit of `enough`. A dead one does not
 * go on, so it may be anywhere; `markDead` has judged it.
 *
 * @returns false when it waits to halt the world, unless that is enough; or after `patience` slices
 */
function awaitSlot(slot: u32, enough: u32, patience: u32): bool {
  const at = inKernelAt(slot);
  for (let look: u32 = 0; slotState(slot) == SLOT_LIVE; look++) {
    const operation = loadWord(at);
    if (operation == 0 || (operation & enough) != 0) return true;
    if ((operation & WANTS_HALT) != 0) return false;
    if (look < SPINS) continue;
    if (look - SPINS >= patience) return false;
    rest(at, operation);
    trapIfPoisoned();
  }
  return true;
}

export function startWorld(): void {
  storeWord(stopAt(), 0);
  wakeWord(stopAt(), -1);
}

/** Returns when every other thread is outside the kernel or rests. Locks may be held. Not nested. */
export function haltWorld(): void {
  halt(loadWord(inKernelAt(selfSlot())), false);
}

/**
 * Begins a call that halts the world at once, if need be in the place of a halter that died.
 *
 * @returns false after some slices in vain, and the call is over: what one waits for may be a thread
 *          whose death only the caller, outside, could notice
 */
export function enterHalted(operation: u32): bool {
  trapIfPoisoned();
  return halt(operation, true);
}

function halt(operation: u32, isRecovering: bool): bool {
  const patience = isRecovering ? PATIENCE : u32.MAX_VALUE;
  let seen = loadWord(stopAt());
  let waits: u32 = 0;
  while (true) {
    if (seen == 0 || (isRecovering && slotState(seen & STOPPER) != SLOT_LIVE)) {
      if (casWord(stopAt(), seen, selfSlot() | HALT) == seen) break;
    } else if (waits >= patience) {
      leaveKernel();
      return false;
    } else {
      waits++;
      sayAndWake(operation | RESTING | WANTS_HALT);
      awaitStart(seen);
    }
    seen = loadWord(stopAt());
  }
  sayAndWake(operation);
  for (let slot: u32 = 1, end = highestSlot(); slot <= end; slot++) {
    if (slot == selfSlot() || awaitSlot(slot, RESTING, patience)) continue;
    // As it was: a dead halter's halt stays.
    storeWord(stopAt(), seen);
    wakeWord(stopAt(), -1);
    leaveKernel();
    return false;
  }
  return true;
}

/** Ends a halt of one's own. */
export function resumeWorld(): void {
  startWorld();
}

/** Ends the stop of a thread whose slot is given up. */
export function endStopOf(slot: u32): void {
  if (casWord(stopAt(), slot, 0) == slot) wakeWord(stopAt(), -1);
}
