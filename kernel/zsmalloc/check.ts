/**
 * Check of zsmalloc: cells, indices, pages and lists, each compared with the next. World stopped.
 */
import { Cell, Desc, pfnOfAddress, Slot, superblock } from '../base/layout';
import { loadCell, loadWord, peekWord } from '../base/words';
import { nextTaken } from '../frames/bitfield';
import { pageWord, wordDescriptor, wordType } from '../memdesc/page-word';
import { TYPE_ZSPAGE } from '../memdesc/type';
import { LIMBO_OBJECT, LIMBO_VALUE, limboCount } from '../thread/limbo';
import { highestSlot, SLOT_FREE, slotState } from '../thread/slot';
import { LIST_RETIRED, listFor, nextListed, OFF_LISTS } from './fullness';
import {
  CELL_LIMBO,
  CELL_PATTERN,
  cellAddress,
  cellState,
  cellTaker,
  cellUnused,
  goneIndex,
  goneZspage,
  hasPlace,
  isByIndex,
  isInOnePage,
  isSame,
  isSamePlace,
  samePatternCell,
} from './handle';
import { nextCell, nextZspage } from './iterate';
import { cellFor, indexIn } from './place';
import {
  classAt,
  headAt,
  isLoose,
  LISTS,
  listedOf,
  looseOf,
  nextPool,
  poolNumbered,
  poolOf,
  zspagesOf,
} from './pool-table';
import { classCount, shapeObjects, shapeOf, zsState } from './size-class';
import { asThreadState, freedCount, leftCount, threadStateOf, waitingCount } from './thread-state';
import {
  countHeld,
  countUsed,
  isIndexUsed,
  isZspageOf,
  isZspageSound,
  listsPage,
  objectWordAt,
  zspageList,
  zspageOwner,
  zspagePool,
  zspageShape,
} from './zspage';

/** Thread-local: what the zspages add up to, for the check under way. */
let held: u32 = 0;
let used: u32 = 0;
let listed: u32 = 0;
let counted: u32 = 0;

/**
 * @param deferred  objects that were taken out and wait on no thread state and not in limbo: the
 *                  store's
 * @returns an offender, an address or pfn, or 0
 */
export function checkPools(deferred: u32): u32 {
  if (zsState().classes == 0) return 0;
  let bad = checkZspages();
  if (bad == 0) bad = checkPages();
  if (bad == 0) bad = checkLists();
  if (bad == 0) bad = checkCells(deferred);
  return bad;
}

function checkZspages(): u32 {
  held = 0;
  used = 0;
  listed = 0;
  counted = 0;
  for (let desc = nextZspage(0); desc != 0; desc = nextZspage(desc)) {
    if (!isZspageSound(desc) || !isListSound(desc)) return desc;
    held += countHeld(desc);
    used += countUsed(desc);
    if (zspageList(desc) < LISTS) listed++;
    if (zspageList(desc) != LIST_RETIRED) counted++;
  }
  return 0;
}

/** Every page that says so is a zspage's, and every one of a zspage says so. */
function checkPages(): u32 {
  let pages: u32 = 0;
  const end = superblock().pageCount;
  for (let pfn = nextTaken(superblock().firstPfn); pfn < end; pfn = nextTaken(pfn + 1)) {
    const word = pageWord(pfn);
    if (wordType(word) != TYPE_ZSPAGE) continue;
    if (!listsPage(wordDescriptor(word), pfn)) return pfn;
    pages++;
  }
  return held - pages;
}

function isListSound(desc: Desc): bool {
  const list = zspageList(desc);
  if (list == LIST_RETIRED) return countUsed(desc) == 0;
  const owner = zspageOwner(desc);
  if (owner != 0 && slotState(owner) == SLOT_FREE) return false;
  return poolNumbered(zspagePool(desc)) != 0 && list == (owner != 0 ? OFF_LISTS : listFor(desc));
}

/** Every zspage that says it is on a list is on it, and counted in its class. */
function checkLists(): u32 {
  let zspages: u32 = 0;
  let found: u32 = 0;
  for (let pool = nextPool(0); pool != 0; pool = nextPool(pool)) {
    for (let sizeClass: u32 = 0; sizeClass < classCount(); sizeClass++) {
      const record = classAt(pool, sizeClass);
      const wrong = checkListsOf(record, poolOf(pool).number, sizeClass);
      if (wrong != 0) return wrong;
      zspages += zspagesOf(record);
      found += listedOf(record);
    }
  }
  return (zspages - counted) | (found - listed);
}

/** A class's lists have zspages of it alone, and as many as it says. */
function checkListsOf(record: usize, pool: u32, sizeClass: u32): u32 {
  let found: u32 = 0;
  let loose: u32 = 0;
  for (let list: u32 = 0; list < LISTS; list++) {
    for (let desc = peekWord(headAt(record, list)); desc != 0; desc = nextListed(desc)) {
      const isHere = isZspageOf(desc, pool, sizeClass);
      if (!isHere || zspageList(desc) != list || found++ == listed) return desc;
      if (isLoose(shapeOf(sizeClass), list)) loose++;
    }
  }
  return (found - listedOf(record)) | (loose - looseOf(record));
}

/**
 * An index is in use ⇔ a cell names it, or a mover has just emptied it; what was taken out waits
 * somewhere for its grace period.
 */
function checkCells(deferred: u32): u32 {
  let indices: u32 = 0;
  let patterns: u32 = 0;
  let gone: u32 = 0;
  for (let at = nextCell(0); at != 0; at = nextCell(at)) {
    const cell = loadCell(at);
    if (cellTaker(cell) != 0) gone++;
    if (hasPlace(cell)) {
      if (!isPlaceSound(at, cell)) return at;
      indices++;
    } else if (isSame(cell)) {
      const upper = samePatternCell(cell);
      if (upper != 0 && cellState(loadCell(upper)) != CELL_PATTERN) return at;
      if (upper != 0) patterns++;
    } else if (cellState(cell) == CELL_PATTERN) patterns--;
  }
  return (used - indices - countLeft(0)) | patterns | (gone - countWaiting() - deferred);
}

/** Handles of objects that were taken out, in threads' states and in limbo. */
function countWaiting(): u32 {
  let waiting = limboCount(LIMBO_OBJECT) + limboCount(LIMBO_VALUE);
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    if (threadStateOf(slot) == 0) continue;
    waiting +=
      freedCount(asThreadState(threadStateOf(slot))) +
      waitingCount(asThreadState(threadStateOf(slot)));
  }
  return waiting;
}

function isPlaceSound(at: u32, cell: Cell): bool {
  if (isByIndex(cell)) return isIndexUsed(goneZspage(cell), goneIndex(cell));
  const pfn = pfnOfAddress(cellAddress(cell));
  if (pfn >= superblock().pageCount || wordType(pageWord(pfn)) != TYPE_ZSPAGE) return false;
  const desc = wordDescriptor(pageWord(pfn));
  const index = indexIn(desc, cell);
  if (index >= shapeObjects(zspageShape(desc)) || !isIndexUsed(desc, index)) return false;
  if (!isSamePlace(cell, cellFor(desc, index, 0))) return false;
  // Of a dead one nobody knows any more how long it was.
  const isWhole =
    cellState(cell) == CELL_LIMBO ||
    isInOnePage(cell) == isInOnePage(cellFor(desc, index, cellUnused(cell)));
  return isWhole && loadWord(objectWordAt(desc, index)) == at;
}

/** Indices that movers have emptied and not vacated yet; of one pool, or of all (0). */
function countLeft(pool: u32): u32 {
  let left: u32 = 0;
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    const at = threadStateOf(slot);
    if (at == 0 || asThreadState(at).source == 0) continue;
    const home = zspagePool(asThreadState(at).source);
    if (pool == 0 || poolOf(pool).number == home) left += leftCount(asThreadState(at));
  }
  return left;
}

/** Objects of a pool, those in limbo included. */
export function countObjects(pool: u32): u32 {
  let objects: u32 = 0;
  for (let desc = nextZspage(0); desc != 0; desc = nextZspage(desc)) {
    if (zspagePool(desc) == poolOf(pool).number) objects += countUsed(desc);
  }
  return objects - countLeft(pool);
}
