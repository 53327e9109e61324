/**
 * Allocating twice, pages and descriptor: where the descriptor comes from.
 *
 *   SHEAF  a stash of the thread, as the kernel does it: no lock
 *   SLAB   the slab itself, under its lock: an allocator without stashes
 *   KEPT   the pages come back with it: freed, a block keeps its descriptor and its words, and
 *          waits for the next alloc of its order (Wilcox, November 2024). Costs 32 bytes a block
 *          that waits, and blocks that wait cannot serve other orders
 */

import { selfSlot } from '../base/env';
import { Desc, Order } from '../base/layout';
import { FOLIO_BYTES } from '../folio/folio';
import { CLASS_MOVABLE } from '../frames/class';
import { giveBlock, takeBlock } from '../frames/frames';
import { freeze, headerOf, initHeader, publish, takeForFree } from '../memdesc/header';
import { fillPageWords } from '../memdesc/page-word';
import { TYPE_ANON_FOLIO, TYPE_FREE } from '../memdesc/type';
import { CACHE_FOLIO, cacheOf } from '../slab/cache';
import { addSlab } from '../slab/kmem-cache';
import { clearTaken, lockSlab, markTaken, unlockSlab } from '../slab/sheaf';
import { returnObject, takeObject } from '../slab/slabs';
import { begin, end } from './call';
import * as scheme from './descriptors';

export const FROM_SHEAF: u32 = 0;
export const FROM_SLAB: u32 = 1;
export const FROM_KEPT: u32 = 2;

/**
 * Thread-local: the block that was freed last and keeps its descriptor, by its descriptor; 0: none.
 */
let kept: u32 = 0;

/** Pairs of alloc and free of one order. */
export function allocFreeFrom(source: u32, order: Order, pairs: u32): void {
  begin();
  for (let i: u32 = 0; i < pairs; i++) {
    const desc = allocFrom(source, order);
    if (desc == 0) unreachable();
    freeTo(source, desc, order);
  }
  end();
}

function allocFrom(source: u32, order: Order): u32 {
  if (source == FROM_SHEAF) return scheme.alloc(order);
  if (source == FROM_KEPT && kept != 0) return takeKept();
  return allocFromSlab(order);
}

function freeTo(source: u32, desc: Desc, order: Order): void {
  if (source == FROM_SHEAF) {
    scheme.free(desc);
    return;
  }
  if (!freeze(desc, 0)) unreachable();
  takeForFree(desc, selfSlot());
  if (source == FROM_KEPT) keep(desc);
  else freeToSlab(desc, order);
}

function allocFromSlab(order: Order): u32 {
  const desc = takeBare();
  if (desc == 0) return 0;
  initHeader(desc, TYPE_ANON_FOLIO, order, 0);
  const pfn = takeBlock(order, CLASS_MOVABLE);
  if (pfn == 0) {
    giveBare(desc);
    return 0;
  }
  headerOf(desc).pfn = pfn;
  fillPageWords(pfn, 1 << order, desc | TYPE_ANON_FOLIO);
  publish(desc);
  return desc;
}

function freeToSlab(desc: Desc, order: Order): void {
  const pfn = headerOf(desc).pfn;
  fillPageWords(pfn, 1 << order, TYPE_FREE);
  giveBlock(pfn, order);
  giveBare(desc);
}

function takeBare(): u32 {
  if (cacheOf(CACHE_FOLIO).partial == 0 && !addSlab(CACHE_FOLIO)) return 0;
  lockSlab();
  const desc = takeObject(CACHE_FOLIO);
  unlockSlab();
  markTaken(cacheOf(CACHE_FOLIO).kind, desc);
  return desc;
}

function giveBare(desc: Desc): void {
  clearTaken(cacheOf(CACHE_FOLIO).kind, desc);
  lockSlab();
  returnObject(desc);
  unlockSlab();
}

function keep(desc: Desc): void {
  headerOf(desc).link = kept;
  kept = desc;
}

function takeKept(): u32 {
  const desc = kept;
  kept = headerOf(desc).link;
  publish(desc);
  return desc;
}

/**
 * Gives up the blocks that wait with their descriptors. @returns bytes of descriptors that waited
 */
export function dropKept(order: Order): u32 {
  let bytes: u32 = 0;
  begin();
  while (kept != 0) {
    const desc = kept;
    kept = headerOf(desc).link;
    bytes += FOLIO_BYTES;
    freeToSlab(desc, order);
  }
  end();
  return bytes;
}
