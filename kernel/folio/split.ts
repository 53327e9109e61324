/**
 * Split and shrink: a folio becomes smaller without being freed.
 *
 * Both need the folio's lock (one at a time may do this to a folio) and no pin but the caller's.
 *
 * Split: reserve → freeze → words → order → unfreeze the others → **unfreeze the original last**
 *   reserve  a descriptor for each new folio but the first, chained through `link`. From here on
 *            nothing can run out
 *   freeze   the original: who looks for one of its pages now finds it busy, and waits
 *   words    the pages of each new folio name its descriptor, which is published frozen
 *   unfreeze each new folio, then the original. The other way round a thread that had loaded the
 *            original's word for a page that has left it would pin the original, look at the word
 *            again through its own eyes, and miss. A kernel bug of 2026 shows it (folio_split)
 *
 * Shrink: freeze → order → words of the rest 0 → its pages to frames → unfreeze
 *
 * Original, as a survivor finds it    the dead thread had                what is done
 *   locked by it, not frozen          begun to reserve: `link` leads to   the reserve is freed
 *   frozen by it                      reserved everything, or shrunk      the rest, step by step:
 *                                                                        each may be done twice
 * A new folio is taken off the chain before it is unfrozen; from then on the page words lead to it.
 */
import { selfSlot } from '../base/env';
import { ERR_ARGUMENT, ERR_BUSY, ERR_NO_MEMORY } from '../base/fault';
import { CHILD_PAGES, Desc, Order, Slot, superblock } from '../base/layout';
import { loadWord, pokeCell } from '../base/words';
import { giveBlock } from '../frames/frames';
import {
  freeze,
  headerOf,
  isFrozenBy,
  orderOf,
  publishFrozen,
  refsAt,
  setOrder,
  takeForFree,
  typeOf,
  UNPUBLISHED,
} from '../memdesc/header';
import {
  fillPageWords,
  pageWord,
  storePageWord,
  storePageWords,
  wordDescriptor,
  wordType,
} from '../memdesc/page-word';
import { unfreeze } from '../memdesc/pin';
import { note, strikeNote } from '../memdesc/pin-ledger';
import { TYPE_FREE } from '../memdesc/type';
import { assertHalted } from '../thread/context';
import { folioOf, freeFolio, initFolio, nameWith } from './folio';

/**
 * Splits a folio into folios of `order`, all owned by whoever owned it.
 *
 * @param names  where the names of the new ones go, but the first's, as cells in the order of their
 *               pages; 0 = nowhere. They may be moved at once, so that nobody finds them by page
 * @returns 0, or ERR_ARGUMENT, ERR_NO_MEMORY, ERR_BUSY (others have pinned it, or nobody owns it)
 * Context: locked, and pinned once, by the caller.
 */
export function splitFolio(desc: Desc, order: Order, names: usize): i32 {
  if (order >= orderOf(desc)) return ERR_ARGUMENT;
  const failure = reserve(desc, order);
  if (failure == 0 && freeze(desc, 1)) {
    if (names != 0) listReserve(desc, names);
    finishSplit(desc, order);
    unfreeze(desc);
    return 0;
  }
  dropReserve(desc);
  return failure != 0 ? failure : ERR_BUSY;
}

/** Chains a descriptor for every new folio but the first to the original. */
function reserve(desc: Desc, order: Order): i32 {
  const type = typeOf(desc);
  for (let left = ((<u32>1) << (orderOf(desc) - order)) - 1; left > 0; left--) {
    const child = initFolio(type, order);
    if (child == 0) return ERR_NO_MEMORY;
    headerOf(child).pfn = headerOf(desc).pfn + (left << order);
    headerOf(child).link = headerOf(desc).link;
    headerOf(desc).link = child;
    strikeNote(child);
  }
  return 0;
}

function listReserve(desc: Desc, at: usize): void {
  for (let child = headerOf(desc).link; child != 0; child = headerOf(child).link) {
    pokeCell(at, nameWith(folioOf(child).generation, child >> 5));
    at += 8;
  }
}

/** Frees what is chained, from its end on: each is noted before it leaves the chain. */
export function dropReserve(desc: Desc): void {
  while (headerOf(desc).link != 0) {
    const child = headerOf(desc).link;
    note(child);
    takeForFree(child, selfSlot());
    headerOf(desc).link = headerOf(child).link;
    freeFolio(child);
  }
}

/** From the freeze on. May be done again, by whoever survives. */
function finishSplit(desc: Desc, order: Order): void {
  const type = typeOf(desc);
  const pages: u32 = 1 << order;
  for (let child = headerOf(desc).link; child != 0; child = headerOf(child).link) {
    if ((loadWord(refsAt(child)) & UNPUBLISHED) != 0) publishFrozen(child);
    // Atomic: who finds the new folio by its page finds it frozen, not unpublished.
    storePageWords(headerOf(child).pfn, pages, child | type, order);
  }
  unfreezeReserve(desc);
  setOrder(desc, order);
}

function unfreezeReserve(desc: Desc): void {
  while (headerOf(desc).link != 0) {
    const child = headerOf(desc).link;
    headerOf(desc).link = headerOf(child).link;
    unfreeze(child);
  }
}

/**
 * Makes a folio smaller: its first 2^order pages stay, the others go to frames.
 *
 * @returns 0, or ERR_ARGUMENT, ERR_BUSY
 * Context: locked, and pinned once, by the caller.
 */
export function shrinkFolio(desc: Desc, order: Order): i32 {
  const was = orderOf(desc);
  if (order >= was) return ERR_ARGUMENT;
  if (!freeze(desc, 1)) return ERR_BUSY;
  setOrder(desc, order);
  // The part behind the first 2^n pages is a block of order n, for each n.
  for (let part = order; part < was; part++) {
    const pfn = headerOf(desc).pfn + (1 << part);
    fillPageWords(pfn, 1 << part, TYPE_FREE);
    giveBlock(pfn, part);
  }
  unfreeze(desc);
  return 0;
}

/** Finishes the split that a dead thread had begun with a folio that it froze. */
export function finishDeadSplit(desc: Desc, slot: Slot): void {
  assertHalted();
  const pages: u32 = 1 << orderOf(desc);
  const child = headerOf(desc).link;
  if (child != 0) finishSplit(desc, orderOf(child));
  let own: u32 = 0;
  // One may be off the chain and not unfrozen.
  for (let pfn = headerOf(desc).pfn; pfn < headerOf(desc).pfn + pages; pfn++) {
    const owner = wordDescriptor(pageWord(pfn));
    if (owner == desc) own++;
    if (owner == 0 || owner == desc || wordType(pageWord(pfn)) != typeOf(desc)) continue;
    if (isFrozenBy(owner, slot)) unfreeze(owner);
  }
  // All may be unfrozen, and the original not say yet how small it is.
  if (own != 0) setOrder(desc, ctz(own));
}

/** Gives back the pages that a dead thread's shrink had left to the folio: it stays frozen. */
export function finishDeadShrink(desc: Desc): void {
  const first = headerOf(desc).pfn & ~(CHILD_PAGES - 1);
  const end = min(first + CHILD_PAGES, superblock().pageCount);
  for (let pfn = first; pfn < end; pfn++) {
    const isBeyond = pfn - headerOf(desc).pfn >= (<u32>1) << orderOf(desc);
    if (!isBeyond || wordDescriptor(pageWord(pfn)) != desc) continue;
    storePageWord(pfn, TYPE_FREE);
    giveBlock(pfn, 0);
  }
}
