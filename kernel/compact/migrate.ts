/**
 * Migrate: a block's contents to another block, while its descriptor stays.
 *
 *   freeze → look again → take a block → copy → its words → **where the descriptor says its pages
 *   are** → old words Isolated → unfreeze
 *
 * Whoever knows the descriptor need not be told: no handle, index or mapping changes. That is what
 * a descriptor of its own buys over one that is part of its page. Only the cells of objects of
 * zsmalloc say addresses, so that reading them is one load: those that begin on the page are
 * renamed, one by one, before the old page's word is gone. Until then both pages say whose they are
 * and hold the same.
 *
 * Why nobody notices:
 *   who writes a folio      has pinned it, so the freeze, which expects no pins, fails: busy
 *   who locks or splits it  likewise: no lock without a pin
 *   who wants to pin it     finds it frozen, waits for one copy, looks again
 *   who frees it            lowers the frozen count; then the unfreeze finds that it was the last
 *   who reads without a pin is in a section: the old pages stay as they are until a grace period is
 *                           over (isolate.ts)
 *
 *   who allocates or frees  holds the lock of the zspage, which the mover takes if it is free
 *   objects on the page
 *   who writes a new one    has not settled its cell: the mover sees UNPUBLISHED, and goes on
 *
 * The freeze bars everybody, so neither a pin nor the descriptor's lock is needed: one
 * compare-and-swap, and a page that is pinned costs nothing but that.
 *
 * Death of the mover, as a survivor finds it (the move stands in the state record):
 *   not frozen by it                  it had not begun, or had done all
 *   frozen, pages are the new ones    done but for the old words: finish
 *   frozen, pages are the old ones    undo: new words 0, new pages back, unfreeze
 * The place is one word, so there is nothing in between. Cells that were not renamed yet are mended
 * when zsmalloc is repaired, which comes before: the zspage's lock was the dead's.
 */
import { Desc, PAGE_BYTES, Pfn, pageAddress, Slot } from '../base/layout';
import { loadWord, storeWord } from '../base/words';
import { giveBlock } from '../frames/frames';
import { COUNT_MASK, freeze, isFrozenBy, orderOf, pfnAt, refsAt } from '../memdesc/header';
import {
  fillPageWords,
  ISOLATED_WORD,
  pageWord,
  storePageWord,
  wordDescriptor,
  wordType,
} from '../memdesc/page-word';
import { unfreeze } from '../memdesc/pin';
import { TYPE_FREE, TYPE_ZSPAGE } from '../memdesc/type';
import { assertHalted, assertInSection } from '../thread/context';
import { tryLock, unlock } from '../thread/lock';
import { renewSection } from '../thread/rcu';
import { hasDraftOn, renameOn } from '../zsmalloc/compact';
import { selfThreadState } from '../zsmalloc/thread-state';
import { entryIndex, pageEntryOf, zspageLockAt } from '../zsmalloc/zspage';
import { takeTarget } from './isolate';
import {
  compactState,
  forgetMove,
  noteIsolated,
  REASON_BUSY,
  REASON_NO_ROOM,
  REASON_PINNED,
} from './state';

/**
 * What a move answers: an outcome, that is one of these or a reason of state.ts, and above its five
 * bits, as in a page word, a descriptor whose last reference went while it was frozen; 0 = none.
 */
export const MOVE_OUTCOME: u32 = 31;
export const MOVED: u32 = 8;
/** The page had changed hands before we came. */
export const MOVE_GONE: u32 = 9;

/**
 * Moves the block of a movable page out of the range. In a section, which is renewed.
 *
 * @returns MOVED, MOVE_GONE or a reason; and the descriptor, if the caller must free it
 * Cost: the copy, two compare-and-swaps and an atomic store; and finding the new block.
 */
export function migrateBlock(pfn: Pfn): u32 {
  assertInSection();
  renewSection();
  const word = pageWord(pfn);
  const desc = wordDescriptor(word);
  if (desc == 0) return MOVE_GONE;
  if (wordType(word) != TYPE_ZSPAGE) return moveUnlessPinned(pfn, word, desc);
  // The sweep mends cells that were not renamed.
  selfThreadState().needsSweep = 1;
  const isMine = tryLock(zspageLockAt(desc));
  const outcome = isMine ? moveUnlessPinned(pfn, word, desc) : REASON_BUSY;
  if (isMine) unlock(zspageLockAt(desc));
  selfThreadState().needsSweep = 0;
  return outcome;
}

/** Pages of the block that was moved last. */
export function pagesMoved(): u32 {
  return (<u32>1) << compactState().moveOrder;
}

function moveUnlessPinned(pfn: Pfn, word: u32, desc: Desc): u32 {
  // A survivor looks for a freeze of this descriptor.
  compactState().movePlace = 0;
  compactState().moveDesc = desc;
  let outcome = REASON_PINNED;
  if (freeze(desc, 0)) {
    // Frozen, it keeps its pages and its order: what is true now stays true. A stranger is let go.
    const place = pageWord(pfn) == word ? placeOf(pfn, word, desc) : 0;
    outcome = place == 0 ? REASON_BUSY : moveFrozen(desc, word, place);
    if (unfreeze(desc)) return desc | outcome;
  }
  forgetMove();
  return outcome;
}

/** Address of the word that says where the page is, or 0 if it cannot be copied now. */
function placeOf(pfn: Pfn, word: u32, desc: Desc): usize {
  if (wordType(word) != TYPE_ZSPAGE) return pfnAt(desc);
  const entry = pageEntryOf(desc, pfn);
  return entry != 0 && hasDraftOn(desc, entryIndex(desc, entry)) ? 0 : entry;
}

function moveFrozen(desc: Desc, word: u32, place: usize): u32 {
  const state = compactState();
  const pages: u32 = 1 << orderOf(desc);
  const to = takeTarget(orderOf(desc));
  if (to == 0) return REASON_NO_ROOM;
  state.moveOrder = orderOf(desc);
  state.moveFrom = loadWord(place);
  state.moveTo = to;
  state.movePlace = u32(place);
  memory.copy(pageAddress(to), pageAddress(state.moveFrom), pages * PAGE_BYTES);
  fillPageWords(to, pages, word);
  noteIsolated(state.moveFrom, pages);
  // Observed by whoever follows the descriptor to its pages. Decides, for a survivor, what has
  // moved.
  storeWord(place, to);
  if (wordType(word) == TYPE_ZSPAGE) leavePage(desc, place, state.moveFrom);
  else fillPageWords(state.moveFrom, pages, ISOLATED_WORD);
  return MOVED;
}

/** The word last, and observed: who had the old name looks for the zspage by it, or again. */
function leavePage(desc: Desc, place: usize, from: Pfn): void {
  renameOn(desc, entryIndex(desc, place), from);
  storePageWord(from, ISOLATED_WORD);
}

/**
 * Finishes or undoes the move of a dead owner.
 *
 * @returns a descriptor that nothing keeps any more, still frozen by the dead slot; or 0
 */
export function repairMove(slot: Slot): u32 {
  assertHalted();
  const state = compactState();
  const desc = state.moveDesc;
  if (desc == 0 || !isFrozenBy(desc, slot)) return 0;
  if (state.movePlace != 0) {
    const isThere = loadWord(state.movePlace) == state.moveTo;
    if (isThere) replaceWords(state.moveFrom, desc, ISOLATED_WORD);
    else replaceWords(state.moveTo, desc, TYPE_FREE);
  }
  if ((loadWord(refsAt(desc)) & COUNT_MASK) == 0) return desc;
  unfreeze(desc);
  return 0;
}

/** Replaces the words of a block that name a descriptor; pages that become free go to frames. */
function replaceWords(first: u32, desc: Desc, replacement: u32): void {
  for (let i: u32 = 0; i < (<u32>1) << compactState().moveOrder; i++) {
    if (wordDescriptor(pageWord(first + i)) != desc) continue;
    fillPageWords(first + i, 1, replacement);
    if (replacement == TYPE_FREE) giveBlock(first + i, 0);
  }
}
