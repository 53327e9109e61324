/**
 * Pools, and the lists of their zspages: for each size class, by fullness.
 *
 * A pool is a block of four pages: a record, then a record for each class. Zspages that have room and
 * that no thread owns are on one of eight lists of their class, by eighths of their slots in use. An
 * allocation takes the fullest, so that the emptiest become empty; compaction takes both ends.
 *
 * pool record (64 bytes)   number: the shape page has a word for each that names the pool, 0 = free.
 *                          lock: zsmalloc state
 * class record (48 bytes)  lock · zspages · lists[8]
 *   zspages   of the class, wherever they are
 *   list of a zspage   0 … 7: on that list ⇔ it has no owner and list = 8 · slots in use / slots < 8
 *                      OFF_LISTS: it is full or has an owner
 *                      LIST_RETIRED: taken out of its class, empty; observers may have references
 * Class lock: the lists, `zspages`, and link, prev, list of every zspage of the class.
 *
 * Lock order: a zspage's lock, then the lock of its class.
 */
import { selfSlot } from '../base/env';
import { PAGE_BYTES, PAGE_SHIFT, ZS_STATE } from '../base/layout';
import { loadWord, peekWord, storeWord } from '../base/words';
import { CLASS_UNMOVABLE } from '../frames/class';
import { enlist, unlist } from '../memdesc/desc-list';
import { linkAt } from '../memdesc/header';
import { allocPages } from '../memdesc/pages';
import { MISC_CLASSES } from '../memdesc/type';
import { lock, tryLock, unlock } from '../thread/lock';
import { formatShapes, poolWordAt, shapeSlots, zsState } from './size-class';
import {
  bearZspage,
  countSlots,
  listLinks,
  lowestHeldSlot,
  setPlace,
  zspageClass,
  zspageList,
  zspageLockAt,
  zspageOwner,
  zspagePool,
  zspageShape,
} from './zspage';

export const LISTS: u32 = 8;
export const OFF_LISTS: u32 = 8;
export const LIST_RETIRED: u32 = 9;
/** 16 KiB: a pool record and MAX_CLASSES class records. */
const POOL_ORDER: u32 = 2;
export const POOL_BYTES: u32 = 16384;
/** Numbers of pools, 1 … 128: eight bits of a public handle, and of a zspage's home. */
export const MAX_POOLS: u32 = 128;

@unmanaged
export class ZsPool {
  number: u32;
}

@unmanaged
export class ClassRecord {
  lock: u32;
  zspages: u32;
  spare0: u32;
  spare1: u32;
  /** The first of LISTS heads. */
  lists: u32;
}

const POOL_RECORD_BYTES: u32 = 64;
const CLASS_RECORD_BYTES: u32 = 48;

export function poolOf(pool: u32): ZsPool {
  return changetype<ZsPool>(pool);
}

/** Address of a class's record, which begins with its lock. */
export function classAt(pool: u32, sizeClass: u32): usize {
  return pool + POOL_RECORD_BYTES + sizeClass * CLASS_RECORD_BYTES;
}

export function recordOf(at: usize): ClassRecord {
  return changetype<ClassRecord>(at);
}

/** The record of a zspage's class. */
function recordAt(desc: u32): usize {
  return classAt(poolNumbered(zspagePool(desc)), zspageClass(desc));
}

/** The pool that a class record lies in: blocks are aligned to their size. */
function poolOfRecord(at: usize): u32 {
  return u32(at) & ~(POOL_BYTES - 1);
}

function classOfRecord(at: usize): u32 {
  return ((u32(at) & (POOL_BYTES - 1)) - POOL_RECORD_BYTES) / CLASS_RECORD_BYTES;
}

/** Address of the head of a list. */
export function headAt(record: usize, list: u32): usize {
  return record + offsetof<ClassRecord>('lists') + list * 4;
}

/** Makes a pool. zsmalloc lock held. @returns its address, or 0 */
export function addPool(): u32 {
  if (zsState().shapes == 0) {
    const page = allocPages(0, MISC_CLASSES, CLASS_UNMOVABLE);
    if (page < 0) return 0;
    zsState().shapes = u32(page) << PAGE_SHIFT;
    memory.fill(zsState().shapes, 0, PAGE_BYTES);
  }
  if (zsState().classes == 0) formatShapes();
  const number = freeNumber();
  if (number == 0) return 0;
  const pfn = allocPages(POOL_ORDER, MISC_CLASSES, CLASS_UNMOVABLE);
  if (pfn < 0) return 0;
  const pool = u32(pfn) << PAGE_SHIFT;
  memory.fill(pool, 0, PAGE_BYTES << POOL_ORDER);
  poolOf(pool).number = number;
  zsState().newest = number;
  storeWord(poolWordAt(number), pool);
  return pool;
}

/** The next number that no pool has, so that one that was given back rests for long; or 0. */
function freeNumber(): u32 {
  let number = zsState().newest;
  for (let i: u32 = 0; i < MAX_POOLS; i++) {
    number = (number % MAX_POOLS) + 1;
    if (poolNumbered(number) == 0) return number;
  }
  return 0;
}

export function poolNumbered(number: u32): u32 {
  return loadWord(poolWordAt(number));
}

/** The pool with the next larger number; 0 at the end. Begin with 0. There has been a pool. */
export function nextPool(pool: u32): u32 {
  let number: u32 = pool == 0 ? 1 : poolOf(pool).number + 1;
  while (number <= MAX_POOLS && poolNumbered(number) == 0) number++;
  return number <= MAX_POOLS ? poolNumbered(number) : 0;
}

/** Whether a pool begins at the address. */
export function isPool(address: u32): bool {
  lock(ZS_STATE);
  let pool: u32 = 0;
  if (zsState().classes != 0) {
    pool = nextPool(0);
    while (pool != 0 && pool != address) pool = nextPool(pool);
  }
  unlock(ZS_STATE);
  return pool != 0;
}

/** The list that a zspage without an owner belongs on. Zspage lock held. */
export function listFor(desc: u32): u32 {
  return (countSlots(desc) * LISTS) / shapeSlots(zspageShape(desc));
}

/** Takes the fullest zspage with room off its list: this thread owns it. @returns it, or 0 */
export function takeFullest(record: usize): u32 {
  lock(record);
  let desc: u32 = 0;
  for (let list = LISTS; desc == 0 && list > 0; list--) desc = peekWord(headAt(record, list - 1));
  if (desc != 0) ownLocked(record, desc);
  unlock(record);
  return desc;
}

/** Likewise the emptiest. */
export function takeEmptiest(record: usize): u32 {
  lock(record);
  let desc: u32 = 0;
  for (let list: u32 = 0; desc == 0 && list < LISTS; list++) desc = peekWord(headAt(record, list));
  if (desc != 0) ownLocked(record, desc);
  unlock(record);
  return desc;
}

/**
 * For when there are no pages: takes a zspage that has a free slot whose pages are held off its list.
 * What somebody has locked is passed over: a class lock is not held while one waits for a zspage's.
 */
export function takeHeld(record: usize, slots: u32): u32 {
  lock(record);
  let found: u32 = 0;
  for (let list = LISTS; found == 0 && list > 0; list--) {
    let desc = peekWord(headAt(record, list - 1));
    while (desc != 0 && !hasHeldSlot(desc, slots)) desc = nextListed(desc);
    found = desc;
  }
  if (found != 0) ownLocked(record, found);
  unlock(record);
  return found;
}

function hasHeldSlot(desc: u32, slots: u32): bool {
  if (!tryLock(zspageLockAt(desc))) return false;
  const hasOne = lowestHeldSlot(desc, slots) < slots;
  unlock(zspageLockAt(desc));
  return hasOne;
}

function ownLocked(record: usize, desc: u32): void {
  unlist(headAt(record, zspageList(desc)), desc, listLinks());
  // Observed by whoever frees an object of the zspage: it is not to be listed.
  setPlace(desc, OFF_LISTS, selfSlot());
}

/** The share of the slots of listed zspages that is free, in thousandths, as their lists tell. */
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

/** The next zspage of the same list, or 0. Class lock held, or world stopped. */
export function nextListed(desc: u32): u32 {
  return peekWord(linkAt(desc));
}

/** Makes a zspage of a free descriptor. This thread owns it, so it is on no list. */
export function addZspage(record: usize, desc: u32): void {
  // Under one lock: a sweep counts those that are born.
  lock(record);
  addZspages(record, 1);
  const pool = poolOf(poolOfRecord(record)).number;
  bearZspage(desc, pool, classOfRecord(record), selfSlot(), OFF_LISTS);
  unlock(record);
}

/** Read by anybody, so stored atomically. */
export function addZspages(record: usize, count: i32): void {
  storeWord(record + offsetof<ClassRecord>('zspages'), recordOf(record).zspages + count);
}

/** Zspages of a class: a momentary figure. */
export function zspagesOf(record: usize): u32 {
  return loadWord(record + offsetof<ClassRecord>('zspages'));
}

/**
 * Puts a zspage of which slots were vacated on the list where it belongs now. Zspage lock held.
 * Cost: a load as long as the zspage has an owner; a division as long as it stays in its eighth.
 *
 * @returns true when it was empty and is now out of its class: the caller drops the reference
 */
export function relist(desc: u32): bool {
  if (zspageOwner(desc) != 0) return false;
  if (zspageList(desc) == listFor(desc) && countSlots(desc) != 0) return false;
  const record = recordAt(desc);
  lock(record);
  // Taken by an allocation since: its owner will list it.
  const isRetired = zspageOwner(desc) == 0 && relistLocked(record, desc);
  unlock(record);
  return isRetired;
}

/** Ends this thread's ownership. Zspage lock held. @returns as relist */
export function giveUp(desc: u32): bool {
  const record = recordAt(desc);
  lock(record);
  const isRetired = relistLocked(record, desc);
  unlock(record);
  return isRetired;
}

/** Puts a zspage on the list where it belongs, as nobody's. */
function relistLocked(record: usize, desc: u32): bool {
  if (zspageList(desc) < LISTS) unlist(headAt(record, zspageList(desc)), desc, listLinks());
  const isEmpty = countSlots(desc) == 0;
  if (isEmpty) {
    setPlace(desc, LIST_RETIRED, 0);
    addZspages(record, -1);
  } else listLocked(record, desc, 0);
  return isEmpty;
}

/** Lists a zspage that is on no list. Class lock held, or world halted. */
export function listLocked(record: usize, desc: u32, owner: u32): void {
  const list = listFor(desc);
  setPlace(desc, list, owner);
  if (list < LISTS) enlist(headAt(record, list), desc, listLinks());
}
