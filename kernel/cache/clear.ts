/** Removing everything, that of namespaces too, leaf by leaf. */
import { peekWord } from '../base/words';
import { makeRingRoom, reclaimIfMany } from '../reclaim/reclaim';
import { changedSpace, closeChange, removeEntry } from '../store/change';
import { hasRingRoom } from '../store/deferred';
import { leafAt, leafCount, lockLeaf, lockLeafOf, unlockLeaf } from '../store/directory';
import { cellAt, LEAF_CELLS, nextPosition } from '../store/leaf';
import { hashAt } from '../store/leaf-copy';
import { shrinkIndex } from '../store/resize';
import { countIn } from '../store/spaces';
import { COUNT_DELETES } from '../thread/counters';
import { leaveSection } from '../thread/rcu';
import { rangeEnd, reverse } from './keys';
import { overtakeAll } from './lease-table';

/**
 * Removes up to `limit` entries of the leaf at a cursor, as keys.ts has it: an entry that is there
 * all the time is met, though others add meanwhile, and leaves are split and merged.
 *
 * @returns the cursor to go on with; 2^32 = all were met
 */
export function clearNext(cursor: u32, limit: u32): u64 {
  if (cursor == 0) overtakeAll();
  makeRingRoom();
  const number = lockLeafOf(reverse(cursor));
  const end = rangeEnd(cursor, leafCount());
  // Not what the leaf says that it holds: that may be damaged, and never 0.
  const isOver = clearLocked(leafAt(number), limit) < limit && hasRingRoom();
  unlockLeaf(number);
  leaveSection();
  reclaimIfMany();
  return isOver ? u64(end) + 1 : u64(cursor);
}

/** Removes up to `limit` entries, of the last leaf first. @returns how many it removed */
export function clearSome(limit: u32): u32 {
  let removed: u32 = 0;
  let number = leafCount();
  // First: what is stored after that has seen it, or is taken out below.
  overtakeAll();
  while (removed < limit && number != 0) {
    makeRingRoom();
    const some = clearLeaf(number - 1, limit - removed);
    removed += some;
    if (some != 0) continue;
    shrinkIndex();
    number = min(number - 1, leafCount());
  }
  leaveSection();
  reclaimIfMany();
  return removed;
}

/** Removes up to `limit` entries of a leaf, and no more than the ring takes. @returns how many */
function clearLeaf(number: u32, limit: u32): u32 {
  lockLeaf(number);
  const removed = clearLocked(leafAt(number), limit);
  unlockLeaf(number);
  leaveSection();
  return removed;
}

function clearLocked(leaf: u32, limit: u32): u32 {
  let removed: u32 = 0;
  let at: u32 = leaf == 0 ? LEAF_CELLS : nextPosition(leaf, 0);
  for (; at < LEAF_CELLS && removed < limit && hasRingRoom(); at = nextPosition(leaf, at + 1)) {
    removeEntry(leaf, at, hashAt(leaf, at), peekWord(cellAt(leaf, at)));
    closeChange();
    countIn(changedSpace(), COUNT_DELETES, 1);
    removed++;
  }
  return removed;
}
