/**
 * Whole leaves: what splits, merges, a repair and a check do with all entries of one.
 *
 * A leaf keeps sixteen bits of each entry's hash, tag and low, and whether the entry is in its
 * home. That is what a copy needs: the bit by which a split divides the leaf is among the sixteen
 * between sixteen leaves and a million, and an entry in its home goes to the same line of the copy.
 * Only guests, one in twenty, are looked at themselves: their homes may have room now.
 *
 * A copy is made with plain stores: nobody sees it before its address is published (resize.ts).
 */
import { LINE_CELLS, LINES } from '../base/geometry';
import { peekByte, peekCell, peekWord, pokeByte, pokeCell, pokeWord } from '../base/words';
import { assertHalted, assertInSection } from '../thread/context';
import { zsPlace } from '../zsmalloc/object';
import { entryHash } from './entry-head';
import {
  AWAY_ONE,
  addAway,
  awayFrom,
  cellAt,
  freeInLine,
  freePosition,
  frequencyOf,
  GUESTS_SHIFT,
  hasMark,
  homeOf,
  isMainAt,
  LEAF_CELLS,
  LEAF_ENTRIES,
  LOW_BIT,
  laterVersion,
  leafEntries,
  lowAt,
  lowOf,
  marksAt,
  nextVersion,
  noteAt,
  placeHash,
  setFrequency,
  setTag,
  TAG_BIT,
  tagOf,
  tagsAt,
  versionAt,
} from './leaf';

/** Hash of the entry at a position: its key is read. In a section, or with the leaf's lock. */
export function hashAt(leaf: u32, position: u32): u32 {
  return entryHash(zsPlace(peekWord(cellAt(leaf, position))));
}

function tagAt(leaf: u32, position: u32): u32 {
  const tags = peekCell(tagsAt(leaf, position / LINE_CELLS));
  return u32(tags >> (u64(position % LINE_CELLS) * 8)) & 0xff;
}

/** Whether a bit of an entry's hash is 1. Lock held. */
export function hasHashBit(leaf: u32, position: u32, bit: u32): bool {
  if (bit >= LOW_BIT && bit < TAG_BIT) {
    return ((peekByte(lowAt(leaf, position)) >> (bit - LOW_BIT)) & 1) != 0;
  }
  const tag = tagAt(leaf, position);
  // A tag of 1 may stand for 0.
  const isKept = bit >= TAG_BIT && bit < TAG_BIT + 8 && tag != 1;
  const bits = isKept ? tag >> (bit - TAG_BIT) : hashAt(leaf, position) >> bit;
  return (bits & 1) != 0;
}

/**
 * Copies an entry, with what is known of it, into a leaf that nobody sees yet. Lock held. @returns
 * false: no place
 */
export function copyEntry(from: u32, position: u32, into: u32): bool {
  assertInSection();
  const isGuest = hasMark(from, position, GUESTS_SHIFT);
  const home = isGuest ? LEAF_CELLS : freeInLine(into, position / LINE_CELLS);
  if (home == LEAF_CELLS) return copyAway(from, position, into);
  copyTo(from, position, into, home);
  return true;
}

/** The same for one that was not in its home, or whose home is full. */
function copyAway(from: u32, position: u32, into: u32): bool {
  const hash = hashAt(from, position);
  const place = freePosition(into, hash);
  if (place == LEAF_CELLS) return false;
  copyTo(from, position, into, place);
  const home = homeOf(hash);
  if (place / LINE_CELLS == home) return true;
  addMark(into, home, AWAY_ONE);
  addMark(into, place / LINE_CELLS, 1 << (GUESTS_SHIFT + (place % LINE_CELLS)));
  return true;
}

function copyTo(from: u32, position: u32, into: u32, place: u32): void {
  const line = place / LINE_CELLS;
  const tags = tagsAt(into, line);
  pokeCell(tags, peekCell(tags) | (u64(tagAt(from, position)) << (u64(place % LINE_CELLS) * 8)));
  pokeByte(lowAt(into, place), peekByte(lowAt(from, position)));
  setFrequency(into, place, frequencyOf(from, position));
  if (isMainAt(from, position)) addMark(into, line, 1 << (place % LINE_CELLS));
  pokeWord(cellAt(into, place), peekWord(cellAt(from, position)));
  pokeWord(noteAt(into, LEAF_ENTRIES), leafEntries(into) + 1);
}

function addMark(leaf: u32, line: u32, amount: u32): void {
  pokeWord(marksAt(leaf, line), peekWord(marksAt(leaf, line)) + amount);
}

/** Gives every line of a new leaf a version above those that it had in the two it is made from. */
export function outdate(leaf: u32, from: u32, other: u32): void {
  for (let line: u32 = 0; line < LINES; line++) {
    const later = laterVersion(peekWord(versionAt(from, line)), peekWord(versionAt(other, line)));
    pokeWord(versionAt(leaf, line), nextVersion(later));
  }
}

/** Makes all anew that follows from the cells: tags, lows, guests, `away`, count. */
export function repairLeaf(leaf: u32): void {
  assertHalted();
  let entries: u32 = 0;
  for (let line: u32 = 0; line < LINES; line++) {
    pokeWord(marksAt(leaf, line), peekWord(marksAt(leaf, line)) & 0xff);
  }
  for (let at: u32 = 0; at < LEAF_CELLS; at++) {
    const isThere = peekWord(cellAt(leaf, at)) != 0;
    const hash = isThere ? hashAt(leaf, at) : 0;
    setTag(leaf, at, isThere ? tagOf(hash) : 0);
    if (!isThere) continue;
    entries++;
    placeHash(leaf, at, hash);
    if (at / LINE_CELLS != homeOf(hash)) addAway(leaf, hash, AWAY_ONE);
  }
  pokeWord(noteAt(leaf, LEAF_ENTRIES), entries);
}

/** An odd number, another one for each line. */
function weightOf(line: u32): u64 {
  return (u64(line) * 0x9e37_79b9_7f4a_7c15) | 1;
}

/** Whether all that follows from the cells does. */
export function isLeafSound(leaf: u32): bool {
  assertHalted();
  let entries: u32 = 0;
  // With weights: a count too high in one line does not make up for another's.
  let away: u64 = 0;
  for (let line: u32 = 0; line < LINES; line++) away += awayFrom(leaf, line) * weightOf(line);
  for (let at: u32 = 0; at < LEAF_CELLS; at++) {
    if (peekWord(cellAt(leaf, at)) == 0) {
      if (tagAt(leaf, at) != 0) return false;
      continue;
    }
    if (!isEntrySound(leaf, at)) return false;
    entries++;
    if (hasMark(leaf, at, GUESTS_SHIFT)) away -= weightOf(homeOf(hashAt(leaf, at)));
  }
  return entries == leafEntries(leaf) && away == 0;
}

function isEntrySound(leaf: u32, at: u32): bool {
  const hash = hashAt(leaf, at);
  const isGuest = at / LINE_CELLS != homeOf(hash);
  return (
    tagAt(leaf, at) == tagOf(hash) &&
    peekByte(lowAt(leaf, at)) == lowOf(hash) &&
    hasMark(leaf, at, GUESTS_SHIFT) == isGuest
  );
}
