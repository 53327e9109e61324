/**
 * What a thread has freed waits on its desk: two batches, and no lock.
 *
 * The first batch fills; when it has BATCH handles and the second is empty, it becomes the second and
 * a grace period begins; when that is over, the second is released. Should a reader hold it up for
 * long, objects go to limbo, where they are linked through their own words. What has no word, a
 * pattern (handle.ts), stays; when there is no room for more, free says busy and changes nothing.
 */

import { loadCell } from '../base/words';
import { LIMBO_OBJECT } from '../thread/limbo';
import { beginGracePeriod, isQuiescent, leaveSection } from '../thread/rcu';
import {
  BATCH,
  closeFreed,
  DESK_FREED,
  Desk,
  freedHandle,
  pushFreed,
  ripeningHandle,
} from './desk';
import { CELL_LIMBO, cellState } from './handle';
import { zsDefer, zsRelease } from './pool';

/** Makes room for one more freed handle. Ends the section. @returns false when there is none */
export function makeRoomOnDesk(desk: Desk): bool {
  if (desk.freedCount < BATCH) return true;
  leaveSection();
  ripen(desk);
  if (desk.freedCount == DESK_FREED) deferObjects(desk);
  return desk.freedCount < DESK_FREED;
}

/** Releases what is ripe, and lets what was freed ripen. Not in a section. */
export function ripen(desk: Desk): void {
  if (desk.ripeningCount != 0 && isQuiescent(desk.closedAt)) releaseRipe(desk);
  if (desk.ripeningCount == 0 && desk.freedCount != 0) closeFreed(desk, beginGracePeriod());
}

/** Releases what is ripening; its grace period is over. */
export function releaseRipe(desk: Desk): void {
  while (desk.ripeningCount != 0) {
    const handle = ripeningHandle(desk, desk.ripeningCount - 1);
    // In this order: a survivor finds it in one place at least, and looks at the cell.
    desk.born = handle;
    desk.ripeningCount--;
    zsRelease(handle);
  }
}

function deferObjects(desk: Desk): void {
  const count = desk.freedCount;
  desk.freedCount = 0;
  for (let i: u32 = 0; i < count; i++) {
    const handle = freedHandle(desk, i);
    if (cellState(loadCell(handle)) == CELL_LIMBO) zsDefer(LIMBO_OBJECT, handle);
    else pushFreed(desk, handle);
  }
}
