/**
 * The lock of a descriptor: LOCKED, WAITERS, HANDOFF and owner in the flags word of its header.
 *
 * flags, lock part               by                           how
 *   free       → LOCKED|owner    anybody with a pin           compare-and-swap
 *   LOCKED     → |WAITERS        a thread about to park       compare-and-swap
 *   LOCKED     → |HANDOFF        one that was woken in vain   compare-and-swap
 *   LOCKED|W|H → H, or free      the owner                    `and`; wakes one if WAITERS was set
 *   H          → LOCKED|W|owner  whoever has parked for it    compare-and-swap
 *   LOCKED     → ORPHANED        recovery, if the owner died  `and`, `or`; wakes all
 * Barging is what makes a contended lock fast: whoever runs takes it, and a woken thread is too
 * late some fifty microseconds long. HANDOFF bounds that: while it is set only threads that have
 * parked may take the lock, any of them, so it does not matter if the one that asked has died.
 * A woken waiter takes the lock with WAITERS set, because it cannot know whether it was the last.
 *
 * **No lock without a pin**: a waiter on a descriptor that nothing keeps alive would lock its next
 * life. Whoever locks a page's descriptor pins it first (pin.ts), and looks at the page word again
 * afterwards. Since the pin stands in the ledger, recovery finds every lock of a dead thread.
 *
 * ORPHANED tells the next owner, once, that the one before died with the lock held: what the lock
 * protects may be half-changed (as EOWNERDEAD of robust mutexes does).
 *
 * A wait is a row of slices outside the kernel and ends the read section. Cost: a load and one
 * atomic to lock, one to unlock. Progress: a failed compare-and-swap means that another thread
 * moved the word.
 */

import { canPark, selfSlot } from '../base/env';
import { ERR_BUSY } from '../base/fault';
import { Desc, Slot } from '../base/layout';
import { andWord, casWord, loadWord, orWord, wakeWord } from '../base/words';
import { parkOutside } from '../thread/stop';
import { flagsAt } from './header';

export const LOCKED: u32 = 1 << 9;
const WAITERS: u32 = 1 << 10;
const HANDOFF: u32 = 1 << 11;
export const OWNER_SHIFT: u32 = 12;
const OWNER_MASK: u32 = 0xff << OWNER_SHIFT;
export const ORPHANED: u32 = 1 << 26;

/** Looks at a held lock before parking: a park and wake costs some 50 µs, a look 1 to 50 ns. */
const SPINS: u32 = 200;
/** Rests after which a waiter asks for the lock to be handed over: some 100 µs. */
const PATIENCE: u32 = 1;

/** Answers of the functions below; ERR_BUSY: not to be had (now). */
export const LOCK_TAKEN: i32 = 0;
/** Taken, and its last owner died with it held. */
export const LOCK_ORPHANED: i32 = 1;

function mine(): u32 {
  return LOCKED | (selfSlot() << OWNER_SHIFT);
}

function answer(seen: u32): i32 {
  return (seen & ORPHANED) != 0 ? LOCK_ORPHANED : LOCK_TAKEN;
}

/** Takes the lock if it is free and promised to nobody. Pin held. */
export function tryLockDesc(desc: Desc): i32 {
  let seen = loadWord(flagsAt(desc));
  while ((seen & (LOCKED | HANDOFF)) == 0) {
    const found = casWord(flagsAt(desc), seen, (seen & ~ORPHANED) | mine());
    if (found == seen) return answer(seen);
    seen = found;
  }
  return ERR_BUSY;
}

/**
 * Takes the lock, waiting for it if need be. Pin held, in no section. @returns ERR_BUSY only where
 * it cannot park
 */
export function lockDesc(desc: Desc): i32 {
  const taken = tryLockDesc(desc);
  return taken >= 0 ? taken : lockDescSlow(desc);
}

function lockDescSlow(desc: Desc): i32 {
  for (let look: u32 = 0; look < SPINS; look++) {
    if ((loadWord(flagsAt(desc)) & (LOCKED | HANDOFF)) != 0) continue;
    const taken = tryLockDesc(desc);
    if (taken >= 0) return taken;
  }
  return waitForLock(flagsAt(desc));
}

function waitForLock(at: usize): i32 {
  let rests: u32 = 0;
  while (true) {
    const taken = takeWaiting(at, rests != 0);
    if (taken >= 0 || (rests != 0 && !canPark())) return taken;
    const announced = announce(at, rests);
    if (announced == 0) continue;
    // The lock may be held from one call to another: who stops the world keeps its owner from the
    // call that would free it, and must not wait for us.
    parkOutside(at, announced);
    rests++;
  }
}

function takeWaiting(at: usize, hasParked: bool): i32 {
  let seen = loadWord(at);
  while ((seen & LOCKED) == 0 && (hasParked || (seen & HANDOFF) == 0)) {
    const taken = (seen & ~(ORPHANED | HANDOFF)) | WAITERS | mine();
    const found = casWord(at, seen, taken);
    if (found == seen) return answer(seen);
    seen = found;
  }
  return ERR_BUSY;
}

/**
 * Says that somebody waits. A free lock is waited for only by who may not take it: then one who may
 * was woken, or is awake.
 *
 * @returns the word to park on, or 0 when it has moved
 */
function announce(at: usize, rests: u32): u32 {
  const seen = loadWord(at);
  const isFree = (seen & LOCKED) == 0;
  if (isFree && (rests != 0 || (seen & HANDOFF) == 0)) return 0;
  const asks = !isFree && rests >= PATIENCE && canPark();
  const wish = seen | WAITERS | (asks ? HANDOFF : 0);
  return seen == wish || casWord(at, seen, wish) == seen ? wish : 0;
}

/** Owner only. */
export function unlockDesc(desc: Desc): void {
  const found = andWord(flagsAt(desc), ~(LOCKED | OWNER_MASK | WAITERS));
  if ((found & WAITERS) != 0) wakeWord(flagsAt(desc), 1);
}

/** The slot that has the lock, or 0. */
export function lockOwner(flags: u32): Slot {
  return (flags & LOCKED) != 0 ? (flags & OWNER_MASK) >> OWNER_SHIFT : 0;
}

/** Frees the lock of a dead thread, and lets the next owner know. */
export function breakDescLock(desc: Desc): void {
  orWord(flagsAt(desc), ORPHANED);
  andWord(flagsAt(desc), ~(LOCKED | OWNER_MASK | WAITERS));
  wakeWord(flagsAt(desc), -1);
}
