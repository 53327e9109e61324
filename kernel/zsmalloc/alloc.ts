/**
 * The pool: room for objects, and what becomes of them.
 *
 * Life of an object that is filled in place:
 *   alloc    cell from its cache → index in a zspage that this thread owns → pages → the object's
 *            word ← handle → cell UNPUBLISHED
 *   write    by the allocator, before it tells anybody the handle; then settle: cell LIVE
 *   read     in a section: cell → bytes, and by page word and zspage those of a second page; no
 *            lock, no reference, no write
 *   retire   cell → LIMBO by whoever made the object unreachable; linked by its word
 *   release  after the grace period: index vacated, pages given back, cell FREE
 * Objects are immutable once published, but for single words (zsChangeWord), and cells, indices,
 * zspages and pages are reused only after a grace period: that is why a reader needs nothing but
 * its section.
 *
 * No lock is the pool's. A thread allocates from zspages of its own, under the zspage's lock, which
 * it shares only with those who free in that zspage; the class's lock is taken when a zspage
 * changes hands or lists.
 *
 * Cost of an alloc: the cell's, a lock, a bit search, a cell store. Of a release: the same.
 */

import { ERR_NO_MEMORY, FAULT_HANDLE, fail } from '../base/fault';
import { Desc, Handle, ZS_STATE } from '../base/layout';
import { casCell, loadCell, storeCell } from '../base/words';
import {
  allocObject,
  CACHE_CELL,
  CACHE_ZSPAGE,
  createCache,
  freeObject,
  KIND_CELL,
} from '../slab/kmem-cache';
import { nameLast } from '../slab/sheaf';
import { assertInSection, assertLocked } from '../thread/context';
import { beginDefer } from '../thread/limbo';
import { lock, unlock } from '../thread/lock';
import { enterSection, isInSection, leaveSection } from '../thread/rcu';
import { endChange, takeIndex } from './active';
import { relist } from './fullness';
import {
  byIndex,
  CELL_BYTES,
  CELL_GONE_SAME,
  CELL_LIMBO,
  CELL_LIVE,
  CELL_PATTERN,
  CELL_UNPUBLISHED,
  cellState,
  goneCell,
  hasPlace,
  newLife,
  renewedCell,
  samePatternCell,
  settleCell,
  takeCell,
} from './handle';
import { placeOf, zsLinkAt, zsStoreWord } from './object';
import { cellFor, indexIn, zspageIn } from './place';
import { addPool } from './pool-table';
import { classFor, MAX_PER_ZSPAGE, shapeBytes, shapeHeader, shapeOf, zsState } from './size-class';
import { namePlace, selfThreadState } from './thread-state';
import {
  isIndexUsed,
  lockZspage,
  setObjectWord,
  tryLockZspage,
  vacateIndex,
  ZSPAGE_DESC_BYTES,
  zspageClass,
  zspageLockAt,
} from './zspage';

/** Some 5 µs of another thread's turns; who moves objects takes longer. */
const LOOKS: u32 = 100;

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

/** @returns a handle of an UNPUBLISHED object for `payload` bytes (0 … MAX_PAYLOAD), or 0 */
export function zsAllocIn(pool: u32, payload: u32): u32 {
  const handle = allocObject(CACHE_CELL);
  if (handle == 0) return 0;
  selfThreadState().ownCell = handle;
  const sizeClass = classFor(payload);
  const place = takeIndex(pool, sizeClass);
  if (place == 0) {
    freeCell(handle);
    return 0;
  }
  const desc = u32(place >> 32);
  setObjectWord(desc, u32(place), handle);
  const contents = cellFor(desc, u32(place), unusedBytes(sizeClass, payload));
  storeCell(handle, newLife(contents, CELL_UNPUBLISHED));
  unlock(zspageLockAt(desc));
  return handle;
}

/**
 * Makes a retired object that no reader can have an UNPUBLISHED one of `payload` bytes, which are
 * of its zspage's class. It was never in limbo: its word is its handle still. Under the zspage's
 * lock, as one that is allocated: who moves its page sees that it is being written.
 */
export function zsRenew(handle: Handle, desc: Desc, payload: u32): void {
  selfThreadState().ownCell = handle;
  lockZspage(desc);
  const unused = unusedBytes(zspageClass(desc), payload);
  const renewed = renewedCell(loadCell(handle), payload, unused);
  storeCell(handle, newLife(renewed, CELL_UNPUBLISHED));
  unlock(zspageLockAt(desc));
}

/** Bytes of a zspage that an object of `payload` takes. */
export function bytesTaken(payload: u32): u32 {
  return shapeBytes(shapeOf(classFor(payload)));
}

/** Bytes of those that it leaves unused. */
export function unusedBytes(sizeClass: u32, payload: u32): u32 {
  const shape = shapeOf(sizeClass);
  return shapeBytes(shape) - shapeHeader(shape) - payload;
}

/** The contents of an UNPUBLISHED object are written: it may be found, and moved, from now on. */
export function zsSettle(handle: Handle): void {
  settleCell(handle);
  const thread = selfThreadState();
  if (thread.ownCell == handle) thread.ownCell = 0;
}

/**
 * Gives a cell back that this thread has taken, and of which nothing is made. It is forgotten
 * first: another may have it as soon as it is free, and until then the slab knows whose it is.
 */
export function freeCell(handle: Handle): void {
  nameLast(handle);
  selfThreadState().ownCell = 0;
  freeObject(CACHE_CELL, handle);
}

/** The same for a pattern's cell, in use. */
export function freePattern(upper: u32): void {
  takeCell(upper);
  nameLast(upper);
  selfThreadState().ownPattern = 0;
  freeObject(CACHE_CELL, upper);
}

/**
 * Ends an object's life for new readers; `zsRelease` must follow after a grace period. A second
 * time is a fault.
 * Progress: a failed compare-and-swap means that the object, or its page, was moved.
 */
export function zsRetire(handle: Handle): void {
  let seen = loadCell(handle);
  while (true) {
    const state = cellState(seen);
    if (state != CELL_LIVE && state != CELL_UNPUBLISHED) fail(FAULT_HANDLE, handle);
    const found = casCell(handle, seen, goneCell(seen));
    if (found == seen) return;
    seen = found;
  }
}

/**
 * Lets a retired object wait in limbo, linked by its word; `endDefer` must follow. Under its
 * zspage's lock: the page that the word is on may be moved.
 */
export function zsBeginDefer(kind: u32, handle: Handle): void {
  const desc = lockAround(handle, 0);
  const gone = loadCell(handle);
  // Its word will say no more whose it is: who moves the page could not rename it.
  storeCell(handle, byIndex(gone, desc, indexIn(desc, gone)));
  beginDefer(kind, handle, zsLinkAt(handle));
  unlock(zspageLockAt(desc));
}

/** Whether somebody has ended the object's life for new readers. */
export function zsIsRetired(handle: Handle): bool {
  return cellState(loadCell(handle)) == CELL_LIMBO;
}

/** Frees what no reader can have: a draft that was never published, or out of limbo. */
export function zsRelease(handle: Handle): void {
  unlockReleased(zsReleaseNext(handle, 0));
}

/**
 * Frees one of several such objects. Neighbours often lie in one zspage, whose lock is then kept.
 *
 * @param locked  the zspage that the last one was in, its lock held; 0 = none
 * @returns the zspage that this one was in, its lock held; for `unlockReleased` in the end
 */
export function zsReleaseNext(handle: Handle, locked: u32): u32 {
  selfThreadState().ownCell = handle;
  const cell = loadCell(handle);
  if (cellState(cell) == CELL_GONE_SAME) {
    releaseSame(handle, samePatternCell(cell));
    return locked;
  }
  const desc = lockAround(handle, locked);
  vacate(handle, desc);
  freeCell(handle);
  return desc;
}

/** Ends a row of releases. */
export function unlockReleased(locked: u32): void {
  if (locked != 0) endChange(locked, relist(locked));
}

/**
 * Changes a word of an object that lives, where it stands; observed by `zsLoadWord`. Under its
 * zspage's lock, under which the object, or its page, is copied. In a section, which goes on: who
 * waits may find that zspage freed.
 *
 * @returns false: somebody else has the lock for long; nothing has changed
 */
export function zsChangeWord(handle: Handle, to: u32, value: u32): bool {
  assertInSection();
  for (let look: u32 = 0; look < LOOKS; look++) {
    const cell = loadCell(handle);
    const desc = zspageIn(cell);
    if (desc == 0 || !tryLockZspage(desc)) continue;
    const isThere = loadCell(handle) == cell;
    if (isThere) zsStoreWord(placeOf(cell, desc), to, value);
    unlock(zspageLockAt(desc));
    if (isThere) return true;
  }
  return false;
}

/**
 * Takes the lock of the zspage that an object is in, unless it is `locked`, which is unlocked.
 * Progress: a draft that was settled may be moved until we have the lock, by a bounded step each
 * time.
 */
function lockAround(handle: Handle, locked: u32): u32 {
  let desc = zsZspage(handle);
  if (desc == locked) return desc;
  unlockReleased(locked);
  while (true) {
    lockZspage(desc);
    // What was taken out is not moved any more.
    const found = zsIsRetired(handle) ? desc : zsZspage(handle);
    if (found == desc) return desc;
    unlock(zspageLockAt(desc));
    desc = found;
  }
}

/** The zspage of an object that is this thread's to free, in or out of a section. */
export function zsZspage(handle: Handle): u32 {
  const wasInside = isInSection();
  if (!wasInside) enterSection();
  assertInSection();
  let desc: Desc = 0;
  // Progress: a round is lost to a move of the page.
  while (desc == 0) {
    const cell = loadCell(handle);
    if (!hasPlace(cell)) fail(FAULT_HANDLE, handle);
    desc = zspageIn(cell);
  }
  if (!wasInside) leaveSection();
  return desc;
}

function releaseSame(handle: Handle, upper: u32): void {
  selfThreadState().ownPattern = upper;
  takeCell(handle);
  if (upper != 0) {
    if (cellState(loadCell(upper)) != CELL_PATTERN) fail(FAULT_HANDLE, upper);
    freePattern(upper);
  }
  freeCell(handle);
}

/** Under the zspage's lock nobody moves the object any more. */
function vacate(handle: Handle, desc: Desc): void {
  const cell = loadCell(handle);
  const index = hasPlace(cell) ? indexIn(desc, cell) : MAX_PER_ZSPAGE;
  if (index == MAX_PER_ZSPAGE || !isIndexUsed(desc, index)) fail(FAULT_HANDLE, handle);
  assertLocked(zspageLockAt(desc));
  namePlace(desc, index);
  takeCell(handle);
  vacateIndex(desc, index);
}
