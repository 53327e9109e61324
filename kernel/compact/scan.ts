/**
 * Scan: passes over the pages of the range, until all of them are captured.
 *
 * What a page is, its tag says: one that cannot move is passed without a lock, a reference or a
 * write. A stale "unmovable" costs a block that is not made; a stale "movable" is caught by the move.
 *
 * A pass that gets nothing ends in a short sleep, so that whoever has a page pinned can go on; after a
 * few of those the range is given up, and what is captured goes back.
 */
import { CHILD_PAGES, COMPACT_STATE } from '../base/layout';
import { loadWord } from '../base/words';
import { drainAll } from '../frames/recover';
import { stockedPages } from '../frames/stock';
import { OWNED, refsAt } from '../memdesc/header';
import { CAPTURED_WORD, pageWord, wordDescriptor, wordType } from '../memdesc/page-word';
import {
  isUserType,
  TYPE_ANON_FOLIO,
  TYPE_FILE_FOLIO,
  TYPE_FREE,
  TYPE_ZSPAGE,
} from '../memdesc/type';
import { userType } from '../memdesc/user-type';
import { beginGracePeriod, enterSection, isQuiescent, leaveSection } from '../thread/rcu';
import { restSafely } from '../thread/stop';
import { captureFree, deliverRange, giveCaptured, giveRange, withdrawCaptured } from './isolate';
import { MOVE_GONE, MOVED, migrateBlock, pagesMoved } from './migrate';
import {
  beginPass,
  compactOwner,
  compactState,
  countSkipped,
  END_BLOCKED,
  GOAL_WITHDRAW,
  giveUpChild,
  isRangeGiven,
  PHASE_EMPTYING,
  PHASE_IDLE,
  PHASE_RIPENING,
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

/** Passes over pages by their tags alone: no lock, no reference, no write. */
export function isAllMovable(first: u32, end: u32): bool {
  for (let pfn = first; pfn < end; pfn++) {
    const type = wordType(pageWord(pfn));
    if (type == TYPE_FREE || isMovableType(type)) continue;
    compactState().scanned += pfn - first + 1;
    countSkipped(type, REASON_UNMOVABLE);
    return false;
  }
  compactState().scanned += end - first;
  return true;
}

function isMovableType(type: u32): bool {
  if (type == TYPE_ANON_FOLIO || type == TYPE_ZSPAGE || type == TYPE_FILE_FOLIO) return true;
  return isUserType(type) && userType(type).isMovable != 0;
}

/** Goes on with a pass, or ends it. */
export function emptySome(): void {
  const state = compactState();
  if (state.cursor < state.end) passOver(min(state.cursor + VISITS, state.end));
  else endPass();
}

/** Captures or moves pages up to `stop`, as many as a step may. */
function passOver(stop: u32): void {
  const state = compactState();
  for (let moves: u32 = 0; moves < MOVES && state.cursor < stop; ) {
    const word = pageWord(state.cursor);
    if (word == CAPTURED_WORD) state.cursor++;
    else if (word == TYPE_FREE) visitFree();
    else if (!isMovableType(wordType(word))) visitUnmovable();
    else moves += visitMovable();
    if (state.phase != PHASE_EMPTYING) return;
  }
}

function visitFree(): void {
  const state = compactState();
  if (captureFree(state.cursor)) state.progress++;
  else state.left++;
  state.cursor++;
}

function visitUnmovable(): void {
  const state = compactState();
  state.left++;
  state.cursor++;
  if (!isRangeGiven()) giveUp();
}

/** @returns pages that were moved, or 1: what it cost */
function visitMovable(): u32 {
  const state = compactState();
  const outcome = migrateBlock(state.cursor);
  if (outcome == MOVED) {
    state.moved += pagesMoved();
    state.progress++;
    return pagesMoved();
  }
  if (outcome != MOVE_GONE) {
    state.left++;
    state.cursor++;
    if (outcome == REASON_NO_ROOM) lackRoom();
  }
  return 1;
}

/** A compaction without room is over; what is to be evacuated may be smaller further on. */
function lackRoom(): void {
  compactState().hasNoRoom = 1;
  if (!isRangeGiven()) giveUp();
}

/** A pass is over: the range is empty, or gets another pass, or is given up. */
function endPass(): void {
  const state = compactState();
  if (state.progress == 0) state.idlePasses++;
  if (state.left == 0) beginRipening();
  else if (state.idlePasses >= IDLE_PASSES) giveUp();
  else {
    if (state.progress == 0) letOthersGoOn();
    beginPass();
  }
}

/** Free pages may be in stocks: those are emptied, once, in the halted world. */
function letOthersGoOn(): void {
  if (compactState().idlePasses == 1 && stockedPages() != 0) drainAll();
  else sleep();
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
  beginRipening();
}

/** Why a page of the range is not captured: a reason, or −1 if it is. A look, not a lock. */
export function reasonHeld(pfn: u32): i32 {
  enterSection();
  const reason = reasonOf(pageWord(pfn));
  leaveSection();
  return reason;
}

function reasonOf(word: u32): i32 {
  if (word == CAPTURED_WORD) return -1;
  if (word == TYPE_FREE) return REASON_BUSY;
  if (!isMovableType(wordType(word))) return REASON_UNMOVABLE;
  if (loadWord(refsAt(wordDescriptor(word))) != OWNED) return REASON_PINNED;
  return compactState().hasNoRoom != 0 ? REASON_NO_ROOM : REASON_BUSY;
}

function beginRipening(): void {
  compactState().closedAt = beginGracePeriod();
  compactState().phase = PHASE_RIPENING;
}

/** Waits a little for the grace period; when it is over the range goes back to frames. */
export function ripen(): void {
  const state = compactState();
  for (let look: u32 = 0; look < SPINS && !isQuiescent(state.closedAt); look++);
  if (!isQuiescent(state.closedAt)) {
    sleep();
    return;
  }
  if (isRangeGiven() || state.left != 0) {
    if (state.goal == GOAL_WITHDRAW) withdrawCaptured();
    giveCaptured();
  } else {
    state.made++;
    // No range is emptied twice, whatever others do with the block: so a compaction ends.
    giveUpChild(state.first / CHILD_PAGES);
    if (state.isDelivery != 0) deliverRange();
    else giveRange();
  }
  state.phase = PHASE_IDLE;
}

/** A millisecond at a safe point, on a word that nobody else moves. */
function sleep(): void {
  restSafely(COMPACT_STATE, compactOwner(), 1);
}
