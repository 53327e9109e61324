/**
 * Extensions: what an entry has besides its value and expiry. Few have one; it follows the head.
 *
 *   word     bytes of all, this word included:12 FRESH:1 TTL:1 TTL_HIGH:1 BORN:1 tags:4 · 4 ·
 *            space:8, 0 = none (spaces.ts)
 *   fresh    the millisecond from which it is stale, and served only to who asks for that; 64
 *   ttl      its time to live, where that is not the cache's and has no code: what `touch` gives it
 *            again; 32 or 64. The code, in the expiry, is number:5 unit:2, the unit a second,
 *            minute, hour or day, of which there are 1, 2, … 20, 25, 30, … 75
 *   born     the tag clock when it was made (tags.ts); 64, with tags or a space
 *   hashes   of its tags, 64 each
 *   names    of its tags: length − 1, bytes; padded to 4
 *
 * The next draft's is made in the key scratch, behind the key (`describeDraft`, `keepExtension`),
 * and is its draft's from `takeExtension` on. How long it is stands there too (KEY_NOTE_AT), until
 * another key is put: so nothing is left of a draft that was never begun.
 */
import { alignUp, Place } from '../base/layout';
import { peekByte, peekWord, pokeWord } from '../base/words';
import { KEY_NOTE_AT, keyScratch, outputScratch } from '../memdesc/thread-pages';
import { noteExpiring } from '../thread/clock';
import { zsRead, zsReadCell, zsReadWord } from '../zsmalloc/object';
import { LENGTH_MASK, SPACE_SHIFT } from './spaces';
import { tagClock, tagHash } from './tags';

export const BYTES_MASK: u32 = 0xfff;
const FRESH: u32 = 0x1000;
const TTL: u32 = 0x2000;
const TTL_HIGH: u32 = 0x4000;
const BORN: u32 = 0x8000;
const TAGS_SHIFT: u32 = 16;
const TAGS_MASK: u32 = 15;
/** What of the word says of tags and space. */
const TAGGED_MASK: u32 = 0xffff_8000;
const IN_SPACE_SHIFT: u32 = 24;
const WORD_BYTES: u32 = 4;

export const MAX_TAGS: u32 = 8;
/** Of key and extension: both stand in the first object, with room for the head of a block. */
const MAX_BYTES: u32 = 4000;

/** Says how many bytes the next draft's extension has, 0 = none. */
function setNext(bytes: u32): void {
  pokeWord(keyScratch() + KEY_NOTE_AT, bytes);
}

function nextBytes(): u32 {
  return peekWord(keyScratch() + KEY_NOTE_AT);
}

/** The next draft has none. */
export function forgetExtension(): void {
  setNext(0);
}

/**
 * What is kept in a space has one always, born now if nobody has made it. @returns bytes of the
 * extension that the draft which begins now has
 */
export function takeExtension(keyBytes: u32): u32 {
  const isBare = nextBytes() == 0 && keyBytes >> SPACE_SHIFT != 0;
  if (isBare) describeDraft(keyBytes, 0, 0, tagClock(), 0);
  const bytes = nextBytes();
  forgetExtension();
  return bytes;
}

/** Where the next draft's stands. */
export function extensionScratch(keyBytes: u32): usize {
  return keyScratch() + alignUp(keyBytes & LENGTH_MASK, 8);
}

export function tagCount(word: u32): u32 {
  return (word >> TAGS_SHIFT) & TAGS_MASK;
}

export function spaceIn(word: u32): u32 {
  return word >> IN_SPACE_SHIFT;
}

/** Whether it says when it was made. */
export function isBorn(word: u32): bool {
  return (word & BORN) != 0;
}

function ttlAt(word: u32): u32 {
  return WORD_BYTES + ((word & FRESH) != 0 ? 8 : 0);
}

function bornAt(word: u32): u32 {
  return ttlAt(word) + ((word & TTL) != 0 ? 4 : 0) + ((word & TTL_HIGH) != 0 ? 4 : 0);
}

export function hashesAt(word: u32): u32 {
  return bornAt(word) + ((word & BORN) != 0 ? 8 : 0);
}

/** Where the names of the tags begin, in the extension. */
export function namesAt(word: u32): u32 {
  return hashesAt(word) + tagCount(word) * 8;
}

/**
 * When it gets stale, 0 = never before its expiry. @param at  of the extension in the first object
 */
export function freshIn(place: Place, at: u32): u64 {
  return (zsReadWord(place, at) & FRESH) == 0 ? 0 : zsReadCell(place, at + WORD_BYTES);
}

/** Its own time to live, 0 = the cache's. */
export function ttlIn(place: Place, at: u32): u64 {
  const word = zsReadWord(place, at);
  if ((word & TTL) == 0) return 0;
  const low = u64(zsReadWord(place, at + ttlAt(word)));
  return (word & TTL_HIGH) == 0 ? low : low | (u64(zsReadWord(place, at + ttlAt(word) + 4)) << 32);
}

/** The tag clock when it was made. */
export function bornIn(place: Place, at: u32): u64 {
  return zsReadCell(place, at + bornAt(zsReadWord(place, at)));
}

export function hashIn(place: Place, at: u32, tag: u32): u64 {
  return zsReadCell(place, at + hashesAt(zsReadWord(place, at)) + tag * 8);
}

/**
 * Makes the next draft's extension.
 *
 * @param fresh  0 = as long as it is there
 * @param ttl    0 = the cache's
 * @param born   the tag clock that its tags are judged by: a deletion after that kills it
 * @param tags   how many; their names, length − 1 and bytes each, stand in the output scratch
 * @returns false if key and tags are too long together
 */
export function describeDraft(keyBytes: u32, fresh: u64, ttl: u64, born: u64, tags: u32): bool {
  const space = keyBytes >> SPACE_SHIFT;
  const isBorn = tags != 0 || space != 0;
  const told = (tags << TAGS_SHIFT) | (space << IN_SPACE_SHIFT) | (isBorn ? BORN : 0);
  const word = beginExtension(keyBytes, told, fresh, ttl);
  const names: usize = outputScratch();
  const nameBytes = lengthOfNames(names, tags);
  const bytes = namesAt(word) + alignUp(nameBytes, 4);
  if ((keyBytes & LENGTH_MASK) + bytes > MAX_BYTES) return false;
  const to = extensionScratch(keyBytes);
  pokeWord(to, word | bytes);
  if (isBorn) storeAt(to + bornAt(word), born);
  let from = names;
  for (let tag: u32 = 0; tag < tags; tag++) {
    const length = u32(peekByte(from)) + 1;
    const name = length | (space << SPACE_SHIFT);
    storeAt(to + hashesAt(word) + tag * 8, tagHash(from + 1, name));
    from += 1 + length;
  }
  memory.copy(to + namesAt(word), names, nameBytes);
  setNext(bytes);
  return true;
}

/** Extensions are aligned to words only. */
function storeAt(at: usize, value: u64): void {
  pokeWord(at, u32(value));
  pokeWord(at + 4, u32(value >> 32));
}

function lengthOfNames(at: usize, tags: u32): u32 {
  let end = at;
  for (let tag: u32 = 0; tag < tags; tag++) end += 2 + u32(peekByte(end));
  return u32(end - at);
}

/**
 * Makes the next draft's extension of an entry's tags, born when that was: what kills the one kills
 * the other. With other times, as `describeDraft` takes them. In a section.
 *
 * @param at  of the extension in its first object, 0 = it has none
 */
export function keepExtension(place: Place, at: u32, keyBytes: u32, fresh: u64, ttl: u64): void {
  if (at == 0) {
    if (fresh != 0 || ttl != 0) describeDraft(keyBytes, fresh, ttl, tagClock(), 0);
    else forgetExtension();
    return;
  }
  const old = zsReadWord(place, at);
  const word = beginExtension(keyBytes, old & TAGGED_MASK, fresh, ttl);
  const tail = (old & BYTES_MASK) - bornAt(old);
  if (tail == 0 && (word & (FRESH | TTL)) == 0) return;
  const to = extensionScratch(keyBytes);
  zsRead(place, at + bornAt(old), to + bornAt(word), tail);
  setNext(bornAt(word) + tail);
  pokeWord(to, word | nextBytes());
}

/** Writes the times. @returns the word, without its length */
function beginExtension(keyBytes: u32, tags: u32, fresh: u64, ttl: u64): u32 {
  const isLong = ttl > u32.MAX_VALUE;
  let word = tags;
  if (fresh != 0) word |= FRESH;
  if (ttl != 0) word |= isLong ? TTL | TTL_HIGH : TTL;
  const to = extensionScratch(keyBytes);
  forgetExtension();
  if (fresh != 0) noteExpiring();
  if (fresh != 0) storeAt(to + WORD_BYTES, fresh);
  if (ttl != 0) pokeWord(to + ttlAt(word), u32(ttl));
  if (isLong) pokeWord(to + ttlAt(word) + 4, u32(ttl >> 32));
  return word;
}
