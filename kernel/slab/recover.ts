/**
 * What a survivor does for a thread that died on this floor.
 *
 * Who died outside of the slab lock left all lists whole: only what it had is taken back
 * (take-back.ts). Otherwise everything is made again: lists, counters, the barn and the pool are an
 * index; what they say can be read off the page map (every slab is named by a page word), the state
 * bytes, the owner words of the sheaves and what the sheaves hold. So nothing depends on the step
 * at which the thread died. Who recovers may die as well: `repairing` says that it was at it, and
 * the next one makes everything again. The world is halted: nobody alive is in the middle of
 * anything here, and who waits for the slab lock reads everything again when it has it. For the
 * same reason plain loads are enough.
 *
 *   1  every slab that is named is published; no object is SEEN
 *   2  sheaves of the dead, and half-empty ones in nobody's hands, lose what they hold
 *   3  what is in a sheaf, or in the hands of the living, is SEEN
 *   4  what a dead thread was handing out is not
 *   5  objects that should be in a sheaf and were not SEEN, and those in use that show that nobody
 *      has them (cache.ts), go back to their slabs; then each slab is counted and listed
 *
 * A descriptor that a dead thread made and did not publish may own pages already, or be in the
 * reserve of a split: the floors above give those back that are noted (memdesc/pin-ledger.ts). One
 * that is not noted is the last that the thread touched: `reapUnpublished` frees it.
 */
import { Desc, Pfn, SLAB_STATE, Slot, superblock } from '../base/layout';
import { peekByte, peekWord, pokeByte, pokeWord } from '../base/words';
import { nextTaken } from '../frames/bitfield';
import { linkAt, OWNED, publish, refsAt } from '../memdesc/header';
import { peekPageWord } from '../memdesc/page-word';
import { assertHalted } from '../thread/context';
import { breakLock, isForsaken } from '../thread/lock';
import { highestSlot, isAlive, slotOf } from '../thread/slot';
import { CACHE_SHEAF, CACHES, cacheOf, KIND_DESC, slabState } from './cache';
import { fillFree } from './debug-fill';
import {
  chainSheaf,
  clearTaken,
  dropSheaf,
  handIn,
  isFull,
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
} from './slab';
import { adoptSlab, enlistRetired, retireIfSpare, returnObject } from './slabs';
import {
  byteOf,
  heldBy,
  isUnpublished,
  isUnused,
  lastOf,
  stateOf,
  takeBack,
  takeBackAll,
} from './take-back';

/** State byte of an object that was found in a sheaf. Only while the world is halted. */
const SEEN: u32 = 3;

/** Thread-local: all slabs, chained by their headers' links, which lists of waiting slabs use. */
let slabs: u32 = 0;

/** Repairs this floor after the death of `slot`, whatever it was doing. */
export function repairSlab(slot: Slot): void {
  assertHalted();
  const page = slotOf(slot).page;
  const isWhole = slabState().repairing == 0;
  if (isWhole && (page == 0 || handIn(page).hasEntered == 0)) return;
  slabState().repairing = 1;
  if (isWhole && !isForsaken(SLAB_STATE)) takeBackAll(slot);
  else remake(slot);
  slabState().repairing = 0;
  const last = lastOf(slot);
  if (page != 0) handIn(page).unpublished = last != 0 && isUnpublishedDesc(last, slot) ? last : 0;
  breakLock(SLAB_STATE, slot);
}

/** Makes all lists and counts again, from the slabs. */
function remake(slot: Slot): void {
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
}

/** Whether an object is a descriptor that the thread made, or took to free, and nobody else's. */
function isUnpublishedDesc(object: u32, slot: Slot): bool {
  const isDesc = cacheOf(slabCache(slabHolding(object))).kind == KIND_DESC;
  return isDesc && stateOf(object) == IN_USE && isUnpublished(object, slot);
}

/** Takes back an object that the floor above has found to be nobody's. */
export function repairTaken(object: u32): void {
  slabState().repairing = 1;
  takeBack(object);
  slabState().repairing = 0;
}

/**
 * Frees the descriptor that `slot` made and did not publish, if nobody has noted it: all that were
 * have been given back.
 */
export function reapUnpublished(slot: Slot): void {
  const page = slotOf(slot).page;
  const desc = page == 0 ? 0 : handIn(page).unpublished;
  if (desc == 0) return;
  lockSlab();
  if (isUnpublishedDesc(desc, slot)) {
    clearTaken(KIND_DESC, desc);
    if (isDefined(PAGELESS_DEBUG)) fillFree(cacheOf(slabCache(slabHolding(desc))), desc);
    returnObject(desc);
  }
  handIn(page).unpublished = 0;
  unlockSlab();
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
      pokeByte(byteOf(sheafObject(sheaf, i)), SEEN);
    takeUp(sheaf, isKept);
  }
}

/** Lets go of what a sheaf holds; the last pop or push of a dead owner may be half-done. */
function strip(sheaf: u32): void {
  const kind = cacheOf(sheafOf(sheaf).cache).kind;
  while (sheafOf(sheaf).count != 0) {
    const object = sheafObject(sheaf, sheafOf(sheaf).count - 1);
    clearTaken(kind, object);
    pokeByte(byteOf(object), IN_SHEAF);
    sheafOf(sheaf).count--;
  }
}

function takeUp(sheaf: u32, isKept: bool): void {
  chainSheaf(sheaf);
  if (isKept) return;
  if (sheafOf(sheaf).count != 0) storeInBarn(sheaf);
  else dropSheaf(sheaf);
}

function replaceState(object: u32, from: u32, to: u32): void {
  if (stateOf(object) == from) pokeByte(byteOf(object), to);
}

/** What threads had in hand: the living go on, the dead do not. */
function seeHands(): void {
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    if (isAlive(slot)) {
      // Else it is in use, on its way out; or in a slab and about to be taken.
      const object = heldBy(slot);
      if (object != 0) replaceState(object, IN_SHEAF, SEEN);
      continue;
    }
    const page = slotOf(slot).page;
    const object = page == 0 ? 0 : handIn(page).inHand;
    if (object == 0) continue;
    replaceState(object, IN_USE, IN_SHEAF);
    handIn(page).inHand = 0;
  }
}

function sweep(desc: Desc, slot: Slot): void {
  const record = cacheOf(slabCache(desc));
  const states = slabOf(desc).states;
  for (let index: u32 = 0; index < record.perSlab; index++) {
    const state = peekByte(states + index);
    const object = objectAt(desc, index);
    if (state == SEEN) pokeByte(states + index, IN_SHEAF);
    else if (state == IN_SHEAF || (state == IN_USE && isUnused(record.kind, object, slot))) {
      clearTaken(record.kind, object);
      if (isDefined(PAGELESS_DEBUG)) fillFree(record, object);
      pokeByte(states + index, IN_SLAB);
    }
  }
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
