/**
 * Slabs: one page of equal objects, and the descriptor that says which of them are in use.
 *
 * Idea: the free list is a bitmap in the slab's descriptor, not a chain through the objects. So an
 * object is never written while it is free: a descriptor's refs word and a handle cell stay 0, which
 * is what makes caches type-stable. Objects are multiples of 8 bytes, so a page holds at most 512
 * and the bitmap eight cells.
 *
 * Slab descriptor (96 bytes): header · group (its cache) · inUse · next · prev · bits (1 = in use)
 *   inUse = set bits;  on its cache's partial list ⇔ inUse < objects per slab
 * Slab lock: everything but the header.
 *
 * Bootstrap: slab descriptors are slab objects themselves. A slab *of slab descriptors* describes
 * itself with its own object 0, whose bit is therefore always set. That is the whole trick.
 *
 * Life: takeBlock → descriptor filled, page word → refs = 1 (published) … last object freed →
 * refs 1 → frozen → page word Limbo → grace period (somebody may still look at an object through a
 * stale pointer) → page to frames, descriptor to its cache.
 */

import { clearBit, clearBitmap, countSet, isBitSet, lowestClear, setBit } from '../base/bitmap';
import { PAGE_BYTES, PAGE_SHIFT } from '../base/layout';
import { CLASS_UNMOVABLE } from '../frames/class';
import { takeBlock } from '../frames/frames';
import { ListedDesc } from '../memdesc/desc-list';
import { bear, publish } from '../memdesc/header';
import { storePageWord } from '../memdesc/page-word';
import { TYPE_SLAB } from '../memdesc/type';

@unmanaged
export class Slab extends ListedDesc {
  bits: u64;
}

/** Bytes of a slab descriptor: the record above with all eight cells of bits. */
export const SLAB_DESC_BYTES: u32 = 96;

export function slabOf(desc: u32): Slab {
  return changetype<Slab>(desc);
}

function bitsAt(desc: u32): usize {
  return desc + offsetof<Slab>('bits');
}

export function isInUse(desc: u32, index: u32): bool {
  return isBitSet(bitsAt(desc), index);
}

export function setInUse(desc: u32, index: u32): void {
  setBit(bitsAt(desc), index);
  slabOf(desc).inUse++;
}

export function clearInUse(desc: u32, index: u32): void {
  clearBit(bitsAt(desc), index);
  slabOf(desc).inUse--;
}

/** Lowest free object; the slab has one. */
export function firstFree(desc: u32): u32 {
  return lowestClear(bitsAt(desc));
}

export function countInUse(desc: u32): u32 {
  return countSet(bitsAt(desc));
}

/** Takes a zeroed page for a slab. @returns its pfn, or 0 */
export function takeSlabPage(): u32 {
  const pfn = takeBlock(0, CLASS_UNMOVABLE);
  if (pfn != 0) memory.fill(pfn << PAGE_SHIFT, 0, PAGE_BYTES);
  return pfn;
}

/** Fills and publishes the descriptor of a fresh slab. Slab lock held. */
export function bearSlab(desc: u32, pfn: u32, cache: u32): void {
  bear(desc, TYPE_SLAB, 0, pfn);
  const slab = slabOf(desc);
  slab.group = cache;
  slab.inUse = 0;
  slab.next = 0;
  slab.prev = 0;
  clearBitmap(bitsAt(desc));
  // Atomic: publishes `cache` to isInSlabOf, which takes neither lock nor reference.
  storePageWord(pfn, desc | TYPE_SLAB);
  publish(desc);
}

export function isSelfDescribed(desc: u32): bool {
  return desc >> PAGE_SHIFT == slabOf(desc).pfn;
}
