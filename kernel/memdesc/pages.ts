/**
 * The checked face of the page allocator: no page leaves the kernel undescribed.
 *
 * `allocPages` writes Misc(order, subtype) into the word of every page; `freePages` compares before
 * it changes anything, so a wrong order, a double free (also by two threads at once), an interior,
 * a foreign and an unaligned page are error codes and nothing has changed.
 *
 * States of the first page's word:
 *   0 → Misc(order, subtype)        alloc, by plain stores: the caller publishes the pfn
 *   Misc → Stocked(slot)            free, by compare-and-swap: the arbiter of a double free
 *   Stocked → 0                     free, before the bits are cleared
 *
 * Cost of a free: one compare-and-swap, a load and a store for each page, and frames' lock.
 */
import { selfSlot } from '../base/env';
import {
  ERR_ARGUMENT,
  ERR_FOREIGN_PAGE,
  ERR_NO_MEMORY,
  ERR_NOT_ALLOCATED,
  ERR_NOT_YOURS,
  ERR_UNALIGNED,
  ERR_WRONG_ORDER,
} from '../base/fault';
import { MAX_ORDER, superblock } from '../base/layout';
import { giveBlock, takeBlock } from '../frames/frames';
import { beginChange } from '../thread/slot';
import {
  casPageWord,
  fillPageWords,
  miscWord,
  pageWord,
  stockedWord,
  storePageWord,
  wordOrder,
  wordSubtype,
  wordType,
} from './page-word';
import { TYPE_FREE, TYPE_LIMBO, TYPE_MISC, TYPE_STOCKED } from './type';

/** @returns pfn of 2^order pages, or ERR_NO_MEMORY, ERR_ARGUMENT */
export function allocPages(order: u32, subtype: u32): i32 {
  if (order > MAX_ORDER) return ERR_ARGUMENT;
  const pfn = takeBlock(order);
  if (pfn == 0) return ERR_NO_MEMORY;
  fillPageWords(pfn, 1 << order, miscWord(order, subtype));
  return i32(pfn);
}

/** @returns 0, or the code of what is wrong; then nothing has changed */
export function freePages(pfn: u32, order: u32, subtype: u32): i32 {
  if (order > MAX_ORDER) return ERR_ARGUMENT;
  const pages: u32 = 1 << order;
  if (pfn >= superblock().pageCount || pages > superblock().pageCount - pfn) {
    return ERR_FOREIGN_PAGE;
  }
  if ((pfn & (pages - 1)) != 0) return ERR_UNALIGNED;
  const expected = miscWord(order, subtype);
  beginChange();
  if (!casPageWord(pfn, expected, stockedWord(selfSlot()))) {
    return whyNotFreeable(pageWord(pfn), order, subtype);
  }
  for (let i: u32 = 1; i < pages; i++) storePageWord(pfn + i, TYPE_FREE);
  storePageWord(pfn, TYPE_FREE);
  giveBlock(pfn, order);
  return 0;
}

function whyNotFreeable(word: u32, order: u32, subtype: u32): i32 {
  const type = wordType(word);
  if (type == TYPE_FREE || type == TYPE_STOCKED || type == TYPE_LIMBO) return ERR_NOT_ALLOCATED;
  if (type != TYPE_MISC || wordSubtype(word) != subtype) return ERR_NOT_YOURS;
  // The same word can be seen when the block was freed and allocated again meanwhile.
  return wordOrder(word) == order ? ERR_NOT_ALLOCATED : ERR_WRONG_ORDER;
}
