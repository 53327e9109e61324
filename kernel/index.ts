/**
 * The kernel's face: what TypeScript may call.
 *
 * Every call that touches shared state is bracketed by `enter` and `leave`, which keep the slot's
 * inKernel cell: it tells a survivor whether a thread died half-way, and `leave` ends the read
 * section. A poisoned zone traps at `enter`.
 *
 * Numbers cross the border as i32 or f64 (64-bit integers would become BigInts). Results below 0
 * are ERR_… codes. src/border/kernel.ts alone knows these exports; its callers check arguments.
 */
import { selfSlot, setCanPark } from './base/env';
import { FAULT_TRAP, poison } from './base/fault';
import { PAGE_SHIFT } from './base/layout';
import {
  leave,
  OP_ATTACH,
  OP_CHECK,
  OP_DELETE,
  OP_DETACH,
  OP_FORMAT_STORE,
  OP_PAGES,
  OP_READ,
  OP_RECOVER,
  OP_WRITE,
} from './call';
import { checkZone } from './check';
import { CLASS_MOVABLE, CLASS_UNMOVABLE } from './frames/class';
import {
  allocPages as pagesAlloc,
  freePages as pagesFree,
  freePart as pagesFreePart,
} from './memdesc/pages';
import { MISC_USER } from './memdesc/type';
import { reclaim as storeReclaim } from './store/reclaim';
import * as store from './store/store';
import { markDead as markDeadOwner, operationOf, selfState } from './thread/slot';
import { enterKernel as enter, startWorld, stopWorld } from './thread/stop';
import {
  attachThread,
  detachThread,
  formatZone,
  recoverDead as recoverAll,
  settleThread,
  thawZone,
} from './zone';

export { checkDetail } from './check';
export { compress, decompress } from './codec/lz4';
export {
  beginCompaction,
  beginEvacuation,
  beginWithdrawal,
  compactFigure,
  compactStep,
  endCompaction,
  skippedPages,
  whyHeld,
} from './compaction';
export { describePage } from './describe';
export * from './folios';
export { sectionAge, synchronize } from './grace';
export * from './objects';
export * from './pools';
export * from './report';
export { poisonPage, unpoisonPage } from './withdraw';

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
 * The thread's answer to an exception out of a call (its stack is full): a read that had changed
 * nothing is over. Anything else may be half-done, and what repairs a dead thread's work would take
 * the living one's pins and scratch with it: the zone is poisoned.
 */
export function condemn(): void {
  if (selfSlot() == 0) return;
  const operation = operationOf(selfSlot());
  if (operation == 0 || operation == OP_READ || operation == OP_CHECK) leave();
  else poison(FAULT_TRAP, selfSlot(), operation);
}

/** Records the proven death of a thread. Needs no slot. @returns slots marked */
export function markDead(owner: u32): u32 {
  return markDeadOwner(owner);
}

/** Gives back what dead threads owned. @returns how many, or ERR_BUSY: to be tried again */
export function recoverDead(): i32 {
  const recovered = recoverAll(OP_RECOVER);
  if (recovered >= 0) leave();
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
