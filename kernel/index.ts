/**
 * The kernel's face: what TypeScript may call.
 *
 * Every call that touches shared state is bracketed by `enter` and `leave`, which keep the slot's
 * inKernel word: it tells a survivor whether a thread died half-way, and `leave` ends the read
 * section. A poisoned zone traps at `enter`.
 *
 * Numbers cross the border as i32 or f64 (64-bit integers would become BigInts). Results below 0
 * are ERR_… codes. The one file that calls these exports is src/kernel.ts, which checks arguments.
 *
 * Here, too, stands the switch that a floor cannot have because it would look upwards: what the
 * last reference of each type of descriptor leads to.
 */
import { selfSlot, setCanPark } from './base/env';
import { ERR_BUSY, ERR_NOT_FOUND, FAULT_TRAP, poison } from './base/fault';
import { PAGE_SHIFT, superblock } from './base/layout';
import { loadWord } from './base/words';
import { checkZone } from './check';
import { allocFolio as folioAlloc, freeFolio } from './folio/folio';
import { CLASS_MOVABLE, CLASS_UNMOVABLE } from './frames/class';
import { lockDesc, unlockDesc } from './memdesc/desc-lock';
import { headerOf, put } from './memdesc/header';
import {
  allocPages as pagesAlloc,
  freePages as pagesFree,
  freePart as pagesFreePart,
} from './memdesc/pages';
import { PIN_BUSY, PIN_GONE, PIN_LAST, PIN_STATUS, pin } from './memdesc/pin';
import { MISC_USER, TYPE_ANON_FOLIO, TYPE_MASK, TYPE_SLAB, TYPE_ZSPAGE } from './memdesc/type';
import { deferSlab } from './slab/kmem-cache';
import { reclaim as storeReclaim } from './store/reclaim';
import * as store from './store/store';
import { enterSection, leaveSection } from './thread/rcu';
import {
  beginChange,
  HALF_DONE,
  inKernelAt,
  markDead as markDeadOwner,
  selfState,
} from './thread/slot';
import { enterKernel as enter, leaveKernel, startWorld, stopWorld } from './thread/stop';
import {
  attachThread,
  detachThread,
  formatZone,
  recoverDead as recoverAll,
  settleThread,
  thawZone,
} from './zone';
import { deferZspage } from './zsmalloc/pool';

export { checkDetail } from './check';
export { compress, decompress } from './codec/lz4';
export * from './report';

/** Operations, as the inKernel word and poison reports name them. */
const OP_DETACH: u32 = 1;
const OP_RECOVER: u32 = 2;
const OP_CHECK: u32 = 3;
const OP_PAGES: u32 = 4;
const OP_FOLIO: u32 = 5;
const OP_FORMAT_STORE: u32 = 6;
const OP_READ: u32 = 7;
const OP_WRITE: u32 = 8;
const OP_DELETE: u32 = 9;
const OP_ATTACH: u32 = 10;

function leave(): void {
  leaveSection();
  leaveKernel();
}

/** Formats a zone in zeroed memory. @returns 0 or ERR_… */
export function format(idLo: u32, idHi: u32, seedLo: u32, seedHi: u32): i32 {
  return formatZone(idLo, idHi, seedLo, seedHi);
}

/** Attaches this thread, known outside as `owner` ≥ 1. @returns its slot or ERR_…: see zone.ts */
export function attach(owner: u32, mayPark: bool): i32 {
  setCanPark(mayPark);
  const slot = attachThread(owner);
  if (slot < 0) return slot;
  enter(OP_ATTACH);
  const failure = settleThread();
  if (failure != 0) return failure;
  leave();
  return slot;
}

/** Gives back the slot and all it owns; no further call but `attach`. */
export function detach(): void {
  enter(OP_DETACH);
  detachThread();
}

/**
 * The thread's answer to an exception out of a call: if it had begun to change something, that is
 * half-done for ever and the zone is poisoned; else the call is over and nothing has happened.
 */
export function condemn(): void {
  if (selfSlot() == 0) return;
  const operation = loadWord(inKernelAt(selfSlot()));
  if ((operation & HALF_DONE) != 0) poison(FAULT_TRAP, selfSlot(), operation);
  else leave();
}

/** Records the proven death of a thread. Needs no slot. @returns slots marked */
export function markDead(owner: u32): u32 {
  return markDeadOwner(owner);
}

/** Gives back what dead threads owned. @returns how many */
export function recoverDead(): u32 {
  const recovered = recoverAll(OP_RECOVER);
  leave();
  return recovered;
}

/** @returns 0, or a FAULT_… code; `checkDetail` says where */
export function check(): u32 {
  enter(OP_CHECK);
  const fault = checkZone();
  leave();
  return fault;
}

/** Stops the world until `start`, so that the memory can be copied as an image. */
export function stop(): void {
  enter(OP_CHECK);
  stopWorld();
}

export function start(): void {
  startWorld();
  leave();
}

/** Makes the memory of a loaded image usable, before `attach`. */
export function thawImage(): void {
  thawZone();
}

/** @param isMovable  whether its owner could do with other pages: for grouping only */
export function allocPages(order: u32, isMovable: bool): i32 {
  enter(OP_PAGES);
  const pfn = pagesAlloc(order, MISC_USER, isMovable ? CLASS_MOVABLE : CLASS_UNMOVABLE);
  leave();
  return pfn;
}

export function freePages(pfn: u32, order: u32): i32 {
  enter(OP_PAGES);
  const failure = pagesFree(pfn, order, MISC_USER);
  leave();
  return failure;
}

/** Frees an aligned part of a block of `blockOrder`; the rest stays, as smaller blocks. */
export function freePart(pfn: u32, order: u32, blockOrder: u32): i32 {
  enter(OP_PAGES);
  const failure = pagesFreePart(pfn, order, blockOrder, MISC_USER);
  leave();
  return failure;
}

export function allocFolio(order: u32): i32 {
  enter(OP_FOLIO);
  const pfn = folioAlloc(order);
  if (pfn >= 0) selfState().held++;
  leave();
  return pfn;
}

/** Takes a reference on whatever descriptor the page has. @returns it, or ERR_NOT_FOUND, ERR_BUSY */
export function pinPage(pfn: u32): i32 {
  if (pfn >= superblock().pageCount) return ERR_NOT_FOUND;
  enter(OP_FOLIO);
  beginChange();
  enterSection();
  let answer = pin(pfn);
  while ((answer & PIN_STATUS) == PIN_LAST) {
    releaseDesc(answer & ~PIN_STATUS);
    enterSection();
    answer = pin(pfn);
  }
  const isHeld = answer != PIN_GONE && answer != PIN_BUSY;
  if (isHeld) selfState().held++;
  leave();
  if (isHeld) return i32(answer >> 5);
  return answer == PIN_GONE ? ERR_NOT_FOUND : ERR_BUSY;
}

/** Drops a reference taken by `pinPage` (or by `allocFolio`), named by descriptor >> 5. */
export function putPage(desc: u32): void {
  enter(OP_FOLIO);
  beginChange();
  selfState().held--;
  if (put(desc << 5)) releaseDesc(desc << 5);
  leave();
}

export function lockPage(desc: u32): void {
  enter(OP_FOLIO);
  beginChange();
  lockDesc(desc << 5);
  leave();
}

export function unlockPage(desc: u32): void {
  enter(OP_FOLIO);
  beginChange();
  unlockDesc(desc << 5);
  leave();
}

/** What the last reference leads to. */
function releaseDesc(desc: u32): void {
  switch (headerOf(desc).flags & TYPE_MASK) {
    case TYPE_ANON_FOLIO:
      freeFolio(desc);
      break;
    case TYPE_SLAB:
      deferSlab(desc);
      break;
    case TYPE_ZSPAGE:
      deferZspage(desc);
      break;
  }
}

/** Makes the zone a cache, once. @returns 0 or ERR_NO_MEMORY */
export function formatStore(): i32 {
  enter(OP_FORMAT_STORE);
  const failure = store.formatStore();
  leave();
  return failure;
}

export function hasStore(): bool {
  return store.isStoreFormatted();
}

/** Takes this thread's scratch. @returns 0 or ERR_NO_MEMORY */
export function prepare(): i32 {
  enter(OP_WRITE);
  const failure = store.prepare();
  leave();
  return failure;
}

export function keyScratch(): u32 {
  return selfState().keyScratch;
}

export function inputScratch(): u32 {
  return selfState().inputScratch;
}

export function outputScratch(): u32 {
  return selfState().outputScratch;
}

export function set(keyBytes: u32, valueBytes: u32, isRaw: bool, expiry: f64): i32 {
  enter(OP_WRITE);
  const failure = store.set(keyBytes, valueBytes, isRaw, u64(expiry));
  leave();
  return failure;
}

export function beginSet(keyBytes: u32, valueBytes: u32): void {
  enter(OP_WRITE);
  store.begin(keyBytes, valueBytes);
  leave();
}

export function appendSet(bytes: u32, isRaw: bool): i32 {
  enter(OP_WRITE);
  const failure = store.append(bytes, isRaw);
  leave();
  return failure;
}

export function commitSet(expiry: f64): i32 {
  enter(OP_WRITE);
  const failure = store.commit(u64(expiry));
  leave();
  return failure;
}

/** For a value too large to try: counts a refusal and drops the key's old value. */
export function refuseSet(keyBytes: u32): void {
  enter(OP_WRITE);
  store.refuse(keyBytes);
  leave();
}

export function get(keyBytes: u32, now: f64, isCounted: bool): i32 {
  enter(OP_READ);
  const bytes = store.get(keyBytes, u64(now), isCounted);
  leave();
  return bytes;
}

export function getMore(): i32 {
  enter(OP_READ);
  const bytes = store.getMore();
  leave();
  return bytes;
}

export function has(keyBytes: u32, now: f64): bool {
  enter(OP_READ);
  const isThere = store.has(keyBytes, u64(now));
  leave();
  return isThere;
}

export function remove(keyBytes: u32): bool {
  enter(OP_DELETE);
  const isRemoved = store.remove(keyBytes);
  leave();
  return isRemoved;
}

export function clearSome(limit: u32): u32 {
  enter(OP_DELETE);
  const removed = store.clearSome(limit);
  leave();
  return removed;
}

export function listKeys(bucket: u32, skip: u32, now: f64): i32 {
  enter(OP_READ);
  const passed = store.listKeys(bucket, skip, u64(now));
  leave();
  return passed;
}

/** Frees what waited for its grace period. @returns objects freed */
export function reclaim(): u32 {
  enter(OP_DELETE);
  const freed = storeReclaim();
  leave();
  return freed;
}

/** Address of a page. */
export function pageAddress(pfn: u32): u32 {
  return pfn << PAGE_SHIFT;
}
