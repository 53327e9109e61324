/**
 * What a thread has freed waits in its state: two batches, and no lock.
 *
 * Roles: the *owner* of the state frees, and releases what is done; a *reader* that had the handle
 * in time may hold a batch up. One batch fills. When it has BATCH handles and the other is empty,
 * it is closed: they change places, and a grace period begins, after which it is released.
 *
 * For example, BATCH being 16:
 *   16 frees     fill the one batch; the other is empty
 *   17th free    closes it, and epoch 7 begins; 17 is the first of the other
 *   33rd free    epoch 7 is over: 1 to 16 are released, 17 to 32 closed in epoch 8
 *   a reader stays in its section: 17 to 32 are not done, and the other batch grows to THREAD_FREED
 *   next free    lets the objects of that one go to limbo, where they are linked through words of
 *                their own. What has no word, a pattern (handle.ts), stays; if nothing but patterns
 *                is there, the free is told busy and changes nothing
 */

import { loadCell } from '../base/words';
import { assertOutside } from '../thread/context';
import { endDefer, LIMBO_OBJECT } from '../thread/limbo';
import { beginGracePeriod, isQuiescent } from '../thread/rcu';
import { unlockReleased, zsBeginDefer, zsReleaseNext } from './alloc';
import { CELL_LIMBO, cellState } from './handle';
import {
  BATCH,
  closeFreed,
  dropFreed,
  freedCount,
  freedHandle,
  popWaiting,
  THREAD_FREED,
  ThreadState,
  waitingCount,
} from './thread-state';

/** Makes room for one more freed handle. Not in a section. @returns false when there is none */
export function makeRoomForFrees(thread: ThreadState): bool {
  assertOutside();
  if (freedCount(thread) < BATCH) return true;
  advance(thread);
  if (freedCount(thread) == THREAD_FREED) deferObjects(thread);
  return freedCount(thread) < THREAD_FREED;
}

/** Releases what is done, and lets what was freed begin to wait. */
export function advance(thread: ThreadState): void {
  assertOutside();
  if (waitingCount(thread) != 0 && isQuiescent(thread.closedAt)) releaseDone(thread);
  if (waitingCount(thread) == 0 && freedCount(thread) != 0) closeFreed(thread, beginGracePeriod());
}

/** Releases what is waiting; its grace period is over. */
export function releaseDone(thread: ThreadState): void {
  let locked: u32 = 0;
  while (waitingCount(thread) != 0) locked = zsReleaseNext(popWaiting(thread), locked);
  unlockReleased(locked);
}

/** Lets freed objects wait in limbo; patterns stay. */
export function deferObjects(thread: ThreadState): void {
  for (let i = freedCount(thread); i != 0; i--) {
    const handle = freedHandle(thread, i - 1);
    if (cellState(loadCell(handle)) != CELL_LIMBO) continue;
    dropFreed(thread, i - 1);
    zsBeginDefer(LIMBO_OBJECT, handle);
    thread.ownCell = 0;
    endDefer();
  }
}
