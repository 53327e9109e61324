/**
 * Statistics of frames: read from bits and words by anybody, at any time, without a lock.
 *
 * Each figure is what was seen while it was summed up; nothing is decided by it. What lies in
 * stocks counts as in use here: no other thread can take it as a block.
 *
 *   fragmentation index of an order, as Linux has it (vmstat.c): −1000 if a block is free, 0 if
 *     no page is, else 1000 − (1000 + 1000 · free / 2^order) / free blocks: towards 0 it lacks
 *     memory, towards 1000 it lacks only order
 *   unusable free index: free pages that lie in no block of the order, in thousandths of free pages
 */
import { CHILD_ORDER, CHILD_PAGES, MAX_ORDER, Order, superblock } from '../base/layout';
import { countBlocks } from './bitfield';
import { childEntry, entryClass, entryFree } from './child';

/** In place of a class: children that are wholly free and therefore have none; and all children. */
export const CLASS_NONE: u32 = 3;
export const CLASS_ANY: u32 = 4;

/**
 * Aligned free blocks of `order` 0–10 in children of a class, those inside larger ones included.
 */
function alignedBlocks(order: Order, frameClass: u32): u32 {
  let blocks: u32 = 0;
  for (let child: u32 = 0; child < superblock().childCount; child++) {
    if (frameClass != CLASS_ANY && classOfChild(child) != frameClass) continue;
    if (order < MAX_ORDER) blocks += countBlocks(child, order);
    else if ((child & 1) == 0 && isPairFree(child)) blocks++;
  }
  return blocks;
}

function isPairFree(child: u32): bool {
  if (child + 1 == superblock().childCount) return false;
  return countBlocks(child, CHILD_ORDER) + countBlocks(child + 1, CHILD_ORDER) == 2;
}

function classOfChild(child: u32): u32 {
  const entry = childEntry(child);
  return entryFree(entry) == CHILD_PAGES ? CLASS_NONE : entryClass(entry);
}

/** Free blocks of exactly `order`: those that are not half of a larger free one. */
export function freeBlocks(order: Order, frameClass: u32): u32 {
  const larger: u32 = order < MAX_ORDER ? 2 * alignedBlocks(order + 1, frameClass) : 0;
  const all = alignedBlocks(order, frameClass);
  // Others allocate and free meanwhile.
  return all > larger ? all - larger : 0;
}

/** Children of a class. */
export function childrenOf(frameClass: u32): u32 {
  let children: u32 = 0;
  for (let child: u32 = 0; child < superblock().childCount; child++) {
    if (classOfChild(child) == frameClass) children++;
  }
  return children;
}

export function fragmentationIndex(order: Order): i32 {
  if (alignedBlocks(order, CLASS_ANY) != 0) return -1000;
  let blocks: u32 = 0;
  for (let smaller: u32 = 0; smaller < order; smaller++) blocks += freeBlocks(smaller, CLASS_ANY);
  if (blocks == 0) return 0;
  const free = u64(alignedBlocks(0, CLASS_ANY));
  return 1000 - i32((1000 + ((1000 * free) >> order)) / blocks);
}

export function unusableFreeIndex(order: Order): u32 {
  const free = alignedBlocks(0, CLASS_ANY);
  if (free == 0) return 1000;
  const usable = alignedBlocks(order, CLASS_ANY) << order;
  return free > usable ? u32((u64(free - usable) * 1000) / free) : 0;
}
