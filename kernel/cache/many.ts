/**
 * Many keys in one call: one entry into the kernel, and of reading one section and one count.
 *
 * The keys stand in a row in the thread's own page for LZ4's table, for nothing is encoded or
 * evicted meanwhile; the answers in a row in the output scratch:
 *
 *   key     keyBytes: length:16, space:16 · its hash:32 · the key, padded to 4
 *   answer  a word: the value's bytes · ABSENT = there is none · ALONE = longer than the scratch:
 *           to be read by itself
 *   values  behind MANY_KEYS words, each padded by zeroes to a multiple of 8, where the next
 *           begins: elsewhere they cost ten times as much to copy. All of ASCII, they are a text
 *
 * It is as many reads one after the other, with nothing kept between them: what a writer does
 * meanwhile is seen from some key on. A call ends before a value for which the scratch has no room
 * left, or that needs the clock. So a section lasts for as many keys as the library puts into a
 * row, 64 at most, and for as many bytes as the scratch has.
 *
 * What is set stands in the input scratch, which evicting leaves alone; each thing at a multiple
 * of 8. The answers take the place of the first words.
 *
 *   entry   keyBytes:32 · valueBytes:32 · expiry, fresh, ttl: f64, as `describeNext` takes them ·
 *           tags:32 · bytes of their names:32 · key · names · value
 *   answer  SET_…
 *
 * Each is set as by a call of its own: who dies has set those before, and not those behind.
 */
import { alignUp } from '../base/layout';
import { peekCell, peekWord, pokeByte, pokeWord } from '../base/words';
import {
  inputScratch,
  keyScratch,
  outputScratch,
  ownTableScratch,
  scratchRoom,
} from '../memdesc/thread-pages';
import { touchEntry, touchLine } from '../store/directory';
import { entryValueBytes, hashOf } from '../store/entry-head';
import { beginRead, isTooLong } from '../store/entry-read';
import { describeDraft, forgetExtension } from '../store/extension';
import { foundAt, foundLeaf, noteHit } from '../store/leaf';
import { countIn, countValues, LENGTH_MASK, SPACE_SHIFT } from '../store/spaces';
import { tagClock } from '../store/tags';
import { assertInSection } from '../thread/context';
import { COUNT_BYTES_OUT, COUNT_HITS, COUNT_MISSES } from '../thread/counters';
import { leaveSection } from '../thread/rcu';
import { zsPlace } from '../zsmalloc/object';
import { remove, setFrom, setOutcome } from './cache';
import { findFreshAt, NEEDS_CLOCK } from './read';

/** Instead of a length. */
const ABSENT: u32 = u32.MAX_VALUE;
export const ALONE: u32 = 0xffff_fffe;
/** Keys of a call, at most. */
export const MANY_KEYS: u32 = 64;
const FIRST_VALUE: u32 = MANY_KEYS * 4;

/** Thread-local: how far the values of the call under way reach. */
let answered: u32 = 0;
let hits: u32 = 0;
let misses: u32 = 0;
let bytesRead: u32 = 0;
/** Of no use but that what is added to it is loaded. */
let warmth: u32 = 0;

/** Places in a record of the row, behind its keyBytes. */
const HASH: usize = 4;
export const ROW_KEY: usize = 8;

export function firstRecord(): usize {
  return ownTableScratch();
}

function nextRecord(record: usize): usize {
  return record + ROW_KEY + alignUp(peekWord(record) & LENGTH_MASK, 4);
}

/** Reads the `keys` keys of the row. @returns how many are answered */
export function getMany(keys: u32, now: u64): u32 {
  assertInSection();
  warm(keys);
  answered = FIRST_VALUE;
  hits = 0;
  misses = 0;
  bytesRead = 0;
  let record = firstRecord();
  let done: u32 = 0;
  while (done < keys && answer(done, record, now)) {
    record = nextRecord(record);
    done++;
  }
  // All are of one view of the cache.
  const space = peekWord(firstRecord()) >> SPACE_SHIFT;
  countValues(space, COUNT_HITS, hits, COUNT_BYTES_OUT, bytesRead);
  countIn(space, COUNT_MISSES, misses);
  return done;
}

/**
 * Hashes the keys, and looks at what each will need, all lines before all entries: what must come
 * from memory then comes for several keys at a time.
 */
function warm(keys: u32): void {
  let record = firstRecord();
  for (let i: u32 = 0; i < keys; i++) {
    const hash = hashOf(record + ROW_KEY, peekWord(record));
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
function answer(index: u32, record: usize, now: u64): bool {
  const keyBytes = peekWord(record);
  const handle = findFreshAt(peekWord(record + HASH), record + ROW_KEY, keyBytes, now);
  if (handle == NEEDS_CLOCK) return false;
  const to = outputScratch() + index * 4;
  const bytes: u32 = handle == 0 ? 0 : entryValueBytes(zsPlace(handle));
  if (handle == 0) {
    pokeWord(to, ABSENT);
    misses++;
  } else if (bytes > scratchRoom() - FIRST_VALUE || isTooLong(zsPlace(handle))) {
    // Counted when it is read.
    pokeWord(to, ALONE);
  } else {
    if (answered + bytes > scratchRoom()) return false;
    noteHit(foundLeaf(), foundAt());
    beginRead(handle, false, outputScratch() + answered);
    pokeWord(to, bytes);
    answered = padValue(answered + bytes);
    bytesRead += bytes;
    hits++;
  }
  return true;
}

/** Puts zeroes behind a value that ends there. @returns where the next one begins */
function padValue(end: u32): u32 {
  const next = alignUp(end, 8);
  for (; end < next; end++) pokeByte(outputScratch() + end, 0);
  return next;
}

/** Places in an entry that is set. */
const VALUE_BYTES: usize = 4;
const EXPIRY: usize = 8;
const FRESH: usize = 16;
const TTL: usize = 24;
const TAGS: usize = 32;
const NAME_BYTES: usize = 36;
export const SET_KEY: usize = 40;

/** Sets the `entries` entries in the input scratch. */
export function storeMany(entries: u32, isRaw: bool): void {
  let entry: usize = inputScratch();
  for (let i: u32 = 0; i < entries; i++) {
    entry = setEntry(entry, isRaw);
    // Others may wait for its end.
    leaveSection();
  }
}

/** @returns where the next one stands */
function setEntry(entry: usize, isRaw: bool): usize {
  const keyBytes = peekWord(entry);
  const valueBytes = peekWord(entry + VALUE_BYTES);
  const names = entry + SET_KEY + alignUp(keyBytes & LENGTH_MASK, 8);
  const nameBytes = peekWord(entry + NAME_BYTES);
  const value = names + alignUp(nameBytes, 8);
  memory.copy(keyScratch(), entry + SET_KEY, keyBytes & LENGTH_MASK);
  memory.copy(outputScratch(), names, nameBytes);
  const tags = peekWord(entry + TAGS);
  const fresh = timeAt(entry + FRESH);
  const ttl = timeAt(entry + TTL);
  forgetExtension();
  // In a space it is born by itself.
  if (tags != 0 || fresh != 0 || ttl != 0) describeDraft(keyBytes, fresh, ttl, tagClock(), tags);
  const failure = setFrom(value, keyBytes, valueBytes, isRaw, timeAt(entry + EXPIRY));
  pokeWord(entry, setOutcome(failure));
  return value + alignUp(valueBytes, 8);
}

function timeAt(at: usize): u64 {
  return u64(reinterpret<f64>(peekCell(at)));
}

/** Deletes the `keys` keys of the row. The answers are words: 1 = there was an entry, else 0. */
export function removeMany(keys: u32): void {
  let record = firstRecord();
  for (let i: u32 = 0; i < keys; i++) {
    const keyBytes = peekWord(record);
    memory.copy(keyScratch(), record + ROW_KEY, keyBytes & LENGTH_MASK);
    pokeWord(outputScratch() + i * 4, remove(keyBytes) ? 1 : 0);
    record = nextRecord(record);
  }
}
