/**
 * The cache, as JavaScript calls it. Keys and values pass through this thread's scratch; times are
 * zone time (thread/clock.ts), milliseconds as f64.
 */

import * as store from '../cache/cache';
import { clearNext as clearLeafAt } from '../cache/clear';
import * as purging from '../cache/eviction/expiry-sweep';
import * as keys from '../cache/keys';
import * as many from '../cache/many';
import * as number from '../cache/number';
import * as read from '../cache/read';
import * as records from '../cache/records';
import * as room from '../cache/room';
import * as stored from '../cache/stored';
import * as large from '../memdesc/large-scratch';
import * as pages from '../memdesc/thread-pages';
import { reclaim as reclaimAll } from '../reclaim/reclaim';
import { keyHash as hashOfKey } from '../store/entry-head';
import { growFor } from '../store/resize';
import { OP_DELETE, OP_FORMAT_STORE, OP_READ, OP_WRITE } from '../thread/operations';
import { admit, enterKernel as enter, enterReading, leaveKernel as leave } from '../thread/stop';

/** Makes the zone a cache, once. @returns 0 or ERR_NO_MEMORY */
export function formatStore(): i32 {
  enter(OP_FORMAT_STORE);
  const failure = room.formatStore();
  leave();
  return failure;
}

export function hasStore(): bool {
  return room.isStoreFormatted();
}

/** Takes this thread's scratch, for blocks of any length. @returns 0 or ERR_NO_MEMORY */
export function prepare(): i32 {
  enter(OP_WRITE);
  const failure = room.prepare(false);
  leave();
  return failure;
}

/** The same for blocks of up to SMALL_BLOCK_BYTES: single pages. */
export function prepareSmall(): i32 {
  enter(OP_WRITE);
  const failure = room.prepare(true);
  leave();
  return failure;
}

/** Lets this thread work in a large scratch until `giveLarge`. @returns whether there was one */
export function takeLarge(): bool {
  enter(OP_WRITE);
  const isTaken = large.takeLarge();
  leave();
  return isTaken;
}

export function giveLarge(): void {
  enter(OP_WRITE);
  large.giveLarge();
  leave();
}

export function keyScratch(): u32 {
  return pages.keyScratch();
}

export function inputScratch(): u32 {
  return pages.inputScratch();
}

export function outputScratch(): u32 {
  return pages.outputScratch();
}

export function set(keyBytes: u32, valueBytes: u32, isRaw: bool, expiry: f64): i32 {
  enter(OP_WRITE);
  const failure = store.set(keyBytes, valueBytes, isRaw, u64(expiry));
  leave();
  return failure;
}

export function beginSet(keyBytes: u32, valueBytes: u32, expiry: f64): void {
  enter(OP_WRITE);
  store.begin(keyBytes, valueBytes, u64(expiry));
  leave();
}

export function appendSet(bytes: u32, isRaw: bool): i32 {
  enter(OP_WRITE);
  const failure = store.append(bytes, isRaw);
  leave();
  return failure;
}

export function commitSet(): i32 {
  enter(OP_WRITE);
  const failure = store.commit();
  leave();
  return failure;
}

/**
 * Stores on a condition: cache/condition.ts, of which `what` and `version` are. @returns 0,
 * ERR_UNMET or ERR_NO_MEMORY; then nothing has changed
 */
export function setIf(
  what: u32,
  version: u32,
  keyBytes: u32,
  valueBytes: u32,
  isRaw: bool,
  expiry: f64,
): i32 {
  enter(OP_WRITE);
  let failure = store.beginIf(what, version, keyBytes, valueBytes, u64(expiry));
  if (failure == 0) failure = store.append(valueBytes, isRaw);
  if (failure == 0) failure = store.commit();
  leave();
  return failure;
}

/**
 * `beginSet` of a value that is stored only on a condition. @returns 0, or ERR_UNMET: it is over
 */
export function beginSetIf(
  what: u32,
  version: u32,
  keyBytes: u32,
  valueBytes: u32,
  expiry: f64,
): i32 {
  enter(OP_WRITE);
  const failure = store.beginIf(what, version, keyBytes, valueBytes, u64(expiry));
  leave();
  return failure;
}

/** Deletes what has that version still. @returns 0, or ERR_UNMET */
export function removeIf(version: u32, keyBytes: u32): i32 {
  enter(OP_DELETE);
  const failure = store.removeIf(version, keyBytes);
  leave();
  return failure;
}

/** `get`, counted, that notes a version. @returns as `get` */
export function getVersioned(keyBytes: u32, now: f64): i32 {
  enterReading(OP_WRITE);
  const bytes = read.getVersioned(keyBytes, u64(now));
  leave();
  return bytes;
}

/**
 * Of the last `getVersioned`, which may have found nothing; + 2^32 if that has times or tags, which
 * are to be asked for.
 */
export function readVersion(): f64 {
  return f64(u64(read.readVersion()) | (u64(read.hasDetails()) << 32));
}

/** When what was read last expires, 0 = never. */
export function readExpiry(): f64 {
  return f64(read.readExpiry());
}

/** Times of what the next `increment` makes anew: cache/number.ts. */
export function nameTimes(expiry: f64, fresh: f64, ttl: f64, keeps: u32): void {
  number.nameTimes(u64(expiry), u64(fresh), u64(ttl), keeps);
}

/** Adds to a number: likewise. @returns 0, or ERR_…: nothing has changed */
export function increment(keyBytes: u32, by: f64, initial: f64, now: f64): i32 {
  enter(OP_WRITE);
  const failure = number.increment(keyBytes, i64(by), i64(initial), u64(now));
  leave();
  return failure;
}

/** The number that the last `increment` made. */
export function incremented(): f64 {
  return f64(number.incremented());
}

/** Hash of a key. */
export function keyHash(keyBytes: u32): u32 {
  return hashOfKey(keyBytes);
}

/**
 * For a value too large to try: counts a refusal and drops the old value of the key, if one is
 * given.
 */
export function refuseSet(keyBytes: u32): void {
  enter(OP_WRITE);
  store.refuseTooLarge(keyBytes);
  leave();
}

export function get(keyBytes: u32, now: f64, wanted: u32): i32 {
  enterReading(OP_READ);
  const bytes = read.get(keyBytes, u64(now), wanted);
  leave();
  return bytes;
}

export function getMore(): i32 {
  enterReading(OP_READ);
  const bytes = read.getMore();
  leave();
  return bytes;
}

/** Where the row of keys begins: cache/many.ts. */
export function keyRow(): u32 {
  return u32(many.firstRecord());
}

/** `get`, counted, of several: cache/many.ts. @returns how many are answered */
export function getMany(keyCount: u32, now: f64): u32 {
  enterReading(OP_READ);
  const answered = many.getMany(keyCount, u64(now));
  leave();
  return answered;
}

/** `set` of several, as they stand in the input scratch: cache/many.ts. */
export function storeMany(entries: u32, isRaw: bool): void {
  enter(OP_WRITE);
  many.storeMany(entries, isRaw);
  leave();
}

/** `remove` of several, as they stand in the row of cache/many.ts. */
export function removeMany(keyCount: u32): void {
  enter(OP_DELETE);
  many.removeMany(keyCount);
  leave();
}

export function has(keyBytes: u32, now: f64): i32 {
  enterReading(OP_READ);
  const isThere = read.has(keyBytes, u64(now));
  leave();
  return isThere;
}

/** As `get`, but the block as it is stored, and not counted. */
export function getStored(keyBytes: u32, now: f64): i32 {
  enterReading(OP_READ);
  const bytes = stored.getStored(keyBytes, u64(now));
  leave();
  return bytes;
}

export function getMoreStored(): i32 {
  enterReading(OP_READ);
  const bytes = stored.getMoreStored();
  leave();
  return bytes;
}

/** Of the entry that this thread's last `getStored` found; 0 = never. */
export function storedExpiry(): f64 {
  return f64(stored.storedExpiry());
}

/** Decodes the block in the input scratch. Touches nothing that is shared. */
export function decodeStored(bytes: u32, valueBytes: u32): bool {
  admit();
  return stored.decodeStored(bytes, valueBytes);
}

/** @returns 0, ERR_ARGUMENT: no block; ERR_NO_MEMORY: refused */
export function appendStored(bytes: u32, valueBytes: u32): i32 {
  enter(OP_WRITE);
  const failure = stored.appendStored(bytes, valueBytes);
  leave();
  return failure;
}

/** Head and key of a record, in the input scratch: see cache/records.ts. @returns their length */
export function sealRecord(keyBytes: u32, offset: f64): u32 {
  admit();
  return records.sealRecord(keyBytes, offset);
}

/** @returns bytes of the records in the input scratch that are done, or ERR_ARGUMENT: damaged */
export function adoptRecords(bytes: u32, offset: f64, now: f64): i32 {
  enter(OP_WRITE);
  const done = records.adoptRecords(bytes, offset, u64(now));
  leave();
  return done;
}

/** Begins an entry of several blocks. @returns 1; 0: expired; ERR_ARGUMENT: damaged */
export function adoptHead(bytes: u32, offset: f64, now: f64): i32 {
  enter(OP_WRITE);
  const outcome = records.adoptHead(bytes, offset, u64(now));
  leave();
  return outcome;
}

/** Makes room in the index for so many entries. @returns whether to call again */
export function growIndexFor(entries: u32): bool {
  enter(OP_WRITE);
  const isMore = growFor(entries);
  leave();
  return isMore;
}

/** @returns when the entry expires, 0 = never, or ERR_NOT_FOUND */
export function expiryOf(keyBytes: u32, now: f64): f64 {
  enterReading(OP_READ);
  const expiry = read.expiryOf(keyBytes, u64(now));
  leave();
  return f64(expiry);
}

export function remove(keyBytes: u32): bool {
  enter(OP_DELETE);
  const isRemoved = store.remove(keyBytes);
  leave();
  return isRemoved;
}

/** @returns the cursor to go on with: see cache/clear.ts */
export function clearNext(cursor: u32, limit: u32): f64 {
  enter(OP_DELETE);
  const next = clearLeafAt(cursor, limit);
  leave();
  return f64(next);
}

/** @returns the cursor to go on with: see cache/keys.ts */
export function listKeys(cursor: u32, now: f64, space: u32): f64 {
  enterReading(OP_READ);
  const next = keys.listKeys(cursor, u64(now), space);
  leave();
  return f64(next);
}

/** Frees what waited for its grace period. @returns objects freed */
export function reclaim(): u32 {
  enter(OP_DELETE);
  const freed = reclaimAll();
  leave();
  return freed;
}

/**
 * This thread's `purgeNext` begins at the first queue. @param ofAll  it looks at all records, not
 * only where something is over
 */
export function beginPurge(ofAll: bool): void {
  purging.beginPurge(ofAll);
}

/** Takes out expired entries of a page of the queues. @returns how many, or −1 when all is done */
export function purgeNext(): i32 {
  enter(OP_DELETE);
  const removed = purging.purgeNext();
  leave();
  return removed;
}
