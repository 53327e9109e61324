/**
 * What a compaction leaves to whoever ends it: a thread that detaches, or who recovers a dead one.
 *
 * The halted half of recovery is compact/recover.ts.
 */

import { selfSlot } from '../base/env';
import { Desc, Slot } from '../base/layout';
import { settleCompaction } from '../compact/recover';
import { compactOwner, forgetMove } from '../compact/state';
import { endCompaction } from '../compact/step';
import { releaseDesc, takeOver } from './release';

/** Before a thread leaves. */
export function leaveCompaction(): void {
  while (compactOwner() == selfSlot()) endCompaction();
}

/**
 * Second step of recovery, world running: frees what the move of a dead thread left to be freed.
 * After the ledger's, which may have found it already.
 */
export function reapCompaction(slot: Slot): void {
  for (let desc = settleCompaction(slot); desc != 0; desc = settleCompaction(slot)) {
    freeOrphan(desc);
  }
}

/** Frees a descriptor whose last reference went while it was moved, by this thread or a dead. */
export function freeOrphan(desc: Desc): void {
  takeOver(desc);
  forgetMove();
  releaseDesc(desc);
}
