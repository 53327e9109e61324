/**
 * Scratch: a thread's own pages, where keys and values cross the border to JavaScript.
 *
 *   key     4 KiB   the key of the call under way
 *   input   64 KiB  a block of value to store; when reading, a block collected from its parts
 *   output  64 KiB  a block as stored; when reading, the decoded block
 *   table   16 KiB  LZ4's hash table
 *
 * Taken when a thread first uses the store, named in its slot, given back by `detach` or, if the
 * thread died outside the kernel, by a survivor.
 */
import { ERR_NO_MEMORY } from '../base/fault';
import { PAGE_SHIFT } from '../base/layout';
import { CLASS_UNMOVABLE } from '../frames/class';
import { allocPages, freePages } from '../memdesc/pages';
import { MISC_SCRATCH } from '../memdesc/type';
import { selfState, ThreadSlot } from '../thread/slot';

const KEY_ORDER: u32 = 0;
const BLOCK_ORDER: u32 = 4;
const TABLE_ORDER: u32 = 2;

/** @returns 0, or ERR_NO_MEMORY; then the thread has none of the four */
export function takeScratch(): i32 {
  const slot = selfState();
  if (slot.tableScratch != 0) return 0;
  slot.keyScratch = takeOne(KEY_ORDER);
  slot.inputScratch = takeOne(BLOCK_ORDER);
  slot.outputScratch = takeOne(BLOCK_ORDER);
  slot.tableScratch = takeOne(TABLE_ORDER);
  const isWhole =
    slot.keyScratch != 0 &&
    slot.inputScratch != 0 &&
    slot.outputScratch != 0 &&
    slot.tableScratch != 0;
  if (isWhole) return 0;
  dropScratch(slot);
  return ERR_NO_MEMORY;
}

/**
 * Gives back the scratch of a thread that does not use it any more. A block is first forgotten and
 * then freed: one that nobody names is found by recovery, one that is named is the thread's.
 */
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

function takeOne(order: u32): u32 {
  const pfn = allocPages(order, MISC_SCRATCH, CLASS_UNMOVABLE);
  return pfn < 0 ? 0 : u32(pfn) << PAGE_SHIFT;
}

function giveOne(address: u32, order: u32): void {
  if (address != 0) freePages(address >> PAGE_SHIFT, order, MISC_SCRATCH);
}
