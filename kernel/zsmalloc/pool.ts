/**
 * The pool: alloc, write, read and free of compressed objects by handle.
 *
 * Life of an object:
 *   alloc    cell from its cache → slot of the first partial zspage (else a new one) → pages →
 *            header word ← handle → cell LIVE
 *   write    by the allocator, before it tells anybody the handle
 *   read     in a section: cell → zspage → page → bytes; no lock, no reference, no write
 *   retire   cell LIVE → LIMBO by whoever made the object unreachable; linked by its header word
 *   release  after the grace period: slot vacated, pages given back, cell FREE
 * Objects are immutable once published, and cells, slots, zspages and pages are reused only after
 * a grace period: that is why a reader needs nothing but its section.
 *
 * zsmalloc lock: zspages, classes. Taken inside it: slab, frames, limbo.
 */

import { FAULT_HANDLE, fail } from '../base/fault';
import { PAGE_BYTES, PAGE_SHIFT, superblock, ZS_STATE } from '../base/layout';
import { loadCell, peekWord, pokeWord } from '../base/words';
import { CLASS_UNMOVABLE } from '../frames/class';
import { enlist, unlist } from '../memdesc/desc-list';
import { bury, DISOWN_LAST, disown, linkAt } from '../memdesc/header';
import { pageWord, wordDescriptor, wordType } from '../memdesc/page-word';
import { allocPages } from '../memdesc/pages';
import { MISC_CLASSES, TYPE_ZSPAGE } from '../memdesc/type';
import {
  allocObject,
  CACHE_CELL,
  CACHE_ZSPAGE,
  createCache,
  freeObject,
  isInSlabOf,
  isObject,
  KIND_CELL,
} from '../slab/kmem-cache';
import { defer, LIMBO_ZSPAGE } from '../thread/limbo';
import { lock, unlock } from '../thread/lock';
import { beginChange } from '../thread/slot';
import {
  bearCell,
  buryCell,
  CELL_BYTES,
  CELL_LIVE,
  cellClass,
  cellIndex,
  cellState,
  cellZspage,
  retireCell,
} from './handle';
import {
  CLASS_TABLE_ORDER,
  CLASSES,
  classFor,
  classOf,
  formatClasses,
  MAX_CHAIN,
  OBJECT_HEADER_BYTES,
  SizeClass,
  zsState,
} from './size-class';
import {
  bearZspage,
  fillSlot,
  isSlotUsed,
  isZspageSound,
  lowestFreeSlot,
  objectByteAt,
  vacateSlot,
  ZSPAGE_DESC_BYTES,
  zspageOf,
  zspagePage,
} from './zspage';

/** @returns 0, or ERR_NO_MEMORY */
export function formatPool(): i32 {
  createCache(CACHE_ZSPAGE, ZSPAGE_DESC_BYTES);
  createCache(CACHE_CELL, CELL_BYTES, KIND_CELL);
  const pfn = allocPages(CLASS_TABLE_ORDER, MISC_CLASSES, CLASS_UNMOVABLE);
  if (pfn < 0) return pfn;
  formatClasses(u32(pfn) << PAGE_SHIFT);
  return 0;
}

/** @returns a handle for `payload` bytes (0 … MAX_PAYLOAD), or 0 */
export function zsAlloc(payload: u32): u32 {
  const handle = allocObject(CACHE_CELL);
  if (handle == 0) return 0;
  const index = classFor(payload);
  beginChange();
  lock(ZS_STATE);
  const isPlaced = place(handle, index);
  unlock(ZS_STATE);
  if (isPlaced) return handle;
  freeObject(CACHE_CELL, handle);
  return 0;
}

/** Where a class's list of zspages with room begins. */
function partialAt(sizeClass: SizeClass): usize {
  return changetype<usize>(sizeClass) + offsetof<SizeClass>('partial');
}

function place(handle: u32, classIndex: u32): bool {
  const sizeClass = classOf(classIndex);
  if (sizeClass.partial == 0 && !addZspage(classIndex)) return false;
  const desc = sizeClass.partial;
  const slot = lowestFreeSlot(desc);
  if (!fillSlot(desc, slot)) {
    // No cell ever named a zspage without objects: it is free at once. In limbo it would look to
    // whoever is short of memory as if reclaim had freed something, again and again.
    if (zspageOf(desc).inUse == 0 && retireZspage(desc)) destroyZspage(desc);
    return false;
  }
  sizeClass.inUse++;
  if (zspageOf(desc).inUse == sizeClass.perZspage) unlist(partialAt(sizeClass), desc);
  pokeWord(objectByteAt(desc, slot * sizeClass.objectBytes), handle);
  bearCell(handle, desc, slot, classIndex);
  return true;
}

function addZspage(classIndex: u32): bool {
  const desc = allocObject(CACHE_ZSPAGE);
  if (desc == 0) return false;
  bearZspage(desc, classIndex);
  enlist(partialAt(classOf(classIndex)), desc);
  classOf(classIndex).zspages++;
  zsState().zspages++;
  return true;
}

/** Takes an empty zspage, which has no pages left, out of its class. @returns whether it is ours */
function retireZspage(desc: u32): bool {
  const sizeClass = classOf(zspageOf(desc).group);
  unlist(partialAt(sizeClass), desc);
  sizeClass.zspages--;
  zsState().zspages--;
  // Otherwise an observer has pinned it, and its put is the last: release.ts then defers it.
  return disown(desc) == DISOWN_LAST;
}

/** For whoever dropped a zspage's last reference: readers may still follow a cell to it. */
export function deferZspage(desc: u32): void {
  defer(LIMBO_ZSPAGE, desc, linkAt(desc));
}

/** After the grace period. */
export function destroyZspage(desc: u32): void {
  bury(desc);
  freeObject(CACHE_ZSPAGE, desc);
}

/** True while the handle's object may be found by new readers. */
export function zsIsLive(handle: u32): bool {
  return cellState(loadCell(handle)) == CELL_LIVE;
}

/** Where an object begins, without its header: zspage and byte offset. Valid in this section. */
export function zsPlace(handle: u32): u64 {
  const cell = loadCell(handle);
  const sizeClass = classOf(cellClass(cell));
  const offset = cellIndex(cell) * sizeClass.objectBytes + OBJECT_HEADER_BYTES;
  return (u64(cellZspage(cell)) << 32) | u64(offset);
}

/**
 * Address of payload byte `from`, if `bytes` from there lie in one page; else 0. No bytes have no
 * address: behind the last object of a zspage there is no page, nor an entry in the page list.
 */
export function zsContiguous(place: u64, from: u32, bytes: u32): usize {
  if (bytes == 0) return 0;
  const offset = u32(place) + from;
  if ((offset & (PAGE_BYTES - 1)) + bytes > PAGE_BYTES) return 0;
  return objectByteAt(u32(place >> 32), offset);
}

/** Copies payload bytes out of an object. Cost: one copy for each page touched. */
export function zsRead(place: u64, from: u32, to: usize, bytes: u32): void {
  let offset = u32(place) + from;
  while (bytes != 0) {
    const part = min(bytes, PAGE_BYTES - (offset & (PAGE_BYTES - 1)));
    memory.copy(to, objectByteAt(u32(place >> 32), offset), part);
    offset += part;
    to += part;
    bytes -= part;
  }
}

/** Copies payload bytes into an object that nobody else can find yet. */
export function zsWrite(place: u64, to: u32, from: usize, bytes: u32): void {
  let offset = u32(place) + to;
  while (bytes != 0) {
    const part = min(bytes, PAGE_BYTES - (offset & (PAGE_BYTES - 1)));
    memory.copy(objectByteAt(u32(place >> 32), offset), from, part);
    offset += part;
    from += part;
    bytes -= part;
  }
}

/** Payload word at `from`, a multiple of 4: objects are 16-byte aligned, so it lies in one page. */
export function zsReadWord(place: u64, from: u32): u32 {
  return peekWord(objectByteAt(u32(place >> 32), u32(place) + from));
}

export function zsWriteWord(place: u64, to: u32, value: u32): void {
  pokeWord(objectByteAt(u32(place >> 32), u32(place) + to), value);
}

/** The object's header word, which links it in limbo. */
export function zsLinkAt(handle: u32): usize {
  const place = zsPlace(handle);
  return objectByteAt(u32(place >> 32), u32(place) - OBJECT_HEADER_BYTES);
}

/** Ends an object's life for new readers; `zsRelease` must follow after a grace period. */
export function zsRetire(handle: u32): void {
  retireCell(handle);
}

/** Frees an object that no reader can have: never published, or out of limbo. */
export function zsRelease(handle: u32): void {
  const cell = loadCell(handle);
  const desc = cellZspage(cell);
  const slot = cellIndex(cell);
  beginChange();
  lock(ZS_STATE);
  if (!isSlotUsed(desc, slot)) fail(FAULT_HANDLE, handle);
  const sizeClass = classOf(cellClass(cell));
  if (zspageOf(desc).inUse == sizeClass.perZspage) enlist(partialAt(sizeClass), desc);
  vacateSlot(desc, slot);
  sizeClass.inUse--;
  if (zspageOf(desc).inUse == 0 && retireZspage(desc)) deferZspage(desc);
  unlock(ZS_STATE);
  buryCell(handle);
  freeObject(CACHE_CELL, handle);
}

/** True while the handle's cell may be loaded, whoever it belongs to now. In a section. */
export function zsIsCell(handle: u32): bool {
  return isInSlabOf(CACHE_CELL, handle);
}

/** True for the address of a cell in use. Slab lock held. */
export function zsIsHandle(handle: u32): bool {
  return isObject(CACHE_CELL, handle);
}

/** Compares zspages, classes and page words. zsmalloc lock held. @returns an offender, or 0 */
export function checkPoolLocked(): u32 {
  let pages: u32 = 0;
  for (let pfn = superblock().firstPfn; pfn < superblock().pageCount; pfn++) {
    const word = pageWord(pfn);
    if (wordType(word) != TYPE_ZSPAGE) continue;
    const desc = wordDescriptor(word);
    if (!isObject(CACHE_ZSPAGE, desc) || !isZspageSound(desc) || !lists(desc, pfn)) return pfn;
    pages++;
  }
  let held: u32 = 0;
  for (let index: u32 = 0; index < CLASSES; index++) {
    const sizeClass = classOf(index);
    held += sizeClass.held;
    for (let desc = sizeClass.partial; desc != 0; desc = zspageOf(desc).next) {
      if (zspageOf(desc).group != index) return desc;
      if (zspageOf(desc).inUse >= sizeClass.perZspage || !isZspageSound(desc)) return desc;
    }
  }
  return held == pages && pages == zsState().pages ? 0 : u32(ZS_STATE);
}

function lists(desc: u32, pfn: u32): bool {
  for (let k: u32 = 0; k < MAX_CHAIN; k++) if (zspagePage(desc, k) == pfn) return true;
  return false;
}
