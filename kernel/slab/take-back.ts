/**
 * Taking back what one dead thread had, when nobody has died in the midst of this floor's lists.
 *
 * Its sheaves say whose they are. Beside them at most one object has no name that a floor above
 * goes by: the *last* that the thread took or gave back (sheaf.ts). So nothing of others' is
 * looked at:
 *   a sheaf of its own    what it holds goes back, and it to the pool
 *   in hand               a user was not told of it yet, or has given it up
 *   last, a cell          still TAKEN by the thread, or 0: nothing was made of it
 *   last, a descriptor    refs 0. UNPUBLISHED it may be noted above: `reapUnpublished`
 *   last, a user's        IN_SHEAF, and neither in a sheaf nor in a hand: it was being freed
 *   last, a slab          that its page names: made and not listed, or done and not yet given back
 *
 * World halted. Cost: the sheaves there are, 64 objects for each of the dead thread's.
 */
import { Desc, pfnOfAddress, Slot } from '../base/layout';
import { loadWord, peekByte, peekCell, peekWord } from '../base/words';
import { publish, refsAt, SLOT_SHIFT, UNPUBLISHED } from '../memdesc/header';
import { peekPageWord } from '../memdesc/page-word';
import { assertHalted } from '../thread/context';
import { highestSlot, isAlive, operationOf, slotOf } from '../thread/slot';
import { CACHE_SLAB, cacheOf, KIND_CELL, KIND_DESC, KIND_HAND, slabState } from './cache';
import { fillFree } from './debug-fill';
import {
  clearTaken,
  dropSheaf,
  handIn,
  isTakenBy,
  sheafObject,
  sheafOf,
  sheafOwner,
} from './sheaf';
import {
  IN_SHEAF,
  IN_USE,
  isRetired,
  slabCache,
  slabHolding,
  slabNamed,
  slabOf,
  stateAt,
} from './slab';
import { adoptSlab, enlistRetired, retireIfSpare, returnObject } from './slabs';

/** Takes back what the thread in `slot` had. All lists are whole. */
export function takeBackAll(slot: Slot): void {
  assertHalted();
  const hand = handIn(slotOf(slot).page);
  for (let sheaf = slabState().sheaves; sheaf != 0; sheaf = sheafOf(sheaf).chain) {
    if (sheafOwner(sheaf) == slot) takeBackSheaf(sheaf);
  }
  if (hand.inHand != 0) takeBack(hand.inHand);
  hand.inHand = 0;
  const last = lastOf(slot);
  if (last == 0) return;
  const cache = slabCache(slabHolding(last));
  if (isLost(cacheOf(cache).kind, last, slot)) takeBack(last);
  else if (cache == CACHE_SLAB) takeBackSlab(last, slot);
}

/** An object goes back to its slab, if it is not there. */
export function takeBack(object: u32): void {
  assertHalted();
  const record = cacheOf(slabCache(slabHolding(object)));
  clearTaken(record.kind, object);
  if (isDefined(PAGELESS_DEBUG)) fillFree(record, object);
  returnObject(object);
}

/** The last push or pop may be half-done: then the object is in the sheaf. */
function takeBackSheaf(sheaf: u32): void {
  while (sheafOf(sheaf).count != 0) {
    takeBack(sheafObject(sheaf, sheafOf(sheaf).count - 1));
    sheafOf(sheaf).count--;
  }
  dropSheaf(sheaf);
}

/** The object that the thread in `slot` touched last; 0 if it is in no slab (any more). */
export function lastOf(slot: Slot): u32 {
  const page = slotOf(slot).page;
  const last = page == 0 ? 0 : handIn(page).last;
  return last != 0 && slabOn(last) != 0 ? last : 0;
}

/** The slab whose page an address lies in, or 0. */
function slabOn(address: u32): Desc {
  const pfn = pfnOfAddress(address);
  const desc = slabNamed(peekPageWord(pfn));
  return desc != 0 && slabOf(desc).pfn == pfn ? desc : 0;
}

/** Address of an object's state byte. */
export function byteOf(object: u32): usize {
  const desc = slabHolding(object);
  return stateAt(cacheOf(slabCache(desc)), desc, object);
}

export function stateOf(object: u32): u32 {
  return peekByte(byteOf(object));
}

/**
 * Whether a descriptor is one that the thread made, or took to free, and that is nobody else's.
 * Also asked while the world runs: if it is another's by then, he may be counting pins.
 */
export function isUnpublished(object: u32, slot: Slot): bool {
  return loadWord(refsAt(object)) == (UNPUBLISHED | (slot << SLOT_SHIFT));
}

/** Whether an object shows that nobody has it, and is not in its slab. */
function isLost(kind: u32, object: u32, slot: Slot): bool {
  const state = stateOf(object);
  if (kind == KIND_HAND) return state == IN_SHEAF && !isHeld(object);
  return state == IN_USE && isUnused(kind, object, slot);
}

/** Whether an object in use shows that nobody has it. */
export function isUnused(kind: u32, object: u32, slot: Slot): bool {
  if (kind == KIND_DESC) return peekWord(refsAt(object)) == 0;
  if (kind != KIND_CELL) return false;
  const cell = peekCell(object);
  return cell == 0 || isTakenBy(cell, slot);
}

/** Whether a free object is in a sheaf, or in the hand of somebody who waits to put it there. */
function isHeld(object: u32): bool {
  for (let sheaf = slabState().sheaves; sheaf != 0; sheaf = sheafOf(sheaf).chain) {
    for (let i: u32 = 0; i < sheafOf(sheaf).count; i++) {
      if (sheafObject(sheaf, i) == object) return true;
    }
  }
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    if (isAlive(slot) && heldBy(slot) == object) return true;
  }
  return false;
}

/**
 * What a living thread has in hand inside the kernel, or 0. Outside it may be emptying its hand, of
 * an object that is in use.
 */
export function heldBy(slot: Slot): u32 {
  const page = operationOf(slot) == 0 ? 0 : slotOf(slot).page;
  return page == 0 ? 0 : handIn(page).inHand;
}

/** A slab that was the thread's alone: it had made it, or taken it off the retired ones. */
function takeBackSlab(desc: Desc, slot: Slot): void {
  if (stateOf(desc) != IN_USE || slabNamed(peekPageWord(slabOf(desc).pfn)) != desc) return;
  const isTaken = isUnpublished(desc, slot);
  if (isTaken) publish(desc);
  if (isRetired(desc)) {
    if (isTaken) enlistRetired(desc);
  } else if (slabOf(desc).grower == slot) {
    adoptSlab(desc);
    retireIfSpare(desc);
  }
}
