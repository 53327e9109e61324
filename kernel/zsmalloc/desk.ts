/**
 * Desk: the page on which a thread keeps what it is doing in zsmalloc.
 *
 *   active[32]   zspages that this thread owns and puts objects into, by size class modulo 32; each
 *                thread fills its own, so that two threads do not meet in one zspage
 *   freed[64]    handles that this thread freed
 *   ripening[64] those of an earlier grace period, which began with epoch `closedAt`
 *   freeing      a handle that this thread is about to take out
 *   replaced     the cell that an overwrite is about to take out, whose place `born` will then hold
 *   born         a cell that only this thread knows: under construction, or taken out and not yet
 *                in `freed`
 *   bornPattern  likewise a pattern cell
 *   retired      a zspage that is taken out, and not in limbo yet
 *   source, left[4]   a mover's zspage, and the slots of it that it emptied before epoch `leftAt`
 *                began (compaction.ts); `cursor` the class it is at
 *
 * All words are the owner thread's, plain; a survivor reads them when it is dead and the world
 * halted.
 */
import { peekWord, pokeWord } from '../base/words';
import { selfState, slotOf } from '../thread/slot';

/** Power of two. A thread keeps this many half-filled zspages at most. */
export const ACTIVES: u32 = 32;
/** Frees that share a grace period: up to 64 objects, 256 KiB, wait on a desk. */
export const BATCH: u32 = 32;
/** Room for frees while a reader holds up the grace period of the batch before. */
export const DESK_FREED: u32 = 64;

@unmanaged
export class Desk {
  closedAt: u64;
  leftAt: u64;
  replaced: u64;
  /** The first of four. */
  left: u64;
  left1: u64;
  left2: u64;
  left3: u64;
  born: u32;
  bornPattern: u32;
  retired: u32;
  freeing: u32;
  source: u32;
  cursor: u32;
  freedCount: u32;
  ripeningCount: u32;
}

const ACTIVE_AT: u32 = 128;
const FREED_AT: u32 = ACTIVE_AT + ACTIVES * 4;
const RIPENING_AT: u32 = FREED_AT + DESK_FREED * 4;

/** The desk of the thread in a slot; 0 when it has none. */
export function deskOf(slot: u32): usize {
  return slotOf(slot).desk;
}

export function deskAt(at: usize): Desk {
  return changetype<Desk>(at);
}

export function selfDesk(): Desk {
  return changetype<Desk>(selfState().desk);
}

export function activeAt(desk: Desk, sizeClass: u32): usize {
  return changetype<usize>(desk) + ACTIVE_AT + (sizeClass & (ACTIVES - 1)) * 4;
}

export function leftBits(desk: Desk): usize {
  return changetype<usize>(desk) + offsetof<Desk>('left');
}

/** Adds a handle that this thread has taken out; there is room. */
export function pushFreed(desk: Desk, handle: u32): void {
  pokeWord(changetype<usize>(desk) + FREED_AT + desk.freedCount * 4, handle);
  desk.freedCount++;
}

export function freedHandle(desk: Desk, i: u32): u32 {
  return peekWord(changetype<usize>(desk) + FREED_AT + i * 4);
}

export function ripeningHandle(desk: Desk, i: u32): u32 {
  return peekWord(changetype<usize>(desk) + RIPENING_AT + i * 4);
}

/** What was freed begins to ripen; nothing else does. */
export function closeFreed(desk: Desk, epoch: u64): void {
  const at = changetype<usize>(desk);
  memory.copy(at + RIPENING_AT, at + FREED_AT, desk.freedCount * 4);
  desk.ripeningCount = desk.freedCount;
  desk.freedCount = 0;
  desk.closedAt = epoch;
}

/** Whether a handle is in one of the two batches. */
export function hasFreed(desk: Desk, handle: u32): bool {
  for (let i: u32 = 0; i < desk.freedCount; i++) if (freedHandle(desk, i) == handle) return true;
  for (let i: u32 = 0; i < desk.ripeningCount; i++) {
    if (ripeningHandle(desk, i) == handle) return true;
  }
  return false;
}

/** Slots that a mover has emptied and not vacated yet. */
export function leftCount(desk: Desk): u32 {
  return u32(popcnt(desk.left) + popcnt(desk.left1) + popcnt(desk.left2) + popcnt(desk.left3));
}
