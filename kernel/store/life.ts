/**
 * Life of an entry, at a time: by its expiry, by when it gets stale, and by its tags.
 *
 *   ALIVE   it is there for everybody
 *   STALE   past its time, and kept for who asks for stale ones: for all others it is not there
 *   OVER    expired, or one of its tags was deleted, or its namespace cleared. It is there for
 *           nobody, and whoever meets it may take it out
 *
 * In a section, or with its leaf's lock.
 */

import { Place } from '../base/layout';
import { zsReadWord } from '../zsmalloc/object';
import { entryExpiry, entryTtlCode, extensionOf, isPlain } from './entry-head';
import { bornIn, freshIn, hashIn, spaceIn, tagCount, ttlIn } from './extension';
import { isClearedSince } from './spaces';
import { isDeletedSince } from './tags';

export const ALIVE: u32 = 0;
export const STALE: u32 = 1;
export const OVER: u32 = 2;

/** Of the code of a time to live (extension.ts). */
const CODE_SHIFT: u32 = 5;
const CODE_MASK: u32 = 0x1f;
const SINGLES: u32 = 20;
const FIVES: u32 = 16;

export function lifeAt(place: Place, time: u64): u32 {
  if (isPlain(place)) return ALIVE;
  const expiry = entryExpiry(place);
  if (expiry != 0 && time >= expiry) return OVER;
  const at = extensionOf(place);
  if (at == 0) return ALIVE;
  if (isDeadIn(place, at)) return OVER;
  const fresh = freshIn(place, at);
  return fresh != 0 && time >= fresh ? STALE : ALIVE;
}

/** Whether what `lifeAt` says depends on the time. */
export function isTimed(place: Place): bool {
  if (isPlain(place)) return false;
  const at = extensionOf(place);
  return entryExpiry(place) != 0 || (at != 0 && freshIn(place, at) != 0);
}

/** When it is not fresh any more: stale or over; 0 = never. */
export function freshUntil(place: Place): u64 {
  const at = extensionOf(place);
  const fresh = at == 0 ? 0 : freshIn(place, at);
  return fresh != 0 ? fresh : entryExpiry(place);
}

/** Its own time to live in ms; 0 = the cache's. */
export function ownTtl(place: Place): u64 {
  const code = entryTtlCode(place);
  const at = extensionOf(place);
  if (code == 0) return at == 0 ? 0 : ttlIn(place, at);
  const unit = code >> CODE_SHIFT;
  const seconds = unit == 0 ? 1 : unit == 1 ? 60 : unit == 2 ? 3600 : 86_400;
  const number = code & CODE_MASK;
  return u64((number <= SINGLES ? number : (number - FIVES) * 5) * seconds) * 1000;
}

function isDeadIn(place: Place, at: u32): bool {
  const word = zsReadWord(place, at);
  if (spaceIn(word) != 0 && isClearedSince(spaceIn(word), bornIn(place, at))) return true;
  const tags = tagCount(word);
  for (let tag: u32 = 0; tag < tags; tag++) {
    if (isDeletedSince(hashIn(place, at, tag), bornIn(place, at))) return true;
  }
  return false;
}
