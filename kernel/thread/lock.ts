/**
 * Robust locks: a word that names its owner.
 *
 * lock word: 0 = free · owner slot:8 · WAITERS:1 (bit 8)
 *   0        → self          compare-and-swap, by whoever wants it
 *   owner    → owner|WAITERS compare-and-swap, by a thread about to park
 *   owner(|W)→ 0             swap, by the owner, who wakes one waiter if W was set
 * A woken waiter takes the lock with WAITERS set, because it cannot know whether it was the last:
 * at worst one wake too many, never one too few.
 *
 * A wait is a row of slices at a safe point (stop.ts); after each the waiter looks whether the zone
 * is poisoned. If the owner died, its half-done work under the lock is repaired by the recovery,
 * which then frees the lock. Nothing hangs where deaths are witnessed.
 *
 * **Waiting ends the read section**: whoever calls `lock` may hold references or locks, but no
 * pointer that only RCU keeps alive.
 *
 * Lock order: ARCHITECTURE.md.
 *
 * Cost: 2 atomics uncontended. Progress: a failed compare-and-swap means that another thread took
 * or released the lock.
 */

import { selfSlot } from '../base/env';
import { FAULT_LOCK_OWNER_DIED, fail, trapIfPoisoned } from '../base/fault';
import { Slot } from '../base/layout';
import { casWord, loadWord, swapWord, wakeWord } from '../base/words';
import { assertHalted, assertLocked, noteLocked, noteUnlocked } from './context';
import { beginWait, failIfForsaken } from './forsaken';
import { giveUpIfImpatient, takePatience } from './patience';
import { enterSection, isInSection, leaveSection } from './rcu';
import { isAlive, operationOf, SLOT_FREE, slotState } from './slot';
import { parkAtSafepoint } from './stop';

const OWNER: u32 = 0xff;
const WAITERS: u32 = 0x100;
/** A park and wake costs some 50 µs, a look 0.4 ns or, if the word moved, 50: a tenth at most. */
const SPINS: u32 = 100;

export function lock(at: usize): void {
  if (casWord(at, 0, selfSlot()) != 0) lockSlow(at);
  if (isDefined(PAGELESS_DEBUG)) noteLocked();
}

/** Takes the lock if it is free: without waiting, so the read section goes on. */
export function tryLock(at: usize): bool {
  const isMine = casWord(at, 0, selfSlot()) == 0;
  if (isDefined(PAGELESS_DEBUG) && isMine) noteLocked();
  return isMine;
}

export function unlock(at: usize): void {
  assertLocked(at);
  if (isDefined(PAGELESS_DEBUG)) noteUnlocked();
  const found = swapWord(at, 0);
  if ((found & WAITERS) != 0) wakeWord(at, 1);
}

function lockSlow(at: usize): void {
  if (spinFor(at, SPINS)) return;
  const wasInside = isInSection();
  leaveSection();
  beginWait();
  takePatience();
  while (true) {
    const seen = loadWord(at);
    if (seen == 0) {
      if (casWord(at, 0, selfSlot() | WAITERS) == 0) break;
    } else if ((seen & WAITERS) != 0 || casWord(at, seen, seen | WAITERS) == seen) {
      const isVain = parkAtSafepoint(at, seen | WAITERS);
      trapIfPoisoned();
      failIfForsaken(isVain, seen & OWNER);
      giveUpIfImpatient(operationOf(selfSlot()));
      failIfNobodys(at, seen | WAITERS);
    }
  }
  if (wasInside) enterSection();
}

function spinFor(at: usize, rounds: u32): bool {
  for (let i: u32 = 0; i < rounds; i++) {
    if (loadWord(at) == 0 && casWord(at, 0, selfSlot()) == 0) return true;
  }
  return false;
}

/**
 * A lock whose owner is not even dead, or is the waiter, will never be freed: the zone is damaged.
 * What a call that was cut short has left is repaired before the thread comes here again.
 */
function failIfNobodys(at: usize, seen: u32): void {
  const owner = seen & OWNER;
  if (loadWord(at) != seen || (slotState(owner) != SLOT_FREE && owner != selfSlot())) return;
  if (loadWord(at) == seen) fail(FAULT_LOCK_OWNER_DIED, owner);
}

/** Whether a thread has the lock. For a dead one that stays so until the lock is broken. */
export function isLockOf(at: usize, slot: Slot): bool {
  return (loadWord(at) & OWNER) == slot;
}

/** Whether somebody has the lock who does not go on: what it protects may be half-changed. */
export function isForsaken(at: usize): bool {
  const owner = loadWord(at) & OWNER;
  return owner != 0 && !isAlive(owner);
}

/**
 * Frees the lock of a dead thread, if it has it; what it protects has been repaired.
 */
export function breakLock(at: usize, slot: Slot): void {
  assertHalted();
  const seen = loadWord(at);
  if ((seen & OWNER) != slot) return;
  // Waiters rest, so nobody else moves the word but to set WAITERS: the swap cannot lose a lock.
  swapWord(at, 0);
  wakeWord(at, -1);
}
