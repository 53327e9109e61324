/**
 * Tags: names that many entries share, so that all of them can be deleted by one store.
 *
 * Entries know their tags' hashes and when they were made, by the *tag clock*, which each deletion
 * raises. The table knows deletions, not tags: of a tag the clock of its last one. An entry is
 * *dead* if one of its tags was deleted after it was made. So a set writes nothing here, and a
 * deletion one word, however many entries die of it.
 *
 *   line     64 bytes, one for some of the hashes: floor · 7 records
 *   record   stamp:40 · part of the hash:24, 0 = none          lock: tags; loaded by readers
 *   floor    stamp: the highest of the records that were dropped  likewise
 *   clock    of the last deletion; who computes may wait for it likewise
 *
 * The table is a 256th of the zone, 4 MiB at most: nobody knows which tags still have entries, so
 * what it remembers grows with what can be there. A line that is full drops its oldest record, and
 * its floor rises to that stamp. Then every entry that has a tag of this line and is older than the
 * floor is dead: those that died of the dropped one stay dead, and some more die. Nobody lives
 * again.
 *
 * Orders: clock · floor · record, and readers load records before the floor. Who does not find the
 * record any more that killed an entry finds the floor that took its place. A death between any two
 * of these leaves a deletion that was not made, and the lock, which a survivor frees.
 *
 * Another tag with the same 24 and the same line dies as well: one of 2^32, or of more.
 */
import { MAX_ORDER, Order, PAGE_BYTES, pageAddress, superblock } from '../base/layout';
import { loadCell, peekCell, storeCell, wakeWord } from '../base/words';
import { hashKey } from '../codec/hash';
import { CLASS_UNMOVABLE } from '../frames/class';
import { allocPages } from '../memdesc/pages';
import { MISC_INDEX } from '../memdesc/type';
import { lock, unlock } from '../thread/lock';
import { StoreState, storeState, TAGS_LOCK } from './journal';
import { LENGTH_MASK, SPACE_SHIFT, setCleared } from './spaces';

/** The table's share of the zone, which has 2^10 pages at least. */
const SHARE_SHIFT: u32 = 8;
const LINE_SHIFT: u32 = 6;
const RECORDS: u32 = 7;
const PART_MASK: u64 = 0xff_ffff;
const STAMP_SHIFT: u64 = 24;

export function tagClockAt(): usize {
  return changetype<usize>(storeState()) + offsetof<StoreState>('tagClock');
}

/** Stamp of the last deletion. */
export function tagClock(): u64 {
  return loadCell(tagClockAt());
}

/** The hash of a tag's name, of which `bytes` tell length and space, as of a key. */
export function tagHash(name: usize, bytes: u32): u64 {
  return hashKey(name, bytes & LENGTH_MASK, superblock().hashSeed + u64(bytes >> SPACE_SHIFT));
}

/** 2 in a zone of 4 MiB: 256 lines. */
export function tagsOrder(): Order {
  return min(31 - clz(superblock().pageCount) - SHARE_SHIFT, MAX_ORDER);
}

/** Takes a table without records, for the zone that becomes a cache. @returns its page, or < 0 */
export function newTagTable(): i32 {
  const order = tagsOrder();
  const pfn = allocPages(order, MISC_INDEX, CLASS_UNMOVABLE);
  if (pfn < 0) return pfn;
  storeState().tags = pageAddress(u32(pfn));
  memory.fill(storeState().tags, 0, PAGE_BYTES << order);
  return pfn;
}

function lineOf(hash: u64): usize {
  const mask = ((PAGE_BYTES >> LINE_SHIFT) << tagsOrder()) - 1;
  return storeState().tags + ((u32(hash >> 32) & mask) << LINE_SHIFT);
}

function recordAt(line: usize, index: u32): usize {
  return line + 8 + index * 8;
}

/** Never 0. */
function partOf(hash: u64): u64 {
  return max(hash & PART_MASK, 1);
}

/** Whether the tag was deleted after a stamp, or may have been. Cost: a line. */
export function isDeletedSince(hash: u64, born: u64): bool {
  const line = lineOf(hash);
  for (let i: u32 = 0; i < RECORDS; i++) {
    const record = loadCell(recordAt(line, i));
    if ((record & PART_MASK) == partOf(hash)) return record >> STAMP_SHIFT > born;
  }
  return loadCell(line) > born;
}

/** Kills all entries that are in the space now. Cost: a lock, and a line. */
export function clearSpace(space: u32): void {
  lock(TAGS_LOCK);
  const stamp = peekCell(tagClockAt()) + 1;
  storeCell(tagClockAt(), stamp);
  setCleared(space, stamp);
  unlock(TAGS_LOCK);
  wakeWord(tagClockAt(), -1);
}

/** Kills all entries that have the tag now. Cost: a lock, and a line. */
export function deleteTag(hash: u64): void {
  lock(TAGS_LOCK);
  const stamp = peekCell(tagClockAt()) + 1;
  storeCell(tagClockAt(), stamp);
  const line = lineOf(hash);
  const at = recordFor(line, hash);
  const old = peekCell(at);
  if (old != 0 && (old & PART_MASK) != partOf(hash)) storeCell(line, old >> STAMP_SHIFT);
  storeCell(at, (stamp << STAMP_SHIFT) | partOf(hash));
  unlock(TAGS_LOCK);
  wakeWord(tagClockAt(), -1);
}

/**
 * The tag's record; else a free one; else the oldest, whose stamp is above the floor. Lock held.
 */
function recordFor(line: usize, hash: u64): usize {
  let oldest = recordAt(line, 0);
  for (let i: u32 = 0; i < RECORDS; i++) {
    const at = recordAt(line, i);
    if ((peekCell(at) & PART_MASK) == partOf(hash)) return at;
    if (peekCell(at) < peekCell(oldest)) oldest = at;
  }
  return oldest;
}
