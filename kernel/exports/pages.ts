/**
 * Pages without a descriptor, as JavaScript calls for them: allocate, free, free a part.
 */
import { Order, PAGE_SHIFT, Pfn } from '../base/layout';
import { CLASS_MOVABLE, CLASS_UNMOVABLE } from '../frames/class';
import {
  allocPage,
  freePage,
  allocPages as pagesAlloc,
  freePages as pagesFree,
  freePart as pagesFreePart,
} from '../memdesc/pages';
import { MISC_USER } from '../memdesc/type';
import { OP_PAGES } from '../thread/operations';
import { enterKernel as enter, leaveKernel as leave } from '../thread/stop';

/** @param isMovable  whether its owner could do with other pages: for grouping only */
export function allocPages(order: Order, isMovable: bool): i32 {
  enter(OP_PAGES);
  const flags = isMovable ? CLASS_MOVABLE : CLASS_UNMOVABLE;
  const pfn = order == 0 ? allocPage(MISC_USER, flags) : pagesAlloc(order, MISC_USER, flags);
  leave();
  return pfn;
}

export function freePages(pfn: Pfn, order: Order): i32 {
  enter(OP_PAGES);
  const failure = order == 0 ? freePage(pfn, MISC_USER) : pagesFree(pfn, order, MISC_USER);
  leave();
  return failure;
}

/** Frees an aligned part of a block of `blockOrder`; the rest stays, as smaller blocks. */
export function freePart(pfn: Pfn, order: Order, blockOrder: u32): i32 {
  enter(OP_PAGES);
  const failure = pagesFreePart(pfn, order, blockOrder, MISC_USER);
  leave();
  return failure;
}

/** Address of a page. */
export function pageAddress(pfn: Pfn): u32 {
  return pfn << PAGE_SHIFT;
}
