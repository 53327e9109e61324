/**
 * Pools, and the lists of their zspages: for each size class, by fullness.
 *
 * A pool is a block of four pages: a record, then a record for each class. Zspages that have room and
 * that no thread owns are on one of eight lists of their class, by eighths of their slots in use. An
 * allocation takes the fullest, so that the emptiest become empty; compaction takes both ends.
 *
 * pool record (64 bytes)   next · number · state    lock: zsmalloc state
 * class record (48 bytes)  lock · zspages · lists[8]
 *   zspages   of the class, wherever they are
 *   list of a zspage   0 … 7: on that list ⇔ it has no owner and list = 8 · inUse / slots < 8
 *                      OFF_LISTS: it is full or has an owner
 *                      LIST_RETIRED: taken out of its class, empty; observers may have references
 * Class lock: the lists, `zspages`, and next, prev, list of every zspage of the class.
 *
 * Lock order: a zspage's lock, then the lock of its class.
 */
import { selfSlot } from '../base/env';
import { PAGE_BYTES, PAGE_SHIFT, ZS_STATE } from '../base/layout';
import { loadWord, peekWord, storeWord } from '../base/words';
import { CLASS_UNMOVABLE } from '../frames/class';
import { enlist, unlist } from '../memdesc/desc-list';
import { allocPages } from '../memdesc/pages';
import { MISC_CLASSES } from '../memdesc/type';
import { lock, unlock } from '../thread/lock';
import { formatShapes, shapeSlots, ZsState, zsState } from './size-class';
import { bearZspage, setZspageOwner, zspageOf, zspageOwner } from './zspage';

export const LISTS: u32 = 8;
export const OFF_LISTS: u32 = 8;
export const LIST_RETIRED: u32 = 9;
/** 16 KiB: a pool record and MAX_CLASSES class records. */
const POOL_ORDER: u32 = 2;
export const POOL_BYTES: u32 = 16384;
/** A public handle has eight bits for the number of its pool. */
export const MAX_POOLS: u32 = 255;

@unmanaged
export class ZsPool {
  next: u32;
  /** 1 … MAX_POOLS: the low bits of a count, so that a later pool at this address differs. */
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

/** The pool that a class record lies in: blocks are aligned to their size. */
export function poolOfRecord(at: usize): u32 {
  return u32(at) & ~(POOL_BYTES - 1);
}

export function classOfRecord(at: usize): u32 {
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
  }
  if (zsState().classes == 0) formatShapes();
  const pfn = allocPages(POOL_ORDER, MISC_CLASSES, CLASS_UNMOVABLE);
  if (pfn < 0) return 0;
  const pool = u32(pfn) << PAGE_SHIFT;
  memory.fill(pool, 0, PAGE_BYTES << POOL_ORDER);
  poolOf(pool).number = (zsState().made++ % MAX_POOLS) + 1;
  poolOf(pool).next = zsState().pools;
  // Observed by isPool.
  storeWord(poolsAt(), pool);
  return pool;
}

/** Whether a pool begins at the address. Pools are never taken out of their list. */
export function isPool(address: u32): bool {
  let pool = loadWord(poolsAt());
  while (pool != 0 && pool != address) pool = poolOf(pool).next;
  return pool != 0;
}

function poolsAt(): usize {
  return ZS_STATE + offsetof<ZsState>('pools');
}

/** The list that a zspage without an owner belongs on. Zspage lock held. */
export function listFor(desc: u32): u32 {
  return (zspageOf(desc).inUse * LISTS) / shapeSlots(zspageOf(desc).shape);
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

function ownLocked(record: usize, desc: u32): void {
  unlist(headAt(record, zspageOf(desc).list), desc);
  zspageOf(desc).list = OFF_LISTS;
  // Observed by whoever frees an object of the zspage: it is not to be listed.
  setZspageOwner(desc, selfSlot());
}

/** The share of the slots of listed zspages that is free, in thousandths, as their lists tell. */
export function freeShare(record: usize): u32 {
  if (zspagesOf(record) == 0) return 0;
  let zspages: u32 = 0;
  let sixteenths: u32 = 0;
  lock(record);
  for (let list: u32 = 0; list < LISTS; list++) {
    for (let desc = peekWord(headAt(record, list)); desc != 0; desc = zspageOf(desc).next) {
      zspages++;
      sixteenths += 15 - 2 * list;
    }
  }
  unlock(record);
  return zspages == 0 ? 0 : (sixteenths * 1000) / (16 * zspages);
}

/** Makes a zspage of a free descriptor. This thread owns it, so it is on no list. */
export function addZspage(record: usize, desc: u32, shape: u32): void {
  // Under one lock: a sweep counts those that are born.
  lock(record);
  addZspages(record, 1);
  bearZspage(desc, record, shape, selfSlot(), OFF_LISTS);
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
 * Puts a zspage of which a slot was vacated on the list where it belongs now. Zspage lock held.
 * Cost: a load as long as the zspage has an owner; two divisions as long as it stays in its eighth.
 *
 * @returns true when it was empty and is now out of its class: the caller drops the reference
 */
export function relist(desc: u32): bool {
  if (zspageOwner(desc) != 0) return false;
  const inUse = zspageOf(desc).inUse;
  const slots = shapeSlots(zspageOf(desc).shape);
  if (inUse != 0 && listFor(desc) == ((inUse + 1) * LISTS) / slots) return false;
  const record: usize = zspageOf(desc).group;
  lock(record);
  // Taken by an allocation since: its owner will list it.
  const isRetired = zspageOwner(desc) == 0 && relistLocked(record, desc);
  unlock(record);
  return isRetired;
}

/** Ends this thread's ownership. Zspage lock held. @returns as relist */
export function giveUp(desc: u32): bool {
  const record: usize = zspageOf(desc).group;
  lock(record);
  setZspageOwner(desc, 0);
  const isRetired = relistLocked(record, desc);
  unlock(record);
  return isRetired;
}

function relistLocked(record: usize, desc: u32): bool {
  const zspage = zspageOf(desc);
  if (zspage.list < LISTS) unlist(headAt(record, zspage.list), desc);
  zspage.list = OFF_LISTS;
  if (zspage.inUse == 0) {
    zspage.list = LIST_RETIRED;
    addZspages(record, -1);
    return true;
  }
  zspage.list = listFor(desc);
  if (zspage.list < LISTS) enlist(headAt(record, zspage.list), desc);
  return false;
}
