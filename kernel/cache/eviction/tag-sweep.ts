/**
 * The dead: entries whose tags were deleted, or whose namespace was cleared, go before any that
 * lives, as do those that have expired.
 *
 * A deletion says nothing of where they are (store/tags.ts). So a hand goes once round the leaves
 * after it, some leaves for each that is short of memory, and takes out what is over. Two that go
 * round together, or a merge that moves entries behind the hand, leave some to the queues.
 *
 *   hand    number of the next leaf, + 1; 0 = no round is under way    compare-and-swap
 *   clock   of the tags when the last round began                      stored by anybody: a hint
 */
import { STORE_STATE } from '../../base/layout';
import { casWord, loadCell, loadWord, peekWord, storeCell, storeWord } from '../../base/words';
import { makeRingRoom } from '../../reclaim/reclaim';
import { dropEntry } from '../../store/change';
import { hasRingRoom } from '../../store/deferred';
import { leafAt, leafCount, lockLeaf, unlockLeaf } from '../../store/directory';
import { StoreState } from '../../store/journal';
import { cellAt, LEAF_CELLS, nextPosition } from '../../store/leaf';
import { hashAt } from '../../store/leaf-copy';
import { lifeAt, OVER } from '../../store/life';
import { tagClock } from '../../store/tags';
import { latestTime } from '../../thread/clock';
import { assertOutside } from '../../thread/context';
import { COUNT_EXPIRATIONS } from '../../thread/counters';
import { leaveSection } from '../../thread/rcu';
import { zsPlace } from '../../zsmalloc/object';
import { unitsOfEntry } from './judge';

const HAND: usize = STORE_STATE + offsetof<StoreState>('deadHand');
const CLOCK: usize = STORE_STATE + offsetof<StoreState>('deadClock');

/** Leaves that are gone through by one call: some 25,000 entries, whose heads are looked at. */
const LEAVES: u32 = 64;

/**
 * Takes out what is over in the next leaves, until so many units are. Not in a section.
 *
 * @returns units that went << 32 | entries; −1: there is no round to go
 */
export function sweepDead(wanted: u32): i64 {
  let went: u64 = 0;
  for (let left = LEAVES; left != 0 && u32(went >> 32) < wanted; left--) {
    const number = nextLeaf();
    if (number < 0) return went == 0 ? -1 : i64(went);
    went += sweepLeaf(number);
  }
  return i64(went);
}

/** @returns the number of the leaf whose turn it is, or −1 */
function nextLeaf(): i32 {
  const hand = loadWord(HAND);
  if (hand == 0) {
    const clock = tagClock();
    if (loadCell(CLOCK) == clock) return -1;
    storeCell(CLOCK, clock);
    storeWord(HAND, 1);
    return nextLeaf();
  }
  if (hand > leafCount()) {
    casWord(HAND, hand, 0);
    return nextLeaf();
  }
  // Another thread's, if it was faster: then both go through it.
  casWord(HAND, hand, hand + 1);
  return i32(hand - 1);
}

/** @returns as `sweepDead` */
function sweepLeaf(number: u32): u64 {
  assertOutside();
  let went: u64 = 0;
  let isWhole = false;
  while (!isWhole) {
    makeRingRoom();
    lockLeaf(number);
    const leaf = leafAt(number);
    let at: u32 = leaf == 0 ? LEAF_CELLS : nextPosition(leaf, 0);
    for (; at < LEAF_CELLS && hasRingRoom(); at = nextPosition(leaf, at + 1)) {
      const handle = peekWord(cellAt(leaf, at));
      if (lifeAt(zsPlace(handle), latestTime()) != OVER) continue;
      went += (u64(unitsOfEntry(handle)) << 32) + 1;
      dropEntry(leaf, at, hashAt(leaf, at), handle, COUNT_EXPIRATIONS);
    }
    isWhole = at >= LEAF_CELLS;
    unlockLeaf(number);
    leaveSection();
  }
  return went;
}
