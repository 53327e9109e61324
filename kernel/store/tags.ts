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
 *   clock    of the last deletion                              likewise
 *
 * The table is bounded: a line that is full drops its oldest record, and its floor rises to that
 * stamp. Then every entry that has a tag of this line and is older than the floor is dead: those
 * that died of the dropped one stay dead, and some more die. Nobody lives again.
 *
 * Orders: clock · floor · record, and readers load records before the floor. Who does not find the
 * record any more that killed an entry finds the floor that took its place. A death between any two
 * of these leaves a deletion that was not made, and the lock, which a survivor frees.
 *
 * Another tag with the same 24 and the same line dies as well: one of 2^32.
 */
import { superblock } from '../base/layout';
import { loadCell, peekCell, storeCell } from '../base/words';
import { hashKey } from '../codec/hash';
import { lock, unlock } from '../thread/lock';
import { StoreState, storeState, TAGS_LOCK } from './journal';
import { LENGTH_MASK, SPACE_SHIFT, setCleared } from './spaces';

/** 16 KiB: 256 lines of 7 records. */
export const TAGS_ORDER: u32 = 2;
const LINE_SHIFT: u32 = 6;
const LINES_MASK: u32 = 0xff;
const RECORDS: u32 = 7;
const PART_MASK: u64 = 0xff_ffff;
const STAMP_SHIFT: u64 = 24;

function clockAt(): usize {
  return changetype<usize>(storeState()) + offsetof<StoreState>('tagClock');
}

/** Stamp of the last deletion. */
export function tagClock(): u64 {
  return loadCell(clockAt());
}

/** The hash of a tag's name, of which `bytes` tell length and space, as of a key. */
export function tagHash(name: usize, bytes: u32): u64 {
  return hashKey(name, bytes & LENGTH_MASK, superblock().hashSeed + u64(bytes >> SPACE_SHIFT));
}

function lineOf(hash: u64): usize {
  return storeState().tags + ((u32(hash >> 32) & LINES_MASK) << LINE_SHIFT);
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
  const stamp = peekCell(clockAt()) + 1;
  storeCell(clockAt(), stamp);
  setCleared(space, stamp);
  unlock(TAGS_LOCK);
}

/** Kills all entries that have the tag now. Cost: a lock, and a line. */
export function deleteTag(hash: u64): void {
  lock(TAGS_LOCK);
  const stamp = peekCell(clockAt()) + 1;
  storeCell(clockAt(), stamp);
  const line = lineOf(hash);
  const at = recordFor(line, hash);
  const old = peekCell(at);
  if (old != 0 && (old & PART_MASK) != partOf(hash)) storeCell(line, old >> STAMP_SHIFT);
  storeCell(at, (stamp << STAMP_SHIFT) | partOf(hash));
  unlock(TAGS_LOCK);
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
