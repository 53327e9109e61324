/**
 * Handles: a cell that says where an object is.
 *
 * A handle is the address of a 64-bit cell. Everybody who wants the object reads the cell, so the
 * object can move, or die, by one change of one cell; and because the cell names (zspage, index)
 * and not a page number, moving the *pages* of a zspage changes no cell at all.
 *
 * cell: zspage:27 (bits 37–63, address >> 5) · index:9 (28–36) · class:9 (19–27) · generation:16
 *       (3–18) · state:3 (0–2)
 *   FREE   nobody's; location 0                → LIVE  alloc, store, before the handle is known
 *   LIVE   names an object                     → LIMBO free, by compare-and-swap: who wins frees, a
 *                                                second free is a fault
 *                                              → FREE  a draft that nobody ever saw
 *   LIMBO  may still be read in old sections   → FREE  after the grace period
 * A cell is reused only after a grace period, so the generation, the low bits of the epoch at birth,
 * tells its lives apart. A count kept in the cell would not: the cell's page may go back to frames
 * and come again as zeros.
 */
import { FAULT_HANDLE, fail } from '../base/fault';
import { casCell, loadCell, storeCell } from '../base/words';
import { currentEpoch } from '../thread/rcu';

export const CELL_BYTES: u32 = 8;
export const CELL_FREE: u32 = 0;
export const CELL_LIVE: u32 = 1;
export const CELL_LIMBO: u32 = 2;

const GENERATION_SHIFT: u64 = 3;
const GENERATION_MASK: u64 = 0xffff;

export function cellState(cell: u64): u32 {
  return u32(cell) & 7;
}

export function cellZspage(cell: u64): u32 {
  return u32(cell >> 37) << 5;
}

export function cellIndex(cell: u64): u32 {
  return u32(cell >> 28) & 511;
}

export function cellClass(cell: u64): u32 {
  return u32(cell >> 19) & 511;
}

/** Names a fresh object; the handle is still its allocator's alone. */
export function bearCell(handle: u32, zspage: u32, index: u32, sizeClass: u32): void {
  const generation = currentEpoch() & GENERATION_MASK;
  const place = (u64(zspage >> 5) << 37) | (u64(index) << 28) | (u64(sizeClass) << 19);
  storeCell(handle, place | (generation << GENERATION_SHIFT) | u64(CELL_LIVE));
}

/** Ends the life of an object for new readers. @returns the cell; a second free is a fault */
export function retireCell(handle: u32): u64 {
  const seen = loadCell(handle);
  if (cellState(seen) != CELL_LIVE) fail(FAULT_HANDLE, handle);
  const limbo = (seen & ~u64(7)) | u64(CELL_LIMBO);
  // Losing means a second free: nobody else moves a live cell.
  if (casCell(handle, seen, limbo) != seen) fail(FAULT_HANDLE, handle);
  return limbo;
}

/** Makes the cell ready for its next life. */
export function buryCell(handle: u32): void {
  storeCell(handle, u64(CELL_FREE));
}
