/**
 * Scan: passes over the pages of the range, until all of them are isolated.
 *
 * What a page is, its tag says: one that cannot move is passed without a lock, a reference or a
 * write. A stale "unmovable" costs a block that is not made; a stale "movable" is caught by the
 * move.
 *
 * A pass that gets nothing ends in a short sleep, so that whoever has a page pinned can go on;
 * after a few of those, or when all that is left cannot be moved, the range is given up, and what
 * is isolated goes back.
 */
import { CHILD_PAGES, Desc, Pfn } from '../base/layout';
import { loadWord } from '../base/words';
import { drainAll } from '../frames/drain';
import { stockedPages } from '../frames/stock';
import { OWNED, refsAt } from '../memdesc/header';
import { ISOLATED_WORD, pageWord, wordDescriptor, wordType } from '../memdesc/page-word';
import {
  FIRST_USER_TYPE,
  TYPE_ANON_FOLIO,
  TYPE_FILE_FOLIO,
  TYPE_FREE,
  TYPE_FREEING,
  TYPE_ISOLATED,
  TYPE_ZSPAGE,
  USER_TYPES,
} from '../memdesc/type';
import { isRegistered, userType } from '../memdesc/user-type';
import { assertInSection } from '../thread/context';
import { failIfIdle } from '../thread/forsaken';
import { beginGracePeriod, enterSection, isQuiescent, leaveSection, whoReads } from '../thread/rcu';
import { sleepAtSafepoint } from '../thread/stop';
import {
  deliverRange,
  giveIsolated,
  giveRange,
  isolateFree,
  returnTargets,
  withdrawIsolated,
} from './isolate';
import { MOVE_GONE, MOVE_OUTCOME, MOVED, migrateBlock, pagesMoved } from './migrate';
import {
  beginPass,
  compactState,
  countSkipped,
  END_BLOCKED,
  GOAL_WITHDRAW,
  giveUpChild,
  isRangeGiven,
  PHASE_IDLE,
  PHASE_WAITING,
  REASON_BUSY,
  REASON_NO_ROOM,
  REASON_PINNED,
  REASON_UNMOVABLE,
} from './state';

/** Moves in a step: 32 pages of 4 KiB are some 10 µs, cold ones 30. */
const MOVES: u32 = 32;
/** Pages that a step looks at: 10 µs, at 2 ns each. */
export const VISITS: u32 = 4096;
/** Passes over a range that get nothing, before it is given up: 2 ms. */
const IDLE_PASSES: u32 = 3;
/** Looks for the end of a grace period before sleeping: sections are microseconds long. */
const SPINS: u32 = 200;

/** Thread-local: a bit for each type whose pages can be moved, as it was when the step began. */
let movableTypes: u32 = 0;

/** Before words are looked at. Types that come later count as unmovable until the next step. */
export function learnTypes(): void {
  movableTypes = (1 << TYPE_ANON_FOLIO) | (1 << TYPE_FILE_FOLIO) | (1 << TYPE_ZSPAGE);
  for (let type = FIRST_USER_TYPE; type < FIRST_USER_TYPE + USER_TYPES; type++) {
    if (isRegistered(type) && userType(type).isMovable != 0) movableTypes |= 1 << type;
  }
}

function isMovable(word: u32): bool {
  return ((movableTypes >> wordType(word)) & 1) != 0;
}

/**
 * The first page from `pfn` on whose tag is in `types`, or `end`: no lock, no reference, no write.
 */
function firstOf(types: u32, pfn: Pfn, end: u32): Pfn {
  while (pfn < end && ((types >> wordType(pageWord(pfn))) & 1) == 0) pfn++;
  return pfn;
}

/** Whether all pages are free, or can be moved as far as their tags say. */
export function isAllMovable(first: u32, end: u32): bool {
  const pfn = firstOf(~(movableTypes | (1 << TYPE_FREE)), first, end);
  compactState().scanned += min(pfn + 1, end) - first;
  if (pfn < end) countSkipped(wordType(pageWord(pfn)), REASON_UNMOVABLE);
  return pfn == end;
}

/** Goes on with a pass, or ends it. @returns a descriptor that the caller must free, or 0 */
export function emptySome(): Desc {
  const state = compactState();
  if (state.cursor < state.end) return passOver(min(state.cursor + VISITS, state.end));
  endPass();
  return 0;
}

/**
 * Isolates or moves pages up to `stop`, as many as a step may. Waits for nobody.
 *
 * @returns a descriptor whose last reference went while it was moved, or 0: with it a step ends
 */
function passOver(stop: u32): Desc {
  const state = compactState();
  const isChosen = !isRangeGiven();
  let isHopeless = false;
  let orphan: Desc = 0;
  enterSection();
  for (let moves: u32 = 0; moves < MOVES && state.cursor < stop && !isHopeless && orphan == 0; ) {
    const word = pageWord(state.cursor);
    if (word == ISOLATED_WORD) {
      state.cursor++;
    } else if (word == TYPE_FREE) {
      visitFree();
    } else if (isMovable(word)) {
      const outcome = migrateBlock(state.cursor);
      moves += noteMove(outcome & MOVE_OUTCOME);
      orphan = outcome & ~MOVE_OUTCOME;
      isHopeless = isChosen && state.hasNoRoom != 0;
    } else {
      passUnmovable(stop);
      isHopeless = isChosen;
    }
  }
  leaveSection();
  returnTargets();
  if (isHopeless) giveUp();
  return orphan;
}

function visitFree(): void {
  const state = compactState();
  if (isolateFree(state.cursor)) state.progress++;
  else state.left++;
  state.cursor++;
}

/** The page at the cursor cannot move; nor can those behind it with tags like that. */
function passUnmovable(stop: u32): void {
  const state = compactState();
  // Isolated pages are in limbo.
  const others = movableTypes | (1 << TYPE_FREE) | (1 << TYPE_ISOLATED) | (1 << TYPE_FREEING);
  const next = firstOf(others, state.cursor + 1, stop);
  state.left += next - state.cursor;
  // What is being freed is worth waiting for.
  if (wordType(pageWord(state.cursor)) != TYPE_FREEING) state.unmovable += next - state.cursor;
  state.cursor = next;
}

/** What became of the page at the cursor. @returns pages that were moved, or 1: what it cost */
function noteMove(outcome: u32): u32 {
  const state = compactState();
  if (outcome == MOVED) {
    state.moved += pagesMoved();
    state.progress++;
    return pagesMoved();
  }
  if (outcome != MOVE_GONE) {
    state.left++;
    state.cursor++;
    // A compaction without room is over; what is to be evacuated may be smaller further on.
    if (outcome == REASON_NO_ROOM) state.hasNoRoom = 1;
  }
  return 1;
}

/** A pass is over: the range is empty, or gets another pass, or is given up. */
function endPass(): void {
  const state = compactState();
  if (state.progress == 0) state.idlePasses++;
  if (state.left == 0) beginWaiting();
  else if (state.idlePasses >= IDLE_PASSES || state.left == state.unmovable) giveUp();
  else {
    if (state.progress == 0) letOthersGoOn();
    beginPass();
  }
}

/** Free pages may be in stocks: those are emptied, once, in the halted world. */
function letOthersGoOn(): void {
  if (compactState().idlePasses == 1 && stockedPages() != 0) drainAll();
  else sleepAtSafepoint();
}

/** Counts who is in the way, and lets the range go. */
function giveUp(): void {
  const state = compactState();
  for (let pfn = state.first; pfn < state.end; pfn++) {
    const reason = reasonHeld(pfn);
    if (reason >= 0) countSkipped(wordType(pageWord(pfn)), reason);
  }
  if (!isRangeGiven()) giveUpChild(state.first / CHILD_PAGES);
  state.ending = END_BLOCKED;
  letGo();
}

/** Ends the work on the range, which is not empty. */
export function letGo(): void {
  compactState().left = max(compactState().left, 1);
  beginWaiting();
}

/** Why a page of the range is not isolated: a reason, or −1 if it is. A look, not a lock. */
export function reasonHeld(pfn: Pfn): i32 {
  enterSection();
  const reason = reasonOf(pageWord(pfn));
  leaveSection();
  return reason;
}

function reasonOf(word: u32): i32 {
  assertInSection();
  if (word == ISOLATED_WORD) return -1;
  if (word == TYPE_FREE) return REASON_BUSY;
  if (!isMovable(word)) return REASON_UNMOVABLE;
  if (loadWord(refsAt(wordDescriptor(word))) != OWNED) return REASON_PINNED;
  return compactState().hasNoRoom != 0 ? REASON_NO_ROOM : REASON_BUSY;
}

function beginWaiting(): void {
  compactState().closedAt = beginGracePeriod();
  compactState().phase = PHASE_WAITING;
}

/** Waits a little for the grace period; when it is over the range goes back to frames. */
export function finishWaiting(): void {
  const state = compactState();
  for (let look: u32 = 0; look < SPINS && !isQuiescent(state.closedAt); look++);
  if (!isQuiescent(state.closedAt)) {
    sleepAtSafepoint();
    failIfIdle(true, whoReads(state.closedAt), 1);
    return;
  }
  if (isRangeGiven() || state.left != 0) {
    if (state.goal == GOAL_WITHDRAW) withdrawIsolated();
    giveIsolated();
  } else {
    state.made++;
    // No range is emptied twice, whatever others do with the block: so a compaction ends.
    giveUpChild(state.first / CHILD_PAGES);
    if (state.isDelivery != 0) deliverRange();
    else giveRange();
  }
  state.phase = PHASE_IDLE;
}
