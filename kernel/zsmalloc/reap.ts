/**
 * What a thread leaves behind in zsmalloc when it detaches, or has died and been repaired.
 *
 * The world has stood still since the thread's last call (who detaches stops it for that), which is
 * the grace period of all that waits in the thread's state.
 */
import { loadCell, peekWord } from '../base/words';
import { linkAt } from '../memdesc/header';
import { CACHE_CELL, freeObject } from '../slab/kmem-cache';
import { beginChange } from '../thread/slot';
import { startWorld, stopWorld } from '../thread/stop';
import { destroyZspage, disownActives } from './active';
import { freeCell, zsRelease } from './alloc';
import { finishSource } from './compact';
import { releaseRipe } from './deferred-frees';
import { CELL_SAME, cellState, takeCell } from './handle';
import {
  asThreadState,
  closeFreed,
  freedCount,
  ripeningCount,
  selfThreadState,
  ThreadState,
  threadStateOf,
} from './thread-state';

/** Gives up what this thread has in its state, before it detaches. */
export function leaveZsmalloc(): void {
  const thread = selfThreadState();
  if (freedCount(thread) != 0 || ripeningCount(thread) != 0 || thread.source != 0) {
    stopWorld();
    startWorld();
  }
  finishSource(thread);
  releaseBatches(thread);
  disownActives(thread);
}

/**
 * The cell that the dead thread was making, for whoever knows whether somebody names it. 0 = none
 */
export function ownCellOf(slot: u32): u32 {
  return threadStateOf(slot) == 0 ? 0 : asThreadState(threadStateOf(slot)).ownCell;
}

/**
 * Releases what is in the thread's state of a dead thread.
 *
 * @param isInDraft  its cell under construction hangs from the draft, which is released apart
 */
export function reapZsmalloc(slot: u32, isInDraft: bool): void {
  if (threadStateOf(slot) == 0) return;
  const thread = asThreadState(threadStateOf(slot));
  if (isClear(thread)) return;
  // What is taken out of the state nobody else knows.
  beginChange();
  const born = thread.ownCell;
  thread.ownCell = 0;
  if (born != 0 && !isInDraft) releaseOwn(born);
  if (thread.ownPattern != 0) {
    takeCell(thread.ownPattern);
    freeObject(CACHE_CELL, thread.ownPattern);
    thread.ownPattern = 0;
  }
  if (thread.retired != 0) destroyZspage(thread.retired);
  thread.retired = 0;
  releaseBatches(thread);
  while (thread.emptied != 0) {
    const desc = thread.emptied;
    thread.emptied = peekWord(linkAt(desc));
    destroyZspage(desc);
  }
}

function isClear(thread: ThreadState): bool {
  const cells = thread.ownCell | thread.ownPattern | freedCount(thread) | ripeningCount(thread);
  return (cells | thread.retired | thread.emptied) == 0;
}

function releaseOwn(handle: u32): void {
  if (cellState(loadCell(handle)) != CELL_SAME) {
    zsRelease(handle);
    return;
  }
  // Nobody knows it yet: malloc had not returned.
  takeCell(handle);
  freeCell(handle);
}

function releaseBatches(thread: ThreadState): void {
  releaseRipe(thread);
  closeFreed(thread, 0);
  releaseRipe(thread);
}
