/**
 * Pin: from a bare page number to a descriptor that stays.
 *
 *   load the word → look at the type → tryGet → **load the word again**
 *
 * Between the first load and `tryGet` the page may have been freed and reused, the descriptor may
 * have been freed and reused, or both. The recheck closes all three: while a pin is held the
 * descriptor cannot be freed, so if the word still names it the page belonged to it when we looked
 * (and a folio keeps its pages as long as it lives). If not, the pin was taken on a stranger: put
 * it back (which may make us the one who frees it) and begin again.
 *
 * Every pin stands in the ledger (pin-ledger.ts) from before it is counted until after.
 *
 * A frozen descriptor is waited for: whoever freezes is soon done. `waiters` counts those who park
 * on a refs word, so that an unfreeze wakes only when there are any; one that dies waiting leaves
 * it too high for ever, which costs needless wakes. unfreeze stores refs, then loads `waiters`; a
 * waiter adds to `waiters`, then loads refs: of the two at least one sees the other.
 *
 * Context: inside a read section, which keeps the descriptor's memory type-stable. No lock.
 * Cost: two loads, one compare-and-swap, and a plain store; with the unpin 1.12 times two bare
 * atomic additions, because the first try of both is inlined: what a call pushes are stores that a
 * locked instruction waits for (1.5 times). Progress: a retry means that the page changed hands.
 */
import { canPark } from '../base/env';
import { trapIfPoisoned } from '../base/fault';
import { Desc, MEMDESC_STATE, Pfn } from '../base/layout';
import { addWord, loadWord, wakeWord } from '../base/words';
import { enterSection, leaveSection } from '../thread/rcu';
import { parkAtSafepoint } from '../thread/stop';
import {
  FROZEN,
  GET_BUSY,
  GET_DONE,
  getFast,
  OWNED,
  put,
  putFast,
  refsAt,
  tryGet,
  unfreezeRefs,
} from './header';
import { pageWord, wordDescriptor } from './page-word';
import { enter, hasRoom, keepAsNote, strike } from './pin-ledger';

/** Lock, pin waiters, generations, and the types of users (user-type.ts). */
@unmanaged
export class MemdescState {
  lock: u32;
  waiters: u32;
  generations: u32;
  /** Table of the cache's large scratches, and how many: large-scratch.ts. Set once. */
  largeTable: u32;
  largeCount: u32;
}

/** Low bits of the answer; the rest is the descriptor. */
export const PIN_HELD: u32 = 0;
/** The page has no descriptor (any more). */
export const PIN_GONE: u32 = 1;
/** The descriptor is frozen. */
export const PIN_BUSY: u32 = 2;
/** Our put of a stranger was its last: the caller frees that descriptor and pins again. */
export const PIN_LAST: u32 = 3;
export const PIN_STATUS: u32 = 3;
/** This thread has MAX_PINS pins: an answer, not a status. */
export const PIN_FULL: u32 = 0xffff_fffe;

/** Looks at a frozen word before parking: a split of a few pages, or a page's copy. */
const SPINS: u32 = 100;

/**
 * Pins a page's descriptor. The first try is compiled into the caller.
 *
 * @returns descriptor | PIN_HELD, or PIN_GONE, PIN_BUSY | descriptor, stranger | PIN_LAST, PIN_FULL
 * @inline
 */
export function pin(pfn: Pfn): u32 {
  const word = pageWord(pfn);
  const desc = wordDescriptor(word);
  if (desc != 0 && hasRoom()) {
    enter(desc);
    if (getFast(desc)) return pageWord(pfn) == word ? desc | PIN_HELD : leaveStranger(pfn, desc);
    strike(desc);
  }
  return pinSlow(pfn);
}

/** Gives back a pin on what the page does not belong to any more, and begins again. */
function leaveStranger(pfn: Pfn, desc: Desc): u32 {
  return unpin(desc) ? desc | PIN_LAST : pinSlow(pfn);
}

function pinSlow(pfn: Pfn): u32 {
  while (true) {
    const word = pageWord(pfn);
    const desc = wordDescriptor(word);
    if (desc == 0) return PIN_GONE;
    if (!hasRoom()) return PIN_FULL;
    enter(desc);
    const got = tryGet(desc);
    if (got == GET_DONE) {
      if (pageWord(pfn) == word) return desc | PIN_HELD;
      if (unpin(desc)) return desc | PIN_LAST;
    } else {
      strike(desc);
      if (pageWord(pfn) == word) return got == GET_BUSY ? desc | PIN_BUSY : PIN_GONE;
    }
  }
}

/** Pins a descriptor that the caller knows. @returns GET_DONE, or GET_GONE, GET_BUSY */
export function pinDescriptor(desc: Desc): u32 {
  if (!hasRoom()) return GET_BUSY;
  enter(desc);
  const got = tryGet(desc);
  if (got != GET_DONE) strike(desc);
  return got;
}

/**
 * `unpin` of a pin beside an owner, if nobody interferes. @returns whether it was dropped @inline
 */
export function unpinFast(desc: Desc): bool {
  if (!putFast(desc)) return false;
  strike(desc);
  return true;
}

/**
 * @returns true when the caller must free it; its entry is a note until then (pin-ledger.ts)
 * @inline
 */
export function unpin(desc: Desc): bool {
  const isLast = put(desc);
  if (isLast) keepAsNote(desc);
  else strike(desc);
  return isLast;
}

/** Ends a freeze of one's own, and wakes who waited. @returns true when the caller must free it */
export function unfreeze(desc: Desc): bool {
  const isLast = unfreezeRefs(desc);
  wakePinners(desc);
  return isLast;
}

/** After an atomic store that ends a freeze: wakes who waited for it. */
export function wakePinners(desc: Desc): void {
  if (loadWord(MEMDESC_STATE + offsetof<MemdescState>('waiters')) != 0) wakeWord(refsAt(desc), -1);
}

/** A look, or a slice of waiting, for a frozen descriptor. @returns false where there is no hope */
export function awaitUnfreeze(desc: Desc, look: u32): bool {
  if (look < SPINS) return true;
  if (look > SPINS && !canPark()) return false;
  const waitersAt = MEMDESC_STATE + offsetof<MemdescState>('waiters');
  addWord(waitersAt, 1);
  const seen = loadWord(refsAt(desc));
  const isFrozen = (seen & FROZEN) != 0 && (seen & OWNED) != 0;
  leaveSection();
  if (isFrozen) parkAtSafepoint(refsAt(desc), seen);
  addWord(waitersAt, u32(-1));
  trapIfPoisoned();
  enterSection();
  return true;
}
