/**
 * Room: what the cache takes for itself, and memory for who got none.
 *
 *   what waits     is freed when its readers have left (reclaim/reclaim.ts)
 *   what is loose  is moved together (zsmalloc/pack.ts)
 *   what is cold   is evicted (eviction/eviction.ts), at least as many bytes as are needed
 *
 * In this order: what costs nobody a value comes first. There is no room when a reader stalls, for
 * then evicting more would free no more; or when nothing is left to evict, and nobody else has what
 * will come back: what he frees, writes or has just stored, living or dead, is waited for.
 *
 * What was evicted is not freed, but kept in the ring of who evicted it, done: the sets that follow
 * use it again, object for object (store/deferred.ts). A set that finds none of its class, and no
 * other memory, comes here again and frees the rest, as does every thread that is short. So
 * nothing is evicted while anything waits. While pages of the reserve are taken, which would never
 * come back where each object takes the place of one, what is evicted is freed.
 */
import { selfSlot } from '../base/env';
import { ERR_NO_MEMORY } from '../base/fault';
import { Handle, PAGE_SHIFT, Slot } from '../base/layout';
import { loadWord } from '../base/words';
import { isReserveTaken, keepFree } from '../frames/watermark';
import { formatLargeScratch } from '../memdesc/large-scratch';
import { takeScratch } from '../memdesc/thread-pages';
import {
  awaitReclaim,
  FREED,
  isLimboEmpty,
  keepEvicted,
  NOTHING_FREED,
  STALL_MS,
  STALLED,
} from '../reclaim/reclaim';
import { formatIndex } from '../store/directory';
import { dropDraft } from '../store/entry';
import { Journal, journalOf, NONE, storeState } from '../store/journal';
import { joinSpaces, registerName } from '../store/names';
import { entryCount } from '../store/totals';
import { highestSlot, SLOT_DEAD, selfState, slotOf, slotState, ThreadSlot } from '../thread/slot';
import { sleepAtSafepoint } from '../thread/stop';
import { formatPool } from '../zsmalloc/alloc';
import { packSome } from '../zsmalloc/pack';
import { evictSome } from './eviction/eviction';
import { formatShards } from './eviction/shard';
import { formatLeases } from './lease-table';

/** Bytes that one round of eviction frees at least: a few pages, so that rounds are few. */
const EVICT_BYTES: u32 = 65536;

/**
 * A cache is full as a rule: it keeps a page and a thread state for each of four threads that come
 * at once.
 */
const ATTACH_RESERVE_PAGES: u32 = 8;

/** @returns 0, or ERR_NO_MEMORY */
export function formatStore(): i32 {
  keepFree(ATTACH_RESERVE_PAGES);
  let failure = formatPool();
  if (failure == 0) failure = formatLargeScratch();
  if (failure == 0) failure = formatShards();
  if (failure == 0) failure = formatLeases();
  return failure != 0 ? failure : formatIndex();
}

export function isStoreFormatted(): bool {
  return storeState().top != 0;
}

/** Thread-local: milliseconds that this operation has waited for what others have. */
let waitedMs: u32 = 0;
/** Thread-local: whether it has been told to try once more, since nobody has anything. */
let isLastTry: bool = false;

/** An operation that may have asked for room is over. */
export function endWait(): void {
  waitedMs = 0;
  isLastTry = false;
}

/** What was asked for was there. */
export function noteRoom(): void {
  isLastTry = false;
}

/**
 * Finds memory for somebody who got none, or waits for what others have. Of two that have begun to
 * write the one of the higher slot gives way: its draft is dropped, and it begins anew when the
 * other has ended.
 *
 * @returns FREED: there may be some now, or a next call frees what this one evicted; NOTHING_FREED
 *          or STALLED when there is none to be had, and why
 */
export function makeRoom(bytes: u32): u32 {
  const outcome = freeSome(bytes);
  if (outcome != NOTHING_FREED) return outcome;
  // What others had may have come back since it was asked for, and before we looked.
  const wasLast = isLastTry;
  isLastTry = !isOnItsWay();
  if (isLastTry) return wasLast ? NOTHING_FREED : FREED;
  if (waitedMs++ >= STALL_MS) return STALLED;
  const earlier = earlierDraft();
  if (earlier != 0) giveWay(earlier);
  else sleepAtSafepoint();
  return FREED;
}

/**
 * Drops the draft, and waits until that of another slot is gone: who begins anew before takes what
 * the other needs, and gives way again.
 */
function giveWay(other: Slot): void {
  const draft = draftOf(other);
  dropDraft(selfState());
  do sleepAtSafepoint();
  while (draftOf(other) == draft && draft != 0 && waitedMs++ < STALL_MS);
}

/**
 * Whether there is memory that will come back: what others write or free, or a dead one had; what
 * has been stored since nothing was found to evict; what waits for being freed. Looked for in the
 * order in which it goes round. A momentary view: it is asked again.
 */
function isOnItsWay(): bool {
  return isInOtherHands() || entryCount() != 0 || !isLimboEmpty();
}

function isInOtherHands(): bool {
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    if (slot == selfSlot()) continue;
    if (slotState(slot) == SLOT_DEAD || draftOf(slot) != 0 || isFreeing(slot)) return true;
  }
  return false;
}

function draftOf(slot: Slot): Handle {
  return loadWord(changetype<usize>(slotOf(slot)) + offsetof<ThreadSlot>('draftHead'));
}

/** Or has taken out what it will free. */
function isFreeing(slot: Slot): bool {
  const journal = changetype<usize>(journalOf(slot));
  return (
    loadWord(journal + offsetof<Journal>('phase')) != NONE ||
    loadWord(changetype<usize>(slotOf(slot)) + offsetof<ThreadSlot>('done')) != 0 ||
    loadWord(journal + offsetof<Journal>('doomed')) != 0
  );
}

/** The first slot before this one that has begun to write, or 0. */
function earlierDraft(): Slot {
  let slot: Slot = 1;
  while (slot < selfSlot() && draftOf(slot) == 0) slot++;
  return slot < selfSlot() ? slot : 0;
}

function freeSome(bytes: u32): u32 {
  const before = awaitReclaim();
  if (before != NOTHING_FREED) return before;
  if (packSome(max(bytes, EVICT_BYTES) >> PAGE_SHIFT) != 0) return FREED;
  if (evictSome(max(bytes, EVICT_BYTES)) == 0) return awaitReclaim();
  if (isReserveTaken()) return awaitReclaim() == STALLED ? STALLED : FREED;
  keepEvicted();
  return FREED;
}

/** Takes this thread's scratch and pages to count in: entries may go. @returns 0, ERR_NO_MEMORY */
export function prepare(isSmall: bool): i32 {
  let outcome = FREED;
  while (outcome == FREED && (takeScratch(isSmall) != 0 || (isStoreFormatted() && !joinSpaces())))
    outcome = isStoreFormatted() ? makeRoom(EVICT_BYTES) : NOTHING_FREED;
  endWait();
  return outcome == FREED ? 0 : ERR_NO_MEMORY;
}

/** Registers the name in the key scratch (store/names.ts), likewise. */
export function register(nameBytes: u32, values: u32, ttl: f64, staleFor: f64): i32 {
  let space = registerName(nameBytes, values, ttl, staleFor);
  while (space == ERR_NO_MEMORY && makeRoom(EVICT_BYTES) == FREED)
    space = registerName(nameBytes, values, ttl, staleFor);
  endWait();
  return space;
}
