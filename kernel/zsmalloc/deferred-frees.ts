/**
 * What a thread has freed waits in its state: two batches, and no lock.
 *
 * The first batch fills; when it has BATCH handles and the second is empty, it becomes the second
 * and a grace period begins; when that is over, the second is released. Should a reader hold it up
 * for long, objects go to limbo, where they are linked through their own words. What has no word, a
 * pattern (handle.ts), stays; when there is no room for more, free says busy and changes nothing.
 */

import { loadCell } from '../base/words';
import { assertOutside } from '../thread/context';
import { LIMBO_OBJECT } from '../thread/limbo';
import { beginGracePeriod, isQuiescent, leaveSection } from '../thread/rcu';
import { unlockReleased, zsDefer, zsReleaseNext } from './alloc';
import { CELL_LIMBO, cellState } from './handle';
import {
  BATCH,
  closeFreed,
  dropFreed,
  freedCount,
  freedHandle,
  popRipening,
  ripeningCount,
  THREAD_FREED,
  ThreadState,
} from './thread-state';

/** Makes room for one more freed handle. Ends the section. @returns false when there is none */
export function makeRoomForFrees(thread: ThreadState): bool {
  if (freedCount(thread) < BATCH) return true;
  leaveSection();
  ripen(thread);
  if (freedCount(thread) == THREAD_FREED) deferObjects(thread);
  return freedCount(thread) < THREAD_FREED;
}

/** Releases what is ripe, and lets what was freed ripen. */
export function ripen(thread: ThreadState): void {
  assertOutside();
  if (ripeningCount(thread) != 0 && isQuiescent(thread.closedAt)) releaseRipe(thread);
  if (ripeningCount(thread) == 0 && freedCount(thread) != 0) closeFreed(thread, beginGracePeriod());
}

/** Releases what is ripening; its grace period is over. */
export function releaseRipe(thread: ThreadState): void {
  let locked: u32 = 0;
  while (ripeningCount(thread) != 0) locked = zsReleaseNext(popRipening(thread), locked);
  unlockReleased(locked);
}

/** Lets freed objects wait in limbo; patterns stay. */
export function deferObjects(thread: ThreadState): void {
  for (let i = freedCount(thread); i != 0; i--) {
    const handle = freedHandle(thread, i - 1);
    if (cellState(loadCell(handle)) != CELL_LIMBO) continue;
    dropFreed(thread, i - 1);
    zsDefer(LIMBO_OBJECT, handle);
    thread.ownCell = 0;
  }
}
