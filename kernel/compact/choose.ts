/**
 * Choose: which pages are to be emptied.
 *
 * The range is the *cheapest* child (for order 10, pair of children): the one with the fewest used
 * pages, the highest among equals, none of them unmovable. What its pages are is read off their
 * words.
 *
 * Each range that is emptied makes one more free block and uses up free pages in children that are
 * partly used, and no other ones (isolate.ts). So it helps exactly if its used pages fit into
 * those; if those of the cheapest do not, none do. That is what Linux' fragmentation index
 * estimates: here the counters of the children say it. No range is chosen twice, so a compaction
 * ends.
 *
 * For orders below 9 the ranges are the same, and one free block of the order is enough.
 */
import { CHILD_ORDER, CHILD_PAGES, superblock } from '../base/layout';
import { findFree } from '../frames/bitfield';
import { childFree, isTarget, rewindTargets } from './isolate';
import { isAllMovable } from './scan';
import {
  beginRange,
  compactState,
  END_BLOCKED,
  END_NO_ROOM,
  giveUpChild,
  isGivenUp,
} from './state';

/** Children whose words are looked at in a step: 1 to 3 µs each. */
const LOOKS: u32 = 8;

function spanOf(goal: u32): u32 {
  return goal > CHILD_ORDER ? 2 : 1;
}

/** Looks for the next range. @returns false when there is nothing (more) to do */
export function chooseRange(): bool {
  const state = compactState();
  const span = spanOf(state.goal);
  for (let look: u32 = 0; look < LOOKS; look++) {
    if (isGoalReached()) return false;
    const child = cheapest(span);
    if (child < 0) return false;
    if (usedOf(child, span) > roomBeside(child, span)) {
      state.ending = END_NO_ROOM;
      return false;
    }
    const first = u32(child) * CHILD_PAGES;
    if (isAllMovable(first, first + span * CHILD_PAGES)) {
      rewindTargets();
      beginRange(first, first + span * CHILD_PAGES);
      return true;
    }
    giveUpChild(child);
    state.ending = END_BLOCKED;
  }
  return true;
}

/** Below order 9 one free block is enough. */
function isGoalReached(): bool {
  const goal = compactState().goal;
  if (goal >= CHILD_ORDER) return false;
  for (let child: u32 = 0; child < superblock().childCount; child++) {
    if (childFree(child) >= (<u32>1) << goal && findFree(child, goal) >= 0) return true;
  }
  return false;
}

function freeOf(child: u32, span: u32): u32 {
  let free: u32 = 0;
  for (let i: u32 = 0; i < span; i++) free += childFree(child + i);
  return free;
}

function usedOf(child: u32, span: u32): u32 {
  return span * CHILD_PAGES - freeOf(child, span);
}

/** The range with the fewest used pages, but some. @returns its first child, or −1 */
function cheapest(span: u32): i32 {
  let best: i32 = -1;
  let least: u32 = span * CHILD_PAGES + 1;
  // The last child may end beyond the zone.
  const end = superblock().pageCount / CHILD_PAGES;
  for (let child: u32 = 0; child + span <= end; child += span) {
    const used = usedOf(child, span);
    if (used == 0 || used > least || isGivenUp(child)) continue;
    best = child;
    least = used;
  }
  return best;
}

/** Free pages that what is moved out of a range may use up. */
function roomBeside(child: u32, span: u32): u32 {
  let room: u32 = 0;
  for (let other: u32 = 0; other < superblock().childCount; other++) {
    if (other - child >= span && isTarget(other)) room += childFree(other);
  }
  return room;
}
