/**
 * Journals: what each thread is changing in the store, written down before it is done.
 *
 * A record of 128 bytes for each slot, in one block that lives as long as the zone. Only the slot's
 * thread writes it, plainly but for the totals and the ring; a survivor reads it when the thread is
 * dead and the world halted (recover.ts).
 *
 *   totals    entries, valueBytes, keyBytes, storedBytes: what this slot's threads, past and
 *             present, have added to the cache, as signed numbers. A cache's figure is their sum
 *             over all slots
 *   next…     the totals after the change that is announced
 *   phase     0 NONE      nothing, or not begun
 *             1 ANNOUNCED incoming, outgoing and next… are written; the cell may be changed or not
 *             2 DONE      the cell is changed, the totals are counted; incoming is published,
 *                         outgoing is this thread's to put away
 *   held      number of the leaf, + 1, whose lock the thread has or is about to take; heldToo: of a
 *             second one (a merge)
 *   doomed    first object of a chain that nobody else knows, being freed: a draft, or out of limbo
 *   queueing  a hash that is about to be published, and needs a record in a queue after that, in
 *             main if queueingMain is 1
 *   reshaping 1 = there may be pages of the index that nobody names
 *   draftBytes  bytes of slots that the draft takes in zsmalloc
 *   ring…     entries that the thread took out and that wait: deferred.ts
 */
import { selfSlot } from '../base/env';
import { STORE_STATE } from '../base/layout';
import { loadCell, peekCell, storeCell } from '../base/words';
import { highestSlot } from '../thread/slot';

@unmanaged
export class StoreState {
  lock: u32;
  /** Leaves of the index. Lock: store; read by anybody. */
  leaves: u32;
  /** Address of the directory's top page, 0 before the zone is a cache. */
  top: u32;
  /** Address of the journals. */
  journals: u32;
  /** Next leaf that is swept for victims: a hint. */
  hand: u32;
  /** The split or merge under way, for a survivor: see resize.ts. Lock: store. */
  reshape: u32;
  reshaped: u32;
  fresh: u32;
  /** Address of the table of deleted tags, and the lock of that: tags.ts. */
  tags: u32;
  tagsLock: u32;
  tagClock: u64;
  /** The round that looks for entries of deleted tags: cache/dead.ts. */
  deadClock: u64;
  deadHand: u32;
}

@unmanaged
export class Journal {
  entries: u64;
  valueBytes: u64;
  keyBytes: u64;
  storedBytes: u64;
  nextEntries: u64;
  nextValueBytes: u64;
  nextKeyBytes: u64;
  nextStoredBytes: u64;
  ringClosedAt: u64;
  ringLock: u32;
  ringHead: u32;
  ringClosed: u32;
  ringTail: u32;
  phase: u32;
  held: u32;
  heldToo: u32;
  incoming: u32;
  outgoing: u32;
  doomed: u32;
  queueing: u32;
  queueingMain: u32;
  reshaping: u32;
  draftBytes: u32;
}

export const JOURNAL_BYTES: u32 = 128;
/** 256 records: 32 KiB. */
export const JOURNALS_ORDER: u32 = 3;
export const NONE: u32 = 0;
export const ANNOUNCED: u32 = 1;
export const DONE: u32 = 2;

export const STORE_LOCK: usize = STORE_STATE;
export const TAGS_LOCK: usize = STORE_STATE + offsetof<StoreState>('tagsLock');

export function storeState(): StoreState {
  return changetype<StoreState>(STORE_STATE);
}

export function journalOf(slot: u32): Journal {
  return changetype<Journal>(storeState().journals + slot * JOURNAL_BYTES);
}

export function selfJournal(): Journal {
  return journalOf(selfSlot());
}

function totalAt(journal: Journal, field: usize): usize {
  return changetype<usize>(journal) + field;
}

function totalOf(journal: Journal, field: usize): u64 {
  return peekCell(totalAt(journal, field));
}

/** Writes down a change of totals that is about to be made. */
export function announceTotals(
  journal: Journal,
  entries: i64,
  value: i64,
  key: i64,
  stored: i64,
): void {
  journal.nextEntries = totalOf(journal, offsetof<Journal>('entries')) + entries;
  journal.nextValueBytes = totalOf(journal, offsetof<Journal>('valueBytes')) + value;
  journal.nextKeyBytes = totalOf(journal, offsetof<Journal>('keyBytes')) + key;
  journal.nextStoredBytes = totalOf(journal, offsetof<Journal>('storedBytes')) + stored;
}

/** Counts the change that was announced: once or again, the totals are the same. */
export function takeTotals(journal: Journal): void {
  storeCell(totalAt(journal, offsetof<Journal>('entries')), journal.nextEntries);
  storeCell(totalAt(journal, offsetof<Journal>('valueBytes')), journal.nextValueBytes);
  storeCell(totalAt(journal, offsetof<Journal>('keyBytes')), journal.nextKeyBytes);
  storeCell(totalAt(journal, offsetof<Journal>('storedBytes')), journal.nextStoredBytes);
}

/** Sum of a total over all slots. Cost: one load for each slot that was ever used. */
function sumOf(field: usize): u64 {
  if (storeState().top == 0) return 0;
  let sum: u64 = 0;
  for (let slot: u32 = 1, end = highestSlot(); slot <= end; slot++) {
    sum += loadCell(totalAt(journalOf(slot), field));
  }
  return sum;
}

/** A thread that adds and one that takes away are seen at two times: never below 0. */
function figure(sum: u64): u64 {
  return i64(sum) < 0 ? 0 : sum;
}

/** Entries of the cache: a momentary figure. */
export function entryCount(): u32 {
  return u32(figure(sumOf(offsetof<Journal>('entries'))));
}

/** Σ length of the values, as they were given. */
export function totalValueBytes(): u64 {
  return figure(sumOf(offsetof<Journal>('valueBytes')));
}

export function totalKeyBytes(): u64 {
  return figure(sumOf(offsetof<Journal>('keyBytes')));
}

/**
 * Σ what the entries take in zsmalloc, each rounded up to 64 bytes, and counted as 4 MiB at most.
 */
export function totalStoredBytes(): u64 {
  return figure(sumOf(offsetof<Journal>('storedBytes')));
}
