/**
 * A page is moved, in three ways: what has to change, and for how long nobody can take a reference.
 *
 * An owner has a *table*, one word a block: what leads him to his page. Readers come by it: word →
 * reference → the word again → page number → page. Each way takes the target page first and nothing
 * later, freezes, copies 4 KiB, and leaves old pages and descriptors to `settle`: one grace period
 * for all moves since the last.
 *
 *   KEEP     the descriptor stays; two page words and its page number change, nobody is told. The
 *            kernel's way (compact/), without its scanner
 *   REPLACE  the way planned for Linux: in the middle of the move, while the old one is frozen, a
 *            new descriptor is allocated (from sheaves), filled with what the old one knows, and
 *            the owner told; the old page's word goes last
 *   RESERVE  the strongest form of it that we know: the new descriptor is taken before anything is
 *            frozen, and the old page's word goes *before* its knowledge is carried over
 *   records  (the build with a struct page): the target's record is there; the state is copied into
 *            it and the owner told
 *
 * Only one thread moves; readers and markers are as many as want to.
 */
import { Desc, PAGE_BYTES, Pfn, pageAddress } from '../base/layout';
import { loadWord, orWord, peekWord, pokeWord, storeWord } from '../base/words';
import { FOLIO_BYTES } from '../folio/folio';
import { CLASS_MOVABLE, CLASS_UNMOVABLE } from '../frames/class';
import { giveBlock, takeBlock } from '../frames/frames';
import {
  flagsAt,
  freeze,
  GET_DONE,
  headerOf,
  initHeader,
  pfnAt,
  publish,
  put,
  tryGet,
  unfreezeRefs,
} from '../memdesc/header';
import { pageWord, storePageWord, wordDescriptor } from '../memdesc/page-word';
import { FIRST_USER_TYPE, TYPE_FREE } from '../memdesc/type';
import { allocObject, CACHE_FOLIO, freeObject } from '../slab/kmem-cache';
import { beginGracePeriod, isQuiescent } from '../thread/rcu';
import { begin, end } from './call';
import * as page from './struct-page';

export const MOVE_KEEP: u32 = 0;
export const MOVE_REPLACE: u32 = 1;
export const MOVE_RESERVE: u32 = 2;

export const MOVE_DONE: i32 = 0;
/** Somebody has a reference; nothing has changed. */
export const MOVE_BUSY: i32 = 1;
export const MOVE_NO_PAGE: i32 = 2;
export const MOVE_NO_DESCRIPTOR: i32 = 3;

/** What `readBlock` answers where it gets no reference. */
export const READ_REFUSED: u32 = 0;

/** Blocks in the table, and old pages that may wait: a page of words each. */
const TABLE_BLOCKS: u32 = PAGE_BYTES >> 2;
/** A flag that no type uses: what `markPage` sets. */
const MARKED: u32 = 1 << 30;
/** Behind the header of a descriptor: which word of the table names it. */
const OWNER: u32 = 16;

/** Thread-local: the table; then what this thread's moves have left, pages and descriptors. */
let table: usize = 0;
let oldPages: usize = 0;
let oldDescriptors: usize = 0;
let oldPageCount: u32 = 0;
let oldDescriptorCount: u32 = 0;
/** Thread-local: descriptors that `allocObject` may still give to moves; what a test refuses. */
let descriptorsLeft: u32 = u32.MAX_VALUE;

function tableAt(index: u32): usize {
  return table + index * 4;
}

/** Of the thread that moves. @returns where the table is, for readers; 0: no memory */
export function openTable(): u32 {
  begin();
  const first = pageAddress(takeBlock(2, CLASS_UNMOVABLE));
  end();
  table = first;
  oldPages = first + PAGE_BYTES;
  oldDescriptors = first + 2 * PAGE_BYTES;
  return first;
}

/** Of other threads: the table, and the records where there are any. */
export function useTable(at: u32, records: u32): void {
  table = at;
  page.useRecords(records);
}

/** Where the records begin; 0 where there are none. */
export function recordsOfPages(): u32 {
  return isDefined(PAGELESS_STRUCT_PAGE) ? page.recordsAt() : 0;
}

/**
 * Makes up to TABLE_BLOCKS blocks of one page, whose first word is their number, from 1. @returns
 * how many
 */
export function makeBlocks(count: u32): u32 {
  begin();
  let made: u32 = 0;
  while (made < min(count, TABLE_BLOCKS) && makeBlock(made)) made++;
  end();
  return made;
}

function makeBlock(index: u32): bool {
  const desc = isDefined(PAGELESS_STRUCT_PAGE) ? 0 : allocObject(CACHE_FOLIO);
  if (!isDefined(PAGELESS_STRUCT_PAGE) && desc == 0) return false;
  const pfn = takeBlock(0, CLASS_MOVABLE);
  if (pfn == 0) {
    if (desc != 0) freeObject(CACHE_FOLIO, desc);
    return false;
  }
  pokeWord(pageAddress(pfn), index + 1);
  storeWord(tableAt(index), describe(desc, pfn, index));
  return true;
}

function describe(desc: Desc, pfn: Pfn, index: u32): u32 {
  if (isDefined(PAGELESS_STRUCT_PAGE)) return page.describeBlock(pfn, 0, page.FOLIO, index);
  initHeader(desc, FIRST_USER_TYPE, 0, pfn);
  pokeWord(desc + OWNER, index);
  storePageWord(pfn, desc | FIRST_USER_TYPE);
  publish(desc);
  return desc;
}

/** @returns the block's number, read from its page; READ_REFUSED while it takes no reference */
export function readBlock(index: u32): u32 {
  begin();
  const number = readInSection(index);
  end();
  return number;
}

function readInSection(index: u32): u32 {
  while (true) {
    const block = loadWord(tableAt(index));
    if (!take(block)) return READ_REFUSED;
    // Another one stands here: the move is over, and the next look finds it.
    const number = loadWord(tableAt(index)) == block ? peekWord(pageAddress(pageOf(block))) : 0;
    drop(block);
    if (number != 0) return number;
  }
}

function take(block: u32): bool {
  if (isDefined(PAGELESS_STRUCT_PAGE)) return page.tryGetHead(block);
  return tryGet(block) == GET_DONE;
}

/** Never the last: the owner has one as long as the block is in the table, or it is frozen. */
function drop(block: u32): void {
  if (isDefined(PAGELESS_STRUCT_PAGE)) page.putHead(block);
  else put(block);
}

function pageOf(block: u32): u32 {
  return isDefined(PAGELESS_STRUCT_PAGE) ? page.pfnOf(block) : loadWord(pfnAt(block));
}

/** Page number of a block, as its owner knows it. */
export function blockPage(index: u32): u32 {
  begin();
  const pfn = pageOf(loadWord(tableAt(index)));
  end();
  return pfn;
}

/** Moves the blocks `from` … `to` − 1. @returns MOVE_DONE, or why it stopped at one */
export function moveBlocks(way: u32, from: u32, to: u32): i32 {
  begin();
  let answer: i32 = MOVE_DONE;
  for (let index = from; index < to && answer == MOVE_DONE; index++) {
    answer = moveBlock(way, index);
  }
  end();
  return answer;
}

function moveBlock(way: u32, index: u32): i32 {
  const target = takeBlock(0, CLASS_MOVABLE);
  if (target == 0) return MOVE_NO_PAGE;
  const block = peekWord(tableAt(index));
  let answer: i32;
  if (isDefined(PAGELESS_STRUCT_PAGE)) answer = moveRecord(block, index, target);
  else if (way == MOVE_KEEP) answer = moveKeeping(block, target);
  else answer = moveReplacing(block, target, way == MOVE_RESERVE);
  if (answer != MOVE_DONE) giveBlock(target, 0);
  return answer;
}

function copyPage(from: u32, to: u32): void {
  memory.copy(pageAddress(to), pageAddress(from), PAGE_BYTES);
}

function moveKeeping(desc: Desc, target: u32): i32 {
  if (!freeze(desc, 0)) return MOVE_BUSY;
  const old = headerOf(desc).pfn;
  copyPage(old, target);
  storePageWord(target, desc | FIRST_USER_TYPE);
  storeWord(pfnAt(desc), target);
  storePageWord(old, TYPE_FREE);
  unfreezeRefs(desc);
  retirePage(old);
  return MOVE_DONE;
}

function moveReplacing(desc: Desc, target: u32, isReserved: bool): i32 {
  let successor = isReserved ? takeDescriptor() : 0;
  if (isReserved && successor == 0) return MOVE_NO_DESCRIPTOR;
  if (!freeze(desc, 0)) {
    if (successor != 0) freeObject(CACHE_FOLIO, successor);
    return MOVE_BUSY;
  }
  if (!isReserved) successor = takeDescriptor();
  if (successor == 0) {
    unfreezeRefs(desc);
    return MOVE_NO_DESCRIPTOR;
  }
  replace(desc, successor, target, isReserved);
  return MOVE_DONE;
}

function replace(desc: Desc, successor: u32, target: u32, isReserved: bool): void {
  const old = headerOf(desc).pfn;
  if (isReserved) storePageWord(old, TYPE_FREE);
  initHeader(successor, FIRST_USER_TYPE, 0, target);
  storeWord(flagsAt(successor), loadWord(flagsAt(desc)));
  const index = peekWord(desc + OWNER);
  pokeWord(successor + OWNER, index);
  copyPage(old, target);
  storePageWord(target, successor | FIRST_USER_TYPE);
  publish(successor);
  storeWord(tableAt(index), successor);
  if (!isReserved) storePageWord(old, TYPE_FREE);
  retirePage(old);
  pokeWord(oldDescriptors + oldDescriptorCount++ * 4, desc);
}

function moveRecord(head: u32, index: u32, target: u32): i32 {
  if (!page.freezeHead(head)) return MOVE_BUSY;
  const old = page.pfnOf(head);
  copyPage(old, target);
  storeWord(tableAt(index), page.inheritPage(head, target));
  page.forgetPage(head);
  retirePage(old);
  return MOVE_DONE;
}

function takeDescriptor(): u32 {
  if (descriptorsLeft == 0) return 0;
  descriptorsLeft--;
  return allocObject(CACHE_FOLIO);
}

/** Lets moves have no more than so many descriptors from now on. */
export function limitDescriptors(count: u32): void {
  descriptorsLeft = count;
}

function retirePage(pfn: Pfn): void {
  pokeWord(oldPages + oldPageCount++ * 4, pfn);
}

/** Bytes that the moves of this thread keep until they settle. */
export function waitingBytes(): u32 {
  return oldPageCount * PAGE_BYTES + oldDescriptorCount * FOLIO_BYTES;
}

/** Waits for a grace period and frees what this thread's moves have left. */
export function settle(): void {
  begin();
  const epoch = beginGracePeriod();
  end();
  while (!isQuiescent(epoch));
  begin();
  for (let i: u32 = 0; i < oldPageCount; i++) giveBlock(peekWord(oldPages + i * 4), 0);
  for (let i: u32 = 0; i < oldDescriptorCount; i++) {
    freeObject(CACHE_FOLIO, peekWord(oldDescriptors + i * 4));
  }
  oldPageCount = 0;
  oldDescriptorCount = 0;
  end();
}

/**
 * Marks what a page belongs to, known by nothing but the page's number: as whoever hears of a
 * broken page does. A look, the mark, and the look again.
 *
 * @returns whether the page still belonged to what was marked; then the mark must not be lost
 */
export function markPage(pfn: Pfn): bool {
  begin();
  const isMarked = markInSection(pfn);
  end();
  return isMarked;
}

function markInSection(pfn: Pfn): bool {
  if (isDefined(PAGELESS_STRUCT_PAGE)) return page.orFlags(pfn, MARKED);
  const word = pageWord(pfn);
  const desc = wordDescriptor(word);
  if (desc == 0) return false;
  orWord(flagsAt(desc), MARKED);
  return pageWord(pfn) == word;
}

/** Whether a block carries a mark. */
export function isMarked(index: u32): bool {
  begin();
  const block = loadWord(tableAt(index));
  const flags = isDefined(PAGELESS_STRUCT_PAGE) ? page.flagsOf(block) : loadWord(flagsAt(block));
  end();
  return (flags & MARKED) != 0;
}
