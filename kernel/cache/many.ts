/**
 * Many keys in one call: one entry into the kernel, one read section, one count.
 *
 * The keys stand in a row in the scratch for LZ4's table, for nothing is encoded or evicted
 * meanwhile; the answers in a row in the output scratch:
 *
 *   key     keyBytes: length:16, space:16 · its hash:32 · the key, padded to 4
 *   answer  bytes:32 · the value, padded to 4 more than a multiple of 8; the first stands at 4, so
 *           values begin at multiples of 8: others cost ten times as much to copy
 *           ABSENT = there is none · ALONE = longer than the scratch: to be read by itself
 *
 * It is as many reads one after the other, with nothing kept between them: what a writer does
 * meanwhile is seen from some key on. A call ends before a value for which the scratch has no room
 * left, or that needs the clock. So a section lasts for as many keys as the library puts into a
 * row, 64 at most, and for as many bytes as the scratch has.
 */
import { peekWord, pokeWord } from '../base/words';
import { touchEntry, touchLine } from '../store/directory';
import { entryValueBytes, hashOf } from '../store/entry-head';
import { beginRead } from '../store/entry-read';
import { foundAt, foundLeaf, noteHit } from '../store/leaf';
import { BLOCK_BYTES } from '../store/limits';
import { countIn, LENGTH_MASK, SPACE_SHIFT } from '../store/spaces';
import { assertInSection } from '../thread/context';
import { COUNT_BYTES_OUT, COUNT_HITS, COUNT_MISSES } from '../thread/counters';
import { leaveSection } from '../thread/rcu';
import { selfState } from '../thread/slot';
import { zsPlace } from '../zsmalloc/object';
import { remove } from './cache';
import { findFreshAt, NEEDS_CLOCK } from './read';

/** Instead of a length. */
const ABSENT: u32 = u32.MAX_VALUE;
const ALONE: u32 = u32.MAX_VALUE - 1;
/** What the output scratch has room for when nothing else is in it. */
const LONGEST: u32 = BLOCK_BYTES - 8;
const FIRST_ANSWER: u32 = 4;

/** Thread-local: how far the answers of the call under way reach. */
let answered: u32 = 0;
let hits: u32 = 0;
let misses: u32 = 0;
let bytesRead: u32 = 0;
/** Of no use but that what is added to it is loaded. */
let warmth: u32 = 0;

/** Places in a record of the row. */
const HASH: usize = 4;
const KEY: usize = 8;

export function firstRecord(): usize {
  return selfState().tableScratch;
}

function nextRecord(record: usize): usize {
  return record + KEY + padded(peekWord(record) & LENGTH_MASK);
}

function padded(bytes: u32): u32 {
  return (bytes + 3) & ~3;
}

/** Reads the `keys` keys of the row. @returns how many are answered */
export function getMany(keys: u32, now: u64): u32 {
  assertInSection();
  warm(keys);
  answered = FIRST_ANSWER;
  hits = 0;
  misses = 0;
  bytesRead = 0;
  let record = firstRecord();
  let done: u32 = 0;
  while (done < keys && answer(record, now)) {
    record = nextRecord(record);
    done++;
  }
  // All are of one view of the cache.
  const space = peekWord(firstRecord()) >> SPACE_SHIFT;
  countIn(space, COUNT_HITS, hits);
  countIn(space, COUNT_MISSES, misses);
  countIn(space, COUNT_BYTES_OUT, bytesRead);
  return done;
}

/**
 * Hashes the keys, and looks at what each will need, all lines before all entries: what must come
 * from memory then comes for several keys at a time.
 */
function warm(keys: u32): void {
  let record = firstRecord();
  for (let i: u32 = 0; i < keys; i++) {
    const hash = hashOf(record + KEY, peekWord(record));
    pokeWord(record + HASH, hash);
    warmth += touchLine(hash);
    record = nextRecord(record);
  }
  record = firstRecord();
  for (let i: u32 = 0; i < keys; i++) {
    warmth += touchEntry(peekWord(record + HASH));
    record = nextRecord(record);
  }
}

/** @returns false: not now */
function answer(record: usize, now: u64): bool {
  const keyBytes = peekWord(record);
  const handle = findFreshAt(peekWord(record + HASH), record + KEY, keyBytes, now);
  if (handle == NEEDS_CLOCK || answered + 4 > BLOCK_BYTES) return false;
  const to = selfState().outputScratch + answered;
  const bytes: u32 = handle == 0 ? 0 : entryValueBytes(zsPlace(handle));
  if (handle == 0) {
    pokeWord(to, ABSENT);
    misses++;
  } else if (bytes > LONGEST) {
    // Counted when it is read.
    pokeWord(to, ALONE);
  } else {
    if (answered + 4 + bytes > BLOCK_BYTES) return false;
    noteHit(foundLeaf(), foundAt());
    beginRead(handle, false, to + 4);
    pokeWord(to, bytes);
    answered += (bytes + 3) & ~7;
    bytesRead += bytes;
    hits++;
  }
  answered += 8;
  return true;
}

/** Deletes the `keys` keys of the row. The answers are words: 1 = there was an entry, else 0. */
export function removeMany(keys: u32): void {
  const slot = selfState();
  let record = firstRecord();
  for (let i: u32 = 0; i < keys; i++) {
    const keyBytes = peekWord(record);
    memory.copy(slot.keyScratch, record + KEY, keyBytes & LENGTH_MASK);
    pokeWord(slot.outputScratch + i * 4, remove(keyBytes) ? 1 : 0);
    leaveSection();
    record = nextRecord(record);
  }
}
