/**
 * Stocks: free blocks that a thread keeps at hand, so that most allocations touch nobody's memory.
 *
 * One stack of pfns for each order 0 … 3 and class (unmovable, movable), in the thread's own page,
 * and its word in the thread's slot (local.ts). For frames these blocks are taken: their bits are
 * set. Their page words are 0. All of it is plain memory of the owner.
 *
 * word: count:16 · limit:16 (bit 16), both of blocks; 0 of a thread that has no page. So a push
 *       looks at one word, and one that is not attached has no room
 *
 *   pop   lower the count, then read           push   write, then raise the count
 *   refill  bits are set, then the blocks are named by a higher count
 *   drain   the count is lowered, then bits are cleared
 * So a block that nobody names and that has no word, though its bit is set, is one that a dead
 * thread was moving, and recovery clears it. A stock never names a block whose bit is clear.
 *
 * Refill takes the free blocks of one row in one exchange; drain gives back neighbours in the stack
 * that lie in one row likewise. How many: `batch` doubles with each refill in a row and each drain
 * in a row, and halves when the direction changes, so one-sided load moves up to 64 pages at a time
 * and a see-saw few. A stock holds at most free / (8 × threads) pages, and nothing when memory is
 * short (watermark.ts). Nothing as well once it has been emptied by somebody who found no memory,
 * until its owner looks how much is free.
 *
 * Whoever finds no memory empties all stocks: it halts the world (thread/stop.ts), in which
 * everybody else is outside frames, and takes them. So owners need no atomics.
 */
import { selfPage, selfSlot } from '../base/env';
import { FAULT_FRAMES, fail } from '../base/fault';
import { CHILD_PAGES, Order, Pfn, Slot } from '../base/layout';
import { loadWord, peekWord, pokeWord } from '../base/words';
import { assertHalted } from '../thread/context';
import { highestSlot, SLOT_LIVE, slotOf, slotState } from '../thread/slot';
import { blockMask, clearPages, gather } from './bitfield';
import { childEntry, entryClass } from './child';
import { CLASS_MASK, CLASS_UNMOVABLE } from './class';
import { FramesOwn, framesOwn } from './local';
import { credit, findRoom, roomBlocks, roomPage } from './tree';
import { pagesToSpare } from './watermark';

/** 32 KiB: what is larger is allocated seldom, and costs more to fill than to find. */
export const STOCK_ORDER: u32 = 3;
/** For each order, unmovable and movable. */
export const STOCKS: u32 = 8;

/**
 * Pages of an order and class, at most: two and a half batches, so that neither end is met at once.
 */
const STOCK_PAGES: u32 = 160;
/** Blocks that a refill or a drain moves at most: a row, of single pages. */
const MAX_BATCH: u32 = 64;
/** And at least: a transfer costs some 25 ns, a pair of allocation and free 5. */
const MIN_BATCH: u32 = 8;

/**
 * A limit of a full stock is found out anew with every 16th transfer. The others move up to 1,024
 * pages; that limit says that 1,280 were free for each thread.
 */
const RENEWAL: u32 = 16;

const COUNT: u32 = 0xffff;
const LIMIT_SHIFT: u32 = 16;

/**
 * Bytes of a thread's page for each class: entries of orders 0 … 3, each half as many as the one
 * before, 160 + 80 + 40 + 20 words of the 320 that such a series comes to; behind them four heads.
 */
export const STOCK_REGION: u32 = 1280;
const HEADS: u32 = STOCK_REGION - 16;

/** How the last transfer of a stock went, and how many there have been. */
@unmanaged
export class StockHead {
  batch: u8;
  isDraining: u8;
  transfers: u16;
}

function regionOf(page: usize, stock: u32): usize {
  return page + (stock & 1) * STOCK_REGION;
}

function headOf(page: usize, stock: u32): StockHead {
  const at = regionOf(page, stock) + HEADS + (stock / 2) * offsetof<StockHead>();
  return changetype<StockHead>(at);
}

function entriesAt(page: usize, stock: u32): usize {
  return regionOf(page, stock) + STOCK_REGION - (STOCK_REGION >> (stock / 2));
}

function capacityOf(stock: u32): u32 {
  return STOCK_PAGES >> (stock / 2);
}

function wordAt(slot: Slot, stock: u32): usize {
  return changetype<usize>(framesOwn(slot)) + offsetof<FramesOwn>('stock0') + stock * 4;
}

function countOf(slot: Slot, stock: u32): u32 {
  return peekWord(wordAt(slot, stock)) & COUNT;
}

function pageOf(slot: Slot): usize {
  return slotOf(slot).page;
}

/** Takes a block of this thread's stock. @returns its pfn, or 0 when there is none */
export function popStock(order: Order, allocFlags: u32): u32 {
  const stock = order * 2 + (allocFlags & CLASS_MASK);
  const at = wordAt(selfSlot(), stock);
  const word = peekWord(at);
  if ((word & COUNT) == 0) return 0;
  pokeWord(at, word - 1);
  return peekWord(entriesAt(selfPage(), stock) + (word & COUNT) * 4 - 4);
}

/** Which of this thread's stocks a block belongs into. */
export function stockFor(pfn: Pfn, order: Order): u32 {
  return order * 2 + u32(isMovable(pfn));
}

export function isMovable(pfn: Pfn): bool {
  return entryClass(childEntry(pfn / CHILD_PAGES)) != CLASS_UNMOVABLE;
}

/** Puts a block into one of this thread's stocks. @returns false when that is full */
export function pushStock(pfn: Pfn, stock: u32): bool {
  const at = wordAt(selfSlot(), stock);
  const word = peekWord(at);
  if ((word & COUNT) >= word >> LIMIT_SHIFT) return false;
  pokeWord(entriesAt(selfPage(), stock) + (word & COUNT) * 4, pfn);
  pokeWord(at, word + 1);
  return true;
}

/**
 * Puts a block into a full stock: finds out what its limit is now, and gives back a batch.
 *
 * @returns false when it may hold nothing
 */
export function pushFull(pfn: Pfn, stock: u32): bool {
  if (selfPage() == 0) return false;
  const limit = limitOf(stock);
  const over = i32(countOf(selfSlot(), stock) + 1 - limit);
  if (over > 0) drain(selfSlot(), stock, max(nextBatch(stock, 1), u32(over)));
  return pushStock(pfn, stock);
}

/** How much a stock may hold. Finds it out anew unless that was a lot, not long ago. */
function limitOf(stock: u32): u32 {
  const at = wordAt(selfSlot(), stock);
  const word = peekWord(at);
  const head = headOf(selfPage(), stock);
  if (word >> LIMIT_SHIFT == capacityOf(stock) && ++head.transfers % RENEWAL != 0) {
    return capacityOf(stock);
  }
  const shares = 8 * liveThreadCount();
  const limit = (pagesToSpare(STOCK_PAGES * shares) / shares) >> (stock / 2);
  pokeWord(at, (limit << LIMIT_SHIFT) | (word & COUNT));
  return limit;
}

function liveThreadCount(): u32 {
  let live: u32 = 0;
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    if (slotState(slot) == SLOT_LIVE) live++;
  }
  return max(live, 1);
}

/** Doubles the batch if the last transfer went the same way, else halves it. */
function nextBatch(stock: u32, isDraining: u8): u32 {
  const head = headOf(selfPage(), stock);
  const batch: u32 = head.isDraining == isDraining ? <u32>head.batch * 2 : head.batch / 2;
  head.isDraining = isDraining;
  head.batch = u8(max(MIN_BATCH, min(MAX_BATCH >> (stock / 2), batch)));
  return head.batch;
}

/** Fills this thread's empty stock and takes one of its blocks. @returns its pfn, or 0 */
export function refill(order: Order, allocFlags: u32): u32 {
  const stock = order * 2 + (allocFlags & CLASS_MASK);
  const got = fill(stock, allocFlags, max(min(nextBatch(stock, 0), limitOf(stock)), 1));
  const at = wordAt(selfSlot(), stock);
  pokeWord(at, peekWord(at) + got);
  return popStock(order, allocFlags);
}

/** Takes up to `want` blocks out of the trees and writes them into a stock. @returns how many */
function fill(stock: u32, allocFlags: u32, want: u32): u32 {
  const order = stock / 2;
  while (true) {
    const room = findRoom(order, want, allocFlags);
    if (room == 0) return 0;
    const child = roomPage(room) / CHILD_PAGES;
    const row = (roomPage(room) % CHILD_PAGES) >> 6;
    const granted = roomBlocks(room);
    const got = gather(child, row, order, granted, entriesAt(selfPage(), stock));
    if (got < granted) credit(child, (granted - got) << order);
    // Progress: otherwise others were faster, and have what we saw.
    if (got != 0) return got;
  }
}

/** Gives back the top `blocks` of a stock. Its owner; or whoever has halted the world. */
export function drain(slot: Slot, stock: u32, blocks: u32): void {
  const order = stock / 2;
  const count = countOf(slot, stock);
  const going = min(blocks, count);
  pokeWord(wordAt(slot, stock), peekWord(wordAt(slot, stock)) - going);
  const ones = blockMask(order);
  const end = entriesAt(pageOf(slot), stock) + count * 4;
  let cleared: u32 = 0;
  for (let at = end - going * 4; at < end; ) {
    const first = peekWord(at) & ~63;
    let mask: u64 = 0;
    for (; at < end; at += 4) {
      const pfn = peekWord(at);
      if ((pfn & ~63) != first) break;
      mask |= ones << u64(pfn & 63);
    }
    clearPages(first / CHILD_PAGES, (first >> 6) & 7, mask);
    credit(first / CHILD_PAGES, u32(popcnt(mask)));
    cleared += u32(popcnt(mask));
  }
  // Less means that a block was in stock twice.
  if (cleared != going << order) fail(FAULT_FRAMES, selfSlot());
}

/**
 * Empties the stocks of a slot, and lets them hold nothing until their limits are found out anew.
 * Its owner; or whoever has halted the world.
 */
export function drainSlot(slot: Slot): void {
  for (let stock: u32 = 0; stock < STOCKS; stock++) {
    drain(slot, stock, STOCK_PAGES);
    pokeWord(wordAt(slot, stock), 0);
  }
}

/** Pages in stock: of a slot, a figure for anybody; exact for the owner and in a stopped world. */
export function stockedIn(slot: Slot): u32 {
  let pages: u32 = 0;
  for (let stock: u32 = 0; stock < STOCKS; stock++) {
    pages += (loadWord(wordAt(slot, stock)) & COUNT) << (stock / 2);
  }
  return pages;
}

export function stockedPages(): u32 {
  let pages: u32 = 0;
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) pages += stockedIn(slot);
  return pages;
}

/** How many stocks of a slot name a page. */
export function stockMentions(slot: Slot, pfn: Pfn): u32 {
  assertHalted();
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
