/**
 * Folios: blocks of pages with a descriptor of their own, for whoever holds a reference.
 *
 * The plainest user of descriptors: the descriptor is a header and nothing more. All pages of the
 * block hold the same word, so any of them leads to it.
 *
 * Life: descriptor from its cache → pages → BORN → page words → refs = 1 … last put → page words 0
 * → pages to frames → descriptor to its cache, reusable at once: the cache is type-stable, and
 * whoever comes with a stale pointer needs `tryGet` and the recheck (memdesc/pin.ts).
 */
import { ERR_ARGUMENT, ERR_NO_MEMORY } from '../base/fault';
import { MAX_ORDER } from '../base/layout';
import { CLASS_MOVABLE } from '../frames/class';
import { giveBlock, takeBlock } from '../frames/frames';
import { bear, bury, FLAG_MOVABLE, headerOf, publish } from '../memdesc/header';
import { fillPageWords } from '../memdesc/page-word';
import { TYPE_ANON_FOLIO, TYPE_FREE } from '../memdesc/type';
import { allocObject, CACHE_FOLIO, createCache, freeObject } from '../slab/kmem-cache';

const FOLIO_DESC_BYTES: u32 = 32;

export function formatFolio(): void {
  createCache(CACHE_FOLIO, FOLIO_DESC_BYTES);
}

/** @returns the first page of a folio with one reference, the caller's; or ERR_… */
export function allocFolio(order: u32): i32 {
  if (order >= MAX_ORDER) return ERR_ARGUMENT;
  const desc = allocObject(CACHE_FOLIO);
  if (desc == 0) return ERR_NO_MEMORY;
  const pfn = takeBlock(order, CLASS_MOVABLE);
  if (pfn == 0) {
    freeObject(CACHE_FOLIO, desc);
    return ERR_NO_MEMORY;
  }
  bear(desc, TYPE_ANON_FOLIO, order, pfn);
  headerOf(desc).flags |= FLAG_MOVABLE;
  fillPageWords(pfn, 1 << order, desc | TYPE_ANON_FOLIO);
  publish(desc);
  return i32(pfn);
}

export function folioOrder(desc: u32): u32 {
  return (headerOf(desc).flags >> 5) & 15;
}

/** For whoever dropped the last reference. */
export function freeFolio(desc: u32): void {
  const pfn = headerOf(desc).pfn;
  const order = folioOrder(desc);
  fillPageWords(pfn, 1 << order, TYPE_FREE);
  giveBlock(pfn, order);
  bury(desc);
  freeObject(CACHE_FOLIO, desc);
}
