/**
 * Fullness: the lists of a size class's zspages.
 *
 * Zspages that have room and that no thread owns are on one of eight lists of their class, by
 * eighths of their objects in use. An allocation takes the fullest, so that the emptiest become
 * empty; compaction takes both ends. While the store has pages to spare it passes those over that
 * are fuller than seven eighths (active.ts).
 *
 * list of a zspage   0 … 7: on that list ⇔ it has no owner and list = 8 · used / objects < 8
 *                    OFF_LISTS: it is full or has an owner
 *                    LIST_RETIRED: taken out of its class, empty; observers may have references
 * Class lock: the lists, `zspages`, and link, prev, list of every zspage of the class.
 *
 * Lock order: a zspage's lock, then the lock of its class.
 */

import { selfSlot } from '../base/env';
import { Desc } from '../base/layout';
import { peekWord } from '../base/words';
import { enlist, unlist } from '../memdesc/desc-list';
import { linkAt } from '../memdesc/header';
import { assertLocked, assertLockedOrHalted } from '../thread/context';
import { lock, tryLock, unlock } from '../thread/lock';
import {
  addZspages,
  classOfRecord,
  countMove,
  headAt,
  LISTS,
  poolOf,
  poolOfRecord,
  recordAt,
  zspagesOf,
} from './pool-table';
import { shapeObjects } from './size-class';
import { selfThreadState } from './thread-state';
import {
  countUsed,
  initZspage,
  listLinks,
  lowestHeldIndex,
  setPlace,
  zspageList,
  zspageLockAt,
  zspageOwner,
  zspageShape,
} from './zspage';

export const OFF_LISTS: u32 = 8;
export const LIST_RETIRED: u32 = 9;

/** The list that a zspage without an owner belongs on. */
export function listFor(desc: Desc): u32 {
  assertLockedOrHalted(zspageLockAt(desc));
  return (countUsed(desc) * LISTS) / shapeObjects(zspageShape(desc));
}

/**
 * Takes the fullest zspage with room off the first `lists` lists: this thread owns it. @returns it,
 * or 0
 */
export function takeFullest(record: usize, lists: u32 = LISTS): u32 {
  lock(record);
  let desc: Desc = 0;
  for (let list = lists; desc == 0 && list > 0; list--) desc = peekWord(headAt(record, list - 1));
  if (desc != 0) ownLocked(record, desc);
  unlock(record);
  return desc;
}

/** Likewise the emptiest. */
export function takeEmptiest(record: usize): u32 {
  lock(record);
  let desc: Desc = 0;
  for (let list: u32 = 0; desc == 0 && list < LISTS; list++) desc = peekWord(headAt(record, list));
  if (desc != 0) ownLocked(record, desc);
  unlock(record);
  return desc;
}

/**
 * For when there are no pages: takes a zspage that has a free object whose pages are held off its
 * list. What somebody has locked is passed over: a class lock is not held while one waits for a
 * zspage's.
 */
export function takeHeld(record: usize, objects: u32): u32 {
  lock(record);
  let found: u32 = 0;
  for (let list = LISTS; found == 0 && list > 0; list--) {
    let desc = peekWord(headAt(record, list - 1));
    while (desc != 0 && !hasHeldIndex(desc, objects)) desc = nextListed(desc);
    found = desc;
  }
  if (found != 0) ownLocked(record, found);
  unlock(record);
  return found;
}

function hasHeldIndex(desc: Desc, objects: u32): bool {
  if (!tryLock(zspageLockAt(desc))) return false;
  const hasOne = lowestHeldIndex(desc, objects) < objects;
  unlock(zspageLockAt(desc));
  return hasOne;
}

function ownLocked(record: usize, desc: Desc): void {
  assertLocked(record);
  const list = zspageList(desc);
  unlist(headAt(record, list), desc, listLinks());
  countMove(record, list, LISTS);
  selfThreadState().taken = desc;
  // Observed by whoever frees an object of the zspage: it is not to be listed.
  setPlace(desc, OFF_LISTS, selfSlot());
}

/** The share of the objects of listed zspages that is free, in thousandths, as their lists tell. */
export function freeShare(record: usize): u32 {
  if (zspagesOf(record) == 0) return 0;
  let zspages: u32 = 0;
  let sixteenths: u32 = 0;
  lock(record);
  for (let list: u32 = 0; list < LISTS; list++) {
    for (let desc = peekWord(headAt(record, list)); desc != 0; desc = nextListed(desc)) {
      zspages++;
      sixteenths += 15 - 2 * list;
    }
  }
  unlock(record);
  return zspages == 0 ? 0 : (sixteenths * 1000) / (16 * zspages);
}

/** The next zspage of the same list, or 0. */
export function nextListed(desc: Desc): u32 {
  assertLockedOrHalted(recordAt(desc));
  return peekWord(linkAt(desc));
}

/** Makes a zspage of a free descriptor. This thread owns it, so it is on no list. */
export function addZspage(record: usize, desc: Desc): void {
  // Under one lock: a sweep counts those that are published.
  lock(record);
  addZspages(record, 1);
  const pool = poolOf(poolOfRecord(record)).number;
  selfThreadState().taken = desc;
  initZspage(desc, pool, classOfRecord(record), selfSlot(), OFF_LISTS);
  unlock(record);
}

/**
 * Puts a zspage of which objects were vacated on the list where it belongs now.
 * Cost: a load as long as the zspage has an owner; a division as long as it stays in its eighth.
 *
 * @returns true when it was empty and is now out of its class: the caller drops the reference
 */
export function relist(desc: Desc): bool {
  assertLocked(zspageLockAt(desc));
  if (zspageOwner(desc) != 0) return false;
  if (zspageList(desc) == listFor(desc) && countUsed(desc) != 0) return false;
  const record = recordAt(desc);
  lock(record);
  // Taken by an allocation since: its owner will list it.
  const isRetired = zspageOwner(desc) == 0 && relistLocked(record, desc);
  unlock(record);
  return isRetired;
}

/** Ends this thread's ownership. @returns as relist */
export function giveUp(desc: Desc): bool {
  assertLocked(zspageLockAt(desc));
  const record = recordAt(desc);
  lock(record);
  const isRetired = relistLocked(record, desc);
  unlock(record);
  return isRetired;
}

/** Puts a zspage on the list where it belongs, as nobody's. */
function relistLocked(record: usize, desc: Desc): bool {
  assertLocked(record);
  const from = zspageList(desc);
  if (from < LISTS) unlist(headAt(record, from), desc, listLinks());
  const isEmpty = countUsed(desc) == 0;
  if (isEmpty) {
    setPlace(desc, LIST_RETIRED, 0);
    addZspages(record, -1);
    countMove(record, from, LISTS);
  } else listLocked(record, desc, 0, from);
  return isEmpty;
}

/** Lists a zspage that is on no list, and was counted as on list `from`. */
export function listLocked(record: usize, desc: Desc, owner: u32, from: u32 = OFF_LISTS): void {
  assertLockedOrHalted(record);
  const list = listFor(desc);
  setPlace(desc, list, owner);
  if (list < LISTS) enlist(headAt(record, list), desc, listLinks());
  countMove(record, from, list);
}
