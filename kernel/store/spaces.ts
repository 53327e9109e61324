/**
 * Namespaces: names under which a cache has keys of their own, in the one budget.
 *
 * A *space* is a namespace's number; 0 is the cache's own. It goes with a key everywhere: what is
 * called keyBytes is the key's length and, from SPACE_SHIFT on, its space. An entry of a space has
 * the number in its extension, and the hash of its key is changed by it. So equal keys of two
 * spaces are two keys, and who has no namespaces pays nothing.
 *
 *   record   name, and the options that threads agree on        lock: store; set before `count`
 *   count    of records: the names that there are               lock: store; read by anybody
 *   cleared  the tag clock when the space was cleared last: an entry that was made before is dead,
 *            as by a deleted tag (tags.ts)                      lock: tags; read by anybody
 *   pages    of 32 slots each: what threads of the slot have put into the space, and done there
 *
 * The page for a slot is there before its thread changes anything (names.ts). A name is not given
 * back, so its number is never another's.
 */
import { selfSlot } from '../base/env';
import { Slot, STORE_STATE } from '../base/layout';
import { loadCell, loadWord, pokeCell, storeCell, storeWord } from '../base/words';
import { COUNTERS, count } from '../thread/counters';
import { highestSlot } from '../thread/slot';
import { StoreState, storeState } from './journal';

/** Of a keyBytes: the length is below. */
export const SPACE_SHIFT: u32 = 16;
export const LENGTH_MASK: u32 = 0xffff;

/** 8 KiB: 64 records of 128 bytes, of which the first is nobody's. */
export const SPACES_ORDER: u32 = 1;
export const MAX_SPACES: u32 = 63;
export const MAX_SPACE_NAME: u32 = 64;
const RECORD_SHIFT: u32 = 7;
/** Slots whose figures fit a page: four totals and the counters of a slot, 128 bytes. */
const GROUP_SHIFT: u32 = 5;
const FIGURES_SHIFT: u32 = 7;
const COUNTERS_AT: usize = 32;
export const SPACE_GROUPS: u32 = 8;

@unmanaged
export class Space {
  nameBytes: u32;
  /** Kind of its values, a number of the library's. */
  values: u32;
  /** Milliseconds; staleFor may be Infinity. */
  ttl: f64;
  staleFor: f64;
  cleared: u64;
  page0: u32;
  page1: u32;
  page2: u32;
  page3: u32;
  page4: u32;
  page5: u32;
  page6: u32;
  page7: u32;
}

const COUNT: usize = STORE_STATE + offsetof<StoreState>('spaceCount');

export function spaceCount(): u32 {
  return loadWord(COUNT);
}

/** Publishes the names up to this number. */
export function setSpaceCount(spaces: u32): void {
  storeWord(COUNT, spaces);
}

export function spaceAt(space: u32): usize {
  return storeState().spaces + (space << RECORD_SHIFT);
}

/** MAX_SPACE_NAME bytes, behind the record's fields. */
export function spaceNameAt(space: u32): usize {
  return spaceAt(space) + offsetof<Space>();
}

export function groupOf(slot: Slot): u32 {
  return slot >> GROUP_SHIFT;
}

/** Word that names the page of a group of slots, 0 before it is there. */
export function spacePageAt(space: u32, group: u32): usize {
  return spaceAt(space) + offsetof<Space>('page0') + group * 4;
}

/** Figures of a slot in a space, of which the first are totals (totals.ts). */
export function spaceFigures(space: u32, slot: Slot): usize {
  const page = loadWord(spacePageAt(space, groupOf(slot)));
  return page + ((slot & ((1 << GROUP_SHIFT) - 1)) << FIGURES_SHIFT);
}

/** Whether a page of the index is one of figures. World halted. */
export function isSpacePage(address: u32): bool {
  for (let space: u32 = 1; space <= MAX_SPACES; space++) {
    for (let group: u32 = 0; group < SPACE_GROUPS; group++) {
      if (loadWord(spacePageAt(space, group)) == address) return true;
    }
  }
  return false;
}

function clearedAt(space: u32): usize {
  return spaceAt(space) + offsetof<Space>('cleared');
}

/** Whether the space was cleared after a stamp of the tag clock. */
export function isClearedSince(space: u32, born: u64): bool {
  return loadCell(clearedAt(space)) > born;
}

/** Kills all entries of the space that were made before. Lock: tags. */
export function setCleared(space: u32, stamp: u64): void {
  storeCell(clearedAt(space), stamp);
}

/** Counts for the cache and, of a key or an entry of a space, for that too. Owner thread only. */
export function countIn(space: u32, counter: u32, amount: u64): void {
  count(counter, amount);
  if (space != 0) countInSpace(space, counter, amount);
}

/** The same of values that were read or set, and of their bytes. */
export function countValues(
  space: u32,
  counter: u32,
  values: u32,
  bytesCounter: u32,
  bytes: u32,
): void {
  countIn(space, counter, values);
  countIn(space, bytesCounter, bytes);
}

function countInSpace(space: u32, counter: u32, amount: u64): void {
  const at = spaceFigures(space, selfSlot()) + COUNTERS_AT + counter * 8;
  pokeCell(at, loadCell(at) + amount);
}

/** Sum of a counter of a space over all threads, past and present. */
export function sumSpaceCounter(space: u32, counter: u32): u64 {
  if (space == 0 || space > spaceCount() || counter >= COUNTERS) return 0;
  let sum: u64 = 0;
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    if (loadWord(spacePageAt(space, groupOf(slot))) == 0) continue;
    sum += loadCell(spaceFigures(space, slot) + COUNTERS_AT + counter * 8);
  }
  return sum;
}
