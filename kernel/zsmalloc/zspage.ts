/**
 * Zspages: one descriptor for up to 16 scattered pages, cut into objects of one size.
 *
 * Idea: objects lie one behind the other over the whole chain and may span two pages, which need
 * not be neighbours. The descriptor lists the pages; each page's word points back to it. Pages are
 * taken one by one: a page comes with the first object that touches it and goes with the last, so
 * a list with holes costs nothing but its entries.
 *
 * Zspage descriptor (96 bytes):
 *   header   refs: 1 for being a zspage, and those of observers
 *     pfn    is *home* here, for its pages are scattered: class:9 · pool:8 (9–16), set before
 *            publish · list:4 (17–20), the list that it is on (fullness.ts) · owner:8 (21–28),
 *            slot of the only thread that may put objects into it, 0 = whoever takes it off its
 *            list. Atomic; moved under the class lock: owner 0 → slot, and by that thread slot → 0
 *     link   the next of its list, lock: class; when it is retired, of limbo
 *   prev     the one before it on its list. lock: class
 *   lock     zspage lock
 *   room     72 bytes, which bits and page list share: bits from the front, 64 in a cell, 1 =
 *            object in use, lock: zspage; pages from the back, the first one last: pfn, 0 = hole;
 *            of a huge zspage 8, and before them the words of its 8 objects.
 *            16 pages leave room for 64 objects, 14 for 128, 10 for 256 (size-class.ts)
 *   page k is held  ⇔  an object in use overlaps bytes [4096 k, 4096 (k + 1))
 *   an object is in use ⇔ a cell names it, when nobody has the lock; or a mover has just emptied it
 *
 * Page entries and object words are stored under the zspage lock. Entries atomically, for they are
 * also read without it, by readers in a section that found the object through a live cell (its
 * pages cannot leave meanwhile).
 */
import { clearBit, isBitSet, setBit } from '../base/bitmap';
import { Desc, Handle, PAGE_BYTES, PAGE_SHIFT, Pfn, pageAddress } from '../base/layout';
import {
  loadCell,
  loadWord,
  peekCell,
  peekWord,
  pokeCell,
  pokeWord,
  storeWord,
} from '../base/words';
import { CLASS_MOVABLE } from '../frames/class';
import { giveBlock, takeBlock } from '../frames/frames';
import { FLAG_MOVABLE, Header, initHeader, pfnAt, publish } from '../memdesc/header';
import { storePageWord } from '../memdesc/page-word';
import { TYPE_FREE, TYPE_ZSPAGE } from '../memdesc/type';
import { assertLocked, assertLockedOrHalted } from '../thread/context';
import { lock, tryLock } from '../thread/lock';
import {
  DESC_ROOM_BYTES,
  HUGE_CHAIN,
  isHuge,
  OBJECT_HEADER_BYTES,
  shapeBytes,
  shapeObjects,
  shapeOf,
  shapePages,
} from './size-class';
import { NO_INDEX, namePlace, selfThreadState, ThreadState } from './thread-state';

@unmanaged
export class Zspage extends Header {
  prev: u32;
  lock: u32;
  /** The first cell of the bitmap; behind it, the others, and the page list. */
  bits: u64;
}

/** Bytes of a zspage descriptor: the record above with all of its room. */
export const ZSPAGE_DESC_BYTES: u32 = 96;
/** Where the first page stands; the others before it. */
const FIRST_ENTRY: u32 = ZSPAGE_DESC_BYTES - 4;

const POOL_SHIFT: u32 = 9;
const LIST_SHIFT: u32 = 17;
const OWNER_SHIFT: u32 = 21;
export const ZSPAGE_CLASS_MASK: u32 = 0x1ff;
/** Class and pool. */
const FIXED_MASK: u32 = 0x1_ffff;

export function zspageOf(desc: Desc): Zspage {
  return changetype<Zspage>(desc);
}

export function zspageLockAt(desc: Desc): usize {
  return desc + offsetof<Zspage>('lock');
}

/** Takes the lock of a zspage, and says so before. */
export function lockZspage(desc: Desc): void {
  namePlace(desc, NO_INDEX);
  lock(zspageLockAt(desc));
}

/** The same if it is free. @returns whether it was */
export function tryLockZspage(desc: Desc): bool {
  namePlace(desc, NO_INDEX);
  return tryLock(zspageLockAt(desc));
}

/** How far from its beginning the two words stand by which it is listed. */
export function listLinks(): usize {
  return offsetof<Zspage>('link');
}

function homeOf(desc: Desc): u32 {
  return loadWord(pfnAt(desc));
}

export function zspageClass(desc: Desc): u32 {
  return homeOf(desc) & ZSPAGE_CLASS_MASK;
}

/** Number of its pool. */
export function zspagePool(desc: Desc): u32 {
  return (homeOf(desc) >> POOL_SHIFT) & 0xff;
}

export function isZspageOf(desc: Desc, pool: u32, sizeClass: u32): bool {
  return (homeOf(desc) & FIXED_MASK) == (sizeClass | (pool << POOL_SHIFT));
}

export function zspageShape(desc: Desc): u32 {
  return shapeOf(zspageClass(desc));
}

export function zspageList(desc: Desc): u32 {
  return (homeOf(desc) >> LIST_SHIFT) & 15;
}

export function zspageOwner(desc: Desc): u32 {
  return homeOf(desc) >> OWNER_SHIFT;
}

/** Says on which list the zspage is, and who owns it. Class lock held. */
export function setPlace(desc: Desc, list: u32, owner: u32): void {
  const fixed = homeOf(desc) & FIXED_MASK;
  storeWord(pfnAt(desc), fixed | (list << LIST_SHIFT) | (owner << OWNER_SHIFT));
}

function pageEntryAt(desc: Desc, k: u32): usize {
  return desc + FIRST_ENTRY - k * 4;
}

/** Page number of the k-th page, 0 for a hole. */
export function zspagePage(desc: Desc, k: u32): u32 {
  return loadWord(pageEntryAt(desc, k));
}

/** Whether the page is among the zspage's. */
export function listsPage(desc: Desc, pfn: Pfn): bool {
  return pageEntryOf(desc, pfn) != 0;
}

/** Address of the entry that names a page, or 0. Zspage lock held. */
export function pageEntryOf(desc: Desc, pfn: Pfn): usize {
  for (let k: u32 = 0, end = shapePages(zspageShape(desc)); k < end; k++) {
    if (zspagePage(desc, k) == pfn) return pageEntryAt(desc, k);
  }
  return 0;
}

/** Which page of the chain an entry stands for. */
export function entryIndex(desc: Desc, entry: usize): u32 {
  return u32(pageEntryAt(desc, 0) - entry) >> 2;
}

/** Address of the bitmap. */
export function bitsAt(desc: Desc): usize {
  return desc + offsetof<Zspage>('bits');
}

/** Puts no object into use. */
export function clearBits(desc: Desc): void {
  for (let index: u32 = 0, end = shapeObjects(zspageShape(desc)); index < end; index += 64) {
    pokeCell(bitsAt(desc) + (index >> 3), 0);
  }
}

export function isIndexUsed(desc: Desc, index: u32): bool {
  return isBitSet(bitsAt(desc), index);
}

/** Lowest index that is free; if there is none, a number beyond them. */
export function lowestFreeIndex(desc: Desc, objects: u32): u32 {
  assertLocked(zspageLockAt(desc));
  let index: u32 = 0;
  while (index < objects && peekCell(bitsAt(desc) + (index >> 3)) == u64.MAX_VALUE) index += 64;
  return index >= objects ? index : index + u32(ctz(~peekCell(bitsAt(desc) + (index >> 3))));
}

/**
 * Lowest index that is free and whose pages are held; `objects` if there is none.
 */
export function lowestHeldIndex(desc: Desc, objects: u32): u32 {
  assertLocked(zspageLockAt(desc));
  const bytes = shapeBytes(zspageShape(desc));
  let index: u32 = 0;
  while (index < objects && (isIndexUsed(desc, index) || !isHeld(desc, index * bytes, bytes)))
    index++;
  return index;
}

function isHeld(desc: Desc, from: u32, bytes: u32): bool {
  const last = (from + bytes - 1) >> PAGE_SHIFT;
  return zspagePage(desc, from >> PAGE_SHIFT) != 0 && zspagePage(desc, last) != 0;
}

/** Objects in use. */
export function countUsed(desc: Desc): u32 {
  let sum: u64 = 0;
  for (let index: u32 = 0, end = shapeObjects(zspageShape(desc)); index < end; index += 64) {
    // Atomic, because figures are counted without the lock.
    sum += popcnt(loadCell(bitsAt(desc) + (index >> 3)));
  }
  return u32(sum);
}

/** Pages that the zspage holds. */
export function countHeld(desc: Desc): u32 {
  let pages: u32 = 0;
  for (let k: u32 = 0, end = shapePages(zspageShape(desc)); k < end; k++) {
    if (zspagePage(desc, k) != 0) pages++;
  }
  return pages;
}

/** Makes an empty zspage without pages, which only `owner` puts objects into. */
export function initZspage(desc: Desc, pool: u32, sizeClass: u32, owner: u32, list: u32): void {
  initHeader(desc, TYPE_ZSPAGE, 0, sizeClass | (pool << POOL_SHIFT));
  zspageOf(desc).flags |= FLAG_MOVABLE;
  zspageOf(desc).prev = 0;
  memory.fill(bitsAt(desc), 0, DESC_ROOM_BYTES);
  storeWord(zspageLockAt(desc), 0);
  setPlace(desc, list, owner);
  publish(desc);
}

/**
 * Puts an object into use and takes the pages that it is the first to touch.
 *
 * @returns false when a page was missing; then nothing has changed
 */
export function fillIndex(desc: Desc, index: u32, urgency: u32 = 0): bool {
  assertLocked(zspageLockAt(desc));
  const bytes = shapeBytes(zspageShape(desc));
  const first = (index * bytes) >> PAGE_SHIFT;
  const last = (index * bytes + bytes - 1) >> PAGE_SHIFT;
  if (!holdPage(desc, first, urgency)) return false;
  if (last != first && !holdPage(desc, last, urgency)) {
    dropPageIfUntouched(desc, first, selfThreadState());
    return false;
  }
  setBit(bitsAt(desc), index);
  return true;
}

/** Takes an object out of use and gives back the pages that it was the last to touch. */
export function vacateIndex(desc: Desc, index: u32): void {
  const bytes = shapeBytes(zspageShape(desc));
  const first = (index * bytes) >> PAGE_SHIFT;
  const last = (index * bytes + bytes - 1) >> PAGE_SHIFT;
  clearBit(bitsAt(desc), index);
  const thread = selfThreadState();
  if (!hasNeighbour(desc, index, bytes, first)) dropPage(desc, first, thread);
  if (last != first && !hasNeighbour(desc, index, bytes, last)) dropPage(desc, last, thread);
}

/**
 * Whether an object in use overlaps page k, as `index` does. Cost: in a full page one look, no
 * division.
 */
function hasNeighbour(desc: Desc, index: u32, bytes: u32, k: u32): bool {
  const start = k << PAGE_SHIFT;
  for (let i = index; i != 0 && i * bytes > start; ) if (isIndexUsed(desc, --i)) return true;
  const end = min(start + PAGE_BYTES, bytes * shapeObjects(zspageShape(desc)));
  for (let i = index + 1; i * bytes < end; i++) if (isIndexUsed(desc, i)) return true;
  return false;
}

function holdPage(desc: Desc, k: u32, urgency: u32): bool {
  if (peekWord(pageEntryAt(desc, k)) != 0) return true;
  const pfn = takeBlock(0, CLASS_MOVABLE | urgency);
  if (pfn == 0) return false;
  selfThreadState().page = pfn;
  storePageWord(pfn, desc | TYPE_ZSPAGE);
  storeWord(pageEntryAt(desc, k), pfn);
  return true;
}

/** @param thread  this one's state, or that of a dead one for which it is done */
export function dropPageIfUntouched(desc: Desc, k: u32, thread: ThreadState): void {
  if (zspagePage(desc, k) != 0 && !isPageTouched(desc, k)) dropPage(desc, k, thread);
}

function dropPage(desc: Desc, k: u32, thread: ThreadState): void {
  const pfn = peekWord(pageEntryAt(desc, k));
  thread.page = pfn;
  storeWord(pageEntryAt(desc, k), 0);
  storePageWord(pfn, TYPE_FREE);
  giveBlock(pfn, 0);
}

/** Whether an object in use overlaps page k. Cost: at most the bits of one page. */
function isPageTouched(desc: Desc, k: u32): bool {
  const end = endIndexOn(desc, k);
  for (let i = firstIndexOn(desc, k); i < end; i++) if (isIndexUsed(desc, i)) return true;
  return false;
}

/** The objects that overlap page k: from this one … */
export function firstIndexOn(desc: Desc, k: u32): u32 {
  return (k * PAGE_BYTES) / shapeBytes(zspageShape(desc));
}

/** … up to, but not including this one. */
export function endIndexOn(desc: Desc, k: u32): u32 {
  const shape = zspageShape(desc);
  return min(((k + 1) * PAGE_BYTES - 1) / shapeBytes(shape) + 1, shapeObjects(shape));
}

/** Address of a byte of the chain; the bytes go on to the end of that page. */
export function chainByteAt(desc: Desc, offset: u32): usize {
  const page = loadWord(pageEntryAt(desc, offset >> PAGE_SHIFT));
  return pageAddress(page) + (offset & (PAGE_BYTES - 1));
}

/** Where the word of an object stands: its handle, or its link in limbo. */
export function objectWordAt(desc: Desc, index: u32): usize {
  const shape = zspageShape(desc);
  if (isHuge(shape)) return pageEntryAt(desc, HUGE_CHAIN + index);
  return chainByteAt(desc, index * shapeBytes(shape));
}

/** Says whose the object is. */
export function setObjectWord(desc: Desc, index: u32, handle: Handle): void {
  assertLocked(zspageLockAt(desc));
  pokeWord(objectWordAt(desc, index), handle);
}

/** Offset of an object's payload in the chain. */
export function payloadOffset(desc: Desc, index: u32): u32 {
  const bytes = shapeBytes(zspageShape(desc));
  return index * bytes + (bytes == PAGE_BYTES ? 0 : OBJECT_HEADER_BYTES);
}

/** @returns true when bits and page list agree. */
export function isZspageSound(desc: Desc): bool {
  assertLockedOrHalted(zspageLockAt(desc));
  const shape = zspageShape(desc);
  const last = (shapeObjects(shape) - 1) & 63;
  const end = bitsAt(desc) + ((shapeObjects(shape) - 1) >> 6) * 8;
  if (last != 63 && peekCell(end) >> u64(last + 1) != 0) return false;
  for (let k: u32 = 0; k < shapePages(shape); k++) {
    if ((peekWord(pageEntryAt(desc, k)) != 0) != isPageTouched(desc, k)) return false;
  }
  return true;
}
