/**
 * Zspages: one descriptor for up to 16 scattered pages, cut into slots of one size.
 *
 * Idea: slots lie one behind the other over the whole chain and may span two pages, which need not
 * be neighbours. The descriptor lists the pages; each page's word points back to it. Pages are
 * taken one by one: a page comes with the first object that touches it and goes with the last, so
 * a list with holes costs nothing but its entries.
 *
 * Zspage descriptor (160 bytes):
 *   header   refs: 1 for being a zspage, and those of observers
 *   group    address of its class's record (class-list.ts). Set before publish
 *   inUse    set bits. lock: zspage
 *   next, prev, list   the list that it is on. lock: class
 *   lock     zspage lock
 *   owner    slot of the only thread that may put objects into it, 0 = whoever takes it off its
 *            list. Atomic; moved under the class lock, 0 → slot, and by that thread, slot → 0
 *   shape    Set before publish
 *   pages[16]  pfn, 0 = hole; of a huge zspage 8, and behind them the words of its 8 objects
 *   bits[4]    1 = slot in use. lock: zspage
 *   page k is held  ⇔  a slot in use overlaps bytes [4096 k, 4096 (k + 1))
 *   a slot is in use ⇔ a cell names it, when nobody has the lock; or a mover has just emptied it
 *
 * Page entries and object words are stored under the zspage lock, atomically, for they are also
 * read without it: entries by readers in a section that found the object through a live cell (its
 * pages cannot leave meanwhile), object words by movers.
 */
import { clearBit, isBitSet, setBit } from '../base/bitmap';
import { PAGE_BYTES, PAGE_SHIFT } from '../base/layout';
import { loadWord, peekCell, peekWord, storeWord } from '../base/words';
import { CLASS_MOVABLE } from '../frames/class';
import { giveBlock, takeBlock } from '../frames/frames';
import { ListedDesc } from '../memdesc/desc-list';
import { bear, FLAG_MOVABLE, publish } from '../memdesc/header';
import { storePageWord } from '../memdesc/page-word';
import { TYPE_FREE, TYPE_ZSPAGE } from '../memdesc/type';
import {
  HUGE_CHAIN,
  isHuge,
  MAX_CHAIN,
  MAX_PER_ZSPAGE,
  OBJECT_HEADER_BYTES,
  shapeBytes,
  shapePages,
  shapeSlots,
} from './size-class';

@unmanaged
export class Zspage extends ListedDesc {
  lock: u32;
  owner: u32;
  list: u32;
  shape: u32;
  /** The first of MAX_CHAIN entries; behind them, the bitmap. */
  pages: u32;
}

/** Bytes of a zspage descriptor: the record above with all its entries, and the bitmap. */
export const ZSPAGE_DESC_BYTES: u32 = 160;
/** Cells of a zspage's bitmap: MAX_PER_ZSPAGE / 64. */
export const BITS_CELLS: u32 = 4;

export function zspageOf(desc: u32): Zspage {
  return changetype<Zspage>(desc);
}

export function zspageLockAt(desc: u32): usize {
  return desc + offsetof<Zspage>('lock');
}

function ownerAt(desc: u32): usize {
  return desc + offsetof<Zspage>('owner');
}

export function zspageOwner(desc: u32): u32 {
  return loadWord(ownerAt(desc));
}

export function setZspageOwner(desc: u32, slot: u32): void {
  storeWord(ownerAt(desc), slot);
}

function pageEntryAt(desc: u32, k: u32): usize {
  return desc + offsetof<Zspage>('pages') + k * 4;
}

/** Page number of the k-th page, 0 for a hole. */
export function zspagePage(desc: u32, k: u32): u32 {
  return loadWord(pageEntryAt(desc, k));
}

/** Whether the page is among the zspage's. */
export function listsPage(desc: u32, pfn: u32): bool {
  for (let k: u32 = 0, end = shapePages(zspageOf(desc).shape); k < end; k++) {
    if (zspagePage(desc, k) == pfn) return true;
  }
  return false;
}

/** Address of the entry that names a page, or 0. Zspage lock held. */
export function pageEntryOf(desc: u32, pfn: u32): usize {
  for (let k: u32 = 0, end = shapePages(zspageOf(desc).shape); k < end; k++) {
    if (zspagePage(desc, k) == pfn) return pageEntryAt(desc, k);
  }
  return 0;
}

/** Which page of the chain an entry stands for. */
export function entryIndex(desc: u32, entry: usize): u32 {
  return u32(entry - pageEntryAt(desc, 0)) >> 2;
}

/** Address of the bitmap. */
export function bitsAt(desc: u32): usize {
  return pageEntryAt(desc, MAX_CHAIN);
}

export function isSlotUsed(desc: u32, index: u32): bool {
  return isBitSet(bitsAt(desc), index);
}

export function isFull(desc: u32): bool {
  return zspageOf(desc).inUse == shapeSlots(zspageOf(desc).shape);
}

/** Lowest slot that is free; the zspage has one. Zspage lock held. */
export function lowestFreeSlot(desc: u32): u32 {
  let index: u32 = 0;
  while (peekCell(bitsAt(desc) + (index >> 3)) == u64.MAX_VALUE) index += 64;
  return index + u32(ctz(~peekCell(bitsAt(desc) + (index >> 3))));
}

export function countSlots(desc: u32): u32 {
  let sum: u64 = 0;
  for (let cell: u32 = 0; cell < BITS_CELLS; cell++)
    sum += popcnt(peekCell(bitsAt(desc) + cell * 8));
  return u32(sum);
}

/** Pages that the zspage holds. */
export function countHeld(desc: u32): u32 {
  let pages: u32 = 0;
  for (let k: u32 = 0, end = shapePages(zspageOf(desc).shape); k < end; k++) {
    if (zspagePage(desc, k) != 0) pages++;
  }
  return pages;
}

/** Makes an empty zspage without pages, which only `owner` puts objects into. */
export function bearZspage(desc: u32, record: usize, shape: u32, owner: u32, list: u32): void {
  bear(desc, TYPE_ZSPAGE, 0, 0);
  const zspage = zspageOf(desc);
  zspage.flags |= FLAG_MOVABLE;
  zspage.group = u32(record);
  zspage.inUse = 0;
  zspage.next = 0;
  zspage.prev = 0;
  zspage.shape = shape;
  zspage.list = list;
  memory.fill(pageEntryAt(desc, 0), 0, MAX_CHAIN * 4 + MAX_PER_ZSPAGE / 8);
  storeWord(zspageLockAt(desc), 0);
  setZspageOwner(desc, owner);
  publish(desc);
}

/**
 * Puts a slot into use and takes the pages that it is the first to touch. Zspage lock held.
 *
 * @returns false when a page was missing; then nothing has changed
 */
export function fillSlot(desc: u32, index: u32): bool {
  const bytes = shapeBytes(zspageOf(desc).shape);
  const first = (index * bytes) >> PAGE_SHIFT;
  const last = (index * bytes + bytes - 1) >> PAGE_SHIFT;
  if (!holdPage(desc, first)) return false;
  if (last != first && !holdPage(desc, last)) {
    dropPageIfUntouched(desc, first);
    return false;
  }
  setBit(bitsAt(desc), index);
  zspageOf(desc).inUse++;
  return true;
}

/** Takes a slot out of use and gives back the pages that it was the last to touch. */
export function vacateSlot(desc: u32, index: u32): void {
  const bytes = shapeBytes(zspageOf(desc).shape);
  const first = (index * bytes) >> PAGE_SHIFT;
  const last = (index * bytes + bytes - 1) >> PAGE_SHIFT;
  clearBit(bitsAt(desc), index);
  zspageOf(desc).inUse--;
  dropPageIfUntouched(desc, first);
  if (last != first) dropPageIfUntouched(desc, last);
}

function holdPage(desc: u32, k: u32): bool {
  if (peekWord(pageEntryAt(desc, k)) != 0) return true;
  const pfn = takeBlock(0, CLASS_MOVABLE);
  if (pfn == 0) return false;
  storePageWord(pfn, desc | TYPE_ZSPAGE);
  storeWord(pageEntryAt(desc, k), pfn);
  return true;
}

export function dropPageIfUntouched(desc: u32, k: u32): void {
  const pfn = peekWord(pageEntryAt(desc, k));
  if (pfn == 0 || isPageTouched(desc, k)) return;
  storeWord(pageEntryAt(desc, k), 0);
  storePageWord(pfn, TYPE_FREE);
  giveBlock(pfn, 0);
}

/** Whether a slot in use overlaps page k. Cost: at most the bits of one page. */
function isPageTouched(desc: u32, k: u32): bool {
  const end = endSlotOn(desc, k);
  for (let i = firstSlotOn(desc, k); i < end; i++) if (isSlotUsed(desc, i)) return true;
  return false;
}

/** The slots that overlap page k: from this one … */
export function firstSlotOn(desc: u32, k: u32): u32 {
  return (k * PAGE_BYTES) / shapeBytes(zspageOf(desc).shape);
}

/** … up to, but not including this one. */
export function endSlotOn(desc: u32, k: u32): u32 {
  const shape = zspageOf(desc).shape;
  return min(((k + 1) * PAGE_BYTES - 1) / shapeBytes(shape) + 1, shapeSlots(shape));
}

/** Address of a byte of the chain; the bytes go on to the end of that page. */
export function chainByteAt(desc: u32, offset: u32): usize {
  const page = loadWord(pageEntryAt(desc, offset >> PAGE_SHIFT));
  return (page << PAGE_SHIFT) + (offset & (PAGE_BYTES - 1));
}

/** Where the word of an object stands: its handle, or its link in limbo. */
export function objectWordAt(desc: u32, index: u32): usize {
  const shape = zspageOf(desc).shape;
  if (isHuge(shape)) return pageEntryAt(desc, HUGE_CHAIN + index);
  return chainByteAt(desc, index * shapeBytes(shape));
}

/** Offset of an object's payload in the chain. */
export function payloadOffset(desc: u32, index: u32): u32 {
  const bytes = shapeBytes(zspageOf(desc).shape);
  return index * bytes + (bytes == PAGE_BYTES ? 0 : OBJECT_HEADER_BYTES);
}

/** @returns true when descriptor, bits and page list agree. Zspage lock held, or world stopped. */
export function isZspageSound(desc: u32): bool {
  const zspage = zspageOf(desc);
  if (countSlots(desc) != zspage.inUse) return false;
  const chain = isHuge(zspage.shape) ? HUGE_CHAIN : MAX_CHAIN;
  for (let k: u32 = 0; k < chain; k++) {
    const isHeld = peekWord(pageEntryAt(desc, k)) != 0;
    const isWanted = k < shapePages(zspage.shape) && isPageTouched(desc, k);
    if (isHeld != isWanted) return false;
  }
  return true;
}
