/**
 * Zspages: one descriptor for up to 16 scattered pages, cut into objects of one size.
 *
 * Idea: objects lie one behind the other over the whole chain and may span two pages, which need
 * not be neighbours. The descriptor lists the pages; each page's word points back to it. Pages are
 * taken one by one: a page comes with the first object that touches it and goes with the last, so
 * a list with holes costs nothing but its entries.
 *
 * Zspage descriptor (160 bytes): header · group (its class) · inUse · next · prev · pages[16] (pfn, 0 = hole)
 *   · bits[8] (1 = object in use)
 *   page k is held ⇔ an object in use overlaps bytes [4096 k, 4096 (k + 1))
 *   on its class's partial list ⇔ inUse < perZspage
 * zsmalloc lock: everything but the header. `pages` is also read without it, atomically, by readers
 * in a section that found the object through a live cell: its pages cannot leave meanwhile.
 */

import { clearBit, countSet, isBitSet, lowestClear, setBit } from '../base/bitmap';
import { PAGE_BYTES, PAGE_SHIFT, ZS_STATE } from '../base/layout';
import { loadWord, peekWord, storeWord } from '../base/words';
import { CLASS_MOVABLE } from '../frames/class';
import { giveBlock, takeBlock } from '../frames/frames';
import { ListedDesc } from '../memdesc/desc-list';
import { bear, FLAG_MOVABLE, publish } from '../memdesc/header';
import { storePageWord } from '../memdesc/page-word';
import { TYPE_FREE, TYPE_ZSPAGE } from '../memdesc/type';
import { classOf, MAX_CHAIN, ZsState, zsState } from './size-class';

@unmanaged
export class Zspage extends ListedDesc {
  /** The first of MAX_CHAIN entries; behind them, the bitmap. */
  pages: u32;
}

/** Bytes of a zspage descriptor: the record above with all its entries, and the bitmap. */
export const ZSPAGE_DESC_BYTES: u32 = 160;

export function zspageOf(desc: u32): Zspage {
  return changetype<Zspage>(desc);
}

function pageEntryAt(desc: u32, k: u32): usize {
  return desc + offsetof<Zspage>('pages') + k * 4;
}

/** Page number of the k-th page, 0 for a hole. */
export function zspagePage(desc: u32, k: u32): u32 {
  return loadWord(pageEntryAt(desc, k));
}

function bitsAt(desc: u32): usize {
  return pageEntryAt(desc, MAX_CHAIN);
}

export function isSlotUsed(desc: u32, index: u32): bool {
  return isBitSet(bitsAt(desc), index);
}

export function lowestFreeSlot(desc: u32): u32 {
  return lowestClear(bitsAt(desc));
}

export function countSlots(desc: u32): u32 {
  return countSet(bitsAt(desc));
}

/** Makes an empty zspage without pages out of a free descriptor. zsmalloc lock held. */
export function bearZspage(desc: u32, sizeClass: u32): void {
  bear(desc, TYPE_ZSPAGE, 0, 0);
  const zspage = zspageOf(desc);
  zspage.flags |= FLAG_MOVABLE;
  zspage.group = sizeClass;
  zspage.inUse = 0;
  zspage.next = 0;
  zspage.prev = 0;
  memory.fill(pageEntryAt(desc, 0), 0, ZSPAGE_DESC_BYTES - offsetof<Zspage>('pages'));
  publish(desc);
}

/**
 * Puts object `index` into use and takes the pages that it is the first to touch.
 * zsmalloc lock held.
 *
 * @returns false when a page was missing; then nothing has changed
 */
export function fillSlot(desc: u32, index: u32): bool {
  const bytes = classOf(zspageOf(desc).group).objectBytes;
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

/** Takes object `index` out of use and gives back the pages that it was the last to touch. */
export function vacateSlot(desc: u32, index: u32): void {
  const bytes = classOf(zspageOf(desc).group).objectBytes;
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
  countPages(desc, 1);
  return true;
}

function dropPageIfUntouched(desc: u32, k: u32): void {
  if (isPageTouched(desc, k)) return;
  const pfn = peekWord(pageEntryAt(desc, k));
  storeWord(pageEntryAt(desc, k), 0);
  storePageWord(pfn, TYPE_FREE);
  giveBlock(pfn, 0);
  countPages(desc, -1);
}

function countPages(desc: u32, pages: i32): void {
  const sizeClass = classOf(zspageOf(desc).group);
  sizeClass.held += pages;
  storeWord(ZS_STATE + offsetof<ZsState>('pages'), zsState().pages + pages);
}

/** Whether an object in use overlaps page k. */
export function isPageTouched(desc: u32, k: u32): bool {
  const sizeClass = classOf(zspageOf(desc).group);
  let index = (k * PAGE_BYTES) / sizeClass.objectBytes;
  const end = min(((k + 1) * PAGE_BYTES - 1) / sizeClass.objectBytes + 1, sizeClass.perZspage);
  for (; index < end; index++) if (isSlotUsed(desc, index)) return true;
  return false;
}

/** Address of a byte of an object; the bytes go on to the end of that page. */
export function objectByteAt(desc: u32, offset: u32): usize {
  const page = loadWord(pageEntryAt(desc, offset >> PAGE_SHIFT));
  return (page << PAGE_SHIFT) + (offset & (PAGE_BYTES - 1));
}

/** @returns true when descriptor, bits and page list agree. zsmalloc lock held. */
export function isZspageSound(desc: u32): bool {
  const zspage = zspageOf(desc);
  if (countSlots(desc) != zspage.inUse) return false;
  for (let k: u32 = 0; k < MAX_CHAIN; k++) {
    const isHeld = peekWord(pageEntryAt(desc, k)) != 0;
    const isWanted = k < classOf(zspage.group).pages && isPageTouched(desc, k);
    if (isHeld != isWanted) return false;
  }
  return true;
}
