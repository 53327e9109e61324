/**
 * The state of compaction: whose it is, which pages are being emptied, which move is under way.
 *
 * Idea: one thread at a time compacts, over many short calls. Its slot stands in `owner`, which is
 * a lock that is never waited for: who finds it taken does something else. Everything else in the
 * record is the owner's own, plain memory, that a survivor reads when the owner is dead and the
 * world halted.
 *
 * owner   0 → slot   begin, by compare-and-swap
 *         slot → 0   end, when nothing is isolated any more; or recovery, for a dead slot
 *
 * The *range* is what is being emptied: a child (2 MiB), a pair of them, or what `evacuate` was
 * told.
 *   phase IDLE      no range                         → EMPTYING  a range was chosen
 *         EMPTYING  pages are isolated or moved out  → WAITING  all are, or it was given up
 *         WAITING  old contents may still be read   → IDLE      after the grace period
 *   a page's word is Isolated ⇒ it is in isolatedFirst … isolatedEnd − 1, and the phase is not IDLE
 *
 * The *move* names what is being moved where; migrate.ts says what a survivor makes of it. The
 * descriptor is named from before it is frozen until it is unfrozen, or stands in its freer's
 * ledger, and no longer: the same thread may free it some day in another way, and is its holder
 * then too.
 */
import { selfSlot } from '../base/env';
import { COMPACT_STATE, Pfn, Slot } from '../base/layout';
import { casWord, loadWord, peekWord, pokeWord, storeWord } from '../base/words';

@unmanaged
export class CompactState {
  owner: u32;
  phase: u32;
  /** Order of the blocks wanted, or GOAL_EVACUATE, GOAL_WITHDRAW. */
  goal: u32;
  /** The range: pages first … end − 1. */
  first: u32;
  end: u32;
  /** The same, and what folios that reach out of the range have left isolated beside it. */
  isolatedFirst: u32;
  isolatedEnd: u32;
  /** Where the pass over the range is, what it left, and whether it got anything. */
  cursor: u32;
  left: u32;
  progress: u32;
  idlePasses: u32;
  /** Whether a block of the range found no place to go to. */
  hasNoRoom: u32;
  /** Epoch at which the grace period of the phase WAITING began. */
  closedAt: u64;
  /** 0 = none. */
  moveDesc: u32;
  /** Address of the word that says where its pages are; 0 = no block was taken yet. */
  movePlace: u32;
  moveFrom: u32;
  moveTo: u32;
  moveOrder: u32;
  /** Whether the caller wants the block itself, and its first page when it has it. */
  isDelivery: u32;
  delivered: u32;
  /** Figures since `begin`: pages looked at, pages moved, blocks made, why it ended. */
  scanned: u32;
  moved: u32;
  made: u32;
  ending: u32;
  /** Deferral, kept from one owner to the next: see step.ts. */
  deferOrder: u32;
  deferShift: u32;
  deferred: u32;
  /** How many of those that the pass left cannot be moved: nobody waits for them. */
  unmovable: u32;
}

export const PHASE_IDLE: u32 = 0;
export const PHASE_EMPTYING: u32 = 1;
export const PHASE_WAITING: u32 = 2;

/** In place of an order: the range was given, and no other is chosen. */
export const GOAL_EVACUATE: u32 = 31;
/** Likewise, one page, which is to be withdrawn when it is empty (exports/withdraw.ts). */
export const GOAL_WITHDRAW: u32 = 30;

/** Why a compaction ended. */
export const END_DONE: u32 = 0;
/** What is movable would not fit elsewhere. */
export const END_NO_ROOM: u32 = 1;
/** Something could not be moved. */
export const END_BLOCKED: u32 = 2;

/** Why a page is where it is. */
export const REASON_UNMOVABLE: u32 = 0;
/** Somebody holds a reference, or the lock that goes with it. */
export const REASON_PINNED: u32 = 1;
/** Its contents are being written, or it is on its way in or out. */
export const REASON_BUSY: u32 = 2;
/** There is no free block to move it to. */
export const REASON_NO_ROOM: u32 = 3;
export const REASONS: u32 = 4;

/** Skipped pages by type and reason: 32 × REASONS words. */
const SKIPPED: usize = COMPACT_STATE + 128;
const TYPES: u32 = 32;
/** Children that this compaction has given up: a bit each, 2,048 at most. */
const GIVEN_UP: usize = COMPACT_STATE + 640;
const GIVEN_UP_BYTES: u32 = 256;

export function compactState(): CompactState {
  return changetype<CompactState>(COMPACT_STATE);
}

export function compactOwner(): Slot {
  return loadWord(COMPACT_STATE);
}

/** Makes this thread the one that compacts. @returns false when another one is */
export function claimCompaction(goal: u32): bool {
  if (casWord(COMPACT_STATE, 0, selfSlot()) != 0) return false;
  const state = compactState();
  state.goal = goal;
  state.phase = PHASE_IDLE;
  state.isDelivery = 0;
  state.delivered = 0;
  state.scanned = 0;
  state.moved = 0;
  state.made = 0;
  state.ending = END_DONE;
  memory.fill(SKIPPED, 0, TYPES * REASONS * 4);
  memory.fill(GIVEN_UP, 0, GIVEN_UP_BYTES);
  return true;
}

/**
 * Whether the caller named the range: then whatever stands in it is left there, and no other
 * follows.
 */
export function isRangeGiven(): bool {
  return compactState().goal >= GOAL_WITHDRAW;
}

/** Lets another thread compact. By the owner, or for a dead one. */
export function releaseCompaction(): void {
  forgetMove();
  storeWord(COMPACT_STATE, 0);
}

/** The move is over, or what it leaves to be freed is noted. */
export function forgetMove(): void {
  compactState().moveDesc = 0;
}

/** Begins to empty pages first … end − 1. */
export function beginRange(first: u32, end: u32): void {
  const state = compactState();
  state.first = first;
  state.end = end;
  state.isolatedFirst = first;
  state.isolatedEnd = end;
  state.idlePasses = 0;
  state.hasNoRoom = 0;
  beginPass();
  state.phase = PHASE_EMPTYING;
}

/** Remembers where isolated pages are, before they are. */
export function noteIsolated(first: u32, pages: u32): void {
  const state = compactState();
  state.isolatedFirst = min(state.isolatedFirst, first);
  state.isolatedEnd = max(state.isolatedEnd, first + pages);
}

export function beginPass(): void {
  const state = compactState();
  state.cursor = state.first;
  state.left = 0;
  state.unmovable = 0;
  state.progress = 0;
}

/** Whether a page is in the range that is being emptied. */
export function isInRange(pfn: Pfn): bool {
  const state = compactState();
  return state.phase != PHASE_IDLE && pfn >= state.first && pfn < state.end;
}

/** Figures, by position from `delivered`. */
export const FIGURE_DELIVERED: u32 = 0;
export const FIGURE_SCANNED: u32 = 1;
export const FIGURE_MOVED: u32 = 2;
export const FIGURE_MADE: u32 = 3;
export const FIGURE_ENDING: u32 = 4;
const FIGURES: u32 = 5;

export function figureOf(which: u32): u32 {
  if (which >= FIGURES) return 0;
  return peekWord(COMPACT_STATE + offsetof<CompactState>('delivered') + which * 4);
}

export function countSkipped(type: u32, reason: u32): void {
  const at = SKIPPED + (type * REASONS + reason) * 4;
  pokeWord(at, peekWord(at) + 1);
}

/** Pages of a type that stood in the way, by reason. */
export function skippedPages(type: u32, reason: u32): u32 {
  return type < TYPES && reason < REASONS ? peekWord(SKIPPED + (type * REASONS + reason) * 4) : 0;
}

function givenUpAt(child: u32): usize {
  return GIVEN_UP + (child >> 5) * 4;
}

export function giveUpChild(child: u32): void {
  pokeWord(givenUpAt(child), peekWord(givenUpAt(child)) | (1 << (child & 31)));
}

export function isGivenUp(child: u32): bool {
  return ((peekWord(givenUpAt(child)) >> (child & 31)) & 1) != 0;
}
