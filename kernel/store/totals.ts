/**
 * Totals: what is in the cache, and in each of its namespaces, as sums over the slots.
 *
 * Each slot has a record for the cache's own entries, its journal's first words, and one for each
 * space. They are signed numbers: one thread puts in what another takes out. A change concerns
 * entries of one space; what its totals are after it is written down before it is made, as absolute
 * numbers, so that counting them twice is counting them once.
 */
import { Slot } from '../base/layout';
import { loadCell, loadWord, peekCell, pokeCell } from '../base/words';
import { highestSlot } from '../thread/slot';
import { Journal, journalOf, storeState } from './journal';
import { groupOf, spaceCount, spaceFigures, spacePageAt } from './spaces';

/** What `spaceTotal` is asked for: the records' words in their order. */
export const TOTAL_ENTRIES: u32 = 0;
export const TOTAL_VALUE_BYTES: u32 = 1;
export const TOTAL_KEY_BYTES: u32 = 2;
export const TOTAL_STORED_BYTES: u32 = 3;

const ENTRIES: usize = offsetof<Journal>('entries');
const VALUE_BYTES: usize = offsetof<Journal>('valueBytes');
const KEY_BYTES: usize = offsetof<Journal>('keyBytes');
const STORED_BYTES: usize = offsetof<Journal>('storedBytes');

/** Where a slot's totals of a space begin. */
function totalsOf(space: u32, slot: Slot): usize {
  return space == 0 ? changetype<usize>(journalOf(slot)) : spaceFigures(space, slot);
}

/** Writes down a change of this slot's totals that is about to be made. */
export function announceTotals(
  slot: Slot,
  space: u32,
  entries: i64,
  value: i64,
  key: i64,
  stored: i64,
): void {
  const journal = journalOf(slot);
  const at = totalsOf(space, slot);
  journal.space = space;
  journal.nextEntries = peekCell(at + ENTRIES) + entries;
  journal.nextValueBytes = peekCell(at + VALUE_BYTES) + value;
  journal.nextKeyBytes = peekCell(at + KEY_BYTES) + key;
  journal.nextStoredBytes = peekCell(at + STORED_BYTES) + stored;
}

/**
 * Counts the change that was announced: once or again, the totals are the same. Plainly: they are
 * the slot's own, and whoever sums them finds what they were or what they are.
 */
export function takeTotals(slot: Slot): void {
  const journal = journalOf(slot);
  const at = totalsOf(journal.space, slot);
  pokeCell(at + ENTRIES, journal.nextEntries);
  pokeCell(at + VALUE_BYTES, journal.nextValueBytes);
  pokeCell(at + KEY_BYTES, journal.nextKeyBytes);
  pokeCell(at + STORED_BYTES, journal.nextStoredBytes);
}

/** Of all spaces. */
const ALL: u32 = u32.MAX_VALUE;

/** Sum of a total over all slots. Cost: one load for each slot that was ever used, and space. */
function sumOf(space: u32, field: usize): u64 {
  if (storeState().top == 0) return 0;
  const last = space == ALL ? spaceCount() : space;
  let sum: u64 = 0;
  for (let one: u32 = space == ALL ? 0 : space; one <= last; one++) {
    for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
      if (one != 0 && loadWord(spacePageAt(one, groupOf(slot))) == 0) continue;
      sum += loadCell(totalsOf(one, slot) + field);
    }
  }
  // A thread that adds and one that takes away are seen at two times: never below 0.
  return i64(sum) < 0 ? 0 : sum;
}

/** Entries of the cache, namespaces included: a momentary figure. */
export function entryCount(): u32 {
  return u32(sumOf(ALL, ENTRIES));
}

/** Σ length of the values, as they were given. */
export function totalValueBytes(): u64 {
  return sumOf(ALL, VALUE_BYTES);
}

export function totalKeyBytes(): u64 {
  return sumOf(ALL, KEY_BYTES);
}

/**
 * Σ what the entries take in zsmalloc, each rounded up to 64 bytes, and counted as 4 MiB at most.
 */
export function totalStoredBytes(): u64 {
  return sumOf(ALL, STORED_BYTES);
}

/** Likewise of one space, 0 = the cache's own. `field`: TOTAL_…. */
export function spaceTotal(space: u32, field: u32): u64 {
  return space > spaceCount() || field > TOTAL_STORED_BYTES ? 0 : sumOf(space, field * 8);
}
