/**
 * The checked face of the page allocator: no page leaves the kernel undescribed.
 *
 * `allocPages` writes Misc(order, subtype) into the word of every page; `freePages` compares before
 * it changes anything, so a wrong order, a double free (also by two threads at once), an interior,
 * a foreign and an unaligned page are error codes and nothing has changed.
 *
 * States of the first page's word:
 *   0 → Misc(order, subtype)           alloc, after the other words: the block can now be freed
 *   Misc → 0                           free of one page, by compare-and-swap: the arbiter of a
 *                                      double free
 *   Misc → Freeing(self, order)        free of a block, likewise
 *   Freeing → 0                        plainly, before the block goes to frames. Nobody else stores
 *                                      a word that is Freeing
 *   Freeing(self, large) → Misc(small) a free of a part, likewise after the other words
 *
 * Death (recover.ts): an incomplete alloc shows in words without the first one, a free in a
 * first word that is Freeing. The one is undone, the other finished. A page without a word that
 * frames do not have yet, or not any more, is one without an owner.
 *
 * Cost: of an alloc the words; of a free one compare-and-swap and the words. Both and frames'
 * share. `allocPage` and `freePage` are compiled into their callers: what a call pushes are stores,
 * and the exchange waits for them.
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
import { MAX_ORDER, Order, Pfn, superblock } from '../base/layout';
import { giveBlock, giveStocked, takeBlock, takeStocked } from '../frames/frames';
import { clearIntent, setIntent } from '../frames/local';
import { stockFor } from '../frames/stock';
import {
  casPageWord,
  fillPageWords,
  freeingWord,
  miscWord,
  pageWord,
  pokePageWord,
  storePageWord,
  wordOrder,
  wordSubtype,
  wordType,
} from './page-word';
import { TYPE_FREE, TYPE_FREEING, TYPE_ISOLATED, TYPE_MISC } from './type';

/**
 * @param allocFlags  CLASS_UNMOVABLE or CLASS_MOVABLE, | URGENT: see frames
 * @returns pfn of 2^order pages, or ERR_NO_MEMORY, ERR_ARGUMENT
 */
export function allocPages(order: Order, subtype: u32, allocFlags: u32): i32 {
  if (order > MAX_ORDER) return ERR_ARGUMENT;
  let pfn = takeStocked(order, allocFlags);
  if (pfn == 0) pfn = takeBlock(order, allocFlags);
  if (pfn == 0) return ERR_NO_MEMORY;
  describeBlock(pfn, 1 << order, miscWord(order, subtype));
  return i32(pfn);
}

/** The same of order 0. @inline */
export function allocPage(subtype: u32, allocFlags: u32): i32 {
  const pfn = takeStocked(0, allocFlags);
  if (pfn == 0) return allocPages(0, subtype, allocFlags);
  pokePageWord(pfn, miscWord(0, subtype));
  return i32(pfn);
}

/** The first word last, and after all others: only then can the block be freed. */
function describeBlock(pfn: Pfn, pages: u32, word: u32): void {
  fillPageWords(pfn + 1, pages - 1, word);
  storePageWord(pfn, word);
}

/** @returns 0, or the code of what is wrong; then nothing has changed */
export function freePages(pfn: Pfn, order: Order, subtype: u32): i32 {
  if (order == 0) return freePage(pfn, subtype);
  if (!mayBeFirst(pfn, order)) return whyNotFreeable(pfn, order, subtype);
  // Before the exchange, which no load overtakes.
  const stock = stockFor(pfn, order);
  if (!casPageWord(pfn, miscWord(order, subtype), freeingWord(selfSlot(), order))) {
    return whyNotFreeable(pfn, order, subtype);
  }
  clearRest(pfn, order);
  // By a store of its own, because others exchange it: who frees twice.
  pokePageWord(pfn, TYPE_FREE);
  if (!giveStocked(pfn, order, stock)) giveBlock(pfn, order);
  return 0;
}

/** The same of order 0. @inline */
export function freePage(pfn: Pfn, subtype: u32): i32 {
  if (pfn >= superblock().pageCount) return ERR_FOREIGN_PAGE;
  const stock = stockFor(pfn, 0);
  if (!casPageWord(pfn, miscWord(0, subtype), TYPE_FREE)) return whyNotFreeable(pfn, 0, subtype);
  if (!giveStocked(pfn, 0, stock)) giveBlock(pfn, 0);
  return 0;
}

/** Whether this can be the first page of a block. If its word says so too, the rest is there. */
function mayBeFirst(pfn: Pfn, order: Order): bool {
  return order <= MAX_ORDER && pfn < superblock().pageCount && (pfn & ((1 << order) - 1)) == 0;
}

/** Clears the words of a block but the first. */
export function clearRest(pfn: Pfn, order: Order): void {
  fillPageWords(pfn + 1, (1 << order) - 1, TYPE_FREE);
}

/** @returns 0 if these may be the pages of a block, else what is wrong */
function isBlock(pfn: Pfn, order: Order): i32 {
  if (order > MAX_ORDER) return ERR_ARGUMENT;
  const pages: u32 = 1 << order;
  if (pfn >= superblock().pageCount || pages > superblock().pageCount - pfn) {
    return ERR_FOREIGN_PAGE;
  }
  return (pfn & (pages - 1)) == 0 ? 0 : ERR_UNALIGNED;
}

function whyNotFreeable(pfn: Pfn, order: Order, subtype: u32): i32 {
  const misuse = isBlock(pfn, order);
  if (misuse != 0) return misuse;
  const word = pageWord(pfn);
  const type = wordType(word);
  if (type == TYPE_FREE || type == TYPE_FREEING || type == TYPE_ISOLATED) return ERR_NOT_ALLOCATED;
  if (type != TYPE_MISC || wordSubtype(word) != subtype) return ERR_NOT_YOURS;
  // The same word can be seen when the block was freed and allocated again meanwhile.
  return wordOrder(word) == order ? ERR_NOT_ALLOCATED : ERR_WRONG_ORDER;
}

/**
 * Frees an aligned part of a block of `blockOrder`, larger than the part. What stays is as many
 * blocks as it takes: the part's neighbour of its own order, and of each order up to half the
 * block.
 *
 * The intent is stored before the exchange that commits, so that a survivor can go on: until the
 * first word of the block is stored, last, it says Freeing and the intent says which part leaves.
 *
 * @returns 0, or the code of what is wrong; then nothing has changed
 */
export function freePart(pfn: Pfn, order: Order, blockOrder: Order, subtype: u32): i32 {
  if (blockOrder > MAX_ORDER || order >= blockOrder) return ERR_ARGUMENT;
  const base = pfn & ~((1 << blockOrder) - 1);
  const misuse = isBlock(base, blockOrder) | isBlock(pfn, order);
  if (misuse != 0) return isBlock(base, blockOrder) != 0 ? ERR_FOREIGN_PAGE : ERR_UNALIGNED;
  setIntent(pfn, order, subtype);
  const isMine = casPageWord(
    base,
    miscWord(blockOrder, subtype),
    freeingWord(selfSlot(), blockOrder),
  );
  if (isMine) {
    describeRest(pfn, order, blockOrder, subtype);
    giveBlock(pfn, order);
  }
  clearIntent(selfSlot());
  return isMine ? 0 : whyNotFreeable(base, blockOrder, subtype);
}

/**
 * Rewrites the words of a block of which a part leaves. Each block of the rest is complete before
 * its first word makes it one, and is then left alone: who does this again does only what is left.
 */
export function describeRest(pfn: Pfn, order: Order, blockOrder: Order, subtype: u32): void {
  const base = pfn & ~((1 << blockOrder) - 1);
  let first: u32 = TYPE_FREE;
  if (pfn != base) pokePageWord(pfn, TYPE_FREE);
  clearRest(pfn, order);
  for (let half = order; half < blockOrder; half++) {
    const rest = (pfn & ~((1 << half) - 1)) ^ (1 << half);
    const word = miscWord(half, subtype);
    if (rest == base) first = word;
    else if (pageWord(rest) != miscWord(blockOrder, subtype)) continue;
    fillPageWords(rest + 1, (1 << half) - 1, word);
    if (rest != base) storePageWord(rest, word);
  }
  storePageWord(base, first);
}
