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
 *   slot(|H)  → slot|HALT   haltUnwound: the stop of a call that was cut short, by its own thread
 * inKernel (slot.ts) is stored before the stop word is loaded, and the stop word before inKernel is
 *   loaded, all sequentially consistent: of an entering thread and a stopper at least one sees the
 *   other. Who enters and sees a stop goes back and waits; so does who would go on after a rest and
 *   sees a halt
 * changes  counted up, after the inKernel word, by whoever leaves or rests and sees a stop. The
 *   stopper loads it, then all inKernel words, and parks on it as it was: no change is lost
 *
 * A stopper needs everybody outside; a thread inside that itself wants to halt would wait for it
 * for ever, and so would all who wait for its locks. So it says WANTS_HALT, and the stopper,
 * whoever it waits for, steps back and tries again.
 *
 * Cost: an atomic store to enter and one to leave, the section's included. Waiting is in slices: a
 * dead stopper and a poisoned zone are noticed.
 */
import { selfSlot } from '../base/env';
import { FAULT_LOCK_OWNER_DIED, fail, trapIfPoisoned } from '../base/fault';
import { Slot, THREADS_STATE } from '../base/layout';
import { addWord, casWord, loadWord, storeWord, wakeWord } from '../base/words';
import { assertHalted, assertNoLock, noteOutside } from './context';
import { beginWait, failIfForsaken, failIfIdle } from './forsaken';
import { parkSlice, SLICE_MS } from './park';
import { giveUpCall, giveUpIfImpatient, isImpatient, takeGivenUp, takePatience } from './patience';
import { currentEpoch, renewSection } from './rcu';
import {
  AT_SAFEPOINT,
  clearInKernel,
  highestSlot,
  operationOf,
  SLOT_LIVE,
  sectionOf,
  setInKernel,
  slotAt,
  slotState,
  ThreadSlot,
  ThreadsState,
  UNWOUND,
  WANTS_HALT,
} from './slot';

const STOPPER: u32 = 0xff;
const HALT: u32 = 0x100;
/** Looks at the others before parking: most calls are over by then. */
const SPINS: u32 = 100;
/** Slices that a recoverer waits: much longer than any call, and not long for who retries. */
const PATIENCE: u32 = 3;
const FOR_EVER: u32 = u32.MAX_VALUE;

/** What the others are doing, for whoever stops the world. */
const GATHERED: u32 = 0;
const AWAITED: u32 = 1;
const HINDERED: u32 = 2;

function stopAt(): usize {
  return THREADS_STATE + offsetof<ThreadsState>('stop');
}

function changesAt(): usize {
  return THREADS_STATE + offsetof<ThreadsState>('changes');
}

/** Thread-local: whether the last call was refused because one before it was cut short. */
let wasRefused: bool = false;

/**
 * Traps, and has changed nothing, if the zone is poisoned, if a call of this thread was cut short,
 * or if it has no slot (slot.ts). For calls that nobody need wait for it is all that they ask
 * before they write. Cost: two loads.
 */
export function admit(): void {
  if (isDefined(PAGELESS_DEBUG)) noteOutside();
  trapIfPoisoned();
  if (operationOf(selfSlot()) == 0) return;
  wasRefused = true;
  unreachable();
}

/** Why a call has trapped in a sound zone. */
export const REFUSED: u32 = 1;
export const GAVE_UP: u32 = 2;

/** Whether the last call was REFUSED by `admit`, or GAVE_UP waiting; 0: neither. Asked once. */
export function takeRefusal(): u32 {
  const answer = takeGivenUp() ? GAVE_UP : wasRefused ? REFUSED : 0;
  wasRefused = false;
  return answer;
}

/** Begins a call: returns when the world runs and everybody can see that we are inside. */
export function enterKernel(operation: u32): void {
  admit();
  setInKernel(operation, 0);
  if (loadWord(stopAt()) != 0) enterSlow(operation);
}

/** Begins a call and a read section (rcu.ts): one store says both. */
export function enterReading(operation: u32): void {
  admit();
  setInKernel(operation, currentEpoch());
  if (loadWord(stopAt()) == 0) return;
  enterSlow(operation);
  renewSection();
}

/** Ends a call, and its section if it is in one: nobody waits for us any more. */
export function leaveKernel(): void {
  assertNoLock();
  clearInKernel(selfSlot());
  wakeStopper();
}

/** Says what this thread is doing; its section stays as it is. */
function publishState(operation: u32): void {
  setInKernel(operation, sectionOf(selfSlot()));
}

/** Says it and wakes who waits for it. */
function publishStateAndWake(operation: u32): void {
  publishState(operation);
  wakeStopper();
}

/** After this thread, or one that is gone, has come out. */
export function wakeStopper(): void {
  if (loadWord(stopAt()) == 0) return;
  addWord(changesAt(), 1);
  wakeWord(changesAt(), -1);
}

function enterSlow(operation: u32): void {
  takePatience();
  let stop = loadWord(stopAt());
  while (stop != 0 && (stop & STOPPER) != selfSlot()) {
    leaveKernel();
    awaitStart(stop, 0);
    publishState(operation);
    stop = loadWord(stopAt());
  }
}

/**
 * One slice of waiting for the world to run; ends the stop of a dead stopper.
 *
 * @param operation  what is to be repaired if this thread loses patience
 */
function awaitStart(stop: u32, operation: u32): void {
  const isVain = parkSlice(stopAt(), stop);
  trapIfPoisoned();
  const stopper = stop & STOPPER;
  if ((stop & HALT) != 0 && stopper == 0) fail(FAULT_LOCK_OWNER_DIED, 0);
  if ((stop & HALT) != 0) failIfForsaken(isVain, stopper);
  else if (slotState(stopper) != SLOT_LIVE) casWord(stopAt(), stop, 0);
  else failIfIdle(isVain, stopper, SLICE_MS);
  giveUpIfImpatient(operation);
}

/**
 * One slice of waiting for the word at `at` to change from `seen`, at a safe point: others may halt
 * the world meanwhile. The caller is in the middle of nothing but what its locks protect.
 *
 * @returns whether it was in vain, as `parkSlice`
 */
export function parkAtSafepoint(at: usize, seen: u32): bool {
  return restFor(at, seen, SLICE_MS);
}

/** The same for a millisecond, on a word of its slot that nobody moves: a wait of its own. */
export function sleepAtSafepoint(): void {
  const at = slotAt(selfSlot()) + offsetof<ThreadSlot>('page');
  takePatience();
  restFor(at, loadWord(at), 1);
  trapIfPoisoned();
}

function restFor(at: usize, seen: u32, ms: u32): bool {
  const operation = operationOf(selfSlot());
  publishStateAndWake(operation | AT_SAFEPOINT);
  const isVain = parkSlice(at, seen, ms);
  resume(operation);
  return isVain;
}

/**
 * The same outside the kernel, for a word that another thread may leave alone until a later call of
 * its own: the world may be stopped meanwhile.
 */
export function parkOutside(at: usize, seen: u32): void {
  assertNoLock();
  const operation = operationOf(selfSlot());
  leaveKernel();
  parkSlice(at, seen);
  enterKernel(operation);
}

/** Ends a rest as soon as the world is not halted. */
function resume(operation: u32): void {
  while (true) {
    publishState(operation);
    const stop = loadWord(stopAt());
    if ((stop & HALT) == 0 || (stop & STOPPER) == selfSlot()) return;
    publishStateAndWake(operation | AT_SAFEPOINT);
    awaitStart(stop, operation);
  }
}

/** Returns when no other thread is inside the kernel. Inside a call, not nested. */
export function stopWorld(): void {
  assertNoLock();
  const operation = operationOf(selfSlot());
  takePatience();
  while (true) {
    const found = casWord(stopAt(), 0, selfSlot());
    if (found == 0) {
      if (gather(0, FOR_EVER)) return;
      const seen = loadWord(changesAt());
      startWorld();
      leaveKernel();
      awaitHalt(seen, operation);
    } else {
      // Another stopper waits for us to leave: go out and come in again.
      leaveKernel();
      awaitStart(found, operation);
    }
    publishState(operation);
  }
}

/** One slice of waiting for whoever wants to halt the world to do so. */
function awaitHalt(seen: u32, operation: u32): void {
  if (lookAtOthers(0) == HINDERED) parkSlice(changesAt(), seen);
  trapIfPoisoned();
  giveUpIfImpatient(operation);
}

/**
 * Waits until every other thread is outside, or its inKernel word has a bit of `enough`.
 *
 * @returns false when one waits to halt the world, unless that is enough; or after `patience`
 * slices, or when this thread has no patience left
 */
function gather(enough: u32, patience: u32): bool {
  let looks: u32 = 0;
  let slices: u32 = 0;
  beginWait();
  while (!isImpatient() && (patience == FOR_EVER || slices <= patience)) {
    const seen = loadWord(changesAt());
    const others = lookAtOthers(enough);
    if (others != AWAITED) return others == GATHERED;
    if (looks++ < SPINS) continue;
    const isVain = parkSlice(changesAt(), seen);
    slices++;
    trapIfPoisoned();
    failIfForsaken(isVain, 0);
  }
  return false;
}

/** A dead thread does not go on, so it may be anywhere; `markDead` has judged it. */
function lookAtOthers(enough: u32): u32 {
  let others = GATHERED;
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    const operation = operationOf(slot);
    if (operation == 0 || (operation & enough) != 0) continue;
    if (slot == selfSlot() || slotState(slot) != SLOT_LIVE) continue;
    if ((operation & WANTS_HALT) != 0) return HINDERED;
    others = AWAITED;
  }
  return others;
}

export function startWorld(): void {
  assertHalted();
  storeWord(stopAt(), 0);
  wakeWord(stopAt(), -1);
}

/**
 * Returns when every other thread is outside the kernel or rests. Locks may be held. Not nested.
 */
export function haltWorld(): void {
  halt(operationOf(selfSlot()), false);
}

/**
 * Begins a call that halts the world at once, if need be in the place of a halter that died.
 *
 * @returns false after some slices in vain, and the call is over: what one waits for may be a
 * thread
 *          whose death only the caller, outside, could notice
 */
export function enterHalted(operation: u32): bool {
  admit();
  // Before the stop word: a halt must not be left to who does not know that it was cut short.
  setInKernel(operation | AT_SAFEPOINT, 0);
  return halt(operation, true);
}

/**
 * Halts the world for this thread, whose call was cut short. Until that has come about it is at
 * rest: it goes on with nothing that it had begun. What stop or halt is left of that call is taken
 * over.
 *
 * @returns false after some slices in vain; then nothing has changed, and it is to be tried again
 */
export function haltUnwound(): bool {
  if (isDefined(PAGELESS_DEBUG)) noteOutside();
  return halt((operationOf(selfSlot()) & ~(AT_SAFEPOINT | WANTS_HALT)) | UNWOUND, true);
}

function halt(operation: u32, isRecovering: bool): bool {
  const patience = isRecovering ? PATIENCE : FOR_EVER;
  let seen = loadWord(stopAt());
  let waits: u32 = 0;
  takePatience();
  while (true) {
    if (seen == 0 || (isRecovering && !isOthers(seen & STOPPER))) {
      if (casWord(stopAt(), seen, selfSlot() | HALT) == seen) break;
    } else if (waits >= patience) {
      giveUp(operation);
      return false;
    } else {
      waits++;
      publishStateAndWake(operation | AT_SAFEPOINT | WANTS_HALT);
      awaitStart(seen, operation);
    }
    seen = loadWord(stopAt());
  }
  publishStateAndWake(operation);
  if (gather(AT_SAFEPOINT, patience)) return true;
  // As it was: a dead halter's halt stays.
  storeWord(stopAt(), seen);
  wakeWord(stopAt(), -1);
  if (!isRecovering) giveUpCall(operation);
  giveUp(operation);
  return false;
}

/** Whether a stop is another living thread's. */
function isOthers(stopper: u32): bool {
  return stopper != selfSlot() && slotState(stopper) == SLOT_LIVE;
}

/**
 * Ends a call that could not halt the world. Who was unwound stays inside, at rest, until it can.
 */
function giveUp(operation: u32): void {
  if ((operation & UNWOUND) == 0) leaveKernel();
  else publishStateAndWake(operation | AT_SAFEPOINT);
}

/** Ends a halt of one's own. */
export function resumeWorld(): void {
  startWorld();
}

/** The same after `haltUnwound`: what was cut short is whole, and the thread goes on. */
export function resumeWhole(): void {
  publishState(operationOf(selfSlot()) & ~UNWOUND);
  startWorld();
}

/** Whether it is this thread that has stopped the world. */
export function hasStopped(): bool {
  return selfSlot() != 0 && loadWord(stopAt()) == selfSlot();
}

/** Ends the stop of a thread whose slot is given up. */
export function endStopOf(slot: Slot): void {
  if (casWord(stopAt(), slot, 0) == slot) wakeWord(stopAt(), -1);
}
