/**
 * Size classes: how objects of a size are cut out of a chain of pages.
 *
 * Objects are rounded up to 16 bytes, which gives 256 classes. For each, the number of pages in a
 * zspage is the one, 1 … 16, at which the least is left over at the end. Because a zspage takes
 * its pages one by one (zspage.ts), a long chain costs nothing until it is used, so the longer of
 * two equally good chains wins: fewer descriptors.
 *
 * class record (32 bytes): objectBytes · pages · perZspage · partial · zspages · inUse · held
 *   inUse objects, held pages;  zsmalloc lock: all that changes
 */
import { PAGE_BYTES, ZS_STATE } from '../base/layout';

export const CLASS_STEP: u32 = 16;
export const CLASSES: u32 = 256;
/** Class records fill two pages. */
export const CLASS_TABLE_ORDER: u32 = 1;
export const MAX_CHAIN: u32 = 16;
/** The index in a handle cell, and the bitmap of a zspage, have room for this many. */
export const MAX_PER_ZSPAGE: u32 = 512;
/** Each object begins with a word that only the pool uses: its handle, or its place in limbo. */
export const OBJECT_HEADER_BYTES: u32 = 4;
export const MAX_PAYLOAD: u32 = PAGE_BYTES - OBJECT_HEADER_BYTES;

@unmanaged
export class ZsState {
  lock: u32;
  /** Address of the class table; 0 until the pool is formatted. */
  classes: u32;
  /** Pages that zspages hold. */
  pages: u32;
  zspages: u32;
}

@unmanaged
export class SizeClass {
  objectBytes: u32;
  pages: u32;
  perZspage: u32;
  partial: u32;
  zspages: u32;
  inUse: u32;
  held: u32;
  padding: u32;
}

export function zsState(): ZsState {
  return changetype<ZsState>(ZS_STATE);
}

/** Class of a payload of 0 … MAX_PAYLOAD bytes. */
export function classFor(payload: u32): u32 {
  return (payload + OBJECT_HEADER_BYTES + CLASS_STEP - 1) / CLASS_STEP - 1;
}

export function classOf(index: u32): SizeClass {
  return changetype<SizeClass>(zsState().classes + index * offsetof<SizeClass>());
}

export function formatClasses(table: u32): void {
  zsState().classes = table;
  memory.fill(table, 0, CLASSES * offsetof<SizeClass>());
  for (let index: u32 = 0; index < CLASSES; index++) {
    const sizeClass = classOf(index);
    sizeClass.objectBytes = (index + 1) * CLASS_STEP;
    sizeClass.pages = bestChain(sizeClass.objectBytes);
    sizeClass.perZspage = (sizeClass.pages * PAGE_BYTES) / sizeClass.objectBytes;
  }
}

/** The chain with the smallest share left over; the longest among equals. */
function bestChain(objectBytes: u32): u32 {
  let best: u32 = 1;
  for (let pages: u32 = 2; pages <= MAX_CHAIN; pages++) {
    const bytes = pages * PAGE_BYTES;
    if (bytes / objectBytes > MAX_PER_ZSPAGE) break;
    // waste/bytes ≤ bestWaste/bestBytes, without a division
    const waste = bytes % objectBytes;
    if (waste * best <= ((best * PAGE_BYTES) % objectBytes) * pages) best = pages;
  }
  return best;
}
