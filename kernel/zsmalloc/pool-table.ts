/**
 * Pools: a block of four pages each, a record, then a record for each class.
 *
 * pool record (64 bytes)   number: the shape page has a word for each that names the pool, 0 =
 *                          free. lock: zsmalloc state
 * class record (48 bytes)  lock · zspages · listed · lists[8]: fullness.ts
 *   zspages   of the class, wherever they are. Lock: the class's; read by anybody
 *   listed    how many are on lists:32, and how many of those are loose:32. Likewise
 */
import { Desc, PAGE_BYTES, pageAddress, ZS_STATE } from '../base/layout';
import { loadCell, loadWord, storeCell, storeWord } from '../base/words';
import { CLASS_UNMOVABLE } from '../frames/class';
import { allocPages } from '../memdesc/pages';
import { MISC_CLASSES } from '../memdesc/type';
import { assertHalted, assertLocked, assertLockedOrHalted } from '../thread/context';
import { lock, unlock } from '../thread/lock';
import { formatShapes, poolWordAt, shapeObjects, shapeOf, shapePages, zsState } from './size-class';
import { zspageClass, zspagePool } from './zspage';

export const LISTS: u32 = 8;
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
  listed: u64;
  /** The first of LISTS heads. */
  lists: u32;
}

/** What `listed` counts for a zspage on a list, and for one that is loose besides. */
const LISTED: u64 = 1;
const LOOSE: u64 = 1 << 32;
/** Lists of zspages that are three quarters full at most. */
const LOOSE_LISTS: u32 = 6;
/** Objects that are moved for a page at most (pack.ts). */
export const MOVES_PER_PAGE: u32 = 64;

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
export function recordAt(desc: Desc): usize {
  return classAt(poolNumbered(zspagePool(desc)), zspageClass(desc));
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

/** Makes a pool. @returns its address, or 0 */
export function addPool(): u32 {
  assertLocked(ZS_STATE);
  if (zsState().shapes == 0) {
    const page = allocPages(0, MISC_CLASSES, CLASS_UNMOVABLE);
    if (page < 0) return 0;
    zsState().shapes = pageAddress(u32(page));
    memory.fill(zsState().shapes, 0, PAGE_BYTES);
  }
  if (zsState().classes == 0) formatShapes();
  const number = freeNumber();
  if (number == 0) return 0;
  const pfn = allocPages(POOL_ORDER, MISC_CLASSES, CLASS_UNMOVABLE);
  if (pfn < 0) return 0;
  const pool = pageAddress(u32(pfn));
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
  while (number <= MAX_POOLS && !isNumbered(number)) number++;
  return number <= MAX_POOLS ? poolNumbered(number) : 0;
}

/** Whether there is a pool that has this number, and says so. */
function isNumbered(number: u32): bool {
  const pool = poolNumbered(number);
  return pool != 0 && poolOf(pool).number == number;
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

/** Read by anybody, so stored atomically. */
export function addZspages(record: usize, count: i32): void {
  storeWord(record + offsetof<ClassRecord>('zspages'), recordOf(record).zspages + count);
}

/** Zspages of a class: a momentary figure. */
export function zspagesOf(record: usize): u32 {
  return loadWord(record + offsetof<ClassRecord>('zspages'));
}

function listedAt(record: usize): usize {
  return record + offsetof<ClassRecord>('listed');
}

/** Counts a zspage that goes from a list to another one; LISTS = none. Class lock held. */
export function countMove(record: usize, from: u32, to: u32): void {
  assertLockedOrHalted(record);
  const shape = shapeOf(classOfRecord(record));
  const change = weightOf(shape, to) - weightOf(shape, from);
  // Most moves are between lists that count the same.
  if (change != 0) storeCell(listedAt(record), recordOf(record).listed + change);
}

function weightOf(shape: u32, list: u32): u64 {
  return isLoose(shape, list) ? LISTED + LOOSE : list < LISTS ? LISTED : 0;
}

/** Whether a zspage on the list is three quarters full at most, and its pages not too costly. */
export function isLoose(shape: u32, list: u32): bool {
  // Objects in use, at most, and what may be moved for the zspage's pages: both eight times.
  const most = (list + 1) * shapeObjects(shape);
  return list < LOOSE_LISTS && most <= LISTS * MOVES_PER_PAGE * shapePages(shape);
}

/** Zspages of a class that are on lists: a momentary figure. Cost: a load. */
export function listedOf(record: usize): u32 {
  return u32(loadCell(listedAt(record)));
}

/** Those of them that are loose. */
export function looseOf(record: usize): u32 {
  return u32(loadCell(listedAt(record)) >> 32);
}

/** A class has no zspages any more, or none yet: they are counted again. */
export function clearClass(record: usize): void {
  assertHalted();
  addZspages(record, -i32(recordOf(record).zspages));
  storeCell(listedAt(record), 0);
  memory.fill(headAt(record, 0), 0, LISTS * 4);
}
