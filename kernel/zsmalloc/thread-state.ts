/**
 * Thread state: the page on which a thread keeps what it is doing in zsmalloc.
 *
 *   active[32], spare[32]   zspages that this thread owns and puts objects into, by size class
 *                           modulo 32; each thread fills its own, so that two do not meet in one
 *                           zspage
 *   batches[2][64]    handles that this thread freed: batch `next` takes them, the other one
 *                     waits since epoch `closedAt`. They change places by one store
 *   freeing           a handle that this thread is about to take out
 *   replaced          what an overwrite is about to take out, as `ownCell` will say it
 *   ownCell           a cell that only this thread knows: under construction, or taken out and not
 *                     yet in a batch
 *   ownPattern        likewise a pattern cell
 *   retired           a zspage that is taken out, and not in limbo yet
 *   emptied           those that were found empty after the thread's death (recover.ts), linked
 *   place             the zspage whose lock this thread takes or has:32 · the object of it that is
 *                     put into use or out of it:32, NO_INDEX = none yet
 *   page              the page that comes to that zspage, or leaves it
 *   taken             the zspage that this thread came to own last, or moves from active to spare
 *   needsSweep        1 while it does more than these say: it moves objects, or overwrites one
 *   source, left[4]   a mover's zspage, and the objects of it that it moved before epoch `leftAt`
 *                     began (compact.ts); `cursor` the class it is at
 *
 * All words are the owner thread's, plain; a survivor reads them when it is dead and the world
 * halted.
 */
import { Desc, Handle, Slot } from '../base/layout';
import { peekWord, pokeWord } from '../base/words';
import { selfState, slotOf } from '../thread/slot';

/** Power of two. A thread keeps this many half-filled zspages at most, and as many in spare. */
export const ACTIVES: u32 = 32;
/** From an active zspage's place to its spare's. */
export const SPARES: u32 = ACTIVES * 4;
/**
 * Frees that share a grace period: 32 objects wait on a thread state, or up to 64, 256 KiB, if
 * readers do.
 */
export const BATCH: u32 = 16;
/** Room for frees while a reader holds up the grace period of the batch before. */
export const THREAD_FREED: u32 = 64;

@unmanaged
export class ThreadState {
  closedAt: u64;
  leftAt: u64;
  replaced: u64;
  /** The first of four. */
  left: u64;
  left1: u64;
  left2: u64;
  left3: u64;
  ownCell: u32;
  ownPattern: u32;
  retired: u32;
  emptied: u32;
  freeing: u32;
  source: u32;
  cursor: u32;
  /** Handles in either batch. */
  count0: u32;
  count1: u32;
  next: u32;
  place: u64;
  page: u32;
  taken: u32;
  needsSweep: u32;
}

export const NO_INDEX: u32 = u32.MAX_VALUE;

const ACTIVE_AT: u32 = 128;
const BATCHES_AT: u32 = ACTIVE_AT + 2 * SPARES;
/** All of it; what follows on the page is the store's (store/deferred.ts). */
export const STATE_BYTES: u32 = BATCHES_AT + 2 * THREAD_FREED * 4;

/** The thread state of the thread in a slot; 0 when it has none. */
export function threadStateOf(slot: Slot): usize {
  return slotOf(slot).zsThread;
}

export function asThreadState(at: usize): ThreadState {
  return changetype<ThreadState>(at);
}

export function selfThreadState(): ThreadState {
  return changetype<ThreadState>(selfState().zsThread);
}

export function activeAt(thread: ThreadState, sizeClass: u32): usize {
  return changetype<usize>(thread) + ACTIVE_AT + (sizeClass & (ACTIVES - 1)) * 4;
}

/** After a repair: this thread owns no zspages any more, and moves none. */
export function forgetActives(): void {
  const thread = selfThreadState();
  // Cut short between giving the one of its pages back and the other: at 0 is the superblock.
  if (changetype<u32>(thread) == 0) return;
  memory.fill(activeAt(thread, 0), 0, 2 * SPARES);
  memory.fill(leftBits(thread), 0, 32);
  thread.source = 0;
  thread.needsSweep = 0;
}

/** Says what this thread is about to change: before it does. */
export function namePlace(desc: Desc, index: u32): void {
  selfThreadState().place = (u64(desc) << 32) | u64(index);
}

export function leftBits(thread: ThreadState): usize {
  return changetype<usize>(thread) + offsetof<ThreadState>('left');
}

export function countAt(thread: ThreadState, batch: u32): usize {
  return changetype<usize>(thread) + offsetof<ThreadState>('count0') + batch * 4;
}

export function handleAt(thread: ThreadState, batch: u32, index: u32): usize {
  return changetype<usize>(thread) + BATCHES_AT + (batch * THREAD_FREED + index) * 4;
}

export function freedCount(thread: ThreadState): u32 {
  return peekWord(countAt(thread, thread.next));
}

export function waitingCount(thread: ThreadState): u32 {
  return peekWord(countAt(thread, 1 - thread.next));
}

/** Adds a handle that this thread has taken out; there is room. */
export function pushFreed(thread: ThreadState, handle: Handle): void {
  const count = freedCount(thread);
  pokeWord(handleAt(thread, thread.next, count), handle);
  pokeWord(countAt(thread, thread.next), count + 1);
}

export function freedHandle(thread: ThreadState, index: u32): u32 {
  return peekWord(handleAt(thread, thread.next, index));
}

/**
 * Takes a freed handle out; the last takes its place. It stands in `ownCell` as long as that takes.
 */
export function dropFreed(thread: ThreadState, index: u32): void {
  const last = freedCount(thread) - 1;
  thread.ownCell = freedHandle(thread, index);
  pokeWord(handleAt(thread, thread.next, index), freedHandle(thread, last));
  pokeWord(countAt(thread, thread.next), last);
}

/** The last of the waiting handles. There is one. */
export function lastWaiting(thread: ThreadState): u32 {
  return peekWord(handleAt(thread, 1 - thread.next, waitingCount(thread) - 1));
}

export function dropLastWaiting(thread: ThreadState): void {
  pokeWord(countAt(thread, 1 - thread.next), waitingCount(thread) - 1);
}

/** Takes the last of the waiting handles out, into `ownCell`. There is one. */
export function popWaiting(thread: ThreadState): u32 {
  // In this order: a survivor finds it in one place at least, and looks at the cell.
  thread.ownCell = lastWaiting(thread);
  dropLastWaiting(thread);
  return thread.ownCell;
}

/** What was freed begins to wait; nothing else does. */
export function closeFreed(thread: ThreadState, epoch: u64): void {
  thread.closedAt = epoch;
  thread.next = 1 - thread.next;
}

/** Whether a handle is in one of the two batches. */
export function hasFreed(thread: ThreadState, handle: Handle): bool {
  for (let batch: u32 = 0; batch < 2; batch++) {
    if (isAmong(thread, batch, peekWord(countAt(thread, batch)), handle)) return true;
  }
  return false;
}

/** Whether a handle is one of the first `end` of a batch. */
export function isAmong(thread: ThreadState, batch: u32, end: u32, handle: Handle): bool {
  for (let i: u32 = 0; i < end; i++) {
    if (peekWord(handleAt(thread, batch, i)) == handle) return true;
  }
  return false;
}

/** Indices that a mover has emptied and not vacated yet. */
export function leftCount(thread: ThreadState): u32 {
  return u32(
    popcnt(thread.left) + popcnt(thread.left1) + popcnt(thread.left2) + popcnt(thread.left3),
  );
}
