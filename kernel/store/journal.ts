/**
 * Journals: what each thread is changing in the store, written down before it is done.
 *
 * A record of 128 bytes for each slot, in one block that lives as long as the zone. Only the slot's
 * thread writes it, plainly but for the totals and the ring; a survivor reads it when the thread is
 * dead and the world halted (recover.ts).
 *
 *   totals    entries, valueBytes, keyBytes, storedBytes: what this slot's threads, past and
 *             present, have added to the cache itself: totals.ts, which has those of namespaces too
 *   next…     the totals after the change that is announced; space: of which namespace, 0 = none
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
 *   draftBytes  bytes that the draft's objects take in zsmalloc
 *   ring…     entries that the thread took out and that wait: deferred.ts
 */
import { selfSlot } from '../base/env';
import { Slot, STORE_STATE } from '../base/layout';

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
  /** The round that looks for entries of deleted tags: cache/eviction/tag-sweep.ts. */
  deadClock: u64;
  deadHand: u32;
  /** Address of the namespaces, and how many there are: spaces.ts. */
  spaces: u32;
  spaceCount: u32;
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
  queueingMain: u16;
  reshaping: u16;
  space: u32;
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

export function journalOf(slot: Slot): Journal {
  return changetype<Journal>(storeState().journals + slot * JOURNAL_BYTES);
}

export function selfJournal(): Journal {
  return journalOf(selfSlot());
}
