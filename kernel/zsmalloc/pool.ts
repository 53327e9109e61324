/**
 * The pool: slots for objects, and what becomes of them.
 *
 * Life of an object that is filled in place:
 *   alloc    cell from its cache → slot of a zspage that this thread owns → pages → the object's
 *            word ← handle → cell BORN
 *   write    by the allocator, before it tells anybody the handle; then settle: cell LIVE
 *   read     in a section: cell → zspage → page → bytes; no lock, no reference, no write
 *   retire   cell → LIMBO by whoever made the object unreachable; linked by its word
 *   release  after the grace period: slot vacated, pages given back, cell FREE
 * Objects are immutable once published, and cells, slots, zspages and pages are reused only after
 * a grace period: that is why a reader needs nothing but its section.
 *
 * No lock is the pool's. A thread allocates from zspages of its own, under the zspage's lock, which
 * it shares only with those who free in that zspage; the class's lock is taken when a zspage changes
 * hands or lists.
 *
 * Cost of an alloc: the cell's, a lock, a bit search, a cell store. Of a release: the same.
 */

import { ERR_NO_MEMORY, FAULT_HANDLE, fail } from '../base/fault';
import { PAGE_BYTES, ZS_STATE } from '../base/layout';
import { loadCell, peekWord, pokeWord, storeCell, storeWord } from '../base/words';
import { bury, DISOWN_LAST, disown as disownDesc, linkAt } from '../memdesc/header';
import {
  allocObject,
  CACHE_CELL,
  CACHE_ZSPAGE,
  cacheOf,
  createCache,
  freeObject,
  isInSlabOf,
  isObject,
  KIND_CELL,
} from '../slab/kmem-cache';
import { defer, LIMBO_ZSPAGE } from '../thread/limbo';
import { lock, unlock } from '../thread/lock';
import { addPool, addZspage, classAt, giveUp, poolOf, relist, takeFullest } from './class-list';
import { ACTIVES, activeAt, Desk, selfDesk } from './desk';
import {
  CELL_BORN,
  CELL_BYTES,
  CELL_GONE_SAME,
  CELL_LIMBO,
  CELL_LIVE,
  CELL_PATTERN,
  cellIndex,
  cellState,
  cellZspage,
  newLife,
  placeCell,
  retireCell,
  samePatternCell,
  settleCell,
  takeCell,
} from './handle';
import { zsLinkAt } from './object';
import { classFor, shapeBytes, shapeHeader, shapeOf, shapeSlots, zsState } from './size-class';
import {
  fillSlot,
  isSlotUsed,
  isZspageOf,
  lowestFreeSlot,
  objectWordAt,
  vacateSlot,
  ZSPAGE_DESC_BYTES,
  zspageLockAt,
} from './zspage';

/** Makes the store's pool. @returns 0, or ERR_NO_MEMORY */
export function formatPool(): i32 {
  const pool = createPool();
  if (pool == 0) return ERR_NO_MEMORY;
  zsState().store = pool;
  return 0;
}

/** @returns a new pool's address, or 0 */
export function createPool(): u32 {
  lock(ZS_STATE);
  if (zsState().classes == 0) {
    createCache(CACHE_ZSPAGE, ZSPAGE_DESC_BYTES);
    createCache(CACHE_CELL, CELL_BYTES, KIND_CELL);
  }
  const pool = addPool();
  unlock(ZS_STATE);
  return pool;
}

/** A handle from the store's pool. */
export function zsAlloc(payload: u32): u32 {
  return zsAllocIn(zsState().store, payload);
}

/** @returns a handle of a BORN object for `payload` bytes (0 … MAX_PAYLOAD), or 0 */
export function zsAllocIn(pool: u32, payload: u32): u32 {
  const handle = allocObject(CACHE_CELL);
  if (handle == 0) return 0;
  selfDesk().born = handle;
  const sizeClass = classFor(payload);
  const place = takeSlot(pool, sizeClass);
  if (place == 0) {
    freeCell(handle);
    return 0;
  }
  const desc = u32(place >> 32);
  storeWord(objectWordAt(desc, u32(place)), handle);
  const contents = placeCell(desc, u32(place), unusedBytes(sizeClass, payload));
  storeCell(handle, newLife(contents, CELL_BORN));
  unlock(zspageLockAt(desc));
  return handle;
}

/** Bytes that an object of `payload` leaves in its slot. */
export function unusedBytes(sizeClass: u32, payload: u32): u32 {
  const shape = shapeOf(sizeClass);
  return shapeBytes(shape) - shapeHeader(shape) - payload;
}

/** The contents of a BORN object are written: it may be found, and moved, from now on. */
export function zsSettle(handle: u32): void {
  settleCell(handle);
  const desk = selfDesk();
  if (desk.born == handle) desk.born = 0;
}

/** Gives an unused cell back. */
export function freeCell(handle: u32): void {
  freeObject(CACHE_CELL, handle);
  selfDesk().born = 0;
}

/**
 * Puts the lowest free slot of a zspage of the class into use, with its pages.
 *
 * @returns zspage << 32 | index, and the zspage's lock is held; or 0
 * Progress: each round gives up a full zspage; a new one has room.
 */
export function takeSlot(pool: u32, sizeClass: u32): u64 {
  const at = activeAt(selfDesk(), sizeClass);
  const slots = shapeSlots(shapeOf(sizeClass));
  while (true) {
    const desc = activeOf(at, pool, sizeClass);
    if (desc == 0) return 0;
    lock(zspageLockAt(desc));
    const index = lowestFreeSlot(desc, slots);
    if (index < slots) {
      if (fillSlot(desc, index)) return (u64(desc) << 32) | u64(index);
      unlock(zspageLockAt(desc));
      return 0;
    }
    unlock(zspageLockAt(desc));
    release(at);
  }
}

/** The zspage of the class that this thread puts objects into; 0 when there is no memory. */
function activeOf(at: usize, pool: u32, sizeClass: u32): u32 {
  let desc = peekWord(at);
  if (desc != 0 && isZspageOf(desc, poolOf(pool).number, sizeClass)) return desc;
  if (desc != 0) release(at);
  const record = classAt(pool, sizeClass);
  desc = takeFullest(record);
  if (desc == 0) desc = newZspage(record);
  pokeWord(at, desc);
  return desc;
}

function newZspage(record: usize): u32 {
  const desc = allocObject(CACHE_ZSPAGE);
  if (desc != 0) addZspage(record, desc);
  return desc;
}

/** Gives up the active zspage at `at`, which others may allocate from then. */
function release(at: usize): void {
  disown(peekWord(at));
  pokeWord(at, 0);
}

/** Ends this thread's ownership of a zspage. */
export function disown(desc: u32): void {
  lock(zspageLockAt(desc));
  endChange(desc, giveUp(desc));
}

/** Gives up all zspages that this thread puts objects into. */
export function disownActives(desk: Desk): void {
  for (let i: u32 = 0; i < ACTIVES; i++) {
    if (peekWord(activeAt(desk, i)) != 0) release(activeAt(desk, i));
  }
}

/** Frees a zspage's lock; one that is empty and out of its class goes. */
function endChange(desc: u32, isRetired: bool): void {
  if (!isRetired) {
    unlock(zspageLockAt(desc));
    return;
  }
  selfDesk().retired = desc;
  // If an observer has pinned it, its put is the last: release.ts then defers it.
  const isLast = disownDesc(desc) == DISOWN_LAST;
  unlock(zspageLockAt(desc));
  if (isLast) deferZspage(desc);
  selfDesk().retired = 0;
}

/** For whoever dropped a zspage's last reference: pins may still look at its refs. */
export function deferZspage(desc: u32): void {
  defer(LIMBO_ZSPAGE, desc, linkAt(desc));
}

/** After the grace period. */
export function destroyZspage(desc: u32): void {
  bury(desc);
  freeObject(CACHE_ZSPAGE, desc);
}

/** Ends an object's life for new readers; `zsRelease` must follow after a grace period. */
export function zsRetire(handle: u32): void {
  retireCell(handle);
}

/**
 * Lets a retired object wait in limbo, linked by its word. Under its zspage's lock: the page that the
 * word is on may be moved.
 */
export function zsDefer(kind: u32, handle: u32): void {
  const at = zspageLockAt(cellZspage(loadCell(handle)));
  lock(at);
  defer(kind, handle, zsLinkAt(handle));
  unlock(at);
}

/** Whether somebody has ended the object's life for new readers. */
export function zsIsRetired(handle: u32): bool {
  return cellState(loadCell(handle)) == CELL_LIMBO;
}

/** Frees what no reader can have: never published, or out of limbo. */
export function zsRelease(handle: u32): void {
  selfDesk().born = handle;
  let cell = loadCell(handle);
  switch (cellState(cell)) {
    case CELL_LIVE:
    case CELL_BORN:
      // A draft. Taken out first, for a mover may be at it.
      retireCell(handle);
      cell = loadCell(handle);
      break;
    case CELL_GONE_SAME:
      releaseSame(handle, samePatternCell(cell));
      return;
  }
  if (cellState(cell) != CELL_LIMBO) fail(FAULT_HANDLE, handle);
  vacate(handle, cell);
  freeCell(handle);
}

function releaseSame(handle: u32, upper: u32): void {
  selfDesk().bornPattern = upper;
  takeCell(handle);
  if (upper != 0) {
    if (cellState(loadCell(upper)) != CELL_PATTERN) fail(FAULT_HANDLE, upper);
    takeCell(upper);
    freeObject(CACHE_CELL, upper);
    selfDesk().bornPattern = 0;
  }
  freeCell(handle);
}

function vacate(handle: u32, cell: u64): void {
  const desc = cellZspage(cell);
  lock(zspageLockAt(desc));
  if (!isSlotUsed(desc, cellIndex(cell))) fail(FAULT_HANDLE, handle);
  takeCell(handle);
  vacateSlot(desc, cellIndex(cell));
  endChange(desc, relist(desc));
}

/** Whether a cell may be at the address, in use or not, and may be loaded. In a section. */
export function zsIsCell(handle: u32): bool {
  if ((handle & (CELL_BYTES - 1)) != 0 || !isInSlabOf(CACHE_CELL, handle)) return false;
  return (handle & (PAGE_BYTES - 1)) / CELL_BYTES < u32(cacheOf(CACHE_CELL).perSlab);
}

/** True for the address of a cell in use. World stopped. */
export function zsIsHandle(handle: u32): bool {
  return isObject(CACHE_CELL, handle);
}
