/**
 * The memory picture of a zone: where everything stands, and how large it may be.
 *
 *   0          superblock, then one state record for each floor        1 page
 *   4 KiB      thread slots: 256 of 256 bytes; slot 0 is nobody        16 pages
 *   68 KiB     cache table: what kinds of objects there are            1 page
 *   72 KiB     page map: one word a page                               0.098 % of the zone
 *   …          frame bits (1 bit a page), counters (frames/child.ts)   0.004 %
 *   firstPfn   pages, handed out by frames
 *
 * Addresses are bytes from the start of the zone's memory; 0 is the superblock and therefore the
 * null reference. Pages are numbered by `pfn`, address >> 12. A zone has at most 65,535
 * WebAssembly pages: with 65,536 the end address would wrap to 0.
 *
 * A floor's state record stands at the constant named here; its fields are declared in the file
 * that owns them, and each record starts on a cache line of its own because it begins with a lock.
 */

/** "plzn" in memory order. */
export const ZONE_MAGIC: u32 = 0x6e7a6c70;
/** Raised with every change of anything that two threads must agree on. */
export const FORMAT_VERSION: u32 = 32;

/**
 * Numbers by what they number, for readers: the compiler takes all of them for u32.
 *
 *   Pfn    a page: its address >> 12          Order  of a block: log2 of its pages
 *   Desc   a descriptor: its address          Slot   a thread, 1 … 255; 0 = nobody
 *   Handle an object's cell: its address      Cell   what stands in a cell: zsmalloc/handle.ts
 *   Place  zspage << 32 | offset of an object's bytes in its chain: zsmalloc/object.ts
 */
export type Pfn = u32;
export type Order = u32;
export type Desc = u32;
export type Slot = u32;
export type Handle = u32;
export type Cell = u64;
export type Place = u64;

export const PAGE_SHIFT: u32 = 12;
export const PAGE_BYTES: u32 = 4096;
/** A WebAssembly page is 64 KiB. */
export const PAGES_PER_WASM_PAGE: u32 = 16;
/** 4 MiB: two children, so that every order up to 9 can exist. */
export const MIN_WASM_PAGES: u32 = 64;
export const MAX_WASM_PAGES: u32 = 65535;
/** Blocks are 2^0 … 2^10 pages: 4 KiB … 4 MiB. */
export const MAX_ORDER: u32 = 10;

/** State records in page 0. */
export const SUPERBLOCK: usize = 0;
export const RCU_STATE: usize = 256;
export const LIMBO_STATE: usize = 320;
export const SLAB_STATE: usize = 576;
export const ZS_STATE: usize = 1088;
export const STORE_STATE: usize = 1152;
export const THREADS_STATE: usize = 1280;
export const QUEUE_STATE: usize = 1408;
export const CLOCK_STATE: usize = 1472;
export const DEATHS_STATE: usize = 1536;
export const LEASE_STATE: usize = 1920;
export const TURN_STATE: usize = 1984;
export const MEMDESC_STATE: usize = 2048;
export const COMPACT_STATE: usize = 3072;

export const SLOT_TABLE: usize = 4096;
export const SLOT_BYTES: u32 = 256;
/** Slots 1 … 255: a slot number fits the 8-bit owner field of every word that names one. */
export const MAX_SLOT: u32 = 255;
/** Where the part of a slot begins that belongs to frames: see frames/local.ts. */
export const SLOT_FRAMES: u32 = 192;
/** A word of the slot behind that: see thread/slot.ts. */
export const SLOT_HELD: u32 = 248;
/** Records of slab/cache.ts. */
export const CACHE_TABLE: usize = 69632;
export const PAGE_MAP: usize = 73728;

/**
 * Regions of a thread page, the page that each attached thread has for itself; stocks come first.
 */
export const THREAD_SLAB: u32 = 2560;
export const THREAD_PINS: u32 = 3584;

/** A child is 2 MiB: 512 pages, 8 words of bits. */
export const CHILD_PAGES: u32 = 512;
export const CHILD_ORDER: u32 = 9;
export const CHILD_BITS_BYTES: u32 = 64;
/**
 * A tree is as many children as give at most this many trees: a scan of 64 words costs some 30 ns,
 * and every thread up to 21 finds a tree of its own for each of the three classes.
 */
export const MAX_TREES: u32 = 64;

/**
 * log2 of the 64 bytes that caches of two CPUs pass to each other: a tree has a line of its own.
 */
const LINE_SHIFT: u32 = 6;

/**
 * A 2,048th of the zone stays for whoever needs memory to make memory free: 32 pages, a round of
 * migration, from 256 MiB on; none in the smallest zones, where a page more is worth more.
 */
const MIN_SHIFT: u32 = 11;

/**
 * The zone's constants, written once by `format` and only read afterwards, and the fault word.
 *
 * fault: 0 = healthy, else a code of base/fault.ts; moved once, 0 → code, by compare-and-swap.
 */
@unmanaged
export class Superblock {
  magic: u32;
  version: u32;
  pageCount: u32;
  wasmPages: u32;
  firstPfn: u32;
  frameBits: u32;
  counters: u32;
  /** log2 of the bytes from one child's counter to the next. */
  counterShift: u32;
  childCount: u32;
  treeCount: u32;
  zoneIdLo: u32;
  zoneIdHi: u32;
  hashSeed: u64;
  fault: u32;
  faultSlot: u32;
  faultDetail: u32;
  /** log2 of the children in a tree. */
  treeShift: u32;
  /** Pages that only urgent allocations may take: see frames/watermark.ts. */
  minPages: u32;
  /** 1 once a view of the memory was lent to somebody who may keep it: see zone/recycle.ts. */
  lent: u32;
}

export function superblock(): Superblock {
  return changetype<Superblock>(SUPERBLOCK);
}

/** Address of a page's first byte. @inline */
export function pageAddress(pfn: Pfn): u32 {
  return pfn << PAGE_SHIFT;
}

/** The page that an address lies in. @inline */
export function pfnOfAddress(at: u32): Pfn {
  return at >> PAGE_SHIFT;
}

export function alignUp(value: u32, unit: u32): u32 {
  return (value + unit - 1) & ~(unit - 1);
}

function childCountOf(pages: u32): u32 {
  return (pages + CHILD_PAGES - 1) / CHILD_PAGES;
}

function treeShiftOf(children: u32): u32 {
  let shift: u32 = 0;
  while (children > MAX_TREES << shift) shift++;
  return shift;
}

function frameBitsOf(pages: u32): u32 {
  const words: u32 = isDefined(PAGELESS_TWO_WORD) ? 2 : 1;
  return alignUp(u32(PAGE_MAP) + words * pages * 4, 64);
}

function counterShiftOf(children: u32): u32 {
  return max(3, LINE_SHIFT - treeShiftOf(children));
}

function countersOf(pages: u32): u32 {
  return frameBitsOf(pages) + childCountOf(pages) * CHILD_BITS_BYTES;
}

function firstPfnOf(pages: u32): u32 {
  const children = childCountOf(pages);
  const end = countersOf(pages) + (children << counterShiftOf(children));
  return alignUp(end, PAGE_BYTES) >> PAGE_SHIFT;
}

/** Writes the geometry of a zone of `wasmPages`; the magic is stored last, by `format`. */
export function layOut(wasmPages: u32): void {
  const zone = superblock();
  const pages = wasmPages * PAGES_PER_WASM_PAGE;
  const children = childCountOf(pages);
  zone.version = FORMAT_VERSION;
  zone.pageCount = pages;
  zone.wasmPages = wasmPages;
  zone.childCount = children;
  zone.treeShift = treeShiftOf(children);
  zone.treeCount = ((children - 1) >> zone.treeShift) + 1;
  zone.minPages = pages >> MIN_SHIFT;
  zone.frameBits = frameBitsOf(pages);
  zone.counters = countersOf(pages);
  zone.counterShift = counterShiftOf(children);
  zone.firstPfn = firstPfnOf(pages);
}

/** Whether the superblock has the geometry that `layOut` writes for a memory of this size. */
export function isLaidOut(wasmPages: u32): bool {
  const zone = superblock();
  const pages = wasmPages * PAGES_PER_WASM_PAGE;
  const children = childCountOf(pages);
  return (
    zone.pageCount == pages &&
    zone.wasmPages == wasmPages &&
    zone.childCount == children &&
    zone.treeShift == treeShiftOf(children) &&
    zone.treeCount == ((children - 1) >> treeShiftOf(children)) + 1 &&
    zone.minPages < pages &&
    zone.frameBits == frameBitsOf(pages) &&
    zone.counters == countersOf(pages) &&
    zone.counterShift == counterShiftOf(children) &&
    zone.firstPfn == firstPfnOf(pages)
  );
}
