/**
 * Isolate: pages in the hands of who compacts, and free pages to move others to.
 *
 * A page of the range is *isolated* when nobody can allocate it: its frame bit is set and its word
 * is Isolated. A free page is isolated by taking it from frames; a page that was moved away is
 * isolated by the move, and its old contents may be read until the grace period is over. So the
 * range fills up with isolated pages, and when it has no others it is one free block.
 *
 * page of the range   free      → Isolated   takePages, then the word
 *                     occupied  → Isolated   by the move (migrate.ts)
 *                     Isolated  → free       word 0, then givePages; after the grace period
 *                     Isolated  → Poisoned   the page that is to be withdrawn; likewise
 * A row of 64 pages is taken or given back in one exchange, and single targets likewise in
 * advance. A thread that dies between the two steps leaves pages with their bits set and no word:
 * those are found by the recovery of frames. All others are found by their words: no list is kept,
 * and a range has 1,024 pages at most that one would have to look at.
 *
 * Free pages elsewhere are found from the bottom of the zone up; of ranges that cost the same the
 * highest is chosen (choose.ts). A child that is wholly free is no target of compaction: filling it
 * would undo what that is for.
 */
import { CHILD_ORDER, CHILD_PAGES, Order, Pfn, superblock } from '../base/layout';
import { bitsOf, findFree, lowest, onesBelow, ROW_PAGES } from '../frames/bitfield';
import { childEntry, entryFree } from '../frames/child';
import { CLASS_MOVABLE } from '../frames/class';
import { givePages, giveToTrees, takeBlockAt, takePages } from '../frames/frames';
import {
  fillPageWords,
  ISOLATED_WORD,
  miscWord,
  pageWord,
  storePageWord,
} from '../memdesc/page-word';
import { MISC_USER, TYPE_FREE, TYPE_POISONED } from '../memdesc/type';
import { assertHalted, assertOutside } from '../thread/context';
import { compactState, isInRange, isRangeGiven, PHASE_IDLE } from './state';

/** Single pages that are taken in advance, for as many moves as a step has. */
const TARGETS: u32 = 32;

/** Thread-local: child in which the last target was found. */
let targetChild: u32 = 0;
/**
 * Thread-local, in a step: pages that are taken to move others to, as bits from `targetRow` on.
 */
let targets: u64 = 0;
let targetRow: u32 = 0;

/** Looks for targets from the bottom again: others have freed pages there. */
export function rewindTargets(): void {
  targetChild = 0;
}

/**
 * Isolates a free page of the range, and those of its row behind it.
 *
 * @returns false when it is in somebody's stock or operation
 */
export function isolateFree(pfn: Pfn): bool {
  const first = pfn & ~(ROW_PAGES - 1);
  const mask = rangeIn(first) & ~onesBelow(pfn - first);
  const taken = takeSome(first, mask);
  for (let rest = taken; rest != 0; rest &= rest - 1) {
    fillPageWords(first + u32(ctz(rest)), 1, ISOLATED_WORD);
  }
  return ((taken >> u64(pfn - first)) & 1) != 0;
}

/**
 * Takes free pages of a row: those in `mask`; if the counters do not admit that, the first one.
 */
function takeSome(first: u32, mask: u64): u64 {
  const child = first / CHILD_PAGES;
  const row = (first / ROW_PAGES) & 7;
  const taken = takePages(child, row, mask, CLASS_MOVABLE);
  return taken != 0 ? taken : takePages(child, row, mask & (0 - mask), CLASS_MOVABLE);
}

/** Ones for the pages of a row that are in the range. */
function rangeIn(row: u32): u64 {
  const state = compactState();
  const from = max(state.first, row) - row;
  const end = max(state.end, row) - row;
  return state.phase == PHASE_IDLE ? 0 : onesBelow(end) & ~onesBelow(from);
}

/** Free pages of a child. */
export function childFree(child: u32): u32 {
  return entryFree(childEntry(child));
}

/** Whether a child has room that compaction may use up. */
export function isTarget(child: u32): bool {
  const free = childFree(child);
  return free != 0 && (free != CHILD_PAGES || isHalfOfPair(child));
}

/**
 * A wholly free child is not what a compaction to pairs of them is after, if its twin is in use.
 */
function isHalfOfPair(child: u32): bool {
  const twin = child ^ 1;
  if (compactState().goal <= CHILD_ORDER || isRangeGiven()) return false;
  return twin >= superblock().childCount || childFree(twin) != CHILD_PAGES;
}

/**
 * Takes a free block outside of the range. Its pages have no word yet: the caller must not wait. A
 * range that the caller named is emptied at the price of a child that is wholly free, if need be.
 *
 * @returns its first page, or 0
 * Cost: a look at each child, less as long as the one that had room before has more.
 */
export function takeTarget(order: Order): u32 {
  if (order != 0) return searchTargets(order);
  if (targets == 0 && searchTargets(0) == 0) return 0;
  const pfn = targetRow + u32(ctz(targets));
  targets &= targets - 1;
  return pfn;
}

/** Gives back what was taken for moves that did not come about. At the end of a step. */
export function returnTargets(): void {
  assertOutside();
  if (targets != 0) givePages(targetRow / CHILD_PAGES, (targetRow / ROW_PAGES) & 7, targets);
  targets = 0;
}

/** After a step that was cut short: its pages have no words, and are lost property. */
export function forgetTargets(): void {
  targets = 0;
}

/** @returns the first page of a block, or 0. Single pages are put into `targets` */
function searchTargets(order: Order): u32 {
  const children = superblock().childCount;
  // What must go somewhere goes into wholly free children, when there is no other room.
  const rounds: u32 = isRangeGiven() ? 2 : 1;
  for (let look: u32 = 0; look < rounds * children; look++) {
    if (targetChild >= children) targetChild = 0;
    if (isTarget(targetChild) || look >= children) {
      const pfn = order == 0 ? takeSingles(targetChild) : takeFrom(targetChild, order);
      if (pfn != 0) return pfn;
    }
    targetChild++;
  }
  return 0;
}

/** Takes single pages of the lowest row that has some. @returns the first, or 0 */
function takeSingles(child: u32): u32 {
  if (childFree(child) == 0) return 0;
  for (let row: u32 = 0; row < CHILD_PAGES / ROW_PAGES; row++) {
    const first = child * CHILD_PAGES + row * ROW_PAGES;
    const free = ~bitsOf(child, row) & ~rangeIn(first);
    if (free == 0) continue;
    targetRow = first;
    targets = takeSome(first, lowest(free, TARGETS));
    if (targets != 0) return first + u32(ctz(targets));
  }
  return 0;
}

function takeFrom(child: u32, order: Order): u32 {
  if (childFree(child) < (<u32>1) << order) return 0;
  const page = findFree(child, order);
  if (page < 0) return 0;
  const pfn = child * CHILD_PAGES + u32(page);
  // Losing means that another thread was faster: there are other children.
  return !isInRange(pfn) && takeBlockAt(pfn, order, CLASS_MOVABLE) ? pfn : 0;
}

/** Gives the emptied range back as one block. The grace period is over. */
export function giveRange(): void {
  const state = compactState();
  fillPageWords(state.first, state.end - state.first, TYPE_FREE);
  giveToTrees(state.first, rangeOrder());
}

/** Makes the emptied range a block of the caller's, who finds it in `delivered`. Likewise. */
export function deliverRange(): void {
  const state = compactState();
  const word = miscWord(rangeOrder(), MISC_USER);
  // The first page last: a block without its first word is lost property (memdesc/recover.ts).
  fillPageWords(state.first + 1, state.end - state.first - 1, word);
  fillPageWords(state.first, 1, word);
  state.delivered = state.first;
}

function rangeOrder(): Order {
  return u32(ctz(compactState().end - compactState().first));
}

/**
 * Takes the page that was asked for out of use, if it is isolated. The grace period is over. Its
 * bit stays set, and its word says why (exports/withdraw.ts); for a survivor it is withdrawn with
 * this store.
 */
export function withdrawIsolated(): void {
  const state = compactState();
  if (pageWord(state.first) != ISOLATED_WORD) return;
  storePageWord(state.first, TYPE_POISONED);
  state.made++;
}

/** Gives isolated pages back, row by row. The grace period is over, or the world is halted. */
export function giveIsolated(): void {
  const end = compactState().isolatedEnd;
  for (let pfn = compactState().isolatedFirst; pfn < end; ) {
    const next = min(end, (pfn | (ROW_PAGES - 1)) + 1);
    let mask: u64 = 0;
    for (; pfn < next; pfn++) {
      if (pageWord(pfn) != ISOLATED_WORD) continue;
      fillPageWords(pfn, 1, TYPE_FREE);
      mask |= (<u64>1) << u64(pfn & (ROW_PAGES - 1));
    }
    if (mask != 0) givePages((next - 1) / CHILD_PAGES, ((next - 1) / ROW_PAGES) & 7, mask);
  }
}

/** @returns an isolated page that is not in the hands of compaction, or 0 */
export function checkIsolated(): u32 {
  assertHalted();
  const state = compactState();
  const isIdle = state.phase == PHASE_IDLE;
  for (let pfn = superblock().firstPfn; pfn < superblock().pageCount; pfn++) {
    if (pageWord(pfn) != ISOLATED_WORD) continue;
    if (isIdle || pfn < state.isolatedFirst || pfn >= state.isolatedEnd) return pfn;
  }
  return 0;
}
