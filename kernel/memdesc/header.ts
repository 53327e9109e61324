/**
 * The header: the first four words of every descriptor, whatever its type.
 *
 * flags  type:5 · order:4 · LOCKED (bit 9) · WAITERS (10) · owner:8 (12–19) · MOVABLE (25). Stored
 *        once, before the descriptor is published; afterwards only moved by compare-and-swap
 * refs   count:22 · actor slot:8 · BORN (bit 30) · FROZEN (bit 31)
 *   0              no descriptor: a free object of the slab
 *   BORN|slot      reserved by slot, not published           → 1 (store, by slot: publishes)
 *   n              n references, 1 ≤ n < 2^22                → n ± 1, or FROZEN|slot|n
 *   FROZEN|slot|n  nobody may take one; n are out            → FROZEN|slot|n−1, or n (unfreeze)
 *   FROZEN|slot|0  being freed by slot                       → 0 (store, by slot)
 *   Never raised from 0. Whoever brings the count to 0 frees: `put` says so, or, if it was frozen
 *   meanwhile, the freezer's `unfreeze`. The count and the
 *   freeze change in one compare-and-swap, 1 → FROZEN|slot|0: in two steps a stalled freer would
 *   hit the next life of the object.
 * pfn    first page of the block. Set before publish
 * link   limbo. No reader reads it
 *
 * Descriptors are type-stable: an object of a descriptor cache keeps its kind until its slab is
 * given back, after a grace period. So `tryGet` on a stale pointer meets either 0 or the refs of
 * another descriptor, never something that is not a refs word; the recheck finds out which.
 *
 * Progress: every failed compare-and-swap means that another thread's succeeded.
 */
import { selfSlot } from '../base/env';
import { FAULT_REFS, fail } from '../base/fault';
import { casWord, loadWord, storeWord } from '../base/words';

export const HEADER_BYTES: u32 = 16;

export const FROZEN: u32 = 0x8000_0000;
export const BORN: u32 = 0x4000_0000;
export const COUNT_MASK: u32 = 0x003f_ffff;
const SLOT_SHIFT: u32 = 22;

export const FLAG_MOVABLE: u32 = 1 << 25;

@unmanaged
export class Header {
  flags: u32;
  refs: u32;
  pfn: u32;
  link: u32;
}

export function headerOf(desc: u32): Header {
  return changetype<Header>(desc);
}

export function refsAt(desc: u32): usize {
  return desc + offsetof<Header>('refs');
}

export function flagsAt(desc: u32): usize {
  return desc + offsetof<Header>('flags');
}

export function linkAt(desc: u32): usize {
  return desc + offsetof<Header>('link');
}

/** Reserves a free object: nobody can pin it before `publish`. */
export function bear(desc: u32, type: u32, order: u32, pfn: u32): void {
  storeWord(refsAt(desc), BORN | (selfSlot() << SLOT_SHIFT));
  const header = headerOf(desc);
  header.flags = type | (order << 5);
  header.pfn = pfn;
  header.link = 0;
}

/** The last step of a birth: everything before it is visible to whoever takes a reference. */
export function publish(desc: u32): void {
  storeWord(refsAt(desc), 1);
}

/** What `tryGet` found. */
export const GET_DONE: u32 = 0;
export const GET_GONE: u32 = 1;
export const GET_BUSY: u32 = 2;

/** Takes a reference if there is at least one. Cost: one load, one compare-and-swap. */
export function tryGet(desc: u32): u32 {
  let seen = loadWord(refsAt(desc));
  while (true) {
    const counted = seen & COUNT_MASK;
    if (seen != counted) return (seen & BORN) != 0 || counted != 0 ? GET_BUSY : GET_GONE;
    if (counted == 0) return GET_GONE;
    if (counted == COUNT_MASK) return GET_BUSY;
    const found = casWord(refsAt(desc), seen, seen + 1);
    if (found == seen) return GET_DONE;
    seen = found;
  }
}

/**
 * Drops a reference.
 *
 * @returns true when it was the last: the descriptor is now FROZEN|self|0 and the caller frees it
 */
export function put(desc: u32): bool {
  let seen = loadWord(refsAt(desc));
  while (true) {
    if ((seen & COUNT_MASK) == 0 || (seen & BORN) != 0) fail(FAULT_REFS, desc);
    const isLast = seen == 1;
    const next = isLast ? FROZEN | (selfSlot() << SLOT_SHIFT) : seen - 1;
    const found = casWord(refsAt(desc), seen, next);
    if (found == seen) return isLast;
    seen = found;
  }
}

/** Bars new references if exactly `expected` are out. */
export function freeze(desc: u32, expected: u32): bool {
  const frozen = FROZEN | (selfSlot() << SLOT_SHIFT) | expected;
  return casWord(refsAt(desc), expected, frozen) == expected;
}

/**
 * Ends a freeze of one's own.
 *
 * @returns true when all references went meanwhile: still FROZEN|self|0, the caller frees
 */
export function unfreeze(desc: u32): bool {
  let seen = loadWord(refsAt(desc));
  while (true) {
    if ((seen & COUNT_MASK) == 0) return true;
    const found = casWord(refsAt(desc), seen, seen & COUNT_MASK);
    if (found == seen) return false;
    seen = found;
  }
}

/** The last step of a death, before the object goes back to its cache. */
export function bury(desc: u32): void {
  storeWord(refsAt(desc), 0);
}
