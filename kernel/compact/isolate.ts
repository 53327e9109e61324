/**
 * Isolate: pages in the hands of who compacts, and free pages to move others to.
 *
 * A page of the range is *captured* when nobody can allocate it: its frame bit is set and its word
 * is Captured. A free page is captured by taking it from frames; a page that was moved away is
 * captured by the move, and its old contents may be read until the grace period is over. So the
 * range fills up with captured pages, and when it has no others it is one free block.
 *
 * page of the range   free      → Captured   takeGivenBlock, then the word
 *                     occupied  → Captured   by the move (migrate.ts)
 *                     Captured  → free       word 0, then giveToTrees; after the grace period
 *                     Captured  → Poisoned   the page that is to be withdrawn; likewise
 * A thread that dies between the two steps leaves a page with its bit set and no word: those are
 * found by the recovery of frames. All others are found by their words: no list is kept, and a
 * range has 1,024 pages at most that one would have to look at.
 *
 * Free pages elsewhere are found from the bottom of the zone up, while ranges are chosen from the
 * top down (scan.ts), so the two meet once. A child that is wholly free is no target of compaction:
 * filling it would undo what that is for.
 */
import { CHILD_PAGES, superblock } from '../base/layout';
import { findFree } from '../frames/bitfield';
import { childEntry, entryFree } from '../frames/child';
import { CLASS_MOVABLE } from '../frames/class';
import { giveToTrees, takeGivenBlock } from '../frames/frames';
import {
  CAPTURED_WORD,
  miscWord,
  pageWord,
  storePageWord,
  storePageWords,
} from '../memdesc/page-word';
import { MISC_USER, TYPE_FREE, TYPE_POISONED } from '../memdesc/type';
import { compactState, isInRange, isRangeGiven, PHASE_IDLE } from './state';

const CHILD_ORDER: u32 = 9;

/** Thread-local: child in which the last target was found. */
let targetChild: u32 = 0;

/** Looks for targets from the bottom again: others have freed pages there. */
export function rewindTargets(): void {
  targetChild = 0;
}

/** Captures a free page. @returns false when it is in somebody's stock or operation */
export function captureFree(pfn: u32): bool {
  if (!takeGivenBlock(pfn, 0, CLASS_MOVABLE)) return false;
  storePageWord(pfn, CAPTURED_WORD);
  return true;
}

/** Free pages of a child. */
export function childFree(child: u32): u32 {
  return entryFree(childEntry(child));
}

/** Whether a child has room that compaction may use up. */
export function isTarget(child: u32): bool {
  const free = childFree(child);
  if (free == 0 || isInRange(child * CHILD_PAGES)) return false;
  return free != CHILD_PAGES || isHalfOfPair(child);
}

/** A wholly free child is not what a compaction to pairs of them is after, if its twin is in use. */
function isHalfOfPair(child: u32): bool {
  const twin = child ^ 1;
  if (compactState().goal <= CHILD_ORDER) return false;
  return twin >= superblock().childCount || childFree(twin) != CHILD_PAGES;
}

/**
 * Takes a free block outside of the range. Its pages have no word yet: the caller must not wait. A
 * range that the caller named is emptied at the price of a child that is wholly free, if need be.
 *
 * @returns its first page, or 0
 * Cost: a look at each child, less as long as the one that had room before has more.
 */
export function takeTarget(order: u32): u32 {
  const pfn = findTarget(order, false);
  return pfn != 0 || !isRangeGiven() ? pfn : findTarget(order, true);
}

function findTarget(order: u32, mayBreak: bool): u32 {
  const children = superblock().childCount;
  for (let look: u32 = 0; look < children; look++) {
    if (targetChild >= children) targetChild = 0;
    const pfn = takeFrom(targetChild, order, mayBreak);
    if (pfn != 0) return pfn;
    targetChild++;
  }
  return 0;
}

function takeFrom(child: u32, order: u32, mayBreak: bool): u32 {
  if (!mayBreak && !isTarget(child)) return 0;
  if (childFree(child) < (<u32>1) << order) return 0;
  const page = findFree(child, order);
  if (page < 0) return 0;
  const pfn = child * CHILD_PAGES + u32(page);
  // Losing means that another thread was faster: there are other children.
  return !isInRange(pfn) && takeGivenBlock(pfn, order, CLASS_MOVABLE) ? pfn : 0;
}

/** Gives the emptied range back as one block. The grace period is over. */
export function giveRange(): void {
  const state = compactState();
  storePageWords(state.first, state.end - state.first, TYPE_FREE);
  giveToTrees(state.first, rangeOrder());
}

/** Makes the emptied range a block of the caller's, who finds it in `delivered`. Likewise. */
export function deliverRange(): void {
  const state = compactState();
  const word = miscWord(rangeOrder(), MISC_USER);
  // The first page last: a block without its first word is lost property (recover-pages.ts).
  storePageWords(state.first + 1, state.end - state.first - 1, word);
  storePageWord(state.first, word);
  state.delivered = state.first;
}

function rangeOrder(): u32 {
  return u32(ctz(compactState().end - compactState().first));
}

/**
 * Takes the page that was asked for out of use, if it is captured. The grace period is over. Its bit
 * stays set, and its word says why (withdraw.ts); for a survivor it is withdrawn with this store.
 */
export function withdrawCaptured(): void {
  const state = compactState();
  if (pageWord(state.first) != CAPTURED_WORD) return;
  storePageWord(state.first, TYPE_POISONED);
  state.made++;
}

/** Gives captured pages back one by one. The grace period is over, or the world is halted. */
export function giveCaptured(): void {
  for (let pfn = compactState().capturedFirst; pfn < compactState().capturedEnd; pfn++) {
    if (pageWord(pfn) != CAPTURED_WORD) continue;
    storePageWord(pfn, TYPE_FREE);
    giveToTrees(pfn, 0);
  }
}

/** @returns a captured page that is not in the hands of compaction, or 0. The world is stopped */
export function checkCaptured(): u32 {
  const state = compactState();
  const isIdle = state.phase == PHASE_IDLE;
  for (let pfn = superblock().firstPfn; pfn < superblock().pageCount; pfn++) {
    if (pageWord(pfn) != CAPTURED_WORD) continue;
    if (isIdle || pfn < state.capturedFirst || pfn >= state.capturedEnd) return pfn;
  }
  return 0;
}
