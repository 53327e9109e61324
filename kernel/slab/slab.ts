/**
 * Slabs: one page of equal objects, and the descriptor that says which of them are in use.
 *
 * Idea: the free list is a bitmap in the slab's descriptor, not a chain through the objects. So an
 * object is never written while it is free: a descriptor's refs word and a handle cell stay 0, which
 * is what makes caches type-stable. Objects are multiples of 8 bytes, so a page holds at most 512
 * and the bitmap eight cells.
 *
 * Slab descriptor (96 bytes): header · cache · inUse · next · prev · bits (1 = in use)
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
import { PAGE_BYTES, PAGE_SHIFT } from '../base/layout';
import { peekCell, pokeCell } from '../base/words';
import { takeBlock } from '../frames/frames';
import { bear, Header, publish } from '../memdesc/header';
import { storePageWord } from '../memdesc/page-word';
import { TYPE_SLAB } from '../memdesc/type';

export const SLAB_BITS_BYTES: u32 = 64;

@unmanaged
export class Slab extends Header {
  cache: u32;
  inUse: u32;
  next: u32;
  prev: u32;
  bits: u64;
}

/** Bytes of a slab descriptor: the record above with all eight cells of bits. */
export const SLAB_DESC_BYTES: u32 = 96;

export function slabOf(desc: u32): Slab {
  return changetype<Slab>(desc);
}

function bitsAt(desc: u32, index: u32): usize {
  return desc + offsetof<Slab>('bits') + (index >> 6) * 8;
}

export function isInUse(desc: u32, index: u32): bool {
  return (peekCell(bitsAt(desc, index)) & ((<u64>1) << u64(index & 63))) != 0;
}

export function setInUse(desc: u32, index: u32): void {
  const at = bitsAt(desc, index);
  pokeCell(at, peekCell(at) | ((<u64>1) << u64(index & 63)));
  slabOf(desc).inUse++;
}

export function clearInUse(desc: u32, index: u32): void {
  const at = bitsAt(desc, index);
  pokeCell(at, peekCell(at) & ~((<u64>1) << u64(index & 63)));
  slabOf(desc).inUse--;
}

/** Lowest free object; the slab has one. */
export function firstFree(desc: u32): u32 {
  let cell: u32 = 0;
  while (peekCell(bitsAt(desc, cell * 64)) == u64.MAX_VALUE) cell++;
  return cell * 64 + u32(ctz(~peekCell(bitsAt(desc, cell * 64))));
}

export function countInUse(desc: u32): u32 {
  let sum: u64 = 0;
  for (let cell: u32 = 0; cell < 8; cell++) sum += popcnt(peekCell(bitsAt(desc, cell * 64)));
  return u32(sum);
}

/** Takes a zeroed page for a slab. @returns its pfn, or 0 */
export function takeSlabPage(): u32 {
  const pfn = takeBlock(0);
  if (pfn != 0) memory.fill(pfn << PAGE_SHIFT, 0, PAGE_BYTES);
  return pfn;
}

/** Fills and publishes the descriptor of a fresh slab. Slab lock held. */
export function bearSlab(desc: u32, pfn: u32, cache: u32): void {
  bear(desc, TYPE_SLAB, 0, pfn);
  const slab = slabOf(desc);
  slab.cache = cache;
  slab.inUse = 0;
  slab.next = 0;
  slab.prev = 0;
  memory.fill(bitsAt(desc, 0), 0, SLAB_BITS_BYTES);
  // Atomic: publishes `cache` to isInSlabOf, which takes neither lock nor reference.
  storePageWord(pfn, desc | TYPE_SLAB);
  publish(desc);
}

export function isSelfDescribed(desc: u32): bool {
  return desc >> PAGE_SHIFT == slabOf(desc).pfn;
}
