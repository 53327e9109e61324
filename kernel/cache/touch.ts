/**
 * Another time for an entry, and what it is. An entry is never changed, so a copy of it, blocks as
 * they are stored, takes its place: on the condition that it is still what was read.
 */
import {
  ERR_NEEDS_CLOCK,
  ERR_NEEDS_SCRATCH,
  ERR_NOT_FOUND,
  ERR_RESTART,
  ERR_UNMET,
} from '../base/fault';
import { Place } from '../base/layout';
import { peekWord } from '../base/words';
import { keyScratch, outputScratch } from '../memdesc/thread-pages';
import { lookUp } from '../store/directory';
import { dropDraft } from '../store/entry';
import {
  BLOCK_HEAD_BYTES,
  entryStoredBytes,
  entryValueBytes,
  extensionOf,
  keyHash,
  RAW,
} from '../store/entry-head';
import { beginRead, continueRead, isTooLong } from '../store/entry-read';
import { BYTES_MASK, keepExtension, namesAt } from '../store/extension';
import { ownTtl } from '../store/life';
import { enterSection, leaveSection } from '../thread/rcu';
import { selfState } from '../thread/slot';
import { zsPlace, zsRead, zsReadWord } from '../zsmalloc/object';
import { appendBytes, beginIf, publish } from './cache';
import { IF_VERSION } from './condition';
import { findVersioned, NEEDS_CLOCK, noteTimes, readTags } from './read';

/** Thread-local: what `inspectEntry` found, beside the times (`noteTimes`). */
let ttl: u64 = 0;
let bytes: u32 = 0;
let stored: u32 = 0;

/** Its own time to live, 0 = the cache's. */
export function foundTtl(): u64 {
  return ttl;
}

export function foundBytes(): u32 {
  return bytes;
}

export function foundStoredBytes(): u32 {
  return stored;
}

/**
 * Notes what there is to know of the key's entry, and its version; a stale one counts as one. In a
 * section. @returns how many tags it has, whose names are in the output scratch; or ERR_…
 */
export function inspectEntry(keyBytes: u32, now: u64): i32 {
  const handle = findVersioned(keyBytes, now, true);
  if (handle == NEEDS_CLOCK) return ERR_NEEDS_CLOCK;
  if (handle == 0) return ERR_NOT_FOUND;
  const place = zsPlace(handle);
  noteTimes(place);
  ttl = ownTtl(place);
  bytes = entryValueBytes(place);
  stored = entryStoredBytes(place);
  if (readTags() == 0 || readNames(place, outputScratch()) == 0) return 0;
  return i32(readTags());
}

/** Copies the names of an entry's tags, which has some. In a section. @returns their length */
export function readNames(place: Place, to: usize): u32 {
  const extension = extensionOf(place);
  const word = zsReadWord(place, extension);
  const names = namesAt(word);
  const bytes = word & BYTES_MASK;
  // A damaged one may say anything.
  if (bytes < names) return 0;
  zsRead(place, extension + names, to, bytes - names);
  return bytes - names;
}

/**
 * Lets the draft that is begun next keep the tags of the key's entry, with these times: `fresh` and
 * `ttl` as `describeDraft` takes them. What is kept is right if the entry has the version still
 * that the draft's set asks for. Not in a section.
 */
export function keepTags(keyBytes: u32, freshAt: u64, ownTtl: u64): void {
  enterSection();
  const handle = lookUp(keyHash(keyBytes), keyScratch(), keyBytes);
  const from = handle == 0 ? 0 : zsPlace(handle);
  keepExtension(from, handle == 0 ? 0 : extensionOf(from), keyBytes, freshAt, ownTtl);
  leaveSection();
}

/**
 * Gives the key's entry, if it has that version, another expiry and the other times. Not in a
 * section.
 *
 * @returns 0, ERR_UNMET, ERR_NEEDS_SCRATCH, or ERR_NO_MEMORY; then it is as it was
 */
export function touch(version: u32, keyBytes: u32, until: u64, freshAt: u64, ownTtl: u64): i32 {
  enterSection();
  const handle = lookUp(keyHash(keyBytes), keyScratch(), keyBytes);
  if (handle == 0) {
    leaveSection();
    return ERR_UNMET;
  }
  const from = zsPlace(handle);
  if (isTooLong(from)) {
    leaveSection();
    return ERR_NEEDS_SCRATCH;
  }
  const total = beginRead(handle, true);
  keepExtension(from, extensionOf(from), keyBytes, freshAt, ownTtl);
  leaveSection();
  let failure = beginIf(IF_VERSION, version, keyBytes, total, until);
  while (failure == 0) {
    const block = outputScratch();
    failure = appendBytes(block, BLOCK_HEAD_BYTES + (peekWord(block) & ~RAW));
    if (failure != 0 || selfState().readLeft == 0) break;
    enterSection();
    const more = continueRead(true);
    leaveSection();
    if (more >= 0) continue;
    dropDraft(selfState());
    return ERR_UNMET;
  }
  if (failure == ERR_RESTART) return ERR_UNMET;
  return failure == 0 ? publish() : failure;
}
