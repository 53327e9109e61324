/**
 * What a thread has freed waits on its desk: two batches, and no lock.
 *
 * The first batch fills; when it has BATCH handles and the second is empty, it becomes the second
 * and a grace period begins; when that is over, the second is released. Should a reader hold it up
 * for long, objects go to limbo, where they are linked through their own words. What has no word, a
 * pattern (handle.ts), stays; when there is no room for more, free says busy and changes nothing.
 */

import { loadCell } from '../base/words';
import { LIMBO_OBJECT } from '../thread/limbo';
import { beginGracePeriod, isQuiescent, leaveSection } from '../thread/rcu';
import { unlockReleased, zsDefer, zsReleaseNext } from './alloc';
import { CELL_LIMBO, cellState } from './handle';
import {
  BATCH,
  closeFreed,
  DESK_FREED,
  Desk,
  dropFreed,
  freedCount,
  freedHandle,
  popRipening,
  ripeningCount,
} from './thread-state';

/** Makes room for one more freed handle. Ends the section. @returns false when there is none */
export function makeRoomOnDesk(desk: Desk): bool {
  if (freedCount(desk) < BATCH) return true;
  leaveSection();
  ripen(desk);
  if (freedCount(desk) == DESK_FREED) deferObjects(desk);
  return freedCount(desk) < DESK_FREED;
}

/** Releases what is ripe, and lets what was freed ripen. Not in a section. */
export function ripen(desk: Desk): void {
  if (ripeningCount(desk) != 0 && isQuiescent(desk.closedAt)) releaseRipe(desk);
  if (ripeningCount(desk) == 0 && freedCount(desk) != 0) closeFreed(desk, beginGracePeriod());
}

/** Releases what is ripening; its grace period is over. */
export function releaseRipe(desk: Desk): void {
  let locked: u32 = 0;
  while (ripeningCount(desk) != 0) locked = zsReleaseNext(popRipening(desk), locked);
  unlockReleased(locked);
}

/** Lets freed objects wait in limbo; patterns stay. */
export function deferObjects(desk: Desk): void {
  for (let i = freedCount(desk); i != 0; i--) {
    const handle = freedHandle(desk, i - 1);
    if (cellState(loadCell(handle)) != CELL_LIMBO) continue;
    dropFreed(desk, i - 1);
    zsDefer(LIMBO_OBJECT, handle);
    desk.ownCell = 0;
  }
}
