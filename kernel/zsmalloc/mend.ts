/**
 * Mending: what a dead thread's state names is repaired, and nothing else is looked at.
 *
 * A thread writes down what it is about to change (thread-state.ts), and it changes one thing at a
 * time, unless it says `needsSweep`: then, as when somebody died with a class's lock, all cells and
 * zspages are swept (recover.ts).
 *   the zspage in `place`, if the dead has its lock
 *      `page`         its word names the zspage, which does not list it: lost, it is given back
 *      the index      in use, and no cell names it: it is vacated. The cell is what the object's
 *                     word leads to, or `ownCell`, which was being made or freed
 *   that zspage, `taken`, and those that it puts objects into, if it owned them
 *      the lists      as nobody's, on the list where it belongs; one that is empty goes
 *
 * World halted, after slab's repair. Each step may be done twice. Cost: at most 66 zspages.
 */
import { clearBit } from '../base/bitmap';
import { Desc, Handle, Pfn, Slot } from '../base/layout';
import { loadCell, loadWord, peekWord, pokeWord } from '../base/words';
import { giveBlock } from '../frames/frames';
import { unlist } from '../memdesc/desc-list';
import { linkAt, OWNED, PIN_MASK, refsAt, takeForFree } from '../memdesc/header';
import { pageWord, storePageWord, wordDescriptor, wordType } from '../memdesc/page-word';
import { TYPE_FREE, TYPE_ZSPAGE } from '../memdesc/type';
import { assertHalted } from '../thread/context';
import { breakLock, isForsaken, isLockOf } from '../thread/lock';
import { LIST_RETIRED, listLocked, OFF_LISTS } from './fullness';
import { goneIndex, goneZspage, hasPlace, isByIndex, isSamePlace, zsIsCell } from './handle';
import { isZspage } from './iterate';
import { cellFor } from './place';
import { addZspages, countMove, headAt, LISTS, recordAt } from './pool-table';
import { shapeObjects, shapePages } from './size-class';
import { ACTIVES, activeAt, asThreadState, ThreadState, threadStateOf } from './thread-state';
import {
  bitsAt,
  countUsed,
  dropPageIfUntouched,
  isIndexUsed,
  listLinks,
  listsPage,
  objectWordAt,
  setPlace,
  zspageList,
  zspageLockAt,
  zspageOwner,
  zspageShape,
} from './zspage';

/** Bits and pages of the zspage that the thread in `slot` had locked. Before `ownCell` is. */
export function mendLocked(thread: ThreadState, slot: Slot): void {
  assertHalted();
  const desc = lockedBy(thread, slot);
  if (desc == 0) return;
  dropLost(thread.page, desc);
  const index = u32(thread.place);
  if (index >= shapeObjects(zspageShape(desc))) return;
  if (isIndexUsed(desc, index) && !isNamed(desc, index, thread)) clearBit(bitsAt(desc), index);
  for (let k: u32 = 0; k < shapePages(zspageShape(desc)); k++) {
    dropPageIfUntouched(desc, k, thread);
  }
}

/** Gives back a page whose word names the zspage, unless it lists it: not yet, or not any more. */
export function dropLost(pfn: Pfn, desc: Desc): void {
  const word = pageWord(pfn);
  if (wordType(word) != TYPE_ZSPAGE || wordDescriptor(word) != desc || listsPage(desc, pfn)) return;
  storePageWord(pfn, TYPE_FREE);
  giveBlock(pfn, 0);
}

/** Lists and owners of the zspages that the thread in `slot` had. */
export function mendLists(thread: ThreadState, slot: Slot): void {
  const locked = lockedBy(thread, slot);
  if (locked != 0) disownFor(locked, slot);
  mendOwned(thread.taken, slot);
  for (let i: u32 = 0; i < 2 * ACTIVES; i++) mendOwned(peekWord(activeAt(thread, 0) + i * 4), slot);
}

function lockedBy(thread: ThreadState, slot: Slot): Desc {
  const desc = u32(thread.place >> 32);
  return isZspage(desc) && isLockOf(zspageLockAt(desc), slot) ? desc : 0;
}

/** Whether the thread's cell at hand, or the one that the object's word leads to, names it. */
function isNamed(desc: Desc, index: u32, thread: ThreadState): bool {
  return isNamedBy(thread.ownCell, desc, index) || isNamedBy(wordOf(desc, index), desc, index);
}

function wordOf(desc: Desc, index: u32): u32 {
  return peekWord(objectWordAt(desc, index));
}

function isNamedBy(handle: Handle, desc: Desc, index: u32): bool {
  if (!zsIsCell(handle)) return false;
  const cell = loadCell(handle);
  if (!hasPlace(cell)) return false;
  if (isByIndex(cell)) return goneZspage(cell) == desc && goneIndex(cell) == index;
  return isSamePlace(cell, cellFor(desc, index, 0));
}

function mendOwned(desc: Desc, slot: Slot): void {
  if (isZspage(desc) && zspageOwner(desc) == slot) disownFor(desc, slot);
}

/** Ends what the thread in `slot` had of a zspage: the lock, and that it was its own. */
function disownFor(desc: Desc, slot: Slot): void {
  const owner = zspageOwner(desc);
  if ((owner == 0 || owner == slot) && (loadWord(refsAt(desc)) & OWNED) != 0) {
    takeOffLists(desc);
    relistZspage(desc, slot);
    if (owner == slot) setPlace(desc, zspageList(desc), 0);
  }
  breakLock(zspageLockAt(desc), slot);
}

/** Takes a zspage off its list and out of its class, unless it is. */
function takeOffLists(desc: Desc): void {
  const list = zspageList(desc);
  if (list == LIST_RETIRED) return;
  const record = recordAt(desc);
  if (list < LISTS) unlist(headAt(record, list), desc, listLinks());
  countMove(record, list, LISTS);
  addZspages(record, -1);
  setPlace(desc, OFF_LISTS, zspageOwner(desc));
}

/** Lists a zspage that is on no list, and counts it in its class; or takes it out for good. */
export function relistZspage(desc: Desc, slot: Slot): void {
  // A living thread does not rest between taking a zspage out of its class and disowning it.
  if ((loadWord(refsAt(desc)) & OWNED) == 0) return;
  const owner = zspageOwner(desc);
  // Another's stays another's, who puts objects into it, whatever the dead was freeing there.
  const isMine = owner == slot || (owner == 0 && isLockOf(zspageLockAt(desc), slot));
  if (isMine && isUnused(desc) && !isBeingVacated(desc, slot)) {
    retireFor(slot, desc);
    return;
  }
  const record = recordAt(desc);
  addZspages(record, 1);
  if (owner == 0 || owner == slot) listLocked(record, desc, owner);
}

/** Whether somebody who lives has the lock: he has vacated it, and takes it out himself. */
function isBeingVacated(desc: Desc, slot: Slot): bool {
  const at = zspageLockAt(desc);
  return loadWord(at) != 0 && !isLockOf(at, slot) && !isForsaken(at);
}

/** Nothing is in it, and no observer has pinned it. */
function isUnused(desc: Desc): bool {
  return countUsed(desc) == 0 && (loadWord(refsAt(desc)) & PIN_MASK) == 0;
}

/** Takes an empty zspage out for good: its death is now the dead thread's, and a debt of it. */
function retireFor(slot: Slot, desc: Desc): void {
  const thread = asThreadState(threadStateOf(slot));
  if (thread.emptied != desc) pokeWord(linkAt(desc), thread.emptied);
  thread.emptied = desc;
  // Until here it is found again, and forgotten as a debt; from here on it is one.
  takeForFree(desc, slot);
  setPlace(desc, LIST_RETIRED, 0);
  breakLock(zspageLockAt(desc), slot);
}
