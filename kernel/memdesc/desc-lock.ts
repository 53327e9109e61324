/**
 * The lock of a descriptor: LOCKED, WAITERS and owner in the flags word of its header.
 *
 * flags, lock part            who                          how
 *   unlocked → LOCKED|owner   anybody with a reference     compare-and-swap
 *   LOCKED   → LOCKED|WAITERS a thread about to park       compare-and-swap
 *   LOCKED   → unlocked       the owner                    compare-and-swap; wakes all if WAITERS
 *
 * **No lock without a reference**: a waiter on a descriptor that nothing keeps alive would lock its
 * next life. Whoever locks a page's descriptor pins it first (pin.ts), and looks at the page word
 * again afterwards.
 *
 * A wait notices a dead owner, as in thread/lock.ts. Waiting ends the read section.
 */
import { selfSlot } from '../base/env';
import { FAULT_LOCK_OWNER_DIED, fail, trapIfPoisoned } from '../base/fault';
import { casWord, loadWord, wakeWord } from '../base/words';
import { enterSection, isInSection, leaveSection } from '../thread/rcu';
import { rest } from '../thread/rest';
import { SLOT_LIVE, slotState } from '../thread/slot';
import { flagsAt } from './header';

const LOCKED: u32 = 1 << 9;
const WAITERS: u32 = 1 << 10;
const OWNER_SHIFT: u32 = 12;
const OWNER_MASK: u32 = 0xff << OWNER_SHIFT;
const LOCK_BITS: u32 = LOCKED | WAITERS | OWNER_MASK;

/** Takes the lock if it is free. Reference held. Cost: 1 load, 1 compare-and-swap. */
export function tryLockDesc(desc: u32): bool {
  let seen = loadWord(flagsAt(desc));
  while ((seen & LOCKED) == 0) {
    const found = casWord(flagsAt(desc), seen, seen | LOCKED | (selfSlot() << OWNER_SHIFT));
    if (found == seen) return true;
    seen = found;
  }
  return false;
}

/** Takes the lock, waiting for it if need be. Reference held. */
export function lockDesc(desc: u32): void {
  if (tryLockDesc(desc)) return;
  const wasInside = isInSection();
  leaveSection();
  while (!tryLockDesc(desc)) waitForOwner(desc);
  if (wasInside) enterSection();
}

function waitForOwner(desc: u32): void {
  const at = flagsAt(desc);
  const seen = loadWord(at);
  if ((seen & LOCKED) == 0) return;
  if ((seen & WAITERS) == 0 && casWord(at, seen, seen | WAITERS) != seen) return;
  rest(at, seen | WAITERS);
  trapIfPoisoned();
  const owner = (seen & OWNER_MASK) >> OWNER_SHIFT;
  if (slotState(owner) != SLOT_LIVE && loadWord(at) == (seen | WAITERS)) {
    fail(FAULT_LOCK_OWNER_DIED, owner);
  }
}

/** Owner only. Progress: a failed compare-and-swap means that another thread changed a flag. */
export function unlockDesc(desc: u32): void {
  let seen = loadWord(flagsAt(desc));
  while (true) {
    const found = casWord(flagsAt(desc), seen, seen & ~LOCK_BITS);
    if (found == seen) break;
    seen = found;
  }
  if ((seen & WAITERS) != 0) wakeWord(flagsAt(desc), -1);
}
