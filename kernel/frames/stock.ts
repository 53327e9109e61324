/**
 * Stocks: free blocks that a thread keeps at hand, so that most allocations touch nobody's memory.
 *
 * One stack of pfns for each order 0 … 3 and class (unmovable, movable), in the thread's own page;
 * the number of blocks in it stands in its slot (own.ts). For frames these blocks are taken: their
 * bits are set. Their page words are 0. All of it is plain memory of the owner.
 *
 *   pop   lower the count, then read           push   write, then raise the count
 *   refill  bits are set, then the blocks are named by a higher count
 *   drain   the count is lowered, then bits are cleared
 * So a block that nobody names and that has no word, though its bit is set, is one that a dead thread
 * was moving, and recovery clears it. A stock never names a block whose bit is clear.
 *
 * Refill takes the free blocks of one cell in one exchange; drain gives back neighbours in the stack
 * that lie in one cell likewise. How many: `batch` doubles with each refill in a row and each drain
 * in a row, and halves when the direction changes, so one-sided load moves up to 64 pages at a time
 * and a see-saw few. A stock holds at most free / (8 × threads) pages, and nothing when memory is
 * short (watermark.ts).
 *
 * Whoever finds no memory empties all stocks: it halts the world (thread/stop.ts), in which everybody
 * else is outside frames, and takes them. So owners need no atomics.
 */
import { selfPage, selfSlot } from '../base/env';
import { FAULT_FRAMES, fail } from '../base/fault';
import { CHILD_PAGES } from '../base/layout';
import { loadWord, peekWord, pokeWord } from '../base/words';
import { highestSlot, SLOT_LIVE, slotOf, slotState } from '../thread/slot';
import { blockMask, clearPages, gather } from './bitfield';
import { childEntry, entryClass } from './child';
import { CLASS_MASK, CLASS_MOVABLE } from './class';
import { FramesOwn, framesOwn } from './own';
import { credit, findRoom, roomFound } from './tree';
import { pagesToSpare } from './watermark';

/** 32 KiB: what is larger is allocated seldom, and costs more to fill than to find. */
export const STOCK_ORDER: u32 = 3;
/** For each order, unmovable and movable. */
export const STOCKS: u32 = 8;

/** Entries of an order-0 stock: three batches, so that neither end is met at once. */
export const STOCK_SINGLES: u32 = 224;
/** Entries of the other six: half a cell of order 1. */
export const STOCK_BLOCKS: u32 = 24;
/** Blocks that a refill or a drain moves at most: a cell, of single pages. */
const MAX_BATCH: u32 = 64;
/** And at least: a transfer costs some 25 ns, a pair of allocation and free 5. */
const MIN_BATCH: u32 = 8;

/** Before the entries, for each stock: how the last transfer went. */
@unmanaged
export class StockHead {
  limit: u32;
  batch: u16;
  isDraining: u16;
}

function headOf(page: usize, stock: u32): StockHead {
  return changetype<StockHead>(page + stock * offsetof<StockHead>());
}

function entriesAt(page: usize, stock: u32): usize {
  const start = page + STOCKS * offsetof<StockHead>();
  if (stock < 2) return start + stock * STOCK_SINGLES * 4;
  return start + 2 * STOCK_SINGLES * 4 + (stock - 2) * STOCK_BLOCKS * 4;
}

function capacityOf(stock: u32): u32 {
  return stock < 2 ? STOCK_SINGLES : STOCK_BLOCKS;
}

function countAt(slot: u32, stock: u32): usize {
  return changetype<usize>(framesOwn(slot)) + offsetof<FramesOwn>('count0') + stock * 4;
}

function countOf(slot: u32, stock: u32): u32 {
  return peekWord(countAt(slot, stock));
}

/** Which stock holds blocks of an order and class; whole children have none. */
function stockOf(order: u32, kind: u32): u32 {
  return order * 2 + (kind & CLASS_MASK);
}

function pageOf(slot: u32): usize {
  return slotOf(slot).page;
}

/** Takes a block of this thread's stock. @returns its pfn, or 0 when there is none */
export function popStock(order: u32, kind: u32): u32 {
  const stock = stockOf(order, kind);
  const at = countAt(selfSlot(), stock);
  const count = peekWord(at);
  if (count == 0) return 0;
  pokeWord(at, count - 1);
  return peekWord(entriesAt(selfPage(), stock) + (count - 1) * 4);
}

/** Puts a block into this thread's stock. @returns false when that is full */
export function pushStock(pfn: u32, order: u32): bool {
  const page = selfPage();
  if (page == 0) return false;
  const stock = stockOf(order, min(entryClass(childEntry(pfn / CHILD_PAGES)), CLASS_MOVABLE));
  const at = countAt(selfSlot(), stock);
  const count = peekWord(at);
  if (count >= headOf(page, stock).limit) return makeSpace(pfn, stock);
  pokeWord(entriesAt(page, stock) + count * 4, pfn);
  pokeWord(at, count + 1);
  return true;
}

/** A stock is at its limit: finds out what that is now, and gives back a batch. */
function makeSpace(pfn: u32, stock: u32): bool {
  const head = headOf(selfPage(), stock);
  head.limit = limitOf(stock);
  const over = i32(countOf(selfSlot(), stock) + 1 - head.limit);
  if (over > 0) drain(selfSlot(), stock, max(nextBatch(stock, 1), u32(over)));
  return head.limit != 0 && pushStock(pfn, stock / 2);
}

function limitOf(stock: u32): u32 {
  return min(capacityOf(stock), (pagesToSpare() / (8 * liveThreadCount())) >> (stock / 2));
}

function liveThreadCount(): u32 {
  let live: u32 = 0;
  for (let slot: u32 = 1, end = highestSlot(); slot <= end; slot++) {
    if (slotState(slot) == SLOT_LIVE) live++;
  }
  return max(live, 1);
}

/** Doubles the batch if the last transfer went the same way, else halves it. */
function nextBatch(stock: u32, isDraining: u16): u32 {
  const head = headOf(selfPage(), stock);
  const batch: u32 = head.isDraining == isDraining ? <u32>head.batch * 2 : head.batch / 2;
  head.isDraining = isDraining;
  head.batch = u16(max(MIN_BATCH, min(MAX_BATCH >> (stock / 2), batch)));
  return head.batch;
}

/** Fills this thread's empty stock and takes one of its blocks. @returns its pfn, or 0 */
export function refill(order: u32, kind: u32): u32 {
  const stock = stockOf(order, kind);
  const head = headOf(selfPage(), stock);
  head.limit = limitOf(stock);
  const got = fill(stock, kind, max(min(nextBatch(stock, 0), head.limit), 1));
  if (got == 0) return 0;
  reverse(entriesAt(selfPage(), stock), got);
  pokeWord(countAt(selfSlot(), stock), got);
  return popStock(order, kind);
}

/** Takes up to `want` blocks out of the trees and writes them into a stock. @returns how many */
function fill(stock: u32, kind: u32, want: u32): u32 {
  const order = stock / 2;
  while (true) {
    const child = findRoom(order, want, kind);
    if (child < 0) return 0;
    const room = roomFound();
    const got = gather(child, order, room, entriesAt(selfPage(), stock));
    if (got < room) credit(child, (room - got) << order);
    // Progress: otherwise others were faster, and have what we saw.
    if (got != 0) return got;
  }
}

/** So that the lowest block comes first. */
function reverse(at: usize, count: u32): void {
  let low = at;
  let high = at + (count - 1) * 4;
  for (; low < high; low += 4, high -= 4) {
    const kept = peekWord(low);
    pokeWord(low, peekWord(high));
    pokeWord(high, kept);
  }
}

/** Gives back the top `blocks` of a stock. Its owner; or whoever has halted the world. */
export function drain(slot: u32, stock: u32, blocks: u32): void {
  const order = stock / 2;
  const end = countOf(slot, stock);
  const start = end - min(blocks, end);
  pokeWord(countAt(slot, stock), start);
  const entries = entriesAt(pageOf(slot), stock);
  let cleared: u32 = 0;
  for (let i = start; i < end; ) {
    const first = peekWord(entries + i * 4) & ~63;
    let mask: u64 = 0;
    for (; i < end && (peekWord(entries + i * 4) & ~63) == first; i++) {
      mask |= blockMask(order) << u64(peekWord(entries + i * 4) & 63);
    }
    clearPages(first / CHILD_PAGES, (first >> 6) & 7, mask);
    credit(first / CHILD_PAGES, u32(popcnt(mask)));
    cleared += u32(popcnt(mask));
  }
  // Less means that a block was in stock twice.
  if (cleared != (end - start) << order) fail(FAULT_FRAMES, selfSlot());
}

/** Empties the stocks of a slot. Its owner; or whoever has halted the world. */
export function drainSlot(slot: u32): void {
  for (let stock: u32 = 0; stock < STOCKS; stock++) drain(slot, stock, u32.MAX_VALUE);
}

/** Pages in stock: of a slot, a figure for anybody; exact for the owner and in a stopped world. */
export function stockedIn(slot: u32): u32 {
  let pages: u32 = 0;
  for (let stock: u32 = 0; stock < STOCKS; stock++) {
    pages += loadWord(countAt(slot, stock)) << (stock / 2);
  }
  return pages;
}

export function stockedPages(): u32 {
  let pages: u32 = 0;
  for (let slot: u32 = 1, end = highestSlot(); slot <= end; slot++) pages += stockedIn(slot);
  return pages;
}

/** How many stocks of a slot name a page. The world is stopped. */
export function stockMentions(slot: u32, pfn: u32): u32 {
  let mentions: u32 = 0;
  for (let stock: u32 = 0; stock < STOCKS; stock++) {
    const entries = entriesAt(pageOf(slot), stock);
    const end = entries + countOf(slot, stock) * 4;
    for (let at = entries; at < end; at += 4) {
      if (pfn - peekWord(at) < (<u32>1) << (stock / 2)) mentions++;
    }
  }
  return mentions;
}
