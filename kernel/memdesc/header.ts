/**
 * The header: the first four words of every descriptor, whatever its type.
 *
 * flags  type:5 · order:4 · LOCKED (bit 9) · WAITERS (10) · HANDOFF (11) · owner:8 (12–19) ·
 *        MOVABLE (25) · ORPHANED (26). Stored once, before the descriptor is published; afterwards
 *        only moved by compare-and-swap, `or` and `and`. The lock's part: desc-lock.ts
 * refs   pins:21 · OWNED (bit 21) · holder slot:8 (22–29) · UNPUBLISHED (30) · FROZEN (31)
 *   0                 free: its cache's            → UNPUBLISHED|maker  plainly, by the cache
 *   UNPUBLISHED|maker being made                   → OWNED              store, by maker: publishes
 *   OWNED|n           it has an owner, and n pins  → OWNED|n±1, n, or FROZEN|freezer|OWNED|n
 *   n > 0             disowned: goes with its      → n−1
 *                     last pin
 *   FROZEN|freezer|c  takes no pin; c = OWNED and  → the same with less, or c (unfreeze)
 *                     pins
 *   FROZEN|freer|0    being freed                  → 0                  plainly, by the cache
 *   Never raised from 0. Who takes the last of OWNED and pins away is the freer: `put` and `disown`
 *   say so, or, if it was frozen meanwhile, the freezer's `unfreeze`. That and the freeze are one
 *   compare-and-swap, 1 → FROZEN|freer|0: in two steps a stalled freer would hit the next life.
 * pfn    first page of the block. Set before publish
 * link   limbo, or a split's reserve. No reader reads it
 *
 * Roles, each the number of a thread's slot: *maker*, *freezer* (who moves, splits or shrinks) and
 * *freer*, the three holders; *pinner*, which any number of threads may be. The *owner* is no
 * thread: OWNED is the reference of whoever has the name, and outlives who made it. Every pin
 * stands in its pinner's ledger (pin-ledger.ts), from which the word can be counted anew.
 *
 * For example, a folio that is freed while it moves:
 *   maker 3    takes it from the cache, fills it, publishes    UNPUBLISHED|3, then OWNED
 *   pinner 5   pins                                            OWNED|1
 *   mover 4    freeze(0): refused, there is a pin
 *   pinner 5   puts                                            OWNED
 *   mover 4    freeze(0)                                       FROZEN|4|OWNED
 *   pinner 5   pins: busy, and parks on the word
 *   thread 6   disowns it: it is frozen, so not 6 frees        FROZEN|4|0
 *   freer 4    unfreeze says that nothing is left: frees       0
 *   pinner 5   woken: gone
 *
 * Descriptors are type-stable: an object of a descriptor cache keeps its kind until its slab is
 * given back, after a grace period. So `tryGet` on a stale pointer meets either 0 or the refs of
 * another descriptor, never something that is not a refs word; the recheck finds out which.
 *
 * Progress: every failed compare-and-swap means that another thread's succeeded.
 */

import { selfSlot } from '../base/env';
import { FAULT_REFS, fail } from '../base/fault';
import { Desc, Order, Pfn, Slot } from '../base/layout';
import { casWord, loadWord, pokeWord, storeWord } from '../base/words';
import { assertHalted } from '../thread/context';
import { TYPE_MASK } from './type';

export const HEADER_BYTES: u32 = 16;

export const FROZEN: u32 = 0x8000_0000;
export const UNPUBLISHED: u32 = 0x4000_0000;
/** The owner's reference. */
export const OWNED: u32 = 0x0020_0000;
export const PIN_MASK: u32 = 0x001f_ffff;
/** What keeps a descriptor alive: its owner and its pins. */
export const COUNT_MASK: u32 = 0x003f_ffff;
export const SLOT_SHIFT: u32 = 22;

export const FLAG_MOVABLE: u32 = 1 << 25;
export const ORDER_SHIFT: u32 = 5;
const ORDER_MASK: u32 = 15 << 5;

@unmanaged
export class Header {
  flags: u32;
  refs: u32;
  pfn: u32;
  link: u32;
}

export function headerOf(desc: Desc): Header {
  return changetype<Header>(desc);
}

export function refsAt(desc: Desc): usize {
  return desc + offsetof<Header>('refs');
}

export function flagsAt(desc: Desc): usize {
  return desc + offsetof<Header>('flags');
}

export function pfnAt(desc: Desc): usize {
  return desc + offsetof<Header>('pfn');
}

export function linkAt(desc: Desc): usize {
  return desc + offsetof<Header>('link');
}

/** log2 of the block's pages. */
export function orderOf(desc: Desc): Order {
  return (loadWord(flagsAt(desc)) & ORDER_MASK) >> ORDER_SHIFT;
}

export function typeOf(desc: Desc): u32 {
  return loadWord(flagsAt(desc)) & TYPE_MASK;
}

/** Gives a frozen descriptor another order. Progress: others move only lock bits. */
export function setOrder(desc: Desc, order: Order): void {
  let seen = loadWord(flagsAt(desc));
  while (true) {
    const found = casWord(flagsAt(desc), seen, (seen & ~ORDER_MASK) | (order << ORDER_SHIFT));
    if (found == seen) return;
    seen = found;
  }
}

/** The slot in an UNPUBLISHED or FROZEN word. */
export function holderOf(refs: u32): Slot {
  return (refs >> SLOT_SHIFT) & 0xff;
}

/** Whether the slot has frozen it, or is freeing it. */
export function isFrozenBy(desc: Desc, slot: Slot): bool {
  const refs = loadWord(refsAt(desc));
  return (refs & FROZEN) != 0 && holderOf(refs) == slot;
}

/** What the refs of an object say that is in this thread's hands. */
export function unpublishedHere(): u32 {
  return UNPUBLISHED | (selfSlot() << SLOT_SHIFT);
}

/**
 * Fills the header of an object that its cache has handed out, so that its refs say
 * `unpublishedHere` (slab/sheaf.ts): nobody can pin it before `publish`.
 */
export function initHeader(desc: Desc, type: u32, order: Order, pfn: Pfn): void {
  const header = headerOf(desc);
  header.flags = type | (order << ORDER_SHIFT);
  header.pfn = pfn;
  header.link = 0;
}

/** The last step of making one: everything before it is visible to whoever takes a pin. */
export function publish(desc: Desc): void {
  storeWord(refsAt(desc), OWNED);
}

/**
 * Instead of `publish` where others may wait for it: as if frozen by us, until `unfreeze`.
 * What leads to it is stored atomically after this; who has an older pointer takes no pin either
 * way.
 */
export function publishFrozen(desc: Desc): void {
  pokeWord(refsAt(desc), FROZEN | (selfSlot() << SLOT_SHIFT) | OWNED);
}

/** What `tryGet` found. */
export const GET_DONE: u32 = 0;
/** Free, unpublished, being freed, or disowned: it takes no pins (any more). */
export const GET_GONE: u32 = 1;
/** Frozen: worth waiting for. Or pinned two million times. */
export const GET_BUSY: u32 = 2;

/** OWNED is there, no holder's bits are, and there is room for one more: in one comparison. */
function takesPins(refs: u32): bool {
  return refs - OWNED < PIN_MASK;
}

/** Takes a pin if the descriptor has an owner. Cost: one load, one compare-and-swap. */
export function tryGet(desc: Desc): u32 {
  let seen = loadWord(refsAt(desc));
  while (takesPins(seen)) {
    const found = casWord(refsAt(desc), seen, seen + 1);
    if (found == seen) return GET_DONE;
    seen = found;
  }
  return (seen & OWNED) != 0 ? GET_BUSY : GET_GONE;
}

/**
 * Drops a pin.
 *
 * @returns true when it was the last that kept it: now FROZEN|self|0, and the caller frees it
 */
export function put(desc: Desc): bool {
  let seen = loadWord(refsAt(desc));
  while (true) {
    if ((seen & PIN_MASK) == 0 || (seen & UNPUBLISHED) != 0) fail(FAULT_REFS, desc);
    const isLast = seen == 1;
    const next = isLast ? FROZEN | (selfSlot() << SLOT_SHIFT) : seen - 1;
    const found = casWord(refsAt(desc), seen, next);
    if (found == seen) return isLast;
    seen = found;
  }
}

/**
 * `tryGet` if nobody interferes. @returns whether it took a pin; if not, all is as before @inline
 */
export function getFast(desc: Desc): bool {
  const seen = loadWord(refsAt(desc));
  return takesPins(seen) && casWord(refsAt(desc), seen, seen + 1) == seen;
}

/** `put` of a pin beside an owner, if nobody interferes. @returns whether it was dropped @inline */
export function putFast(desc: Desc): bool {
  const seen = loadWord(refsAt(desc));
  return seen - OWNED - 1 < PIN_MASK && casWord(refsAt(desc), seen, seen - 1) == seen;
}

/** What `disown` did. */
export const DISOWN_DONE: u32 = 0;
/** Nothing kept it any more: now FROZEN|self|0, and the caller frees it. */
export const DISOWN_LAST: u32 = 1;
/** It had no owner, and nothing has changed. */
export const DISOWN_TWICE: u32 = 2;

/** Drops the owner's reference, once. */
export function disown(desc: Desc): u32 {
  let seen = loadWord(refsAt(desc));
  while (true) {
    if ((seen & OWNED) == 0) return DISOWN_TWICE;
    const isLast = seen == OWNED;
    const next = isLast ? FROZEN | (selfSlot() << SLOT_SHIFT) : seen - OWNED;
    const found = casWord(refsAt(desc), seen, next);
    if (found == seen) return isLast ? DISOWN_LAST : DISOWN_DONE;
    seen = found;
  }
}

/** Bars new pins if the descriptor has an owner and exactly `pins` pins are out. */
export function freeze(desc: Desc, pins: u32): bool {
  const expected = OWNED | pins;
  const frozen = FROZEN | (selfSlot() << SLOT_SHIFT) | expected;
  return casWord(refsAt(desc), expected, frozen) == expected;
}

/**
 * Ends a freeze of one's own. Whoever parked on the word is woken by the caller (pin.ts).
 *
 * @returns true when everything went meanwhile: still FROZEN|slot|0, the caller frees
 */
export function unfreezeRefs(desc: Desc): bool {
  let seen = loadWord(refsAt(desc));
  while (true) {
    if ((seen & COUNT_MASK) == 0) return true;
    const found = casWord(refsAt(desc), seen, seen & COUNT_MASK);
    if (found == seen) return false;
    seen = found;
  }
}

/**
 * Makes a descriptor that nobody can pin any more, or that is frozen without pins, `slot`'s to
 * free.
 */
export function takeForFree(desc: Desc, slot: Slot): void {
  storeWord(refsAt(desc), FROZEN | (slot << SLOT_SHIFT));
}

/**
 * Gives a dead thread's descriptor to its recoverer: `pins` as counted anew.
 *
 * @returns whether nothing keeps it any more: then FROZEN|slot|0
 */
export function recount(desc: Desc, pins: u32, slot: Slot): bool {
  assertHalted();
  const seen = loadWord(refsAt(desc));
  const counted = (seen & OWNED) | pins;
  const isFrozen = (seen & FROZEN) != 0;
  if (counted == 0 && !isFrozen) storeWord(refsAt(desc), FROZEN | (slot << SLOT_SHIFT));
  else storeWord(refsAt(desc), (seen & ~COUNT_MASK) | counted);
  return counted == 0;
}
