/**
 * Bits of a child: 512 pages in eight 64-bit rows, one cache line; 1 = allocated.
 *
 * Orders 0–6 lie inside one row, 7 and 8 are two and four aligned rows, 9 is the whole child.
 *
 *   row: clear bits → set    compare-and-swap, by whoever has debited as many pages of the child
 *         set bits   → clear  compare-and-swap, by whoever the pages belong to, who then credits
 * Because of the debit there is a clear bit for every page that somebody is still looking for. A
 * block of several rows is taken row by row and given up again when one of them is not clear.
 *
 * The exception is a child that is taken whole: its entry (child.ts) went from 512 to 0 in one
 * exchange, so nobody else has debited or owns a page there, and its rows are stored plainly (8
 * plain stores cost 3 ns, 8 atomic ones 35). Others may look meanwhile: what `findFree` sees is a
 * hint, and becomes true by debit and exchange.
 *
 * Progress: a failed compare-and-swap means that another thread took or gave back pages of the
 * row.
 */
import { FAULT_FRAMES, fail } from '../base/fault';
import { CHILD_BITS_BYTES, CHILD_PAGES, Order, Pfn, superblock } from '../base/layout';
import { casCell, loadCell, peekCell, pokeCell, pokeWord, storeCell } from '../base/words';
import { assertHalted } from '../thread/context';

const ROWS: u32 = 8;
/** Pages of a row, which are taken and given back together. */
export const ROW_PAGES: u32 = 64;
const ALL: u64 = u64.MAX_VALUE;

function rowAt(child: u32, row: u32): usize {
  return superblock().frameBits + child * CHILD_BITS_BYTES + row * 8;
}

/** Ones at the multiples of 2^order, order 0–6: where an aligned block may begin. */
function alignedStarts(order: Order): u64 {
  return order == 6 ? 1 : ALL / (((<u64>1) << ((<u64>1) << order)) - 1);
}

/** 2^order ones, order 0–6. */
export function blockMask(order: Order): u64 {
  return order == 6 ? ALL : ((<u64>1) << ((<u64>1) << order)) - 1;
}

/** Ones for the first `count` pages of a row; for all if it has fewer. */
export function onesBelow(count: u32): u64 {
  return count >= ROW_PAGES ? ALL : ((<u64>1) << u64(count)) - 1;
}

/** A bit for each free block of `order` 0–6 in a row, where the block begins. */
function freeStarts(row: u64, order: Order): u64 {
  let free = ~row;
  // After step i a bit means that 2^(i+1) free pages begin there.
  for (let i: u32 = 0; i < order; i++) free &= free >> (1 << i);
  return free & alignedStarts(order);
}

/** First page of the lowest free block of `order` 0–9 in the child, or −1. A hint. */
export function findFree(child: u32, order: Order): i32 {
  if (order > 6) return findFreeRows(child, 1 << (order - 6));
  for (let row: u32 = 0; row < ROWS; row++) {
    const bits = loadCell(rowAt(child, row));
    if (bits == ALL) continue;
    const starts = freeStarts(bits, order);
    if (starts != 0) return i32(row * 64) + i32(ctz(starts));
  }
  return -1;
}

function findFreeRows(child: u32, rows: u32): i32 {
  for (let first: u32 = 0; first < ROWS; first += rows) {
    if (areClear(child, first, rows)) return i32(first * 64);
  }
  return -1;
}

function areClear(child: u32, first: u32, rows: u32): bool {
  let used: u64 = 0;
  for (let i: u32 = 0; i < rows; i++) used |= loadCell(rowAt(child, first + i));
  return used == 0;
}

/**
 * Takes a block of `order` 0–8 in a child that has been debited, that at `page` if nobody was
 * faster.
 *
 * @returns its page, or −1
 */
export function claimBlock(child: u32, order: Order, page: i32): i32 {
  while (page >= 0 && !claimAt(child, page, order)) page = findFree(child, order);
  return page;
}

/** Takes this block of `order` 0–8, if all of it is free. The child has been debited. */
export function claimAt(child: u32, page: u32, order: Order): bool {
  if (order > 6) return claimRows(child, page >> 6, 1 << (order - 6));
  const at = rowAt(child, page >> 6);
  const mask = blockMask(order) << u64(page & 63);
  let seen = loadCell(at);
  while ((seen & mask) == 0) {
    const found = casCell(at, seen, seen | mask);
    if (found == seen) return true;
    seen = found;
  }
  return false;
}

/** Takes those pages of a row in `mask` that are free; as many are debited. @returns them */
export function claimPages(child: u32, row: u32, mask: u64): u64 {
  const at = rowAt(child, row);
  let seen = loadCell(at);
  while ((~seen & mask) != 0) {
    const found = casCell(at, seen, seen | mask);
    if (found == seen) return ~seen & mask;
    seen = found;
  }
  return 0;
}

function claimRows(child: u32, first: u32, rows: u32): bool {
  for (let i: u32 = 0; i < rows; i++) {
    if (casCell(rowAt(child, first + i), 0, ALL) == 0) continue;
    while (i-- > 0) storeCell(rowAt(child, first + i), 0);
    return false;
  }
  return true;
}

/**
 * Takes up to `want` ≤ 64 blocks of `order` 0–6, as many as a row has in one exchange, in a child
 * that has been debited for all of them, from row `row` on. Writes their pfns to `into`, the
 * lowest last: that is the first to be used.
 *
 * @returns how many it took
 */
export function gather(child: u32, row: u32, order: Order, want: u32, into: usize): u32 {
  let left = want;
  for (; row < ROWS && left > 0; row++) {
    let taken = takeStarts(rowAt(child, row), order, left);
    const first = child * CHILD_PAGES + row * 64;
    for (; taken != 0; taken &= taken - 1) pokeWord(into + --left * 4, first + u32(ctz(taken)));
  }
  if (left != 0) memory.copy(into, into + left * 4, (want - left) * 4);
  return want - left;
}

/** Takes up to `want` blocks of a row. @returns where they begin */
function takeStarts(at: usize, order: Order, want: u32): u64 {
  let seen = loadCell(at);
  while (true) {
    const starts = lowest(freeStarts(seen, order), want);
    if (starts == 0) return 0;
    // Blocks do not overlap, so the product is the sum of their masks.
    const found = casCell(at, seen, seen | (starts * blockMask(order)));
    if (found == seen) return starts;
    seen = found;
  }
}

/** The lowest `count` ones of `bits`. */
export function lowest(bits: u64, count: u32): u64 {
  if (u32(popcnt(bits)) <= count) return bits;
  let rest = bits;
  for (; count > 0; count--) rest &= rest - 1;
  return bits ^ rest;
}

/** Gives back pages of one row, all of which must be taken. */
export function clearPages(child: u32, row: u32, mask: u64): void {
  const at = rowAt(child, row);
  let seen = loadCell(at);
  while (true) {
    if ((seen & mask) != mask) fail(FAULT_FRAMES, child * CHILD_PAGES + row * 64);
    const found = casCell(at, seen, seen & ~mask);
    if (found == seen) return;
    seen = found;
  }
}

/** Gives back a block of `order` 0–8. */
export function clearBlock(child: u32, page: u32, order: Order): void {
  const rows: u32 = order <= 6 ? 1 : 1 << (order - 6);
  const mask = order <= 6 ? blockMask(order) << u64(page & 63) : ALL;
  for (let i: u32 = 0; i < rows; i++) clearPages(child, (page >> 6) + i, mask);
}

/** For a child that has just been debited whole. */
export function setChild(child: u32): void {
  for (let row: u32 = 0; row < ROWS; row++) pokeCell(rowAt(child, row), ALL);
}

/** Gives back a whole child, to be credited. */
export function clearChild(child: u32): void {
  for (let row: u32 = 0; row < ROWS; row++) {
    const at = rowAt(child, row);
    if (loadCell(at) != ALL) fail(FAULT_FRAMES, child * CHILD_PAGES + row * 64);
    pokeCell(at, 0);
  }
}

/** Stores a row while nobody else is there: for format. */
export function pokeBits(child: u32, row: u32, bits: u64): void {
  pokeCell(rowAt(child, row), bits);
}

/** Clears the bit of a page. */
export function forgetPage(pfn: Pfn): void {
  assertHalted();
  const at = rowAt(pfn / CHILD_PAGES, (pfn >> 6) & 7);
  pokeCell(at, peekCell(at) & ~((<u64>1) << u64(pfn & 63)));
}

/** The 64 bits of a row, for figures and checks. */
export function bitsOf(child: u32, row: u32): u64 {
  return loadCell(rowAt(child, row));
}

/** Whether a page's bit is set. */
export function isTaken(pfn: Pfn): bool {
  assertHalted();
  const bits = peekCell(rowAt(pfn / CHILD_PAGES, (pfn >> 6) & 7));
  return ((bits >> u64(pfn & 63)) & 1) != 0;
}

/** The first page from `pfn` on whose bit is set; beyond the zone if none. */
export function nextTaken(pfn: Pfn): u32 {
  while (pfn < superblock().pageCount) {
    const rest = loadCell(rowAt(pfn / CHILD_PAGES, (pfn >> 6) & 7)) >> u64(pfn & 63);
    if (rest != 0) return pfn + u32(ctz(rest));
    pfn = (pfn | 63) + 1;
  }
  return pfn;
}

/** Pages of the child whose bit is clear. Nobody else is there. */
export function countFree(child: u32): u32 {
  let used: u64 = 0;
  for (let row: u32 = 0; row < ROWS; row++) used += popcnt(peekCell(rowAt(child, row)));
  return CHILD_PAGES - u32(used);
}

/** Aligned free blocks of `order` 0–9 in the child, those inside larger ones included. */
export function countBlocks(child: u32, order: Order): u32 {
  let blocks: u64 = 0;
  if (order <= 6) {
    for (let row: u32 = 0; row < ROWS; row++) {
      blocks += popcnt(freeStarts(bitsOf(child, row), order));
    }
    return u32(blocks);
  }
  const rows: u32 = 1 << (order - 6);
  for (let first: u32 = 0; first < ROWS; first += rows) {
    if (areClear(child, first, rows)) blocks++;
  }
  return u32(blocks);
}
