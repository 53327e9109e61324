/**
 * What a thread leaves behind in zsmalloc when it detaches, or has died and been repaired.
 *
 * The world has stood still since the thread's last call (who detaches stops it for that), which is
 * the grace period of all that waits in the thread's state.
 *
 * Who gives back what a dead thread had may die at any step as well. So each thing goes over to its
 * own state before it is freed, and a survivor that finds it in two knows whose it is (recover.ts):
 *   own cells   the state that is repaired last has it
 *   zspages     whose the refs say
 *   batches     the dead thread's until it is taken: then its cell names the dead one no more
 */
import { selfSlot } from '../base/env';
import { Desc, Handle, Slot } from '../base/layout';
import { loadCell, peekWord } from '../base/words';
import { linkAt, takeForFree } from '../memdesc/header';
import { startWorld, stopWorld } from '../thread/stop';
import { destroyZspage, disownActives } from './active';
import { freeCell, freePattern, zsRelease } from './alloc';
import { giveUpSource } from './compact';
import { releaseDone } from './deferred-frees';
import { CELL_SAME, cellState, takeCell } from './handle';
import {
  asThreadState,
  closeFreed,
  dropLastWaiting,
  freedCount,
  lastWaiting,
  selfThreadState,
  ThreadState,
  threadStateOf,
  waitingCount,
} from './thread-state';

/** Gives up what this thread has in its state, before it detaches. */
export function leaveZsmalloc(): void {
  const thread = selfThreadState();
  if (freedCount(thread) != 0 || waitingCount(thread) != 0 || thread.source != 0) {
    stopWorld();
    startWorld();
  }
  if (thread.source != 0) giveUpSource(thread);
  releaseBatches(thread);
  disownActives(thread);
}

/**
 * The cell that the dead thread was making, for whoever knows whether somebody names it. 0 = none
 */
export function ownCellOf(slot: Slot): u32 {
  return threadStateOf(slot) == 0 ? 0 : asThreadState(threadStateOf(slot)).ownCell;
}

/**
 * Releases what is in the thread's state of a dead thread, or of this one, of which a call was cut
 * short.
 *
 * @param isInDraft  its cell under construction hangs from the draft, which is released apart
 */
export function reapZsmalloc(slot: Slot, isInDraft: bool): void {
  if (threadStateOf(slot) == 0) return;
  const thread = asThreadState(threadStateOf(slot));
  if (isInDraft) thread.ownCell = 0;
  reapOwn(thread);
  if (thread.retired != 0) reapZspage(thread.retired, thread);
  while (thread.emptied != 0) reapZspage(thread.emptied, thread);
  while (freedCount(thread) + waitingCount(thread) != 0) {
    if (waitingCount(thread) == 0) closeFreed(thread, 0);
    reapWaiting(thread, lastWaiting(thread));
  }
}

/** Cells that only the dead thread knew. */
function reapOwn(thread: ThreadState): void {
  const self = selfThreadState();
  const isSelf = thread == self;
  const cell = thread.ownCell;
  if (cell != 0) {
    self.ownCell = cell;
    if (!isSelf) thread.ownCell = 0;
    releaseOwn(cell);
  }
  const pattern = thread.ownPattern;
  if (pattern == 0) return;
  self.ownPattern = pattern;
  if (!isSelf) thread.ownPattern = 0;
  freePattern(pattern);
}

/** The zspage is this thread's to free from when its refs say so. */
function reapZspage(desc: Desc, thread: ThreadState): void {
  selfThreadState().retired = desc;
  takeForFree(desc, selfSlot());
  if (thread.emptied == desc) thread.emptied = peekWord(linkAt(desc));
  else if (thread != selfThreadState()) thread.retired = 0;
  destroyZspage(desc);
  selfThreadState().retired = 0;
}

/**
 * Releases the last handle of the waiting batch. It stays there until it is free: then its cell
 * does not name the dead thread any more, by which whoever repairs meanwhile drops it.
 */
function reapWaiting(thread: ThreadState, handle: Handle): void {
  zsRelease(handle);
  if (waitingCount(thread) != 0 && lastWaiting(thread) == handle) dropLastWaiting(thread);
}

function releaseOwn(handle: Handle): void {
  if (cellState(loadCell(handle)) != CELL_SAME) {
    zsRelease(handle);
    return;
  }
  // Nobody knows it yet: malloc had not returned.
  takeCell(handle);
  freeCell(handle);
}

function releaseBatches(thread: ThreadState): void {
  releaseDone(thread);
  closeFreed(thread, 0);
  releaseDone(thread);
}
