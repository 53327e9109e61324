/**
 * Error codes, and what happens when an invariant over shared words is false.
 *
 * Expected outcomes and misuse are negative return values (`ERR_…`); the caller's TypeScript turns
 * misuse into typed errors. Corruption is a *fault*: the superblock is poisoned once with code,
 * slot and detail, and the thread traps. Every other thread notices at its next entry into the
 * kernel or its next wait slice, and traps as well: a poisoned zone is never used or repaired.
 *
 * fault word: 0 → code, once, by compare-and-swap; never back.
 */
import { selfSlot } from './env';
import { Slot, SUPERBLOCK, Superblock, superblock } from './layout';
import { casWord, loadWord } from './words';

/** Out of memory, after everything that could be evicted or reclaimed was. */
export const ERR_NO_MEMORY: i32 = -1;
/** No such entry, page or object. */
export const ERR_NOT_FOUND: i32 = -2;
/** The thing is frozen or not published yet; try again later. */
export const ERR_BUSY: i32 = -3;
/** What was being read in several calls has changed; begin again. */
export const ERR_RESTART: i32 = -4;
/** All 255 thread slots are taken. */
export const ERR_NO_SLOT: i32 = -5;
/** Not a zone: the magic number is missing. */
export const ERR_NOT_A_ZONE: i32 = -6;
/** A zone of another format version. */
export const ERR_VERSION: i32 = -7;
/** The memory's size is not the one in the superblock. */
export const ERR_GEOMETRY: i32 = -8;
/** An argument outside its documented range. */
export const ERR_ARGUMENT: i32 = -9;
/** A page number outside the zone's pages. */
export const ERR_FOREIGN_PAGE: i32 = -10;
/** A page number that is not a multiple of the block's size. */
export const ERR_UNALIGNED: i32 = -11;
/** The page is not allocated: freed before, or never handed out. */
export const ERR_NOT_ALLOCATED: i32 = -12;
/** The block was allocated with another order. */
export const ERR_WRONG_ORDER: i32 = -13;
/** The page belongs to somebody else (a slab, a zspage, the zone itself). */
export const ERR_NOT_YOURS: i32 = -14;
/** A handle whose object was freed, or that never was one. */
export const ERR_STALE: i32 = -15;
/** A handle of another pool. */
export const ERR_FOREIGN_HANDLE: i32 = -16;
/** There is one of this name, with other properties. */
export const ERR_EXISTS: i32 = -20;
/** A table or ledger of fixed size has no room. */
export const ERR_FULL: i32 = -21;
/** Somebody has pinned it. */
export const ERR_PINNED: i32 = -22;
/** It could be moved, and was not. */
export const ERR_MOVABLE: i32 = -23;
/** The entry has an expiry: call again with the time. */
export const ERR_NEEDS_CLOCK: i32 = -24;
/** The key's entry is not what the change asks for; nothing has changed. */
export const ERR_UNMET: i32 = -25;
/** The entry needs a large scratch: call again with one. */
export const ERR_NEEDS_SCRATCH: i32 = -28;

/** A lock's owner is no thread of the zone. */
export const FAULT_LOCK_OWNER_DIED: u32 = 2;
/** An exception came out of the kernel: a trap or a stack overflow. */
export const FAULT_TRAP: u32 = 3;
/** A reference count outside its states. */
export const FAULT_REFS: u32 = 4;
/** A slab object freed twice, or that is none. */
export const FAULT_SLAB: u32 = 5;
/** Frame bits and counters disagree. */
export const FAULT_FRAMES: u32 = 6;
/** A handle cell in an impossible state. */
export const FAULT_HANDLE: u32 = 7;
/** Stored data whose checksum or format is wrong. */
export const FAULT_DAMAGED_DATA: u32 = 8;
/** A page word that contradicts its owner. */
export const FAULT_PAGE_WORD: u32 = 9;
/** The index and its entries disagree. */
export const FAULT_INDEX: u32 = 10;
/** A limbo bag and its count disagree. */
export const FAULT_LIMBO: u32 = 11;

/** Nobody is left who could end a wait. */
export const FAULT_FORSAKEN: u32 = 12;

export function faultCode(): u32 {
  return loadWord(SUPERBLOCK + offsetof<Superblock>('fault'));
}

/** Poisons the zone; the first fault is the one that is kept. */
export function poison(code: u32, slot: Slot, detail: u32): void {
  if (casWord(SUPERBLOCK + offsetof<Superblock>('fault'), 0, code) != 0) return;
  superblock().faultSlot = slot;
  superblock().faultDetail = detail;
}

/** Poisons the zone and stops this thread. Does not return. */
export function fail(code: u32, detail: u32): void {
  poison(code, selfSlot(), detail);
  unreachable();
}

/** Stops this thread if the zone is poisoned. */
export function trapIfPoisoned(): void {
  if (faultCode() != 0) unreachable();
}
