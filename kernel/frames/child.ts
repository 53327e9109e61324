/**
 * Child entries: one word for each 2 MiB, the counter above its bits, and what it is used for.
 *
 * Counters stand 2^counterShift bytes apart, at least 8: first the entry, and beside that of a
 * tree's first child the word of the tree (tree.ts). So a tree's counters are alone on their cache
 * lines, and threads that work in different trees do not disturb each other.
 *
 * entry: free:10 (0 … 512) · class:2 (bit 10)
 *   free  ≥ n → − n   before bits are set       compare-and-swap, by who wants n pages
 *   free  + n         after bits were cleared   atomic add, by who gave them back
 *   class             with a debit: a wholly free child takes the class of its first user, one in
 *                     use the lower of both, so that unmovable memory, once in, keeps the child
 *
 *   free ≤ clear bits, always;  free = clear bits when nobody is inside frames
 *
 * So whoever has debited finds its pages, unless it wanted more than one together; and free = 512
 * says that nobody has, or is about to have, a page of the child: 512 → 0 takes it whole.
 *
 * Classes only say what lies together. Correctness never depends on them.
 */
import { FAULT_FRAMES, fail } from '../base/fault';
import { CHILD_PAGES, superblock } from '../base/layout';
import { addWord, casWord, loadWord, storeWord } from '../base/words';

const FREE: u32 = 1023;
const CLASS_SHIFT: u32 = 10;

function entryAt(child: u32): usize {
  return superblock().counters + (child << superblock().counterShift);
}

export function childEntry(child: u32): u32 {
  return loadWord(entryAt(child));
}

export function entryFree(entry: u32): u32 {
  return entry & FREE;
}

export function entryClass(entry: u32): u32 {
  return (entry >> CLASS_SHIFT) & 3;
}

/** For format and recovery, while nobody else is there. */
export function storeEntry(child: u32, free: u32, frameClass: u32): void {
  storeWord(entryAt(child), (frameClass << CLASS_SHIFT) | free);
}

/** Claims `pages` of a child's count. Progress: a failed exchange is another thread's change. */
export function debitChild(child: u32, pages: u32, frameClass: u32): bool {
  let seen = childEntry(child);
  while (entryFree(seen) >= pages) {
    const free = entryFree(seen);
    const next = free == CHILD_PAGES ? frameClass : min(frameClass, entryClass(seen));
    const found = casWord(entryAt(child), seen, (next << CLASS_SHIFT) | (free - pages));
    if (found == seen) return true;
    seen = found;
  }
  return false;
}

export function creditChild(child: u32, pages: u32): void {
  const seen = addWord(entryAt(child), pages);
  if (entryFree(seen) + pages > CHILD_PAGES) fail(FAULT_FRAMES, child * CHILD_PAGES);
}
