/**
 * Steps of compaction, and when it is put off.
 *
 * A step is one kernel call of some 10 µs, at most that of one block of 2 MiB: nobody who wants to
 * stop the world, or whose grace period we hold up, waits longer.
 *
 * Deferral, as Linux has it: after a compaction that made nothing, a polite one is refused 1, 2, 4
 * … 64 times, until one makes a block. Callers that nobody waits for are polite.
 */

import { ERR_BUSY } from '../base/fault';
import { CHILD_ORDER, Order } from '../base/layout';
import { chooseRange } from './choose';
import { rewindTargets } from './isolate';
import { emptySome, finishWaiting, learnTypes, letGo } from './scan';
import {
  beginRange,
  claimCompaction,
  compactState,
  END_DONE,
  GOAL_WITHDRAW,
  isRangeGiven,
  PHASE_EMPTYING,
  PHASE_IDLE,
  PHASE_WAITING,
  releaseCompaction,
} from './state';

/** Deferral: at most 64 refusals in a row. */
const MAX_DEFER_SHIFT: u32 = 6;

/**
 * Makes this thread the one that compacts, until `endCompaction`.
 *
 * @param isDelivery  the first block of order 9 or 10 that is made is to be allocated to the caller
 * @param isPolite  gives way when compaction has failed of late
 * @returns 0, or ERR_BUSY: another thread compacts, or it is put off
 */
export function beginCompaction(order: Order, isDelivery: bool, isPolite: bool): i32 {
  if (!claimCompaction(order)) return ERR_BUSY;
  if (isPolite && isDeferred(order)) {
    releaseCompaction();
    return ERR_BUSY;
  }
  compactState().isDelivery = u32(isDelivery && order >= CHILD_ORDER);
  return 0;
}

function isDeferred(order: Order): bool {
  const state = compactState();
  if (order < state.deferOrder || state.deferShift == 0) return false;
  return ++state.deferred < (<u32>1) << state.deferShift;
}

/** Begins to empty a given range, for GOAL_EVACUATE or GOAL_WITHDRAW. @returns 0 or ERR_BUSY */
export function beginEvacuation(first: u32, count: u32, goal: u32): i32 {
  if (!claimCompaction(goal)) return ERR_BUSY;
  rewindTargets();
  beginRange(first, first + count);
  return 0;
}

/** What a step answers when there is more to do. */
export const MORE: u32 = 1;

/**
 * Does a piece of work, as the owner.
 *
 * @returns 0 = there is no more to do; MORE; or a descriptor that the caller must free, and more
 */
export function compactStep(): u32 {
  const state = compactState();
  learnTypes();
  if (state.phase == PHASE_EMPTYING) {
    const orphan = emptySome();
    return orphan == 0 ? MORE : orphan;
  }
  // A given range stays as it is until `endCompaction`, so that one can look who is left. A page
  // that is to be withdrawn is so before that: the figures are the owner's until then.
  const isWithdrawing = state.goal == GOAL_WITHDRAW && state.phase == PHASE_WAITING;
  if (!isWithdrawing && (isRangeGiven() || state.delivered != 0)) return 0;
  if (state.phase == PHASE_IDLE) return chooseRange() ? MORE : 0;
  finishWaiting();
  return MORE;
}

/** Ends a compaction of this thread. @returns false when it must be called again */
export function endCompaction(): bool {
  const state = compactState();
  if (state.phase == PHASE_EMPTYING) letGo();
  if (state.phase == PHASE_WAITING) finishWaiting();
  if (state.phase != PHASE_IDLE) return false;
  remember();
  releaseCompaction();
  return true;
}

/** Notes for the next polite one whether this one was of use. */
function remember(): void {
  const state = compactState();
  if (isRangeGiven()) return;
  state.deferred = 0;
  if (state.made != 0 || state.ending == END_DONE) {
    state.deferShift = 0;
    state.deferOrder = 0;
  } else {
    state.deferOrder = state.deferShift == 0 ? state.goal : min(state.deferOrder, state.goal);
    state.deferShift = min(state.deferShift + 1, MAX_DEFER_SHIFT);
  }
}
