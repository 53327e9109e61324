/**
 * Leaves: pages of the index, 64 lines of 64 bytes, each line one cache line.
 *
 *   tags 8 × 8 · lows 8 × 8 · version 32 · marks 32 · note 32 · frequencies 8 × 4 · cells 8 × 32
 *
 *   tags     64 bits: 8 of each entry's hash, never 0; 0 = free
 *   lows     8 lower bits of each hash: with the tag they tell to which half of a leaf an entry
 *            belongs, so that a split reads no entries (leaf-copy.ts). Leaf's lock
 *   cells    handles of entries, 0 = none. **The truth**: a tag without its cell means nothing
 *   frequency  hits since the entry came or was judged, up to MAX_FREQUENCY. Hits store its byte,
 *            which two entries share, plainly and without a lock: a guess, that may be lost
 *   version  raised before each change of an entry whose home the line is; the children of a split
 *            get more than their parent had
 *   marks    MAIN bits 8 (0–7): which entries are the queue main's · away 8 (8–15): entries whose
 *            home is this line and that are in another one · GUESTS 8 (16–23): which entries have
 *            their home elsewhere
 *   note     of the first three lines: entries in the leaf · link in limbo · number
 *
 * Tags, cells, versions and marks are stored under the leaf's lock and loaded by readers without.
 *
 * 60 lines are *homes*, four take what finds no place. An entry is in its home, else in its second
 * line, which other bits of its hash choose, else in one of the four. **Entries never move between
 * lines**, but when a page is copied whole (resize.ts). So who finds nothing in the home, and
 * `away` is 0, knows that there is nothing.
 *
 * Orders of stores, which readers and survivors build on:
 *   insert   low, guest · away + 1 · tag · cell        remove   cell 0 · tag 0 · away − 1
 *
 * A leaf of 400 entries (LIMIT) is a sign to split; one can take 426 of them at least in 20,000
 * drawn at random, 472 in the median.
 */
import { HOMES, LINE_CELLS, LINES, VERSION_MASK } from '../base/geometry';
import { Handle } from '../base/layout';
import {
  loadByte,
  loadCell,
  loadWord,
  peekByte,
  peekCell,
  peekWord,
  pokeByte,
  pokeWord,
  storeCell,
  storeWord,
} from '../base/words';
import { assertInSection } from '../thread/context';
import { zsPlace } from '../zsmalloc/object';
import { hasKey } from './entry-head';

const LINE_BYTES: u32 = 64;
export const LEAF_CELLS: u32 = LINES * LINE_CELLS;
export const MAX_FREQUENCY: u32 = 3;

const LOWS: u32 = 8;
const VERSION: u32 = 16;
const MARKS: u32 = 20;
const NOTE: u32 = 24;
const FREQUENCIES: u32 = 28;
const CELLS: u32 = 32;
const AWAY_SHIFT: u32 = 8;
export const AWAY_ONE: u32 = 1 << AWAY_SHIFT;
export const GUESTS_SHIFT: u32 = 16;
const FREQUENCY_MASK: u32 = 15;

/** Notes, by the line that they stand in. */
export const LEAF_ENTRIES: u32 = 0;
export const LEAF_LINK: u32 = 1;
export const LEAF_NUMBER: u32 = 2;

const EVERY_BYTE: u64 = 0x0101_0101_0101_0101;
/** Of the bytes of a line's entries. */
const HIGH_BITS: u64 = 0x8080_8080_8080_8080 >> (64 - 8 * u64(LINE_CELLS));

/** Thread-local: where `findHandle` found what it returned: leaf | position. */
let found: u32 = 0;

export function foundLeaf(): u32 {
  return found & ~(LEAF_CELLS - 1);
}

/** Position of a cell: line × 8 + its place there. */
export function foundAt(): u32 {
  return found & (LEAF_CELLS - 1);
}

export function noteAt(leaf: u32, note: u32): usize {
  return leaf + note * LINE_BYTES + NOTE;
}

export function leafEntries(leaf: u32): u32 {
  return peekWord(noteAt(leaf, LEAF_ENTRIES));
}

export function tagsAt(leaf: u32, line: u32): usize {
  return leaf + line * LINE_BYTES;
}

export function marksAt(leaf: u32, line: u32): usize {
  return leaf + line * LINE_BYTES + MARKS;
}

export function versionAt(leaf: u32, line: u32): usize {
  return leaf + line * LINE_BYTES + VERSION;
}

export function cellAt(leaf: u32, position: u32): usize {
  const line = position / LINE_CELLS;
  return leaf + line * LINE_BYTES + CELLS + (position % LINE_CELLS) * 4;
}

/** Two entries share a byte. */
function frequencyAt(leaf: u32, position: u32): usize {
  return leaf + (position / LINE_CELLS) * LINE_BYTES + FREQUENCIES + (position % LINE_CELLS) / 2;
}

function frequencyShift(position: u32): u32 {
  return (position & 1) * 4;
}

export function lowAt(leaf: u32, position: u32): usize {
  return leaf + (position / LINE_CELLS) * LINE_BYTES + LOWS + (position % LINE_CELLS);
}

/** The line in which a hash is first looked for: bits 20–31. */
export function homeOf(hash: u32): u32 {
  return ((hash >> 20) * HOMES) >> 12;
}

/** Its second line, never the first: bits 14–25. */
function secondOf(hash: u32): u32 {
  const second = homeOf(hash) + 1 + ((((hash >> 14) & 0xfff) * (HOMES - 1)) >> 12);
  return second < HOMES ? second : second - HOMES;
}

/** Whether an entry of the hash may be at a position. */
export function isLineOf(position: u32, hash: u32): bool {
  const line = position / LINE_CELLS;
  return line == homeOf(hash) || line == secondOf(hash) || line >= HOMES;
}

/** Bits 12–19; those below choose the leaf, up to 4,096 of them and so on. */
export function tagOf(hash: u32): u32 {
  return max((hash >> TAG_BIT) & 0xff, 1);
}

/** Where the bits of a hash begin that a leaf keeps: of `low`, and of a tag; 8 each. */
export const LOW_BIT: u32 = 4;
export const TAG_BIT: u32 = 12;

/** Bits 4–11. */
export function lowOf(hash: u32): u32 {
  return (hash >> LOW_BIT) & 0xff;
}

/** High bits of the bytes that are `tag`; above the lowest there may be some that are not. */
function matches(tags: u64, tag: u32): u64 {
  const different = tags ^ (u64(tag) * EVERY_BYTE);
  return (different - EVERY_BYTE) & ~different & HIGH_BITS;
}

export function awayFrom(leaf: u32, line: u32): u32 {
  return (loadWord(marksAt(leaf, line)) >> AWAY_SHIFT) & 0xff;
}

/** The entry of a key: in a section, or with the leaf's lock. @returns its handle, or 0 */
export function findHandle(leaf: u32, hash: u32, key: usize, keyBytes: u32): u32 {
  const home = homeOf(hash);
  const handle = findInLine(leaf, home, hash, key, keyBytes);
  if (handle != 0 || awayFrom(leaf, home) == 0) return handle;
  return findAway(leaf, hash, key, keyBytes);
}

function findAway(leaf: u32, hash: u32, key: usize, keyBytes: u32): u32 {
  let handle = findInLine(leaf, secondOf(hash), hash, key, keyBytes);
  for (let line = HOMES; handle == 0 && line < LINES; line++) {
    handle = findInLine(leaf, line, hash, key, keyBytes);
  }
  return handle;
}

function findInLine(leaf: u32, line: u32, hash: u32, key: usize, keyBytes: u32): u32 {
  let matching = matches(loadCell(tagsAt(leaf, line)), tagOf(hash));
  while (matching != 0) {
    const position = line * LINE_CELLS + (u32(ctz(matching)) >> 3);
    // Loaded once: a moment later the cell may be another key's.
    const handle = loadWord(cellAt(leaf, position));
    if (handle != 0 && hasKey(zsPlace(handle), key, keyBytes)) {
      found = leaf | position;
      return handle;
    }
    matching &= matching - 1;
  }
  return 0;
}

/** The first entry of a hash's home with its tag, whatever its key. @returns its handle, or 0 */
export function firstMatch(leaf: u32, hash: u32): u32 {
  const home = homeOf(hash);
  const matching = matches(loadCell(tagsAt(leaf, home)), tagOf(hash));
  if (matching == 0) return 0;
  return loadWord(cellAt(leaf, home * LINE_CELLS + (u32(ctz(matching)) >> 3)));
}

/** The next position from `from` on with an entry; LEAF_CELLS at the end. */
export function nextPosition(leaf: u32, from: u32): u32 {
  while (from < LEAF_CELLS) {
    // A tag is there before its cell, and after it.
    const isBare = from % LINE_CELLS == 0 && loadCell(tagsAt(leaf, from / LINE_CELLS)) == 0;
    if (isBare) from += LINE_CELLS;
    else if (loadWord(cellAt(leaf, from)) != 0) return from;
    else from++;
  }
  return LEAF_CELLS;
}

/**
 * Positions in which an entry of the hash may be, in turn; LEAF_CELLS after the last. Lock held.
 */
export function nextCandidate(leaf: u32, hash: u32, after: u32): u32 {
  let line = after == LEAF_CELLS ? homeOf(hash) : after / LINE_CELLS;
  let skip: u32 = after == LEAF_CELLS ? 0 : (after % LINE_CELLS) + 1;
  while (line < LINES) {
    // Whole bytes of which only the lowest match is certain: looked at again by who asks.
    const shifted = skip == LINE_CELLS ? 0 : u64.MAX_VALUE << (skip * 8);
    const matching = matches(peekCell(tagsAt(leaf, line)), tagOf(hash)) & shifted;
    if (matching != 0) return line * LINE_CELLS + (u32(ctz(matching)) >> 3);
    skip = 0;
    if (line >= HOMES) line++;
    else if (line == homeOf(hash)) line = secondOf(hash);
    else line = HOMES;
  }
  return LEAF_CELLS;
}

/** A free position for an entry of the hash, or LEAF_CELLS. Lock held. */
export function freePosition(leaf: u32, hash: u32): u32 {
  let position = freeInLine(leaf, homeOf(hash));
  if (position == LEAF_CELLS) position = freeInLine(leaf, secondOf(hash));
  for (let line = HOMES; position == LEAF_CELLS && line < LINES; line++) {
    position = freeInLine(leaf, line);
  }
  return position;
}

export function freeInLine(leaf: u32, line: u32): u32 {
  const free = matches(peekCell(tagsAt(leaf, line)), 0);
  return free == 0 ? LEAF_CELLS : line * LINE_CELLS + (u32(ctz(free)) >> 3);
}

/** Version of the hash's home. */
export function versionOf(leaf: u32, hash: u32): u32 {
  return loadWord(versionAt(leaf, homeOf(hash)));
}

export function nextVersion(version: u32): u32 {
  return (version + 1) & VERSION_MASK;
}

/**
 * The later one of two versions. They come round: of two that are less than half of all apart the
 * one from which fewer steps lead to the other is the earlier.
 */
export function laterVersion(one: u32, other: u32): u32 {
  return ((other - one) & VERSION_MASK) > VERSION_MASK >> 1 ? one : other;
}

/** Says that an entry whose home is the hash's is about to change. Lock held. */
export function raiseVersion(leaf: u32, hash: u32): void {
  const at = versionAt(leaf, homeOf(hash));
  storeWord(at, nextVersion(peekWord(at)));
}

/** Puts an entry into a free position. Lock held; after `raiseVersion`. */
export function insertCell(
  leaf: u32,
  position: u32,
  hash: u32,
  handle: Handle,
  isMain: bool,
): void {
  const line = position / LINE_CELLS;
  setFrequency(leaf, position, 0);
  setMain(leaf, position, isMain);
  placeHash(leaf, position, hash);
  if (line != homeOf(hash)) addAway(leaf, hash, AWAY_ONE);
  setTag(leaf, position, tagOf(hash));
  pokeWord(noteAt(leaf, LEAF_ENTRIES), leafEntries(leaf) + 1);
  storeWord(cellAt(leaf, position), handle);
}

/** Writes down what only lock holders read of an entry's hash. */
export function placeHash(leaf: u32, position: u32, hash: u32): void {
  pokeByte(lowAt(leaf, position), lowOf(hash));
  setMark(leaf, position, GUESTS_SHIFT, position / LINE_CELLS != homeOf(hash));
}

/** Gives an entry's cell to another one of the same key: it counts as a hit. Lock held. */
export function replaceCell(leaf: u32, position: u32, handle: Handle): void {
  storeWord(cellAt(leaf, position), handle);
}

/** Takes an entry out. Lock held; after `raiseVersion`. */
export function removeCell(leaf: u32, position: u32, hash: u32): void {
  storeWord(cellAt(leaf, position), 0);
  setTag(leaf, position, 0);
  if (position / LINE_CELLS != homeOf(hash)) addAway(leaf, hash, -AWAY_ONE);
  pokeWord(noteAt(leaf, LEAF_ENTRIES), leafEntries(leaf) - 1);
}

export function setTag(leaf: u32, position: u32, tag: u32): void {
  const at = tagsAt(leaf, position / LINE_CELLS);
  const shift = u64(position % LINE_CELLS) * 8;
  storeCell(at, (peekCell(at) & ~(u64(0xff) << shift)) | (u64(tag) << shift));
}

export function addAway(leaf: u32, hash: u32, amount: u32): void {
  const at = marksAt(leaf, homeOf(hash));
  storeWord(at, peekWord(at) + amount);
}

export function hasMark(leaf: u32, position: u32, shift: u32): bool {
  const marks = peekWord(marksAt(leaf, position / LINE_CELLS));
  return ((marks >> (shift + (position % LINE_CELLS))) & 1) != 0;
}

export function setMark(leaf: u32, position: u32, shift: u32, isSet: bool): void {
  const at = marksAt(leaf, position / LINE_CELLS);
  const bit: u32 = 1 << (shift + (position % LINE_CELLS));
  const seen = peekWord(at);
  const marks = isSet ? seen | bit : seen & ~bit;
  if (marks != seen) storeWord(at, marks);
}

export function isMainAt(leaf: u32, position: u32): bool {
  return hasMark(leaf, position, 0);
}

/** Says whose queue an entry is in. Lock held. */
export function setMain(leaf: u32, position: u32, isMain: bool): void {
  setMark(leaf, position, 0, isMain);
}

export function frequencyOf(leaf: u32, position: u32): u32 {
  return (loadByte(frequencyAt(leaf, position)) >> frequencyShift(position)) & FREQUENCY_MASK;
}

export function setFrequency(leaf: u32, position: u32, frequency: u32): void {
  const at = frequencyAt(leaf, position);
  const shift = frequencyShift(position);
  pokeByte(at, (peekByte(at) & ~(FREQUENCY_MASK << shift)) | (frequency << shift));
}

/** A hit: at most one plain store of a byte, none once it is saturated. */
export function noteHit(leaf: u32, position: u32): void {
  assertInSection();
  const at = frequencyAt(leaf, position);
  const shift = frequencyShift(position);
  const seen = peekByte(at);
  if (((seen >> shift) & FREQUENCY_MASK) < MAX_FREQUENCY) pokeByte(at, seen + (1 << shift));
}
