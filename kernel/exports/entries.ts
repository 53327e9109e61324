/**
 * What entries have besides their values, as JavaScript calls it: times, tags, and what is known of
 * one. Times are zone time, milliseconds as f64; 0 is never, or not said.
 */
import * as store from '../cache/cache';
import * as dead from '../cache/eviction/tag-sweep';
import * as read from '../cache/read';
import * as touched from '../cache/touch';
import { keyScratch } from '../memdesc/thread-pages';
import * as extension from '../store/extension';
import * as tags from '../store/tags';
import { OP_DELETE, OP_WRITE } from '../thread/operations';
import { admit, enterKernel as enter, enterReading, leaveKernel as leave } from '../thread/stop';

/**
 * Gives the entry that is set next these times, and tags whose names (length − 1, bytes) stand in
 * the output scratch. @returns false if they and the key are too long together
 */
export function describeNext(keyBytes: u32, fresh: f64, ttl: f64, born: f64, count: u32): bool {
  admit();
  return extension.describeDraft(keyBytes, u64(fresh), u64(ttl), u64(born), count);
}

/** What `born` is of tags that are given now: a deletion before it kills nothing. */
export function tagClock(): f64 {
  return f64(tags.tagClock());
}

/** Address of a word that changes, and is woken, with each deletion of a tag or of a space. */
export function tagClockAt(): u32 {
  return u32(tags.tagClockAt());
}

/**
 * Whether the tag whose name is in the key scratch was deleted since the tag clock showed `born`.
 */
export function isTagDeletedSince(bytes: u32, born: f64): bool {
  return tags.isDeletedSince(tags.tagHash(keyScratch(), bytes), u64(born));
}

/** As `describeNext`, with the tags of the key's entry. */
export function keepTags(keyBytes: u32, fresh: f64, ttl: f64): void {
  enter(OP_WRITE);
  touched.keepTags(keyBytes, u64(fresh), u64(ttl));
  leave();
}

/** Notes what is known of the key's entry. @returns how many tags it has, or ERR_… */
export function inspectEntry(keyBytes: u32, now: f64): i32 {
  enterReading(OP_WRITE);
  const found = touched.inspectEntry(keyBytes, u64(now));
  leave();
  return found;
}

/** Of what was inspected. */
export function foundTtl(): f64 {
  return f64(touched.foundTtl());
}

export function foundBytes(): u32 {
  return touched.foundBytes();
}

export function foundStoredBytes(): u32 {
  return touched.foundStoredBytes();
}

/** @returns 0, or ERR_…: nothing has changed */
export function touch(version: u32, keyBytes: u32, expiry: f64, fresh: f64, ttl: f64): i32 {
  enter(OP_WRITE);
  const failure = touched.touch(version, keyBytes, u64(expiry), u64(fresh), u64(ttl));
  leave();
  return failure;
}

/** Of what was read with its version, or inspected, last. */
export function readFresh(): f64 {
  return f64(read.readFresh());
}

export function readLongTtl(): f64 {
  return f64(read.readLongTtl());
}

export function readTags(): u32 {
  return read.readTags();
}

/** Whether what was read or inspected last was stale. */
export function wasStale(): bool {
  return read.wasStale();
}

/** SET_… of the last set, which answered `failure`. */
export function setOutcome(failure: i32): u32 {
  return store.setOutcome(failure);
}

/** Kills all entries that have the tag whose name stands in the key scratch. */
export function deleteTag(bytes: u32): void {
  enter(OP_DELETE);
  tags.deleteTag(tags.tagHash(keyScratch(), bytes));
  leave();
}

/** Takes out entries of deleted tags. @returns how many; −1: there are none any more */
export function sweepDead(): i32 {
  enter(OP_DELETE);
  const went = dead.sweepDead(u32.MAX_VALUE);
  leave();
  return i32(went);
}
