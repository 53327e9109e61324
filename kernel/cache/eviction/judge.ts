/**
 * Judging: what the index says of an entry whose record was popped from a queue, and what becomes
 * of it.
 *
 * Hits are counted by readers, without a lock and without an atomic instruction, up to 3
 * (store/leaf.ts): one that is lost when two threads count at once, or when the entry is judged
 * meanwhile, costs nothing. `sweepSome` needs no record: a hand goes round the leaves, takes a hit
 * away from who has some, and evicts who has none.
 *
 * Under the lock of the entry's leaf: what a queue remembers of it is a guess, and may be stale.
 */
import { Handle, STORE_STATE } from '../../base/layout';
import { loadWord, peekByte, peekWord, storeWord } from '../../base/words';
import { makeRingRoom } from '../../reclaim/reclaim';
import { dropEntry } from '../../store/change';
import { hasRingRoom } from '../../store/deferred';
import { leafAt, leafCount, lockLeaf, lockLeafOf, unlockLeaf } from '../../store/directory';
import { entryExpiry, entryStoredBytes } from '../../store/entry-head';
import { StoreState } from '../../store/journal';
import {
  cellAt,
  frequencyOf,
  isLineOf,
  isMainAt,
  LEAF_CELLS,
  lowAt,
  lowOf,
  MAX_FREQUENCY,
  nextCandidate,
  nextPosition,
  setFrequency,
  setMain,
} from '../../store/leaf';
import { hashAt } from '../../store/leaf-copy';
import { lifeAt, OVER } from '../../store/life';
import { latestTime } from '../../thread/clock';
import { assertOutside } from '../../thread/context';
import { COUNT_EVICTIONS, COUNT_EXPIRATIONS } from '../../thread/counters';
import { leaveSection } from '../../thread/rcu';
import { zsPlace } from '../../zsmalloc/object';
import { unitsFor } from './fifo';

const HAND: usize = STORE_STATE + offsetof<StoreState>('hand');

/** There is no such entry: it was deleted, or has another record. */
export const JUDGED_GONE: u32 = 0;
export const JUDGED_EVICTED: u32 = 1;
/** Small, and hit often enough: it is main's now. */
export const JUDGED_PROMOTED: u32 = 2;
/** Main, and hit: it stays, one hit fewer. */
export const JUDGED_KEPT: u32 = 3;
/** Out as well, but by its time: no ghost is left of it. */
export const JUDGED_EXPIRED: u32 = 4;

/** Less than any entry has: it is only looked at. */
export const NO_HITS: u32 = 0;

/** What an entry takes besides its objects: cells, and its share of a leaf. */
const ENTRY_OVERHEAD_BYTES: u32 = 8 + 14;

/** Thread-local: size and expiry of the entry that `judge` found last. */
let units: u32 = 0;
let expiry: u64 = 0;

export function judgedUnits(): u32 {
  return units;
}

export function judgedExpiry(): u64 {
  return expiry;
}

/** In a section, or with its leaf's lock. */
export function unitsOfEntry(handle: Handle): u32 {
  return unitsFor(ENTRY_OVERHEAD_BYTES + entryStoredBytes(zsPlace(handle)));
}

/**
 * Judges the entry with this hash in this queue; one with fewer `hits` goes. With 0 hits,
 * which all have, only an expired one does: KEPT else. Ends the caller's section.
 *
 * @returns JUDGED_…
 */
export function judge(hash: u32, isMain: bool, hits: u32): u32 {
  makeRingRoom();
  const number = lockLeafOf(hash);
  const leaf = leafAt(number);
  const at = findQueued(leaf, hash, isMain, hits == NO_HITS);
  const outcome = at == LEAF_CELLS ? JUDGED_GONE : judgeAt(leaf, at, hash, isMain, hits);
  unlockLeaf(number);
  leaveSection();
  return outcome;
}

/**
 * Where the entry of a record is. Of several with one hash, who looks for what is over finds that
 * first: else a living one would hide it for ever.
 */
function findQueued(leaf: u32, hash: u32, isMain: bool, wantsOver: bool): u32 {
  let found = LEAF_CELLS;
  let at = nextCandidate(leaf, hash, LEAF_CELLS);
  for (; at != LEAF_CELLS; at = nextCandidate(leaf, hash, at)) {
    if (!isQueued(leaf, at, hash, isMain)) continue;
    if (!wantsOver || isOver(peekWord(cellAt(leaf, at)))) return at;
    if (found == LEAF_CELLS) found = at;
  }
  return found;
}

function isOver(handle: Handle): bool {
  return lifeAt(zsPlace(handle), latestTime()) == OVER;
}

function isQueued(leaf: u32, at: u32, hash: u32, isMain: bool): bool {
  if (peekWord(cellAt(leaf, at)) == 0 || isMainAt(leaf, at) != isMain) return false;
  // Of those with another key a few in a million get as far as to have theirs hashed.
  return peekByte(lowAt(leaf, at)) == lowOf(hash) && hashAt(leaf, at) == hash;
}

function judgeAt(leaf: u32, at: u32, hash: u32, isMain: bool, wanted: u32): u32 {
  const handle = peekWord(cellAt(leaf, at));
  const hits = frequencyOf(leaf, at);
  units = unitsOfEntry(handle);
  expiry = entryExpiry(zsPlace(handle));
  if (isOver(handle)) {
    dropEntry(leaf, at, hash, handle, COUNT_EXPIRATIONS);
    return JUDGED_EXPIRED;
  }
  if (wanted == 0) return JUDGED_KEPT;
  if (hits < wanted) {
    dropEntry(leaf, at, hash, handle, COUNT_EVICTIONS);
    return JUDGED_EVICTED;
  }
  setFrequency(leaf, at, isMain ? hits - 1 : 0);
  if (isMain) return JUDGED_KEPT;
  setMain(leaf, at, true);
  return JUDGED_PROMOTED;
}

/** Evicts until so many units are out, by the hand. @returns entries that went */
export function sweepSome(wanted: u32): u32 {
  assertOutside();
  let entries: u32 = 0;
  let freed: u32 = 0;
  // As often as the most popular entry is passed over, and once more; leaves may become more
  // meanwhile.
  for (let left = leafCount() * (MAX_FREQUENCY + 2); left != 0 && freed < wanted; left--) {
    const number = nextLeaf();
    lockLeaf(number);
    const leaf = leafAt(number);
    for (let at: u32 = 0; leaf != 0 && freed < wanted && at < LEAF_CELLS && hasRingRoom(); at++) {
      at = nextPosition(leaf, at);
      if (at == LEAF_CELLS || !isVictim(leaf, at)) continue;
      freed += units;
      entries++;
    }
    unlockLeaf(number);
    leaveSection();
    makeRingRoom();
  }
  return entries;
}

/** Evicts the least popular entry of the hash's leaf, which is full and cannot be split. */
export function evictFrom(hash: u32): void {
  makeRingRoom();
  const number = lockLeafOf(hash);
  const leaf = leafAt(number);
  let victim = LEAF_CELLS;
  for (let at = nextPosition(leaf, 0); at < LEAF_CELLS; at = nextPosition(leaf, at + 1)) {
    if (!isLineOf(at, hash)) continue;
    if (victim == LEAF_CELLS || frequencyOf(leaf, at) < frequencyOf(leaf, victim)) victim = at;
  }
  if (victim != LEAF_CELLS) {
    const handle = peekWord(cellAt(leaf, victim));
    dropEntry(leaf, victim, hashAt(leaf, victim), handle, COUNT_EVICTIONS);
  }
  unlockLeaf(number);
  leaveSection();
}

/** Threads may go round together: a hint need not be counted exactly. */
function nextLeaf(): u32 {
  const number = loadWord(HAND);
  storeWord(HAND, number + 1);
  return number % leafCount();
}

/** Evicts an entry without hits; takes one from others. */
function isVictim(leaf: u32, at: u32): bool {
  const handle = peekWord(cellAt(leaf, at));
  const hits = frequencyOf(leaf, at);
  if (hits != 0 && lifeAt(zsPlace(handle), latestTime()) != OVER) {
    setFrequency(leaf, at, hits - 1);
    return false;
  }
  units = unitsOfEntry(handle);
  dropEntry(leaf, at, hashAt(leaf, at), handle, COUNT_EVICTIONS);
  return true;
}
