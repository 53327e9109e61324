/**
 * The face of compaction: begin, step until it is done or time is over, read the figures, end.
 *
 * The loop is in src/arena/compaction.ts, which has a clock and knows how long its caller
 * wants to wait. It never lasts beyond its turn: if this thread is the compactor when another
 * compaction of its own begins, or when its turn is over, the loop was cut short, and is ended.
 */
import { selfSlot } from '../base/env';
import { ERR_ARGUMENT } from '../base/fault';
import { MAX_ORDER, Order, Pfn, superblock } from '../base/layout';
import { reasonHeld } from '../compact/scan';
import {
  compactOwner,
  figureOf,
  GOAL_EVACUATE,
  GOAL_WITHDRAW,
  skippedPages as skipped,
} from '../compact/state';
import {
  beginCompaction as begin,
  beginEvacuation as beginRange,
  endCompaction as end,
  MORE,
  compactStep as step,
} from '../compact/step';
import { OP_COMPACT } from '../thread/operations';
import { enterKernel as enter, leaveKernel as leave } from '../thread/stop';
import { freeOrphan, leaveCompaction } from '../zone/recover-compaction';

/** @returns 0, or ERR_BUSY, ERR_ARGUMENT: see compact/step.ts */
export function beginCompaction(order: Order, isDelivery: bool, isPolite: bool): i32 {
  if (order > MAX_ORDER) return ERR_ARGUMENT;
  enter(OP_COMPACT);
  leaveCompaction();
  const failure = begin(order, isDelivery, isPolite);
  leave();
  return failure;
}

/** Begins to empty the pages from `pfn` on. @returns 0, or ERR_BUSY, ERR_ARGUMENT */
export function beginEvacuation(pfn: Pfn, count: u32): i32 {
  const zone = superblock();
  if (pfn < zone.firstPfn || pfn >= zone.pageCount) return ERR_ARGUMENT;
  if (count == 0 || count > zone.pageCount - pfn) return ERR_ARGUMENT;
  return beginGiven(pfn, count, GOAL_EVACUATE);
}

/**
 * Begins to empty a page that is then withdrawn (withdraw.ts). @returns 0, or as beginEvacuation
 */
export function beginWithdrawal(pfn: Pfn): i32 {
  const zone = superblock();
  if (pfn < zone.firstPfn || pfn >= zone.pageCount) return ERR_ARGUMENT;
  return beginGiven(pfn, 1, GOAL_WITHDRAW);
}

function beginGiven(pfn: Pfn, count: u32, goal: u32): i32 {
  enter(OP_COMPACT);
  leaveCompaction();
  const failure = beginRange(pfn, count, goal);
  leave();
  return failure;
}

/** Works for some 10 µs. @returns whether there is more to do, or ERR_ARGUMENT: did not begin */
export function compactStep(): i32 {
  if (compactOwner() != selfSlot()) return ERR_ARGUMENT;
  enter(OP_COMPACT);
  const more = step();
  if (more > MORE) freeOrphan(more);
  leave();
  return i32(more != 0);
}

/** @returns true when it has ended; else readers are still at what was moved: call it again */
export function endCompaction(): bool {
  if (compactOwner() != selfSlot()) return true;
  enter(OP_COMPACT);
  const isOver = end();
  leave();
  return isOver;
}

/** A figure of this compaction, for who compacts: FIGURE_…. */
export function compactFigure(which: u32): u32 {
  return figureOf(which);
}

/** Pages of a type that stood in the way, by REASON_…. */
export function skippedPages(type: u32, reason: u32): u32 {
  return skipped(type, reason);
}

/** Why a page of the evacuated range is still where it was: REASON_…, or −1 if it is not. */
export function whyHeld(pfn: Pfn): i32 {
  enter(OP_COMPACT);
  const reason = reasonHeld(pfn);
  leave();
  return reason;
}
