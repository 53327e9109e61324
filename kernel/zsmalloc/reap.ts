/**
 * What a thread leaves behind in zsmalloc when it detaches, or has died and been repaired.
 *
 * The world has stood still since the thread's last call (who detaches stops it for that), which is
 * the grace period of all that waits on the desk.
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
  closeFreed,
  Desk,
  deskAt,
  deskOf,
  freedCount,
  ripeningCount,
  selfDesk,
} from './thread-state';

/** Gives up what this thread has on its desk, before it detaches. */
export function clearOwnDesk(): void {
  const desk = selfDesk();
  if (freedCount(desk) != 0 || ripeningCount(desk) != 0 || desk.source != 0) {
    stopWorld();
    startWorld();
  }
  finishSource(desk);
  releaseBatches(desk);
  disownActives(desk);
}

/**
 * The cell that the dead thread was making, for whoever knows whether somebody names it. 0 = none
 */
export function ownCellOf(slot: u32): u32 {
  return deskOf(slot) == 0 ? 0 : deskAt(deskOf(slot)).ownCell;
}

/**
 * Releases what is on the desk of a dead thread.
 *
 * @param isInDraft  its cell under construction hangs from the draft, which is released apart
 */
export function payDeskDebts(slot: u32, isInDraft: bool): void {
  if (deskOf(slot) == 0) return;
  const desk = deskAt(deskOf(slot));
  if (isClear(desk)) return;
  // What is taken off the desk nobody else knows.
  beginChange();
  const born = desk.ownCell;
  desk.ownCell = 0;
  if (born != 0 && !isInDraft) releaseOwn(born);
  if (desk.ownPattern != 0) {
    takeCell(desk.ownPattern);
    freeObject(CACHE_CELL, desk.ownPattern);
    desk.ownPattern = 0;
  }
  if (desk.retired != 0) destroyZspage(desk.retired);
  desk.retired = 0;
  releaseBatches(desk);
  while (desk.emptied != 0) {
    const desc = desk.emptied;
    desk.emptied = peekWord(linkAt(desc));
    destroyZspage(desc);
  }
}

function isClear(desk: Desk): bool {
  const cells = desk.ownCell | desk.ownPattern | freedCount(desk) | ripeningCount(desk);
  return (cells | desk.retired | desk.emptied) == 0;
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

function releaseBatches(desk: Desk): void {
  releaseRipe(desk);
  closeFreed(desk, 0);
  releaseRipe(desk);
}
