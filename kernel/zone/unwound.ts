/**
 * A call that was cut short: its thread lives, and none of its code in the kernel runs any more.
 *
 * A full stack, a time-out of Node's `vm` and Ctrl-C under `breakOnSigint` end WebAssembly at the
 * next function or loop that it comes to, without `catch` or `finally`. What is left is what a dead
 * thread leaves, and it is repaired in the same way (recovery.ts), by the thread itself, for only
 * it can know that it is not inside any more: its inKernel cell says so at its next entry
 * (thread/slot.ts), or when its event loop comes round.
 *
 * What differs from a death is what stays: slot, pages, scratch, and the user's pins and locks.
 * What only this thread knows, in variables of its instance, is forgotten: sheaves and zspages of
 * its own have become everybody's in the repair.
 *
 * A repair may be cut short as well. It is then done again, from the start.
 */
import { selfSlot, setSelfPage, setSelfSlot } from '../base/env';
import { ERR_BUSY, trapIfPoisoned } from '../base/fault';
import { Slot } from '../base/layout';
import { reapQueues } from '../cache/eviction/recover';
import { endWait } from '../cache/room';
import { forgetTargets } from '../compact/isolate';
import { leaveFrames } from '../frames/recover';
import { dropPages } from '../memdesc/thread-pages';
import { forgetRacks, leaveSlab } from '../slab/drain';
import { reapUnpublished } from '../slab/recover';
import { isInChain } from '../store/chain';
import { reapDeferred } from '../store/deferred';
import { dropDraft } from '../store/entry';
import { assertHalted } from '../thread/context';
import { releaseSlot } from '../thread/membership';
import { OP_ATTACH, OP_DETACH, OP_READ } from '../thread/operations';
import { OPERATION_NUMBER, operationOf, selfState, setInKernel, slotOf } from '../thread/slot';
import { haltUnwound, leaveKernel, resumeWhole } from '../thread/stop';
import { ownCellOf, reapZsmalloc } from '../zsmalloc/reap';
import { forgetActives } from '../zsmalloc/thread-state';
import { reapCompaction } from './recover-compaction';
import { reapOwnLedger, repairOwnLedger } from './recover-pins';
import { reapDead, repairDead, repairLowerFloors, repairUpperFloors } from './recovery';
import { detachThread } from './zone';

/**
 * Repairs what a call of this thread has left that was cut short, if one was.
 *
 * Of `attach` and `detach` nothing is left, and the thread has no slot.
 *
 * @returns 0, or ERR_BUSY: others do not come out, try again
 */
export function repairSelf(): i32 {
  const slot = selfSlot();
  if (slot == 0 || (operationOf(slot) == 0 && slotOf(slot).page != 0)) return 0;
  trapIfPoisoned();
  // Without a page it has not come to the end of `attach`.
  if (operationOf(slot) == 0) setInKernel(OP_ATTACH, 0);
  const operation = operationOf(slot) & OPERATION_NUMBER;
  // It has changed nothing yet, else it would be OP_DELETE (cache/read.ts), and is over.
  if (operation != OP_READ) {
    if (!haltUnwound()) return ERR_BUSY;
    repairHalted(slot);
    resumeWhole();
    if (slotOf(slot).page != 0) reapSelf(slot);
    reapDead();
  }
  if (operation != OP_ATTACH && operation != OP_DETACH) {
    leaveKernel();
    return 0;
  }
  leaveUnwound(slot);
  return 0;
}

function repairHalted(slot: Slot): void {
  assertHalted();
  repairDead();
  repairLowerFloors(slot);
  if (slotOf(slot).page == 0) return;
  setSelfPage(slotOf(slot).page);
  forgetRacks();
  forgetActives();
  forgetTargets();
  repairOwnLedger();
  repairUpperFloors(slot);
}

/**
 * In the running world: what the call had begun is given back. In this order: what stands in the
 * cell of its own, and then what is doomed, before anything is freed that would stand there.
 */
function reapSelf(slot: Slot): void {
  reapOwnLedger();
  reapCompaction(slot);
  reapUnpublished(slot);
  reapZsmalloc(slot, isInChain(slotOf(slot).draftHead, ownCellOf(slot)));
  reapDeferred(slot);
  reapQueues(slot);
  dropDraft(selfState());
  endWait();
}

/** Ends what `attach` had not finished, or `detach`. */
function leaveUnwound(slot: Slot): void {
  if (slotOf(slot).page != 0 && slotOf(slot).zsThread != 0) {
    detachThread();
    return;
  }
  // What it was given since the repair stands in a page of its own.
  if (slotOf(slot).page != 0) {
    leaveSlab();
    leaveFrames();
  }
  dropPages(slotOf(slot));
  releaseSlot(slot);
  setSelfSlot(0);
}
