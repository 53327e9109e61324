/**
 * A thread's own pages: what it needs to work at all, and scratch for keys and values.
 *
 *   page    4 KiB   stocks of pages and objects, pin ledger, mailbox (base/layout.ts)
 *   state   4 KiB   what it is doing in zsmalloc (zsmalloc/thread-state.ts), and what it took out
 *                   of the index (store/deferred.ts)
 *   key     4 KiB   the key of the call under way
 *   input   64 KiB  a block of value to store; when reading, a block collected from its parts
 *   output  64 KiB  a block as stored; when reading, the decoded block
 *   table   16 KiB  LZ4's hash table
 *
 * The first two are taken when a thread attaches, the others when it first uses values. All are
 * named in its slot, and given back by `detach` or, if the thread died, by a survivor. A block is
 * first forgotten and then freed: one that nobody names is found by recovery (recover.ts), one that
 * is named is the thread's.
 */
import { ERR_NO_MEMORY } from '../base/fault';
import { Order, PAGE_BYTES, pageAddress, pfnOfAddress } from '../base/layout';
import { CLASS_UNMOVABLE, URGENT } from '../frames/class';
import { selfState, ThreadSlot } from '../thread/slot';
import { allocPages, freePages } from './pages';
import { MISC_SCRATCH, MISC_THREAD } from './type';

const KEY_ORDER: u32 = 0;
const BLOCK_ORDER: u32 = 4;
const TABLE_ORDER: u32 = 2;

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
  if (slot.keyScratch != 0) pages += 1 << KEY_ORDER;
  if (slot.inputScratch != 0) pages += 1 << BLOCK_ORDER;
  if (slot.outputScratch != 0) pages += 1 << BLOCK_ORDER;
  if (slot.tableScratch != 0) pages += 1 << TABLE_ORDER;
  return pages;
}

/** @returns 0, or ERR_NO_MEMORY; then the thread has none of the four */
export function takeScratch(): i32 {
  const slot = selfState();
  if (slot.tableScratch != 0) return 0;
  // Some may be there, of a call that was cut short.
  if (slot.keyScratch == 0) slot.keyScratch = takeOne(KEY_ORDER);
  if (slot.inputScratch == 0) slot.inputScratch = takeOne(BLOCK_ORDER);
  if (slot.outputScratch == 0) slot.outputScratch = takeOne(BLOCK_ORDER);
  if (slot.tableScratch == 0) slot.tableScratch = takeOne(TABLE_ORDER);
  const isWhole =
    slot.keyScratch != 0 &&
    slot.inputScratch != 0 &&
    slot.outputScratch != 0 &&
    slot.tableScratch != 0;
  if (isWhole) return 0;
  dropScratch(slot);
  return ERR_NO_MEMORY;
}

/** Gives back the scratch of a thread that does not use it any more. */
export function dropScratch(slot: ThreadSlot): void {
  const key = slot.keyScratch;
  const input = slot.inputScratch;
  const output = slot.outputScratch;
  const table = slot.tableScratch;
  slot.keyScratch = 0;
  slot.inputScratch = 0;
  slot.outputScratch = 0;
  slot.tableScratch = 0;
  giveOne(key, KEY_ORDER);
  giveOne(input, BLOCK_ORDER);
  giveOne(output, BLOCK_ORDER);
  giveOne(table, TABLE_ORDER);
}

function takeOne(order: Order): u32 {
  const pfn = allocPages(order, MISC_SCRATCH, CLASS_UNMOVABLE);
  return pfn < 0 ? 0 : pageAddress(u32(pfn));
}

function giveOne(address: u32, order: Order): void {
  if (address != 0) freePages(pfnOfAddress(address), order, MISC_SCRATCH);
}
