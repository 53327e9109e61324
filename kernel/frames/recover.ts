/**
 * Recovery of frames: everybody's stocks back into the trees, and counters counted again.
 *
 * There is no log. What a thread left that died anywhere inside frames is one of three things, each
 * of which can be seen:
 *   a block in its stock                       its slot says so; and its bit is set
 *   bits set, named by no word and no stock    it was taking, giving back, refilling or draining
 *   counters too low                           it had debited, or had not credited yet
 * `repairFrames` empties all stocks, of the dead and of the living, so that *every* bit without a
 * page word is lost property. memdesc/recover.ts, where page words can be read, clears those
 * bits and lets the counters be counted again.
 *
 * Every step may be done twice; who recovers may die at each and another begins again.
 */

import { selfSlot, setSelfPage } from '../base/env';
import { Slot, superblock } from '../base/layout';
import { assertHalted } from '../thread/context';
import { countFree } from './bitfield';
import { childEntry, entryClass, storeEntry } from './child';
import { drainStocks } from './drain';
import { clearReservations } from './local';
import { drainSlot } from './stock';
import { endChild, firstChild, leaveTrees, storeTree, treeClass, treeSlot, treeWord } from './tree';

/** Gives back what a thread has in frames that leaves, its page aside. It gets no more stocks. */
export function leaveFrames(): void {
  drainSlot(selfSlot());
  leaveTrees(selfSlot());
  clearReservations(selfSlot());
  setSelfPage(0);
}

/** First step for a dead slot. */
export function repairFrames(slot: Slot): void {
  assertHalted();
  drainStocks();
  leaveTrees(slot);
  clearReservations(slot);
}

/** Makes every counter what the bits say. All stocks are empty. */
export function recount(): void {
  assertHalted();
  for (let tree: u32 = 0; tree < superblock().treeCount; tree++) {
    let free: u32 = 0;
    for (let child = firstChild(tree); child < endChild(tree); child++) {
      storeEntry(child, countFree(child), entryClass(childEntry(child)));
      free += countFree(child);
    }
    const word = treeWord(tree);
    storeTree(tree, free, treeSlot(word), treeClass(word));
  }
}
