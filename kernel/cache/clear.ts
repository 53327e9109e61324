/** Removing everything, that of namespaces too, leaf by leaf. */
import { peekWord } from '../base/words';
import { makeRingRoom, reclaimIfMany } from '../reclaim/reclaim';
import { changedSpace, closeChange, removeEntry } from '../store/change';
import { hasRingRoom } from '../store/deferred';
import { leafAt, leafCount, lockLeafOf, unlockLeaf } from '../store/directory';
import { cellAt, LEAF_CELLS, nextPosition } from '../store/leaf';
import { hashAt } from '../store/leaf-copy';
import { shrinkIndex } from '../store/resize';
import { countIn } from '../store/spaces';
import { COUNT_DELETES } from '../thread/counters';
import { forgetDriven } from './eviction/eviction';
import { rangeEnd, reverse } from './keys';
import { overtakeAll } from './lease-table';

/**
 * Removes up to `limit` entries of the leaf at a cursor, as keys.ts has it: an entry that is there
 * all the time is met, though others add meanwhile, and leaves are split and merged. Of an index
 * that it has gone through it merges what is empty now.
 *
 * @returns the cursor to go on with; 2^32 = all were met
 */
export function clearNext(cursor: u32, limit: u32): u64 {
  if (cursor == 0) {
    overtakeAll();
    forgetDriven();
  }
  makeRingRoom();
  const number = lockLeafOf(reverse(cursor));
  const end = rangeEnd(cursor, leafCount());
  // Not what the leaf says that it holds: that may be damaged, and never 0.
  const isOver = clearLocked(leafAt(number), limit) < limit && hasRingRoom();
  unlockLeaf(number);
  reclaimIfMany();
  if (!isOver) return u64(cursor);
  if (end == u32.MAX_VALUE) while (shrinkIndex()) reclaimIfMany();
  return u64(end) + 1;
}

/** @returns how many it removed: `limit`, what the leaf has, or what the ring takes */
function clearLocked(leaf: u32, limit: u32): u32 {
  let removed: u32 = 0;
  let at = nextPosition(leaf, 0);
  for (; at < LEAF_CELLS && removed < limit && hasRingRoom(); at = nextPosition(leaf, at + 1)) {
    removeEntry(leaf, at, hashAt(leaf, at), peekWord(cellAt(leaf, at)));
    closeChange();
    countIn(changedSpace(), COUNT_DELETES, 1);
    removed++;
  }
  return removed;
}
