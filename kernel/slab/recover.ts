/**
 * What a survivor does for a thread that died on this floor: it makes everything again.
 *
 * Lists, counters, the barn and the pool are an index; what they say can be read off the page map
 * (every slab is named by a page word), the state bytes, the owner words of the sheaves and what
 * the sheaves hold. So nothing depends on the step at which the thread died, and who recovers may
 * die as well. The world is halted: nobody alive is in the middle of anything here, and who waits
 * for the slab lock reads everything again when it has it. For the same reason plain loads are
 * enough.
 *
 *   1  every slab that is named is published; no object is SEEN
 *   2  sheaves of the dead, and half-empty ones in nobody's hands, lose what they hold
 *   3  what is in a sheaf, or in the hands of the living, is SEEN
 *   4  what a dead thread was handing out is not
 *   5  objects that should be in a sheaf and were not SEEN, and those in use that show that nobody
 *      has them (cache.ts), go back to their slabs; then each slab is counted and listed
 *
 * A descriptor that a dead thread bore and did not publish may own pages already, or be in the
 * reserve of a split: the floors above give those back that are noted (memdesc/pin-ledger.ts). What
 * is left then was taken out of a sheaf and not noted: `reapUnpublished` frees it.
 */
import { Desc, Pfn, SLAB_STATE, Slot, superblock } from '../base/layout';
import { peekByte, peekCell, peekWord, pokeByte, pokeWord } from '../base/words';
import { nextTaken } from '../frames/bitfield';
import { linkAt, OWNED, publish, refsAt, SLOT_SHIFT, UNPUBLISHED } from '../memdesc/header';
import { peekPageWord } from '../memdesc/page-word';
import { assertHalted } from '../thread/context';
import { breakLock } from '../thread/lock';
import { highestSlot, isAlive, slotOf } from '../thread/slot';
import { haltWorld, resumeWorld } from '../thread/stop';
import { CACHE_SHEAF, CACHES, cacheOf, KIND_CELL, KIND_DESC, slabState } from './cache';
import { fillFree } from './debug-fill';
import {
  chainSheaf,
  clearTaken,
  dropSheaf,
  handIn,
  isFull,
  isTakenBy,
  lockSlab,
  sheafObject,
  sheafOf,
  sheafOwner,
  storeInBarn,
  unlockSlab,
} from './sheaf';
import {
  countOut,
  IN_SHEAF,
  IN_SLAB,
  IN_USE,
  isRetired,
  objectAt,
  slabCache,
  slabHolding,
  slabNamed,
  slabOf,
  stateAt,
} from './slab';
import { adoptSlab, enlistRetired, retireIfSpare, returnObject } from './slabs';

/** State byte of an object that was found in a sheaf. Only while the world is halted. */
const SEEN: u32 = 3;

/** Thread-local: all slabs, chained by their headers' links, which lists of waiting slabs use. */
let slabs: u32 = 0;

/** Repairs this floor after the death of `slot`, whatever it was doing. */
export function repairSlab(slot: Slot): void {
  assertHalted();
  slotOf(slot).hasUnpublished = 0;
  if (!hasEntered(slot) && slabState().repairing == 0) return;
  slabState().repairing = 1;
  collectSlabs();
  forgetLists();
  for (let desc = slabs; desc != 0; desc = peekWord(linkAt(desc))) renew(desc);
  for (let desc = slabs; desc != 0; desc = peekWord(linkAt(desc))) {
    if (slabCache(desc) == CACHE_SHEAF) renewSheaves(desc);
  }
  seeHands();
  while (slabs != 0) {
    const desc = slabs;
    slabs = peekWord(linkAt(desc));
    sweep(desc, slot);
    relist(desc);
  }
  slabState().repairing = 0;
  breakLock(SLAB_STATE, slot);
}

/**
 * Frees descriptors that `slot` bore and did not publish, and that nobody has noted: all that were
 * have been given back. Rare enough to halt the world once more.
 */
export function reapUnpublished(slot: Slot): void {
  if (slotOf(slot).hasUnpublished == 0) return;
  lockSlab();
  haltWorld();
  for (
    let pfn = nextTaken(superblock().firstPfn);
    pfn < superblock().pageCount;
    pfn = nextTaken(pfn + 1)
  ) {
    const desc = slabOn(pfn);
    if (desc == 0 || cacheOf(slabCache(desc)).kind != KIND_DESC) continue;
    for (let index: u32 = 0; index < cacheOf(slabCache(desc)).perSlab; index++) {
      const object = objectAt(desc, index);
      if (peekByte(slabOf(desc).states + index) != IN_USE || !isUnpublished(object, slot)) continue;
      clearTaken(KIND_DESC, object);
      if (isDefined(PAGELESS_DEBUG)) fillFree(cacheOf(slabCache(desc)), object);
      returnObject(object);
    }
  }
  resumeWorld();
  unlockSlab();
}

function hasEntered(slot: Slot): bool {
  const page = slotOf(slot).page;
  return page != 0 && handIn(page).hasEntered != 0;
}

function isUnpublished(object: u32, slot: Slot): bool {
  return peekWord(refsAt(object)) == (UNPUBLISHED | (slot << SLOT_SHIFT));
}

function collectSlabs(): void {
  slabs = 0;
  for (
    let pfn = nextTaken(superblock().firstPfn);
    pfn < superblock().pageCount;
    pfn = nextTaken(pfn + 1)
  ) {
    const desc = slabOn(pfn);
    if (desc == 0) continue;
    pokeWord(linkAt(desc), slabs);
    slabs = desc;
  }
}

/** The slab in a page, or 0. In a damaged image a word may lie: `check` will say so. */
function slabOn(pfn: Pfn): Desc {
  const desc = slabNamed(peekPageWord(pfn));
  return desc != 0 && slabOf(desc).pfn == pfn ? desc : 0;
}

function forgetLists(): void {
  const state = slabState();
  state.pool = 0;
  state.sheaves = 0;
  state.retired = 0;
  state.waiting = 0;
  state.retiredCount = 0;
  for (let cache: u32 = 0; cache < CACHES; cache++) {
    const record = cacheOf(cache);
    record.partial = 0;
    record.slabs = 0;
    record.out = 0;
    record.full = 0;
    record.fullCount = 0;
  }
}

function renew(desc: Desc): void {
  if ((peekWord(refsAt(desc)) & OWNED) == 0) publish(desc);
  replaceStates(desc, SEEN, IN_SHEAF);
}

function replaceStates(desc: Desc, from: u32, to: u32): void {
  const states = slabOf(desc).states;
  for (let index: u32 = 0; index < cacheOf(slabCache(desc)).perSlab; index++) {
    if (peekByte(states + index) == from) pokeByte(states + index, to);
  }
}

/** Takes up the sheaves of a slab of them: who is alive keeps its own. */
function renewSheaves(desc: Desc): void {
  for (let index: u32 = 0; index < cacheOf(CACHE_SHEAF).perSlab; index++) {
    if (peekByte(slabOf(desc).states + index) != IN_USE) continue;
    const sheaf = objectAt(desc, index);
    const owner = sheafOwner(sheaf);
    const isKept = owner != 0 && isAlive(owner);
    if (!isKept && (owner != 0 || !isFull(sheaf))) strip(sheaf);
    for (let i: u32 = 0; i < sheafOf(sheaf).count; i++)
      pokeByte(stateOf(sheafObject(sheaf, i)), SEEN);
    takeUp(sheaf, isKept);
  }
}

/** Lets go of what a sheaf holds; the last pop or push of a dead owner may be half-done. */
function strip(sheaf: u32): void {
  const kind = cacheOf(sheafOf(sheaf).cache).kind;
  while (sheafOf(sheaf).count != 0) {
    const object = sheafObject(sheaf, sheafOf(sheaf).count - 1);
    clearTaken(kind, object);
    pokeByte(stateOf(object), IN_SHEAF);
    sheafOf(sheaf).count--;
  }
}

function takeUp(sheaf: u32, isKept: bool): void {
  chainSheaf(sheaf);
  if (isKept) return;
  if (sheafOf(sheaf).count != 0) storeInBarn(sheaf);
  else dropSheaf(sheaf);
}

function stateOf(object: u32): usize {
  const desc = slabHolding(object);
  return stateAt(cacheOf(slabCache(desc)), desc, object);
}

function replaceState(object: u32, from: u32, to: u32): void {
  if (peekByte(stateOf(object)) == from) pokeByte(stateOf(object), to);
}

/** What threads had in hand: the living go on, the dead do not. */
function seeHands(): void {
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    const page = slotOf(slot).page;
    if (page == 0) continue;
    const object = handIn(page).inHand;
    if (object == 0) continue;
    if (isAlive(slot)) {
      // Else it is in use, on its way out; or in a slab and about to be taken.
      replaceState(object, IN_SHEAF, SEEN);
    } else {
      replaceState(object, IN_USE, IN_SHEAF);
      handIn(page).inHand = 0;
    }
  }
}

function sweep(desc: Desc, slot: Slot): void {
  const record = cacheOf(slabCache(desc));
  const states = slabOf(desc).states;
  for (let index: u32 = 0; index < record.perSlab; index++) {
    const state = peekByte(states + index);
    const object = objectAt(desc, index);
    if (state == SEEN) pokeByte(states + index, IN_SHEAF);
    else if (state == IN_SHEAF || (state == IN_USE && isLost(record.kind, object, slot))) {
      clearTaken(record.kind, object);
      if (isDefined(PAGELESS_DEBUG)) fillFree(record, object);
      pokeByte(states + index, IN_SLAB);
    } else if (state == IN_USE && record.kind == KIND_DESC && isUnpublished(object, slot)) {
      slotOf(slot).hasUnpublished = 1;
    }
  }
}

/** Whether an object in use shows that nobody has it. */
function isLost(kind: u32, object: u32, slot: Slot): bool {
  if (kind == KIND_DESC) return peekWord(refsAt(object)) == 0;
  if (kind != KIND_CELL) return false;
  const cell = peekCell(object);
  return cell == 0 || isTakenBy(cell, slot);
}

function relist(desc: Desc): void {
  const slab = slabOf(desc);
  slab.inUse = countOut(desc);
  slab.lowest = 0;
  slab.next = 0;
  slab.prev = 0;
  if (isRetired(desc)) enlistRetired(desc);
  else if (slab.grower == 0 || !isAlive(slab.grower)) {
    adoptSlab(desc);
    retireIfSpare(desc);
  }
}
