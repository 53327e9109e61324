/**
 * Frames: the page allocator. Raw and trusted; the checked face is memdesc/pages.ts.
 *
 * Idea (after LLFree, Wrenger et al., USENIX ATC '23): a free page is a clear bit and nothing else.
 * No free lists, no merging, no log, no lock. Three storeys, each a file:
 *   bitfield, child   the bits of 2 MiB, and the word that counts them
 *   tree              groups of children: where to look, who works where
 *   stock             blocks that a thread keeps at hand
 *
 *   free pages = Σ trees + Σ stocks,   Σ trees ≤ Σ children ≤ clear bits     always
 *                                      Σ trees = Σ children = clear bits     when nobody is inside
 *
 * **Debit before setting bits, credit after clearing them**: a counter is never too high, so what
 * one finds by it is there; a thread that dies in between leaves counters too low, and recovery
 * (recover.ts) counts again.
 *
 * Classes keep memory that cannot move together (child.ts). Orders 0 … 9 lie in one child; a block
 * of order 10 is two children, the first of them even.
 * Between `takeBlock` and writing the page words a thread must not wait: a page with its bit set,
 * without word and in no stock, is taken for lost.
 *
 * Cost: a pair from a stock 6 ns and no atomic; else three atomics to take and three to give back.
 */
import { selfPage } from '../base/env';
import {
  CHILD_ORDER,
  CHILD_PAGES,
  MAX_ORDER,
  Order,
  PAGE_BYTES,
  Pfn,
  pageAddress,
  superblock,
} from '../base/layout';
import {
  bitsOf,
  claimAt,
  claimBlock,
  claimPages,
  clearBlock,
  clearChild,
  clearPages,
  countFree,
  onesBelow,
  pokeBits,
  ROW_PAGES,
  setChild,
} from './bitfield';
import { childEntry, entryFree, storeEntry } from './child';
import { CLASS_HUGE, CLASS_MASK, CLASS_MOVABLE, CLASS_UNMOVABLE } from './class';
import { drainAll } from './drain';
import {
  isMovable,
  popStock,
  pushFull,
  pushStock,
  refill,
  STOCK_ORDER,
  stockedPages,
} from './stock';
import {
  credit,
  debit,
  endChild,
  findRoom,
  firstChild,
  freeUpTo,
  roomPage,
  settleAt,
  storeTree,
} from './tree';

/** Marks the zone's own pages, and those beyond its end in the last child, as allocated. */
export function formatFrames(): void {
  const zone = superblock();
  for (let tree: u32 = 0; tree < zone.treeCount; tree++) {
    let free: u32 = 0;
    for (let child = firstChild(tree); child < endChild(tree); child++) {
      for (let row: u32 = 0; row < 8; row++) {
        const first = child * CHILD_PAGES + row * ROW_PAGES;
        const own = onesBelow(max(zone.firstPfn, first) - first);
        const taken = own | ~onesBelow(max(zone.pageCount, first) - first);
        pokeBits(child, row, taken);
      }
      storeEntry(child, countFree(child), CLASS_UNMOVABLE);
      free += countFree(child);
    }
    storeTree(tree, free, 0, CLASS_UNMOVABLE);
  }
}

/** Pages that nobody uses, those in stock included: a momentary figure. */
export function freePageCount(): u32 {
  return freeUpTo(u32.MAX_VALUE) + stockedPages();
}

/**
 * Takes a block of 2^order pages, aligned to its size.
 *
 * @param allocFlags  CLASS_UNMOVABLE or CLASS_MOVABLE, | URGENT to go below the watermark
 * @returns its pfn, or 0 when there is none
 * Context: any lock held; may halt the world. Never waits for memory.
 */
export function takeBlock(order: Order, allocFlags: u32): Pfn {
  const pfn = takeStocked(order, allocFlags);
  return pfn != 0 ? pfn : takeSlow(order, allocFlags);
}

/** The same from this thread's stock only. It has no call, so it is compiled into its callers. */
export function takeStocked(order: Order, allocFlags: u32): u32 {
  const pfn = order <= STOCK_ORDER ? popStock(order, allocFlags) : 0;
  if (isDefined(PAGELESS_DEBUG) && pfn != 0) fillBlock(pfn, order, DEBUG_TAKEN);
  return pfn;
}

/** Not in stock: looks in the trees, and before it gives up in everybody's stocks. */
function takeSlow(order: Order, allocFlags: u32): u32 {
  let pfn = takeFromTrees(order, allocFlags);
  if (pfn == 0 && stockedPages() != 0) {
    drainAll();
    pfn = takeFromTrees(order, allocFlags);
  }
  if (isDefined(PAGELESS_DEBUG) && pfn != 0) fillBlock(pfn, order, DEBUG_TAKEN);
  return pfn;
}

function takeFromTrees(order: Order, allocFlags: u32): u32 {
  if (order == MAX_ORDER) return takePair(allocFlags);
  if (order == CHILD_ORDER) return takeChild(allocFlags);
  if (order <= STOCK_ORDER && selfPage() != 0) return refill(order, allocFlags);
  while (true) {
    const room = findRoom(order, 1, allocFlags);
    if (room == 0) return 0;
    const child = roomPage(room) / CHILD_PAGES;
    const page = claimBlock(child, order, roomPage(room) % CHILD_PAGES);
    if (page >= 0) return child * CHILD_PAGES + page;
    // Progress: who was faster has the block that we saw.
    credit(child, 1 << order);
  }
}

function takeChild(allocFlags: u32): u32 {
  const room = findRoom(CHILD_ORDER, 1, (allocFlags & ~CLASS_MASK) | CLASS_HUGE);
  if (room == 0) return 0;
  setChild(roomPage(room) / CHILD_PAGES);
  return roomPage(room);
}

/** Lowest pair first: what is above stays whole. */
function takePair(allocFlags: u32): u32 {
  for (let child: u32 = 0; child + 1 < superblock().childCount; child += 2) {
    if (takeGivenPair(child, allocFlags)) return child * CHILD_PAGES;
  }
  return 0;
}

function takeGivenPair(child: u32, allocFlags: u32): bool {
  const free = entryFree(childEntry(child)) + entryFree(childEntry(child + 1));
  const huge = (allocFlags & ~CLASS_MASK) | CLASS_HUGE;
  if (free != 2 * CHILD_PAGES || !debit(child, CHILD_PAGES, huge)) return false;
  if (!debit(child + 1, CHILD_PAGES, huge)) {
    credit(child, CHILD_PAGES);
    return false;
  }
  setChild(child);
  setChild(child + 1);
  return true;
}

/**
 * Takes this block if all of it is free and in no stock. For who clears a range.
 * The block is aligned and inside the zone.
 */
export function takeBlockAt(pfn: Pfn, order: Order, allocFlags: u32): bool {
  const child = pfn / CHILD_PAGES;
  if (order == MAX_ORDER) return takeGivenPair(child, allocFlags);
  if (!debit(child, 1 << order, order == CHILD_ORDER ? CLASS_HUGE : allocFlags)) return false;
  if (order == CHILD_ORDER) setChild(child);
  else if (!claimAt(child, pfn % CHILD_PAGES, order)) {
    credit(child, 1 << order);
    return false;
  }
  return true;
}

/**
 * Takes those of a row's 64 pages in `mask` that are free, all of them in one exchange.
 *
 * @returns which; 0 also when the counters do not admit that many (for now)
 */
export function takePages(child: u32, row: u32, mask: u64, allocFlags: u32): u64 {
  const free = ~bitsOf(child, row) & mask;
  const pages = u32(popcnt(free));
  if (pages == 0 || !debit(child, pages, allocFlags)) return 0;
  const taken = claimPages(child, row, free);
  const missed = pages - u32(popcnt(taken));
  if (missed != 0) credit(child, missed);
  return taken;
}

/** Gives back pages of a row, all of which are the caller's, so that any thread finds them. */
export function givePages(child: u32, row: u32, mask: u64): void {
  clearPages(child, row, mask);
  credit(child, u32(popcnt(mask)));
}

/** Gives back a block that was taken with this order, or an aligned part of one. */
export function giveBlock(pfn: Pfn, order: Order): void {
  if (isDefined(PAGELESS_DEBUG)) fillBlock(pfn, order, DEBUG_GIVEN);
  // A branch is guessed. A stock that is calculated waits until the entry of the child is loaded.
  if (order > STOCK_ORDER) giveToTrees(pfn, order);
  else if (isMovable(pfn)) giveToStock(pfn, order * 2 + CLASS_MOVABLE);
  else giveToStock(pfn, order * 2 + CLASS_UNMOVABLE);
}

/**
 * The same to this thread's stock only, the one that `stockFor` says. As `takeStocked`.
 *
 * @returns false when that has no room: then it is for `giveBlock`
 */
export function giveStocked(pfn: Pfn, order: Order, stock: u32): bool {
  if (isDefined(PAGELESS_DEBUG)) fillBlock(pfn, order, DEBUG_GIVEN);
  return order <= STOCK_ORDER && pushStock(pfn, stock);
}

function giveToStock(pfn: Pfn, stock: u32): void {
  if (!pushStock(pfn, stock)) giveSlow(pfn, stock);
}

/** The stock is full. */
function giveSlow(pfn: Pfn, stock: u32): void {
  if (!pushFull(pfn, stock)) giveToTrees(pfn, stock / 2);
}

/** Gives back a block so that any thread finds it. */
export function giveToTrees(pfn: Pfn, order: Order): void {
  const child = pfn / CHILD_PAGES;
  if (order < CHILD_ORDER) {
    clearBlock(child, pfn % CHILD_PAGES, order);
    credit(child, 1 << order);
  } else {
    if (order == MAX_ORDER) giveChild(child + 1);
    giveChild(child);
    if (order == CHILD_ORDER) settleAt(child);
  }
}

function giveChild(child: u32): void {
  clearChild(child);
  credit(child, CHILD_PAGES);
}

/** What the debug build writes into pages, so that reading what one did not write shows. */
const DEBUG_TAKEN: u8 = 0xa5;
const DEBUG_GIVEN: u8 = 0x5a;

function fillBlock(pfn: Pfn, order: Order, byte: u8): void {
  memory.fill(pageAddress(pfn), byte, PAGE_BYTES << order);
}
