/**
 * Recovery of compaction: what a thread leaves that dies while it compacts.
 *
 * In the halted world nobody is in a section, so every grace period is over: isolated pages go back
 * at once. The move under way is finished or undone (migrate.ts). Only a descriptor whose last
 * reference went during that move is left for the running world, because freeing it takes locks.
 * `owner` is cleared last, so whoever recovers may die: the next one finds the rest.
 */

import { Slot } from '../base/layout';
import { isFrozenBy } from '../memdesc/header';
import { assertHalted } from '../thread/context';
import { giveIsolated } from './isolate';
import { repairMove } from './migrate';
import { compactOwner, compactState, PHASE_IDLE, releaseCompaction } from './state';

/** Frames have been recovered. */
export function repairCompaction(slot: Slot): void {
  assertHalted();
  if (compactOwner() != slot) return;
  const state = compactState();
  const orphan = repairMove(slot);
  if (state.phase != PHASE_IDLE) giveIsolated();
  state.phase = PHASE_IDLE;
  if (orphan == 0) releaseCompaction();
}

/** World running. @returns a descriptor for the caller to free before it calls again, or 0 */
export function settleCompaction(slot: Slot): u32 {
  if (compactOwner() != slot) return 0;
  const desc = compactState().moveDesc;
  if (desc != 0 && isFrozenBy(desc, slot)) return desc;
  releaseCompaction();
  return 0;
}
