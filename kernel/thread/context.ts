/**
 * Assertions of context: what a function asks of its caller, as code instead of as a comment.
 *
 * Each is a statement of a function's body, and in the debug build alone: for all others
 * scripts/kernel-transform.ts takes the statements out before anything is compiled, arguments and
 * all. One that is false traps, and the stack says whose caller was wrong.
 *
 *   assertLocked(at)          this thread holds the lock
 *   assertHalted()            this thread has halted or stopped the world: nothing else changes
 *   assertLockedOrHalted(at)  one of the two
 *   assertInSection()         what RCU keeps alive may be followed; so it may in a halted world
 *   assertOutside()           the section is over, or never began: a grace period may be waited for
 *   assertNoLock()            nobody waits for this thread
 *
 * Said in words is what they cannot ask:
 *   who owns memory that is not published; that an object is in use; that a word is its owner's
 *   "its owner, or halted"      stocks, slots: whose they are is an argument
 *   "in a section, or locked"   where the address of the lock is not known
 *   leaves and queues           know no lock; who calls them asks (store/change, cache/eviction)
 *   folios "locked and pinned"  the user's lock: who has it not gets an error
 */
import { selfSlot } from '../base/env';
import { THREADS_STATE } from '../base/layout';
import { loadWord } from '../base/words';
import { sectionOf, ThreadsState } from './slot';

/** Slot number in a lock word, and in the stop word. */
const OWNER: u32 = 0xff;

/** Thread-local: locks that this thread holds, counted by the debug build. */
let held: u32 = 0;

export function noteLocked(): void {
  held++;
}

export function noteUnlocked(): void {
  held--;
}

/** A call begins, or the repair of one that was cut short: what that has held is not its own. */
export function noteOutside(): void {
  held = 0;
}

function isOwn(at: usize): bool {
  return (loadWord(at) & OWNER) == selfSlot();
}

function isHalted(): bool {
  return isOwn(THREADS_STATE + offsetof<ThreadsState>('stop'));
}

export function assertLocked(at: usize): void {
  if (!isOwn(at)) unreachable();
}

export function assertHalted(): void {
  if (!isHalted()) unreachable();
}

export function assertLockedOrHalted(at: usize): void {
  if (!isOwn(at) && !isHalted()) unreachable();
}

export function assertInSection(): void {
  if (sectionOf(selfSlot()) == 0 && !isHalted()) unreachable();
}

export function assertOutside(): void {
  if (sectionOf(selfSlot()) != 0) unreachable();
}

export function assertNoLock(): void {
  if (held != 0) unreachable();
}
