/**
 * Stopping the world: a moment at which no other thread is inside the kernel.
 *
 * Idea: calls are microseconds long, so it is enough to let no new one begin and to wait for those
 * under way. Nobody is half-way through anything then, no lock is held, and every sum must come
 * out: this is when `check` looks and an image is copied.
 *
 * stop word  0 = the world runs, else the slot of the thread that stopped it
 *   0    → slot   stopWorld, by compare-and-swap; another stopper waits like everybody
 *   slot → 0      startWorld, by its owner; or by whoever finds the owner dead: it changes nothing
 *                 while the world stands, so nothing is half-done
 * inKernel (slot.ts) is stored before the stop word is loaded, and the stop word before inKernel is
 *   loaded, all sequentially consistent: of an entering thread and a stopper at least one sees the
 *   other. Who enters and sees a stop goes back and waits. Likewise who leaves stores 0 before it
 *   looks for a stop, and wakes the stopper, who parks only while the word is not 0
 *
 * Cost: 4 ns to enter, 4 ns to leave: the atomic stores. Waiting is in slices: a dead stopper and a poisoned zone
 * are noticed.
 */
import { selfSlot } from '../base/env';
import { trapIfPoisoned } from '../base/fault';
import { THREADS_STATE } from '../base/layout';
import { casWord, loadWord, storeWord, wakeWord } from '../base/words';
import { rest } from './rest';
import { highestSlot, inKernelAt, SLOT_LIVE, slotState, ThreadsState } from './slot';

/** Looks at a thread's inKernel word before parking: most calls are over by then. */
const SPINS: u32 = 100;

function stopAt(): usize {
  return THREADS_STATE + offsetof<ThreadsState>('stop');
}

/** Begins a call: returns when the world runs and everybody can see that we are inside. */
export function enterKernel(operation: u32): void {
  trapIfPoisoned();
  storeWord(inKernelAt(selfSlot()), operation);
  if (loadWord(stopAt()) != 0) enterSlow(operation);
}

/** Ends a call: nobody who stops the world waits for us any more. */
export function leaveKernel(): void {
  const at = inKernelAt(selfSlot());
  storeWord(at, 0);
  if (loadWord(stopAt()) != 0) wakeWord(at, 1);
}

function enterSlow(operation: u32): void {
  let stopper = loadWord(stopAt());
  while (stopper != 0 && stopper != selfSlot()) {
    leaveKernel();
    awaitStart(stopper);
    storeWord(inKernelAt(selfSlot()), operation);
    stopper = loadWord(stopAt());
  }
}

/** One slice of waiting for the world to run; ends the stop of a dead stopper. */
function awaitStart(stopper: u32): void {
  rest(stopAt(), stopper);
  trapIfPoisoned();
  if (slotState(stopper) != SLOT_LIVE) casWord(stopAt(), stopper, 0);
}

/** Returns when no other thread is inside the kernel. Inside a call, no lock held, not nested. */
export function stopWorld(): void {
  while (true) {
    const found = casWord(stopAt(), 0, selfSlot());
    if (found == 0) break;
    // Another stopper waits for us to leave: go out and come in again.
    const operation = loadWord(inKernelAt(selfSlot()));
    leaveKernel();
    awaitStart(found);
    storeWord(inKernelAt(selfSlot()), operation);
  }
  for (let slot: u32 = 1, end = highestSlot(); slot <= end; slot++) {
    if (slot != selfSlot()) awaitOutside(slot);
  }
}

/** A dead thread does not go on, so it may be anywhere; `markDead` has judged it. */
function awaitOutside(slot: u32): void {
  const at = inKernelAt(slot);
  for (let look: u32 = 0; loadWord(at) != 0 && slotState(slot) == SLOT_LIVE; look++) {
    if (look < SPINS) continue;
    const operation = loadWord(at);
    if (operation != 0) rest(at, operation);
    trapIfPoisoned();
  }
}

export function startWorld(): void {
  storeWord(stopAt(), 0);
  wakeWord(stopAt(), -1);
}

/** Ends the stop of a thread whose slot is given up. */
export function endStopOf(slot: u32): void {
  if (casWord(stopAt(), slot, 0) == slot) wakeWord(stopAt(), -1);
}
