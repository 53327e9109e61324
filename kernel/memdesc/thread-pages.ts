/**
 * A thread's own pages: what it needs to work at all, and scratch for keys and values.
 *
 *   page    4 KiB   stocks of pages and objects, pin ledger, mailbox (base/layout.ts)
 *   state   4 KiB   what it is doing in zsmalloc (zsmalloc/thread-state.ts), and what it took out
 *                   of the index (store/deferred.ts)
 *   key     4 KiB   the key of the call under way; at its end it names the next three
 *   input   4 KiB   a block of value to store; when reading, a block collected from its parts
 *   output  4 KiB   a block as stored; when reading, the decoded block
 *   table   4 KiB   LZ4's hash table
 *
 * The first two are taken when a thread attaches, the others when it first uses values: four single
 * pages in a cache, which do for blocks of up to 4,080 bytes. For longer ones it borrows a large
 * scratch (large-scratch.ts); then its slot says where that is, instead of its own. Without a cache
 * the scratch is large from the start: 64, 64 and 16 KiB.
 *
 * Pages are named in the slot and the key page, and given back by `detach` or, if the thread died,
 * by a survivor. A block is first forgotten and then freed: one that nobody names is found by
 * recovery (recover.ts), one that is named is the thread's.
 */
import { ERR_NO_MEMORY } from '../base/fault';
import { Order, PAGE_BYTES, pageAddress, pfnOfAddress } from '../base/layout';
import { CLASS_UNMOVABLE, URGENT } from '../frames/class';
import { selfState, ThreadSlot } from '../thread/slot';
import { peekPageWord, wordOrder } from './page-word';
import { allocPages, freePages } from './pages';
import { MISC_SCRATCH, MISC_THREAD } from './type';

const KEY_ORDER: Order = 0;
export const BLOCK_ORDER: Order = 4;
export const TABLE_ORDER: Order = 2;
const ROOM_FOR_HEAD: u32 = 16;
/** Value bytes of a block for which a thread's own pages do. */
export const SMALL_BLOCK_BYTES: u32 = 4080;
/** Value bytes of the longest block. */
export const LARGE_ROOM: u32 = 65520;

/** At the end of a key page. Owner thread; a survivor after its death. */
@unmanaged
export class OwnScratch {
  input: u32;
  output: u32;
  table: u32;
  /** Value bytes that a block may have in the scratch that is used now. */
  room: u32;
}

const OWN_BYTES: u32 = 32;
const OWN_AT: u32 = PAGE_BYTES - OWN_BYTES;

/** @returns the address of a page of zeroes, or 0 */
export function takeOwnPage(): u32 {
  const pfn = allocPages(0, MISC_THREAD, CLASS_UNMOVABLE | URGENT);
  if (pfn < 0) return 0;
  memory.fill(pageAddress(u32(pfn)), 0, PAGE_BYTES);
  return pageAddress(u32(pfn));
}

/** Gives back the two pages without which a thread can do nothing. */
export function dropPages(slot: ThreadSlot): void {
  const page = slot.page;
  const thread = slot.zsThread;
  slot.page = 0;
  slot.zsThread = 0;
  if (page != 0) freePages(pfnOfAddress(page), 0, MISC_THREAD);
  if (thread != 0) freePages(pfnOfAddress(thread), 0, MISC_THREAD);
}

/** How many pages a thread has for itself. */
export function ownPages(slot: ThreadSlot): u32 {
  let pages: u32 = 0;
  if (slot.page != 0) pages++;
  if (slot.zsThread != 0) pages++;
  if (slot.keyScratch == 0) return pages;
  const own = ownScratch(slot);
  return pages + 1 + pagesAt(own.input) + pagesAt(own.output) + pagesAt(own.table);
}

function pagesAt(address: u32): u32 {
  return address == 0 ? 0 : 1 << orderOf(address);
}

/** Takes a scratch of single pages, or one for whole blocks. @returns 0, or ERR_NO_MEMORY */
export function takeScratch(isSmall: bool): i32 {
  const slot = selfState();
  if (slot.tableScratch != 0) return 0;
  // Some may be there, of a call that was cut short.
  if (slot.keyScratch == 0) slot.keyScratch = takeKeyPage();
  if (slot.keyScratch == 0) return ERR_NO_MEMORY;
  const own = ownScratch(slot);
  if (own.input == 0) own.input = takeOne(isSmall ? 0 : BLOCK_ORDER);
  if (own.output == 0) own.output = takeOne(isSmall ? 0 : BLOCK_ORDER);
  if (own.table == 0) own.table = takeOne(isSmall ? 0 : TABLE_ORDER);
  if (own.input != 0 && own.output != 0 && own.table != 0) {
    useOwn(slot);
    return 0;
  }
  dropScratch(slot);
  return ERR_NO_MEMORY;
}

/** From now on the thread works in its own scratch. */
export function useOwn(slot: ThreadSlot): void {
  const own = ownScratch(slot);
  own.room = roomIn(min(orderOf(own.input), orderOf(own.output)));
  slot.inputScratch = own.input;
  slot.outputScratch = own.output;
  slot.tableScratch = own.table;
}

/** Gives back the scratch of a thread that does not use it any more. */
export function dropScratch(slot: ThreadSlot): void {
  slot.inputScratch = 0;
  slot.outputScratch = 0;
  slot.tableScratch = 0;
  const key = slot.keyScratch;
  if (key == 0) return;
  const own = ownScratch(slot);
  const input = own.input;
  own.input = 0;
  giveOne(input);
  const output = own.output;
  own.output = 0;
  giveOne(output);
  const table = own.table;
  own.table = 0;
  giveOne(table);
  slot.keyScratch = 0;
  giveOne(key);
}

/** Whether a thread has this block for its scratch. */
export function hasScratch(slot: ThreadSlot, address: u32): bool {
  if (slot.keyScratch == 0) return false;
  if (slot.keyScratch == address) return true;
  const own = ownScratch(slot);
  return own.input == address || own.output == address || own.table == address;
}

/** Value bytes that a block may have in the scratch that this thread works in. */
export function scratchRoom(): u32 {
  return ownScratch(selfState()).room;
}

/** What a thread's key page names. It has one. */
export function ownScratch(slot: ThreadSlot): OwnScratch {
  return changetype<OwnScratch>(slot.keyScratch + OWN_AT);
}

function takeKeyPage(): u32 {
  const page = takeOne(KEY_ORDER);
  if (page != 0) memory.fill(page + OWN_AT, 0, OWN_BYTES);
  return page;
}

function takeOne(order: Order): u32 {
  const pfn = allocPages(order, MISC_SCRATCH, CLASS_UNMOVABLE);
  return pfn < 0 ? 0 : pageAddress(u32(pfn));
}

function giveOne(address: u32): void {
  if (address != 0) freePages(pfnOfAddress(address), orderOf(address), MISC_SCRATCH);
}

function orderOf(address: u32): Order {
  return wordOrder(peekPageWord(pfnOfAddress(address)));
}

/** Less the head of a block, 8, and as much again. */
function roomIn(order: Order): u32 {
  return (PAGE_BYTES << order) - ROOM_FOR_HEAD;
}
