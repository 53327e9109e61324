/**
 * What a survivor does for a thread that died in zsmalloc: it mends what the thread's state names
 * (mend.ts), or sweeps.
 *
 * Sweep: the cells are the truth, and an index that no cell names is nobody's. So whatever the dead
 * was doing under a zspage's lock, or as a zspage's owner, is repaired by counting: bits from the
 * cells, pages from the bits, lists from the counts. Nothing has to be known of how far it came.
 *
 * What only the dead thread knew stands in its state: a cell that was under construction, one that
 * it had taken out and not yet put away. Whether it *had* is read back from cells:
 *   freeing    LIMBO or GONE_SAME by the dead, and in none of its batches: it had
 *   replaced   no cell names its index any more: it had, and `ownCell` now takes it over
 * and what a survivor was giving back that died as well stands in two states (reap.ts):
 *   own cells  in this one and another: it is the other's, which is repaired later, or alive
 *   batches    cells that do not name the dead any more: they are free, or others'
 *   emptied    the refs do not: likewise
 *
 * In the halted world (thread/stop.ts), after slab's repair: others rest at most in a wait for a
 * lock, with zspage locks held; those zspages are left to them. That the world stands still is also
 * a grace period. Locks are freed last, and `repairing` says that somebody is at it: who comes
 * after a recoverer that died sweeps, which may be done twice. That it was begun stands in the
 * thread's state: who comes may repair others first.
 */
import { setBit } from '../base/bitmap';
import { Cell, Desc, Handle, Slot, superblock, ZS_STATE } from '../base/layout';
import { loadCell, loadWord, peekWord, pokeWord, storeCell } from '../base/words';
import { nextTaken } from '../frames/bitfield';
import { COUNT_MASK, FROZEN, holderOf, linkAt, refsAt } from '../memdesc/header';
import { pageWord, wordDescriptor, wordType } from '../memdesc/page-word';
import { TYPE_ZSPAGE } from '../memdesc/type';
import { CACHE_CELL, isObject } from '../slab/kmem-cache';
import { repairTaken } from '../slab/recover';
import { isTakenBy } from '../slab/sheaf';
import { assertHalted } from '../thread/context';
import { breakLock, isForsaken, isLockOf } from '../thread/lock';
import { highestSlot } from '../thread/slot';
import {
  cellChainPage,
  cellTaker,
  goneIndex,
  goneZspage,
  hasPlace,
  isByIndex,
  isSame,
  renamedCell,
  samePatternCell,
  zsIsCell,
} from './handle';
import { nextCell, nextZspage } from './iterate';
import { dropLost, mendLists, mendLocked, relistZspage } from './mend';
import { indexIn, zspageIn } from './place';
import { classAt, clearClass, nextPool } from './pool-table';
import { classCount, shapePages, zsState } from './size-class';
import {
  asThreadState,
  countAt,
  handleAt,
  hasFreed,
  isAmong,
  pushFreed,
  ThreadState,
  threadStateOf,
} from './thread-state';
import {
  bitsAt,
  clearBits,
  dropPageIfUntouched,
  setPlace,
  zspageList,
  zspageLockAt,
  zspageOwner,
  zspagePage,
  zspageShape,
} from './zspage';

/** Repairs what the dead thread in `slot` left half-done. */
export function repairZsmalloc(slot: Slot): void {
  assertHalted();
  const isWhole = zsState().repairing == 0 && !isAnyForsaken();
  if (zsState().classes != 0 && threadStateOf(slot) != 0) {
    const thread = asThreadState(threadStateOf(slot));
    zsState().repairing = 1;
    if (isWhole && !isMoving(thread)) mend(thread, slot);
    else sweep(thread, slot);
    zsState().repairing = 0;
  }
  breakLock(ZS_STATE, slot);
}

/** Whether the thread was at more than one object, which its state names. */
function isMoving(thread: ThreadState): bool {
  return thread.needsSweep != 0 || thread.source != 0;
}

/** What its state names. */
function mend(thread: ThreadState, slot: Slot): void {
  mendLocked(thread, slot);
  repairThreadState(thread, slot);
  mendLists(thread, slot);
}

/** All zspages that it owned, or had locked. */
function sweep(thread: ThreadState, slot: Slot): void {
  thread.needsSweep = 1;
  repairThreadState(thread, slot);
  sweepBits(thread, slot);
  rebuildLists(slot);
  breakLocks(slot);
  thread.needsSweep = 0;
}

/**
 * Lets the cell that a dead thread had at hand take over what its overwrite had replaced. Before
 * slab's repair, which takes back cells of which nothing was made.
 */
export function repairReplaced(slot: Slot): void {
  assertHalted();
  if (threadStateOf(slot) == 0) return;
  const thread = asThreadState(threadStateOf(slot));
  if (thread.replaced == 0) return;
  const hasRetiredCell = thread.ownCell != 0 && isTakenBy(loadCell(thread.ownCell), slot);
  if (hasRetiredCell && !isNamed(thread.replaced)) storeCell(thread.ownCell, thread.replaced);
  thread.replaced = 0;
}

function repairThreadState(thread: ThreadState, slot: Slot): void {
  if (!isLeft(thread.ownCell, slot)) thread.ownCell = 0;
  const upper = thread.ownPattern;
  if (upper != 0 && (!isLeft(upper, slot) || isPatternNamed(upper))) thread.ownPattern = 0;
  keepFreed(thread, 0, slot);
  keepFreed(thread, 1, slot);
  const handle = thread.freeing;
  if (handle != 0 && isTakenOut(handle, slot) && !hasFreed(thread, handle)) {
    pushFreed(thread, handle);
  }
  thread.freeing = 0;
  repairTransfer(thread);
  // Not on its way to limbo (any more): it is one of the zspages that are swept, or nobody's.
  if (thread.retired != 0 && !isFreedBy(thread.retired, slot)) thread.retired = 0;
  while (thread.emptied != 0 && !isFreedBy(thread.emptied, slot)) {
    thread.emptied = peekWord(linkAt(thread.emptied));
  }
  if (thread.retired == thread.emptied) thread.retired = 0;
}

/** Whether a cell is one in use, of which something was made; else it goes back. */
function isLeft(cell: u32, slot: Slot): bool {
  if (cell == 0 || !isObject(CACHE_CELL, cell)) return false;
  if (!isTakenBy(loadCell(cell), slot)) return true;
  repairTaken(cell);
  return false;
}

/** Whether a handle is one that the thread in `slot` took out, and nobody has taken since. */
function isTakenOut(handle: Handle, slot: Slot): bool {
  return zsIsCell(handle) && cellTaker(loadCell(handle)) == slot;
}

/**
 * Keeps in a batch what its thread has taken out, each once. Who dies in `dropFreed`, or here,
 * leaves a handle twice; who dies while it gives back what a dead thread had, one that is free.
 */
function keepFreed(thread: ThreadState, batch: u32, slot: Slot): void {
  let kept: u32 = 0;
  for (let i: u32 = 0, end = peekWord(countAt(thread, batch)); i < end; i++) {
    const handle = peekWord(handleAt(thread, batch, i));
    if (!isTakenOut(handle, slot) || isAmong(thread, batch, kept, handle)) continue;
    pokeWord(handleAt(thread, batch, kept), handle);
    kept++;
  }
  pokeWord(countAt(thread, batch), kept);
}

/** What stands in a batch, or in another's state as well (reap.ts), is not this thread's own. */
function repairTransfer(thread: ThreadState): void {
  const cell = thread.ownCell;
  const pattern = thread.ownPattern;
  if ((cell | pattern) == 0) return;
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    if (threadStateOf(slot) == 0) continue;
    const other = asThreadState(threadStateOf(slot));
    const isOther = other != thread;
    if (cell != 0 && ((isOther && other.ownCell == cell) || hasFreed(other, cell)))
      thread.ownCell = 0;
    if (isOther && pattern != 0 && other.ownPattern == pattern) thread.ownPattern = 0;
  }
}

/** Whether the thread took the descriptor's last reference, and frees it. */
function isFreedBy(desc: Desc, slot: Slot): bool {
  const refs = loadWord(refsAt(desc));
  return (refs & FROZEN) != 0 && (refs & COUNT_MASK) == 0 && holderOf(refs) == slot;
}

/** Whether any cell names what this one would, if it were one. */
function isNamed(gone: u64): bool {
  if (!hasPlace(gone)) return isPatternNamed(samePatternCell(gone));
  const desc = goneZspage(gone);
  for (let at = nextCell(0); at != 0; at = nextCell(at)) {
    const cell = loadCell(at);
    if (!hasPlace(cell) || zspageIn(cell) != desc) continue;
    if (indexIn(desc, cell) == goneIndex(gone)) return true;
  }
  return false;
}

function isPatternNamed(upper: u32): bool {
  for (let at = nextCell(0); at != 0; at = nextCell(at)) {
    const cell = loadCell(at);
    if (isSame(cell) && samePatternCell(cell) == upper) return true;
  }
  return false;
}

/** A zspage that the dead was changing, or may have been. */
function isSwept(desc: Desc, slot: Slot): bool {
  return isLockOf(zspageLockAt(desc), slot) || zspageOwner(desc) == slot;
}

/** Whether somebody died who had the lock of a class: its lists may be half-changed. */
function isAnyForsaken(): bool {
  if (zsState().classes == 0) return false;
  for (let pool = nextPool(0); pool != 0; pool = nextPool(pool)) {
    for (let sizeClass: u32 = 0; sizeClass < classCount(); sizeClass++) {
      if (isForsaken(classAt(pool, sizeClass))) return true;
    }
  }
  return false;
}

/** Bits from the cells, pages from the bits. */
function sweepBits(thread: ThreadState, slot: Slot): void {
  for (let desc = nextZspage(0); desc != 0; desc = nextZspage(desc)) {
    if (isSwept(desc, slot)) clearBits(desc);
  }
  for (let at = nextCell(0); at != 0; at = nextCell(at)) {
    const cell = loadCell(at);
    const desc = hasPlace(cell) ? zspageIn(cell) : 0;
    if (desc == 0 || !isSwept(desc, slot)) continue;
    setBit(bitsAt(desc), indexIn(desc, cell));
    if (!isByIndex(cell)) mendPlace(at, cell, desc);
  }
  for (let desc = nextZspage(0); desc != 0; desc = nextZspage(desc)) {
    if (!isSwept(desc, slot)) continue;
    for (let k: u32 = 0; k < shapePages(zspageShape(desc)); k++)
      dropPageIfUntouched(desc, k, thread);
  }
  dropLostPages(slot);
}

/** Who moves a page may have died before all its objects were told: both pages are still there. */
function mendPlace(at: u32, cell: Cell, desc: Desc): void {
  storeCell(at, renamedCell(cell, zspagePage(desc, cellChainPage(cell))));
}

/** Pages whose word names a zspage that does not list them (yet, or any more). */
function dropLostPages(slot: Slot): void {
  const end = superblock().pageCount;
  for (let pfn = nextTaken(superblock().firstPfn); pfn < end; pfn = nextTaken(pfn + 1)) {
    const word = pageWord(pfn);
    if (wordType(word) != TYPE_ZSPAGE) continue;
    const desc = wordDescriptor(word);
    if (isSwept(desc, slot)) dropLost(pfn, desc);
  }
}

/** Lists and counts of all classes, from the zspages. */
function rebuildLists(slot: Slot): void {
  for (let pool = nextPool(0); pool != 0; pool = nextPool(pool)) {
    for (let sizeClass: u32 = 0; sizeClass < classCount(); sizeClass++) {
      clearClass(classAt(pool, sizeClass));
    }
  }
  for (let desc = nextZspage(0); desc != 0; desc = nextZspage(desc)) relistZspage(desc, slot);
}

function breakLocks(slot: Slot): void {
  for (let desc = nextZspage(0); desc != 0; desc = nextZspage(desc)) {
    if (zspageOwner(desc) == slot) setPlace(desc, zspageList(desc), 0);
    breakLock(zspageLockAt(desc), slot);
  }
  for (let pool = nextPool(0); pool != 0; pool = nextPool(pool)) {
    for (let sizeClass: u32 = 0; sizeClass < classCount(); sizeClass++) {
      breakLock(classAt(pool, sizeClass), slot);
    }
  }
}
