/**
 * Grace periods for users: wait for one, and see who holds it up.
 *
 * A section lasts one call, so a period is over in microseconds unless a thread is off its CPU in
 * the middle of a call, or has died there and nobody has recovered it yet.
 */
import { ERR_BUSY } from '../base/fault';
import { Slot } from '../base/layout';
import { OP_FOLIO } from '../thread/operations';
import { beginGracePeriod, currentEpoch, isQuiescent } from '../thread/rcu';
import { sectionOf } from '../thread/slot';
import { enterKernel as enter, leaveKernel as leave, sleepAtSafepoint } from '../thread/stop';

/** Looks before sleeping: some 20 µs. */
const SPINS: u32 = 1000;

/**
 * Waits until every call that was under way has ended.
 *
 * @param limitMs  sleeps of 1 ms before giving up
 * @returns 0 or ERR_BUSY
 */
export function synchronize(limitMs: u32): i32 {
  enter(OP_FOLIO);
  const epoch = beginGracePeriod();
  let isOver = isQuiescent(epoch);
  // Once it is over it stays so: who enters by an epoch that it loaded before holds up nobody.
  for (let looks: u32 = 0; !isOver && looks < SPINS + limitMs; looks++) {
    if (looks >= SPINS) sleepAtSafepoint();
    isOver = isQuiescent(epoch);
  }
  leave();
  return isOver ? 0 : ERR_BUSY;
}

/** Grace periods that have begun since the section of a slot did; −1: it is in none. */
export function sectionAge(slot: Slot): i32 {
  const section = sectionOf(slot);
  return section == 0 ? -1 : i32(currentEpoch() - section);
}
