/**
 * Frames: the page allocator. Raw and trusted; the checked face is memdesc/pages.ts.
 *
 * Idea (after LLFree, Wrenger et al., USENIX ATC '23): a free page is a clear bit and nothing else.
 * No free lists, no merging, nothing stored in or for a free page. Two levels of counters lead to
 * the bits: a word for each child (2 MiB) and one for each tree (32 children) hold the number of
 * free pages below.
 *
 *   zone free = Σ tree = Σ child = clear bits          (when the lock is free)
 *
 * Counters are debited before bits are set and credited after they are cleared, so a counter is
 * never too high. The lowest fitting child wins, which keeps the top of the zone empty and whole.
 *
 * Frames lock: bits and counters. The lock is coarse; everything below it is plain words.
 * Orders 0–9 lie in one child; an order-10 block is two children, at an even child.
 * Cost: one lock and, in the worst case, a look at every child.
 */

import { FAULT_FRAMES, fail } from '../base/fault';
import {
  CHILD_PAGES,
  FRAMES_STATE,
  MAX_ORDER,
  PAGE_BYTES,
  PAGE_SHIFT,
  superblock,
  TREE_CHILDREN,
} from '../base/layout';
import { loadWord, peekWord, pokeWord, storeWord } from '../base/words';
import { lock, unlock } from '../thread/lock';
import { beginChange } from '../thread/slot';
import { clearBlock, countFree, findFree, isBlockSet, setBlock } from './bitfield';

@unmanaged
export class FramesState {
  lock: u32;
  /** Pages that no bit claims. Lock: frames; read by anybody. */
  freePages: u32;
}

function childAt(child: u32): usize {
  return superblock().childCounters + child * 4;
}

function treeAt(tree: u32): usize {
  return superblock().treeCounters + tree * 4;
}

/** Adds `pages` (which may be negative) to the counters above a child. */
function credit(child: u32, pages: i32): void {
  const freeAt = FRAMES_STATE + offsetof<FramesState>('freePages');
  pokeWord(childAt(child), peekWord(childAt(child)) + pages);
  const tree = treeAt(child / TREE_CHILDREN);
  pokeWord(tree, peekWord(tree) + pages);
  storeWord(freeAt, peekWord(freeAt) + pages);
}

/** Marks the zone's own pages, and those beyond its end in the last child, as allocated. */
export function formatFrames(): void {
  const zone = superblock();
  for (let child: u32 = 0; child < zone.childCount; child++) {
    const first = child * CHILD_PAGES;
    for (let page: u32 = 0; page < CHILD_PAGES; page++) {
      const pfn = first + page;
      if (pfn < zone.firstPfn || pfn >= zone.pageCount) setBlock(child, page, 0);
    }
    credit(child, countFree(child));
  }
}

export function freePageCount(): u32 {
  return loadWord(FRAMES_STATE + offsetof<FramesState>('freePages'));
}

/**
 * Takes a block of 2^order pages, aligned to its size.
 *
 * @returns its pfn, or 0 when there is none
 * Context: takes the frames lock; never waits for memory.
 */
export function takeBlock(order: u32): u32 {
  beginChange();
  lock(FRAMES_STATE);
  const pfn = order == MAX_ORDER ? takePair() : takeFromTrees(order);
  unlock(FRAMES_STATE);
  if (isDefined(PAGELESS_DEBUG) && pfn != 0) fillBlock(pfn, order, DEBUG_TAKEN);
  return pfn;
}

function takeFromTrees(order: u32): u32 {
  const need: u32 = 1 << order;
  for (let tree: u32 = 0; tree < superblock().treeCount; tree++) {
    if (peekWord(treeAt(tree)) < need) continue;
    const pfn = takeFromTree(tree, order);
    if (pfn != 0) return pfn;
  }
  return 0;
}

function takeFromTree(tree: u32, order: u32): u32 {
  const need: u32 = 1 << order;
  const first = tree * TREE_CHILDREN;
  const end = min(first + TREE_CHILDREN, superblock().childCount);
  for (let child = first; child < end; child++) {
    if (peekWord(childAt(child)) < need) continue;
    const page = findFree(child, order);
    if (page < 0) continue;
    credit(child, -i32(need));
    setBlock(child, page, order);
    return child * CHILD_PAGES + page;
  }
  return 0;
}

function takePair(): u32 {
  for (let child: u32 = 0; child + 1 < superblock().childCount; child += 2) {
    if (peekWord(childAt(child)) + peekWord(childAt(child + 1)) < 2 * CHILD_PAGES) continue;
    for (let i: u32 = 0; i < 2; i++) {
      credit(child + i, -i32(CHILD_PAGES));
      setBlock(child + i, 0, 9);
    }
    return child * CHILD_PAGES;
  }
  return 0;
}

/** What the debug build writes into pages, so that reading what one did not write shows. */
const DEBUG_TAKEN: u8 = 0xa5;
const DEBUG_GIVEN: u8 = 0x5a;

function fillBlock(pfn: u32, order: u32, byte: u8): void {
  memory.fill(pfn << PAGE_SHIFT, byte, PAGE_BYTES << order);
}

/** Gives back a block that was taken with this order, or an aligned part of one. */
export function giveBlock(pfn: u32, order: u32): void {
  if (isDefined(PAGELESS_DEBUG)) fillBlock(pfn, order, DEBUG_GIVEN);
  beginChange();
  lock(FRAMES_STATE);
  const children: u32 = order == MAX_ORDER ? 2 : 1;
  const childOrder = min(order, 9);
  for (let i: u32 = 0; i < children; i++) {
    const child = pfn / CHILD_PAGES + i;
    const page = pfn % CHILD_PAGES;
    if (!isBlockSet(child, page, childOrder)) fail(FAULT_FRAMES, pfn);
    clearBlock(child, page, childOrder);
    credit(child, 1 << childOrder);
  }
  unlock(FRAMES_STATE);
}

/** Whether the bit of a page is set. Frames lock held. */
export function isTakenLocked(pfn: u32): bool {
  return isBlockSet(pfn / CHILD_PAGES, pfn % CHILD_PAGES, 0);
}

/** Compares every counter with the bits. Frames lock held. @returns a pfn in the wrong child, or 0 */
export function checkFramesLocked(): u32 {
  const zone = superblock();
  let sum: u32 = 0;
  for (let tree: u32 = 0; tree < zone.treeCount; tree++) {
    let treeSum: u32 = 0;
    const end = min((tree + 1) * TREE_CHILDREN, zone.childCount);
    for (let child = tree * TREE_CHILDREN; child < end; child++) {
      const free = countFree(child);
      if (peekWord(childAt(child)) != free) return child * CHILD_PAGES + 1;
      treeSum += free;
    }
    if (peekWord(treeAt(tree)) != treeSum) return tree * TREE_CHILDREN * CHILD_PAGES + 1;
    sum += treeSum;
  }
  return freePageCount() == sum ? 0 : 1;
}
