/** Check of frames: counters, bits, stocks and reservations, compared. The world is stopped. */
import { CHILD_PAGES, Pfn, Slot, superblock } from '../base/layout';
import { highestSlot, SLOT_FREE, slotOf, slotState } from '../thread/slot';
import { countFree } from './bitfield';
import { childEntry, entryFree } from './child';
import { stockMentions } from './stock';
import { endChild, firstChild, treeFree, treeSlot, treeWord } from './tree';

/** Compares every counter with the bits below it. @returns a pfn in the wrong child, or 0 */
export function checkFrames(): u32 {
  for (let tree: u32 = 0; tree < superblock().treeCount; tree++) {
    let sum: u32 = 0;
    for (let child = firstChild(tree); child < endChild(tree); child++) {
      const free = entryFree(childEntry(child));
      if (countFree(child) != free) return child * CHILD_PAGES + 1;
      sum += free;
    }
    const word = treeWord(tree);
    const isOwned = treeSlot(word) == 0 || slotState(treeSlot(word)) != SLOT_FREE;
    if (treeFree(word) != sum || !isOwned) return firstChild(tree) * CHILD_PAGES + 1;
  }
  return 0;
}

/** Whether exactly one stock names a page. Cost: all stocks. */
export function isStocked(pfn: Pfn): bool {
  let mentions: u32 = 0;
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    if (slotOf(slot).page != 0) mentions += stockMentions(slot, pfn);
  }
  return mentions == 1;
}
