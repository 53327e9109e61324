/**
 * What a survivor repairs in the store, by the journal of the dead and the cells of the leaves.
 *
 *   announced, its cell is not changed    not begun: the draft stays a draft, and needs no record
 *   announced, its cell is changed        done: the totals are counted, then as in the next row
 *   done                                  the draft is forgotten; what was taken out is in the
 *                                         ring, or is `doomed` from now on
 *   a leaf's lock is held                 all but the cells is made anew from them
 *   the store lock is held                the split or merge is finished or undone (resize.ts)
 *   reshaping                             pages of the index that nobody names are freed
 *   doomed also first in a ring, a draft, or ownCell of a thread state     it is doomed, and that
 *                                                                          alone
 *
 * World halted, after zsmalloc's repair and limbo's. Each step may be done twice. Cost: the leaf,
 * and the threads; for a dead splitter a look at every page's word.
 */
import { Handle, Pfn, pageAddress, Slot, superblock } from '../base/layout';
import { peekWord } from '../base/words';
import { nextTaken } from '../frames/bitfield';
import { giveBlock } from '../frames/frames';
import { miscWord, peekPageWord, storePageWord } from '../memdesc/page-word';
import { MISC_INDEX, TYPE_FREE } from '../memdesc/type';
import { bag, LIMBO_INDEX } from '../thread/limbo';
import { breakLock, isLockOf } from '../thread/lock';
import { highestSlot, slotOf } from '../thread/slot';
import { asThreadState, threadStateOf } from '../zsmalloc/thread-state';
import { isInChain } from './chain';
import { isDeferredIn, ringLockAt, skipDoomed } from './deferred';
import {
  isNamedIndexPage,
  leafAt,
  leafCount,
  leafLockAt,
  parentOf,
  setLeaf,
  setLeafCount,
} from './directory';
import {
  ANNOUNCED,
  DONE,
  Journal,
  journalOf,
  NONE,
  STORE_LOCK,
  storeState,
  TAGS_LOCK,
} from './journal';
import { cellAt, LEAF_CELLS, nextPosition } from './leaf';
import { repairLeaf } from './leaf-copy';
import { linkOfLeaf, MERGE, NOTHING, SPLIT } from './resize';
import { takeTotals } from './totals';

/** Repairs what the thread in `slot` left half-done. */
export function repairStore(slot: Slot): void {
  if (storeState().top == 0) return;
  const journal = journalOf(slot);
  repairDoomed(slot, journal);
  repairChange(slot, journal);
  repairHeldLeaf(slot, journal.held);
  repairHeldLeaf(slot, journal.heldToo);
  journal.held = 0;
  journal.heldToo = 0;
  if (isLockOf(STORE_LOCK, slot)) repairReshape();
  if (journal.reshaping != 0) freeUnnamedPages();
  journal.reshaping = 0;
  breakLock(STORE_LOCK, slot);
  breakLock(TAGS_LOCK, slot);
}

/**
 * What is doomed stands nowhere else; nor is it in the thread's state of who was freeing it for
 * another.
 */
function repairDoomed(slot: Slot, journal: Journal): void {
  const own = threadStateOf(slot) == 0 ? 0 : asThreadState(threadStateOf(slot)).ownCell;
  for (let other: u32 = 1, end = highestSlot(); other <= end; other++) {
    skipDoomed(other, journal.doomed);
    breakLock(ringLockAt(other), slot);
    if (journal.doomed != 0 && slotOf(other).draftHead == journal.doomed) {
      slotOf(other).draftHead = 0;
      slotOf(other).draftTail = 0;
    }
    if (own != 0 && isInChain(journalOf(other).doomed, own))
      asThreadState(threadStateOf(slot)).ownCell = 0;
  }
}

function repairChange(slot: Slot, journal: Journal): void {
  if (journal.phase == ANNOUNCED) {
    const leaf = leafAt(journal.held - 1);
    const isDone =
      journal.incoming == 0 ? !hasCell(leaf, journal.outgoing) : hasCell(leaf, journal.incoming);
    if (isDone) takeTotals(slot);
    else journal.queueing = 0;
    journal.phase = isDone ? DONE : NONE;
  }
  if (journal.phase != DONE) return;
  if (journal.incoming != 0) {
    slotOf(slot).draftHead = 0;
    slotOf(slot).draftTail = 0;
  }
  if (journal.outgoing != 0 && !isDeferredIn(slot, journal.outgoing)) {
    journal.doomed = journal.outgoing;
  }
  journal.phase = NONE;
}

function hasCell(leaf: u32, handle: Handle): bool {
  for (let at = nextPosition(leaf, 0); at < LEAF_CELLS; at = nextPosition(leaf, at + 1)) {
    if (peekWord(cellAt(leaf, at)) == handle) return true;
  }
  return false;
}

function repairHeldLeaf(slot: Slot, held: u32): void {
  if (held == 0 || !isLockOf(leafLockAt(held - 1), slot)) return;
  const leaf = leafAt(held - 1);
  if (leaf != 0) repairLeaf(leaf);
  breakLock(leafLockAt(held - 1), slot);
}

/** Finishes or undoes the split or merge of who had the store lock. */
function repairReshape(): void {
  const store = storeState();
  const number = store.reshaped;
  const parent = number == 0 ? 0 : parentOf(number);
  if (store.reshape == SPLIT) {
    if (leafCount() == number) setLeaf(number, 0);
    else setLeaf(parent, store.fresh);
  } else if (store.reshape == MERGE && leafAt(parent) == store.fresh) {
    setLeafCount(number);
    setLeaf(number, 0);
  }
  store.reshape = NOTHING;
}

/** Whether a page waits in limbo, or hangs from somebody who took it out of there. */
function isWaiting(address: u32): bool {
  const from = bag(LIMBO_INDEX);
  if (isLinked(from.next, address) || isLinked(from.waiting, address)) return true;
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    const self = slotOf(slot);
    if (self.doneKind == LIMBO_INDEX && isLinked(self.done, address)) return true;
  }
  return false;
}

/** Progress: no list is longer than there are pages, whatever its words say. */
function isLinked(first: u32, address: u32): bool {
  let at = first;
  for (let left = superblock().pageCount; at != 0 && left != 0; left--) {
    if (at == address) return true;
    at = peekWord(linkOfLeaf(at));
  }
  return false;
}

function freeUnnamedPages(): void {
  const end = superblock().pageCount;
  for (let pfn = nextUnnamed(superblock().firstPfn); pfn < end; pfn = nextUnnamed(pfn + 1)) {
    storePageWord(pfn, TYPE_FREE);
    giveBlock(pfn, 0);
  }
}

/**
 * The next page of the index that is neither named nor waits in limbo, from one on; as many as
 * there are pages: none. World halted.
 */
export function nextUnnamed(from: Pfn): Pfn {
  const end = superblock().pageCount;
  const word = miscWord(0, MISC_INDEX);
  for (let pfn = nextTaken(from); pfn < end; pfn = nextTaken(pfn + 1)) {
    if (peekPageWord(pfn) != word) continue;
    const address = pageAddress(pfn);
    if (!isNamedIndexPage(address) && !isWaiting(address)) return pfn;
  }
  return end;
}
