/**
 * A thread's own pages: what it needs to work at all, and scratch for keys and values.
 *
 *   page    4 KiB   stocks of pages and objects, pin ledger, mailbox (base/mailbox.ts)
 *   state   4 KiB   what it is doing in zsmalloc (zsmalloc/thread-state.ts), and what it took out
 *                   of the index (store/deferred.ts)
 *   key     4 KiB   the key of the call under way
 *   input   4 KiB   a block of value to store; when reading, a block collected from its parts
 *   output  4 KiB   a block as stored; when reading, the decoded block
 *   table   4 KiB   LZ4's hash table
 *
 * The first two are taken when a thread attaches, the others when it first uses values: four single
 * pages in a cache, which do for blocks of up to 4,080 bytes. For longer ones it borrows a large
 * scratch (large-scratch.ts). Without a cache the scratch is large from the start: 64, 64 and 16
 * KiB.
 *
 * Where a thread works it knows by variables of its own, set when it takes its scratch: no word of
 * the zone leads it elsewhere. Its slot names what is its own for whoever gives it back, `detach`
 * or, if the thread died, a survivor; both see to it that it is scratch, and nobody else's, so they
 * load the names of other threads while these may be storing others. A block is first forgotten and
 * then freed: one that nobody names is found by recovery (recover.ts), one that is named is the
 * thread's.
 */
import { ERR_NO_MEMORY, FAULT_PAGE_WORD, fail } from '../base/fault';
import { Order, PAGE_BYTES, pageAddress, pfnOfAddress, superblock } from '../base/layout';
import { loadWord, peekWord, pokeWord, storeWord } from '../base/words';
import { CLASS_UNMOVABLE, URGENT } from '../frames/class';
import { highestSlot, selfState, slotOf, ThreadSlot } from '../thread/slot';
import { miscWord, pageWord, wordOrder } from './page-word';
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
/**
 * Last word of the key scratch: what is said of the key that stands there, for the draft that is
 * begun next (store/extension.ts). 0 once another key is put.
 */
export const KEY_NOTE_AT: u32 = 4092;
/** Names of its own scratch in a slot: one word each. */
const NAMED_BYTES: u32 = 16;

/** Thread-local: where this thread works, 0 = it has no scratch. */
let key: u32 = 0;
let input: u32 = 0;
let output: u32 = 0;
let table: u32 = 0;
/** Value bytes that a block may have there. */
let room: u32 = 0;
/** Thread-local: its own, as long as it works in a large one. */
let ownInput: u32 = 0;
let ownOutput: u32 = 0;
let ownTable: u32 = 0;
let ownRoom: u32 = 0;

export function keyScratch(): u32 {
  return key;
}

export function inputScratch(): u32 {
  return input;
}

export function outputScratch(): u32 {
  return output;
}

export function tableScratch(): u32 {
  return table;
}

/** The own one, though a large one is used. */
export function ownTableScratch(): u32 {
  return ownTable;
}

export function scratchRoom(): u32 {
  return room;
}

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
  for (let at = firstNamed(slot), end = at + NAMED_BYTES; at < end; at += 4) {
    if (peekWord(at) != 0) pages += 1 << orderOf(peekWord(at));
  }
  return pages;
}

/** Takes a scratch of single pages, or one for whole blocks. @returns 0, or ERR_NO_MEMORY */
export function takeScratch(isSmall: bool): i32 {
  if (room != 0) return 0;
  const slot = selfState();
  const blockOrder = isSmall ? 0 : BLOCK_ORDER;
  takeNamed(firstNamed(slot), KEY_ORDER);
  takeNamed(firstNamed(slot) + 4, blockOrder);
  takeNamed(firstNamed(slot) + 8, blockOrder);
  takeNamed(firstNamed(slot) + 12, isSmall ? 0 : TABLE_ORDER);
  for (let at = firstNamed(slot), end = at + NAMED_BYTES; at < end; at += 4) {
    if (peekWord(at) != 0) continue;
    dropScratch(slot);
    return ERR_NO_MEMORY;
  }
  key = slot.keyScratch;
  pokeWord(key + KEY_NOTE_AT, 0);
  ownInput = slot.inputScratch;
  ownOutput = slot.outputScratch;
  ownTable = slot.tableScratch;
  ownRoom = roomIn(min(orderOf(ownInput), orderOf(ownOutput)));
  useOwn();
  return 0;
}

/** From now on this thread works in its own scratch. */
export function useOwn(): void {
  use(ownInput, ownOutput, ownTable, ownRoom);
}

/** From now on this thread works there. */
export function use(newInput: u32, newOutput: u32, newTable: u32, newRoom: u32): void {
  input = newInput;
  output = newOutput;
  table = newTable;
  room = newRoom;
}

/** Gives back the scratch of a thread that does not use it any more: this one, or a dead one. */
export function dropScratch(slot: ThreadSlot): void {
  if (changetype<usize>(slot) == changetype<usize>(selfState())) {
    key = 0;
    use(0, 0, 0, 0);
  }
  for (let at = firstNamed(slot), end = at + NAMED_BYTES; at < end; at += 4) {
    const address = peekWord(at);
    if (address == 0) continue;
    failIfMisnamed(slot, address);
    storeWord(at, 0);
    freePages(pfnOfAddress(address), orderOf(address), MISC_SCRATCH);
  }
}

/** Faults unless all that a slot names is scratch, and no other slot's: else it is damaged. */
export function checkNames(slot: ThreadSlot): void {
  for (let at = firstNamed(slot), end = at + NAMED_BYTES; at < end; at += 4) {
    if (peekWord(at) != 0) failIfMisnamed(slot, peekWord(at));
  }
}

function failIfMisnamed(slot: ThreadSlot, address: u32): void {
  const pfn = pfnOfAddress(address);
  if (pageAddress(pfn) != address || pfn >= superblock().pageCount) fail(FAULT_PAGE_WORD, address);
  const word = pageWord(pfn);
  if (word != miscWord(wordOrder(word), MISC_SCRATCH)) fail(FAULT_PAGE_WORD, address);
  if ((pfn & ((1 << wordOrder(word)) - 1)) != 0) fail(FAULT_PAGE_WORD, address);
  for (let other: u32 = 1, end = highestSlot(); other <= end; other++) {
    const at = slotOf(other);
    if (changetype<usize>(at) != changetype<usize>(slot) && hasScratch(at, address)) {
      fail(FAULT_PAGE_WORD, address);
    }
  }
}

/** Where the four names stand in a slot, in the order of its fields. */
function firstNamed(slot: ThreadSlot): usize {
  return changetype<usize>(slot) + offsetof<ThreadSlot>('keyScratch');
}

/** Whether a thread has this block for its scratch; it may be taking another one. */
export function hasScratch(slot: ThreadSlot, address: u32): bool {
  for (let at = firstNamed(slot), end = at + NAMED_BYTES; at < end; at += 4) {
    if (loadWord(at) == address) return true;
  }
  return false;
}

/** Takes a block, unless it is there, of a call that was cut short. 0 = there was no memory. */
function takeNamed(at: usize, order: Order): void {
  if (peekWord(at) != 0) return;
  const pfn = allocPages(order, MISC_SCRATCH, CLASS_UNMOVABLE);
  storeWord(at, pfn < 0 ? 0 : pageAddress(u32(pfn)));
}

function orderOf(address: u32): Order {
  return wordOrder(pageWord(pfnOfAddress(address)));
}

/** Less the head of a block, 8, and as much again. */
function roomIn(order: Order): u32 {
  return (PAGE_BYTES << order) - ROOM_FOR_HEAD;
}
