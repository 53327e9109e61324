/**
 * Thread slots: who is attached, and what each thread owes.
 *
 * Idea: a thread is a number from 1 to 255. Everything a thread may leave behind names that number
 * (locks, freezes, unpublished descriptors) or stands in its slot (scratch pages, a half-built
 * value), so that a survivor can give it back.
 *
 * identity cell (64 bits: state:2 · generation:30 · owner:32), the only word that two threads move:
 *   FREE      → LIVE       attach: compare-and-swap by the new thread, owner in the same cell
 *   LIVE      → DEAD       anybody who can prove the death of `owner`
 *   DEAD      → FREE       the recoverer, threads lock held, after the last debt is paid
 *   LIVE      → FREE       detach: the thread itself, by compare-and-swap
 * The owner number is never used twice in a process, and a thread that leaves does so before its
 * lifeline closes: a late report about a former owner finds no live slot of it.
 *
 *   inKernel  cell (64 bits: operation:16 · section:48), owner thread, atomic; 0 outside. One store
 *             begins a call and its section, one ends both
 *     operation  number of the one under way, with AT_SAFEPOINT while it waits. Read by who stops
 *                the world (stop.ts). A thread that enters and finds its own set was *unwound*: a
 *                call of it was cut short (zone/unwound.ts), and it repairs before anything else.
 *                Slot 0's is never 0, so who has no slot does not get in either
 *     section    0, or the epoch at which the read section began: see rcu.ts
 *   held      word at SLOT_HELD, owner thread, atomic: in browsers its owner number, once it holds
 *             the lock that proves its death. Another thread's number, as of who had the slot
 *             before, means nothing
 *   the rest  owner thread; a survivor after its death
 *
 *   counters  see counters.ts
 *
 * Recovery: what a dead thread left half-way is repaired floor by floor, and all it owned is given
 * back (zone/recovery.ts).
 */

import { selfSlot } from '../base/env';
import { MAX_SLOT, SLOT_BYTES, SLOT_HELD, SLOT_TABLE, Slot, THREADS_STATE } from '../base/layout';
import { loadCell, loadWord, storeCell, storeWord } from '../base/words';

export const SLOT_FREE: u32 = 0;
export const SLOT_LIVE: u32 = 1;
export const SLOT_DEAD: u32 = 2;

/** Bit of inKernel: at a safe point, and not going on while the world is halted (stop.ts). */
export const AT_SAFEPOINT: u32 = 0x200;
/** Bit of inKernel: resting until it can halt the world itself. */
export const WANTS_HALT: u32 = 0x400;
/** Bit of inKernel: a call was cut short, and nothing goes on before its thread has repaired. */
export const UNWOUND: u32 = 0x800;
/** The operation's number, without its marks. */
export const OPERATION_NUMBER: u32 = 0xff;

@unmanaged
export class ThreadsState {
  lock: u32;
  /** Highest slot ever used: bounds every scan. Only rises, by compare-and-swap. */
  highest: u32;
  /** Slot of the thread that has stopped the world, or 0: see stop.ts. */
  stop: u32;
  /** Counts what a stopper may wait for: see stop.ts. */
  changes: u32;
  /** Who notices deaths here: see supervision.ts. */
  supervisor: u64;
  /** Counts who has waited for long: see park.ts. */
  asks: u32;
  /** Counts the supervisor's answers: see forsaken.ts. */
  answers: u32;
}

@unmanaged
export class ThreadSlot {
  identity: u64;
  inKernel: u64;
  /** Address of the thread's own page (memdesc/thread-pages.ts), 0 before it has one. */
  page: u32;
  /** Likewise of its state in zsmalloc (zsmalloc/thread-state.ts). */
  zsThread: u32;
  /** Its own scratch, for whoever gives it back (memdesc/thread-pages.ts); 0 until it has one. */
  keyScratch: u32;
  inputScratch: u32;
  outputScratch: u32;
  tableScratch: u32;
  /** A value under construction: an unpublished chain and what it will be. */
  draftHead: u32;
  draftTail: u32;
  draftKeyBytes: u32;
  draftValueBytes: u32;
  /** A value being read in several calls: its first cell as it was seen, and the next part. */
  readCell: u32;
  readNext: u32;
  readLeft: u32;
  /** First of the objects that this thread has taken out of limbo and not freed yet. */
  done: u32;
  readSeen: u64;
  hits: u64;
  misses: u64;
  sets: u64;
  refusals: u64;
  deletes: u64;
  evictions: u64;
  expirations: u64;
  bytesIn: u64;
  bytesOut: u64;
  limboWaits: u64;
  refusalsTooLarge: u64;
  refusalsStalled: u64;
  /** The kind of what is done. */
  doneKind: u32;
  /**
   * Of a dead thread: 1 when what it left half-done is repaired. Only then are its debts paid: it
   * may have been marked dead just after the halted world went on. World halted, or lock: threads.
   */
  repaired: u16;
  padding: u16;
  /** Of the draft: the millisecond from which it is gone, 0 = never. */
  draftExpiry: u64;
}

export const THREADS_LOCK: usize = THREADS_STATE;

export function slotAt(slot: Slot): usize {
  return SLOT_TABLE + slot * SLOT_BYTES;
}

const OPERATION_MASK: u64 = 0xffff;
const SECTION_SHIFT: u64 = 16;

function inKernelAt(slot: Slot): usize {
  return slotAt(slot) + offsetof<ThreadSlot>('inKernel');
}

/** What a slot's thread is doing in the kernel, with its marks; 0 outside. */
export function operationOf(slot: Slot): u32 {
  return u32(loadCell(inKernelAt(slot)) & OPERATION_MASK);
}

/** Epoch at which the read section of a slot's thread began; 0: it is in none. */
export function sectionOf(slot: Slot): u64 {
  return loadCell(inKernelAt(slot)) >> SECTION_SHIFT;
}

/** Says what this thread is doing, and since which epoch it reads. */
export function setInKernel(operation: u32, section: u64): void {
  storeCell(inKernelAt(selfSlot()), (section << SECTION_SHIFT) | u64(operation));
}

/** Says that a slot's thread, this one or a dead one, is outside. */
export function clearInKernel(slot: Slot): void {
  storeCell(inKernelAt(slot), 0);
}

export function slotOf(slot: Slot): ThreadSlot {
  return changetype<ThreadSlot>(slotAt(slot));
}

export function selfState(): ThreadSlot {
  return slotOf(selfSlot());
}

/** Highest slot ever used; never more than there are, whatever a damaged zone says. */
export function highestSlot(): Slot {
  return min(loadWord(THREADS_STATE + offsetof<ThreadsState>('highest')), MAX_SLOT);
}

export function slotState(slot: Slot): u32 {
  return u32(loadCell(slotAt(slot))) & 3;
}

/** Owner number of who has a slot, or had it and is dead; 0: it is free. */
export function ownerOf(slot: Slot): u32 {
  return u32(loadCell(slotAt(slot)) >> 32);
}

/** Owner number of the live thread that has a slot, or 0. */
export function liveOwner(slot: Slot): u32 {
  const seen = loadCell(slotAt(slot));
  return (u32(seen) & 3) == SLOT_LIVE ? u32(seen >> 32) : 0;
}

/** Says that this thread holds its life lock: its death can be proven from now on. */
export function noteHeld(): void {
  storeWord(slotAt(selfSlot()) + SLOT_HELD, liveOwner(selfSlot()));
}

/** Owner number of the live thread that has a slot and has said so, or 0. */
export function heldOwner(slot: Slot): u32 {
  const owner = liveOwner(slot);
  return loadWord(slotAt(slot) + SLOT_HELD) == owner ? owner : 0;
}

/** Whether every live thread has said so, and there is one. */
export function areAllHeld(): bool {
  let held: u32 = 0;
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    if (slotState(slot) != SLOT_LIVE) continue;
    if (heldOwner(slot) == 0) return false;
    held++;
  }
  return held != 0;
}

/**
 * Whether a slot has a thread that goes on from where it is: not a dead one, nor one that was
 * unwound and has not repaired yet.
 */
export function isAlive(slot: Slot): bool {
  return slotState(slot) == SLOT_LIVE && (operationOf(slot) & UNWOUND) == 0;
}

/** Called once, when the zone is formatted: nobody enters by slot 0. */
export function formatSlots(): void {
  storeCell(inKernelAt(0), UNWOUND);
}
