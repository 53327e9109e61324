/**
 * What the page allocator has left: free blocks by order and class, and how fragmented they are.
 *
 * The figures of Linux' /proc/buddyinfo, /proc/pagetypeinfo and its two fragmentation indices.
 */

import type { KernelExports } from '../border/kernel.ts';
import * as facts from '../generated/facts.ts';

export interface BuddyInfo {
  /** Free pages, those in threads' stocks included. */
  freePages: number;
  /** Pages that threads keep in stock: free, but in no block below. */
  stockedPages: number;
  /** Pages that only urgent allocations may take. */
  minPages: number;
  /** Free blocks of 2^order pages that are not half of a larger free one, by order. */
  freeBlocks: number[];
  /**
   * By order, why a block cannot be had: towards 0 for lack of memory, towards 1 for
   * fragmentation; −1 if there is one.
   */
  fragmentation: number[];
  /** By order, the share of free memory that lies in no block of that order. */
  unusable: number[];
}

/** `free`: 2 MiB blocks that are wholly free, and therefore of no class. */
export type MemoryClass = 'unmovable' | 'movable' | 'huge' | 'free';

export type PageTypeInfo = Record<
  MemoryClass,
  {
    /** 2 MiB blocks of the class. */
    children: number;
    /** Free blocks in them, by order. */
    freeBlocks: number[];
  }
>;

/** What the figures are made of: the kernel's exports, or an observer's. */
type FrameSource = Pick<
  KernelExports,
  | 'childrenOf'
  | 'fragmentationIndex'
  | 'freeBlocks'
  | 'freePagesNow'
  | 'minPages'
  | 'stockedPages'
  | 'unusableFreeIndex'
>;

const orders: number[] = Array.from({ length: facts.MAX_ORDER + 1 }, (_, order) => order);

export function buddyInfo(kernel: FrameSource): BuddyInfo {
  return {
    freePages: kernel.freePagesNow(),
    stockedPages: kernel.stockedPages(),
    minPages: kernel.minPages(),
    freeBlocks: orders.map((order) => kernel.freeBlocks(order, facts.CLASS_ANY)),
    fragmentation: orders.map((order) => kernel.fragmentationIndex(order) / 1000),
    unusable: orders.map((order) => kernel.unusableFreeIndex(order) / 1000),
  };
}

export function pageTypeInfo(kernel: FrameSource): PageTypeInfo {
  const of = (kind: number) => ({
    children: kernel.childrenOf(kind),
    freeBlocks: orders.map((order) => kernel.freeBlocks(order, kind)),
  });
  return {
    unmovable: of(facts.CLASS_UNMOVABLE),
    movable: of(facts.CLASS_MOVABLE),
    huge: of(facts.CLASS_HUGE),
    free: of(facts.CLASS_NONE),
  };
}
