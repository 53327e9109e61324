/**
 * Changes of the index: one entry put in, replaced or taken out, so that a death in the middle
 * costs nothing.
 *
 *   leaf's lock → announce (journal) → version + 1 → the cell, one word → totals → DONE → unlock
 *   → close: the draft is forgotten, what was taken out goes into the ring → NONE
 *
 * A survivor finds the leaf locked by the dead, or its phase DONE; the cell tells whether the
 * change was made (recover.ts). Nothing of it can be half-made but tags and counts, which follow
 * from the cells.
 */
import { selfSlot } from '../base/env';
import { Handle } from '../base/layout';
import { selfState } from '../thread/slot';
import { zsChangeWord, zsRetire, zsZspage } from '../zsmalloc/alloc';
import { zsPlace } from '../zsmalloc/object';
import { lowWord } from './count';
import { deferEntry } from './deferred';
import { assertLeafLocked } from './directory';
import {
  entryKeyBytes,
  entryStoredBytes,
  entryValueBytes,
  onlyPayload,
  SHORT_STORED,
  spaceOf,
} from './entry-head';
import { ANNOUNCED, DONE, Journal, NONE, selfJournal } from './journal';
import { insertCell, raiseVersion, removeCell, replaceCell } from './leaf';
import { countIn } from './spaces';
import { announceTotals, takeTotals } from './totals';

/**
 * Writes down what goes in and what goes out, of which either may be 0, and the totals after it.
 */
function announce(incoming: u32, outgoing: u32): Journal {
  let entries: i64 = 0;
  let value: i64 = 0;
  let key: i64 = 0;
  let stored: i64 = 0;
  if (incoming != 0) {
    const place = zsPlace(incoming);
    entries++;
    value += entryValueBytes(place);
    key += entryKeyBytes(place);
    stored += entryStoredBytes(place);
  }
  if (outgoing != 0) {
    const place = zsPlace(outgoing);
    entries--;
    value -= entryValueBytes(place);
    key -= entryKeyBytes(place);
    stored -= entryStoredBytes(place);
  }
  const journal = selfJournal();
  journal.incoming = incoming;
  journal.outgoing = outgoing;
  // Both are of one key, and so of one space.
  const space = spaceOf(zsPlace(incoming != 0 ? incoming : outgoing));
  announceTotals(selfSlot(), space, entries, value, key, stored);
  journal.phase = ANNOUNCED;
  return journal;
}

function settle(journal: Journal): void {
  takeTotals(selfSlot());
  journal.phase = DONE;
}

/** Puts this thread's draft into a free position. Then unlock, and close. */
export function insertEntry(
  leaf: u32,
  position: u32,
  hash: u32,
  handle: Handle,
  isMain: bool,
): void {
  assertLeafLocked(leaf);
  const journal = announce(handle, 0);
  raiseVersion(leaf, hash);
  insertCell(leaf, position, hash, handle, isMain);
  settle(journal);
}

/** Puts this thread's draft in the place of an entry of the same key. Likewise. */
export function replaceEntry(leaf: u32, position: u32, hash: u32, handle: Handle, old: u32): void {
  assertLeafLocked(leaf);
  const journal = announce(handle, old);
  raiseVersion(leaf, hash);
  replaceCell(leaf, position, handle);
  settle(journal);
}

/** Takes an entry out. Likewise. */
export function removeEntry(leaf: u32, position: u32, hash: u32, handle: Handle): void {
  assertLeafLocked(leaf);
  const journal = announce(0, handle);
  raiseVersion(leaf, hash);
  removeCell(leaf, position, hash);
  settle(journal);
}

/**
 * Makes a count that number, which `isBeside` what it is and as long: one word, so that nothing is
 * half-made and nothing waits. @returns false: it is being moved
 */
export function changeCount(leaf: u32, hash: u32, handle: Handle, value: i64): bool {
  assertLeafLocked(leaf);
  raiseVersion(leaf, hash);
  return zsChangeWord(handle, SHORT_STORED, lowWord(value));
}

/** Space of the entry that was put in, replaced or taken out last. */
function changedSpace(): u32 {
  return selfJournal().space;
}

/**
 * Puts away what the last change left. There is room in the ring; with the leaf's lock or without.
 */
export function closeChange(): void {
  const journal = selfJournal();
  if (journal.incoming != 0) {
    selfState().draftHead = 0;
    selfState().draftTail = 0;
  }
  if (journal.outgoing != 0) {
    const payload = onlyPayload(zsPlace(journal.outgoing));
    zsRetire(journal.outgoing);
    const zspage = zsZspage(journal.outgoing);
    deferEntry(journal.outgoing, zspage, payload);
  }
  journal.phase = NONE;
}

/** Takes an entry out, puts it away, and counts it. Lock: leaf; there is room in the ring. */
export function dropEntry(leaf: u32, at: u32, hash: u32, handle: Handle, counter: u32): void {
  removeEntry(leaf, at, hash, handle);
  closeChange();
  countIn(changedSpace(), counter, 1);
}
