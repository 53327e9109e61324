/** Removing everything, that of namespaces too, leaf by leaf. */
import { peekWord } from '../base/words';
import { makeRingRoom, reclaimIfMany } from '../reclaim/reclaim';
import { dropEntry } from '../store/change';
import { hasRingRoom } from '../store/deferred';
import { leafAt, leafCount, lockLeafOf, unlockLeaf } from '../store/directory';
import { cellAt, LEAF_CELLS, nextPosition } from '../store/leaf';
import { hashAt } from '../store/leaf-copy';
import { shrinkIndex } from '../store/resize';
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
  const isOver = clearLocked(leafAt(number), limit);
  unlockLeaf(number);
  reclaimIfMany();
  if (!isOver) return u64(cursor);
  if (end == u32.MAX_VALUE) while (shrinkIndex()) reclaimIfMany();
  return u64(end) + 1;
}

/**
 * Removes up to `limit`, as many as the ring takes. @returns whether none is left: not by what the
 * leaf says that it holds, which may be damaged, nor by the ring, which others drain meanwhile
 */
function clearLocked(leaf: u32, limit: u32): bool {
  let at = nextPosition(leaf, 0);
  for (let left = limit; at < LEAF_CELLS && left != 0 && hasRingRoom(); left--) {
    dropEntry(leaf, at, hashAt(leaf, at), peekWord(cellAt(leaf, at)), COUNT_DELETES);
    at = nextPosition(leaf, at + 1);
  }
  return at == LEAF_CELLS;
}
