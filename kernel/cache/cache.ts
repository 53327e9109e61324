/**
 * The cache: what changes it, one operation each; reading is read.ts.
 *
 * Writing builds the entry first, outside any lock, and then changes one cell of the index under
 * the lock of its leaf.
 *
 *   set     draft (store/entry.ts) → the cell, in the key's place or a free one → the old value to
 *           the ring
 *   delete  the cell becomes 0 → the value to the ring
 *
 * Memory is short: room is made (room.ts), and tried again. Refused is a set only when there is
 * none to be had. That also removes the key's old value: a cache may forget, but is never stale.
 *
 * The key of every operation stands in the key scratch; its hash is taken once a call. An expiry is
 * a time in milliseconds, 0 = never.
 */
import { ERR_NO_MEMORY, ERR_RESTART, ERR_UNMET } from '../base/fault';
import { Handle } from '../base/layout';
import {
  inputScratch,
  keyScratch,
  outputScratch,
  SMALL_BLOCK_BYTES,
} from '../memdesc/thread-pages';
import { FREED, makeRingRoom, reclaimIfMany, STALLED } from '../reclaim/reclaim';
import { closeChange, insertEntry, removeEntry, replaceEntry } from '../store/change';
import {
  assertLeafLocked,
  leafAt,
  leafCount,
  lockLeafOf,
  lookUp,
  numberFor,
  unlockLeaf,
} from '../store/directory';
import {
  appendCount,
  appendObject,
  appendRaw,
  beginDraft,
  dropDraft,
  encodeBlock,
  finishDraft,
} from '../store/entry';
import { entryExpiry, keyHash } from '../store/entry-head';
import { forgetExtension } from '../store/extension';
import { selfJournal } from '../store/journal';
import {
  findHandle,
  foundAt,
  freePosition,
  isMainAt,
  LEAF_CELLS,
  leafEntries,
  noteHit,
} from '../store/leaf';
import { lifeAt, OVER } from '../store/life';
import { areFew, growIndex, isMany, shrinkIndex, splitLeafOf } from '../store/resize';
import { countIn, countValues, LENGTH_MASK, SPACE_SHIFT } from '../store/spaces';
import { latestTime, noteExpiring } from '../thread/clock';
import {
  COUNT_BYTES_IN,
  COUNT_DELETES,
  COUNT_EXPIRATIONS,
  COUNT_REFUSALS,
  COUNT_REFUSALS_STALLED,
  COUNT_REFUSALS_TOO_LARGE,
  COUNT_SETS,
} from '../thread/counters';
import { enterSection, leaveSection } from '../thread/rcu';
import { selfState } from '../thread/slot';
import { zsPlace } from '../zsmalloc/object';
import {
  ALWAYS,
  IF_LEASE,
  IF_QUIET,
  IF_UNCHANGED,
  IF_VERSION,
  isConditional,
  isLeased,
  isMet,
  require,
  tellLoads,
} from './condition';
import { beginsInMain, pushEntry } from './eviction/eviction';
import { evictFrom, unitsOfEntry } from './eviction/judge';
import { overtake } from './lease-table';
import { endWait, makeRoom, noteRoom } from './room';

/** Begins a value of `valueBytes`; `append` takes its blocks, `commit` publishes it. */
export function begin(keyBytes: u32, valueBytes: u32, expiry: u64): void {
  require(ALWAYS, 0);
  beginDraft(keyBytes, valueBytes, expiry);
}

/**
 * The same, of a value that is stored only on a condition (condition.ts), as are those that follow
 * it.
 *
 * @returns 0, or ERR_UNMET when it is known already that it will not be; nothing has begun then
 */
export function beginIf(what: u32, version: u32, keyBytes: u32, valueBytes: u32, expiry: u64): i32 {
  require(what, version);
  // Of a version that was just read a short draft is made sooner than it is asked whether in vain.
  const isLikely = what >= IF_VERSION && what != IF_QUIET && valueBytes <= SMALL_BLOCK_BYTES;
  if (!isLikely && isVain(keyBytes)) {
    forgetExtension();
    return ERR_UNMET;
  }
  beginDraft(keyBytes, valueBytes, expiry);
  return 0;
}

/** Whether the condition is not met now: a guess. */
export function isVain(keyBytes: u32): bool {
  const hash = keyHash(keyBytes);
  enterSection();
  const handle = lookUp(hash, keyScratch(), keyBytes);
  const leaf = leafAt(numberFor(hash, leafCount()));
  // Of a leaf that is being merged nothing is known yet.
  const isSo = leaf != 0 && !isMet(leaf, hash, handle);
  leaveSection();
  return isSo;
}

/** The same, of a value that was computed under a lease. What its draft holds may be given away. */
export function beginComputed(
  lease: u32,
  grant: u32,
  keyBytes: u32,
  valueBytes: u32,
  expiry: u64,
): void {
  require(IF_LEASE + lease, grant);
  beginDraft(keyBytes, valueBytes, expiry);
}

/** Appends `bytes` ≤ BLOCK_BYTES from the input scratch. @returns as `appendBytes` */
export function append(bytes: u32, isRaw: bool): i32 {
  return appendFrom(inputScratch(), bytes, isRaw);
}

function appendFrom(from: usize, bytes: u32, isRaw: bool): i32 {
  if (isRaw && appendRaw(from, bytes)) return 0;
  return appendBytes(outputScratch(), encodeBlock(from, bytes, isRaw));
}

/**
 * Appends an encoded block, head included.
 *
 * @returns 0; ERR_NO_MEMORY: refused; ERR_RESTART: the blocks before it were dropped, for another
 *          thread's draft, and all are to be appended again
 */
export function appendBytes(block: usize, bytes: u32): i32 {
  const isFirst = selfState().draftHead == 0;
  let sent: u32 = 0;
  while (sent < bytes) {
    const taken = appendObject(block + sent, bytes - sent);
    sent += taken;
    if (taken != 0) {
      noteRoom();
      continue;
    }
    const outcome = makeRoom(bytes - sent);
    if (outcome != FREED) return refuse(selfState().draftKeyBytes, outcome == STALLED);
    if (selfState().draftHead != 0) continue;
    if (!isFirst) return ERR_RESTART;
    sent = 0;
  }
  return 0;
}

/** Makes the draft a count. @returns 0, or ERR_NO_MEMORY: refused */
export function appendNumber(value: i64): i32 {
  const slot = selfState();
  while (!appendCount(value)) {
    const outcome = makeRoom(slot.draftValueBytes);
    if (outcome != FREED) return refuse(slot.draftKeyBytes, outcome == STALLED);
  }
  noteRoom();
  return 0;
}

/** Publishes the draft: a set. @returns 0, or ERR_UNMET: nothing has changed */
export function commit(): i32 {
  const failure = publish();
  if (failure != 0) return failure;
  const space = selfState().draftKeyBytes >> SPACE_SHIFT;
  countValues(space, COUNT_SETS, 1, COUNT_BYTES_IN, selfState().draftValueBytes);
  return 0;
}

/** Publishes the draft, of whatever it was made. Likewise. */
export function publish(): i32 {
  const slot = selfState();
  endWait();
  if (slot.draftExpiry != 0) noteExpiring();
  const keyBytes = slot.draftKeyBytes;
  const hash = keyHash(keyBytes);
  const handle = finishDraft();
  makeRingRoom();
  let entries = put(hash, keyBytes, handle);
  while (entries == NO_PLACE) {
    if (!splitLeafOf(hash)) evictFrom(hash);
    makeRingRoom();
    entries = put(hash, keyBytes, handle);
  }
  if (entries == UNMET) {
    // What a lease was taken for is of use still, for those who wait.
    if (!isLeased()) dropDraft(slot);
    return ERR_UNMET;
  }
  if (isMany(entries)) growIndex();
  reclaimIfMany();
  return 0;
}

/** More than a leaf has, of which all places may be taken. */
const NO_PLACE: u32 = LEAF_CELLS + 1;
const UNMET: u32 = LEAF_CELLS + 2;

/**
 * Makes this thread's draft the value of the key.
 *
 * @returns entries in the leaf now; NO_PLACE, or UNMET: the condition is not met: nothing has
 * changed then
 */
function put(hash: u32, keyBytes: u32, handle: Handle): u32 {
  const slot = selfState();
  const number = lockLeafOf(hash);
  const leaf = leafAt(number);
  const old = findHandle(leaf, hash, keyScratch(), keyBytes);
  let entries: u32 = 0;
  const isAllowed = isMet(leaf, hash, old);
  if (isAllowed) tellLoads(hash);
  if (!isAllowed) entries = UNMET;
  else if (old != 0) replace(leaf, hash, handle, old);
  else entries = insert(leaf, hash, handle);
  unlockLeaf(number);
  if (entries > LEAF_CELLS) return entries;
  isReplaced = old != 0;
  closeChange();
  const journal = selfJournal();
  if (journal.queueing != 0) pushEntry(hash, journal.queueingMain != 0, units, slot.draftExpiry);
  journal.queueing = 0;
  return entries;
}

/** Thread-local: whether the last entry that was published took the place of another. */
let isReplaced: bool = false;

/** Thread-local: units of the entry that is being set. */
let units: u32 = 0;

/** Puts the draft in the place of the key's entry: a hit. A value was found. */
function replace(leaf: u32, hash: u32, handle: Handle, old: u32): void {
  assertLeafLocked(leaf);
  const expiry = selfState().draftExpiry;
  const before = entryExpiry(zsPlace(old));
  // Its record says when it is over, which is earlier now: it gets a second one.
  if (expiry != 0 && (before == 0 || expiry < before)) {
    queueNext(hash, handle, isMainAt(leaf, foundAt()));
  }
  replaceEntry(leaf, foundAt(), hash, handle, old);
  noteHit(leaf, foundAt());
}

/** Puts the draft into a free place. @returns entries in the leaf, or NO_PLACE */
function insert(leaf: u32, hash: u32, handle: Handle): u32 {
  assertLeafLocked(leaf);
  const position = freePosition(leaf, hash);
  if (position == LEAF_CELLS) return NO_PLACE;
  units = unitsOfEntry(handle);
  const isMain = beginsInMain(hash, units);
  queueNext(hash, handle, isMain);
  insertEntry(leaf, position, hash, handle, isMain);
  return leafEntries(leaf);
}

/** Writes down that the entry needs a record, once it is published. */
function queueNext(hash: u32, handle: Handle, isMain: bool): void {
  units = unitsOfEntry(handle);
  const journal = selfJournal();
  journal.queueingMain = isMain ? 1 : 0;
  journal.queueing = hash;
}

/** A whole value of up to BLOCK_BYTES in one call. @returns 0, or ERR_NO_MEMORY: refused */
export function set(keyBytes: u32, valueBytes: u32, isRaw: bool, expiry: u64): i32 {
  return setFrom(inputScratch(), keyBytes, valueBytes, isRaw, expiry);
}

/** The same of a value that stands at `from`, in scratch that nothing else uses meanwhile. */
export function setFrom(
  from: usize,
  keyBytes: u32,
  valueBytes: u32,
  isRaw: bool,
  expiry: u64,
): i32 {
  begin(keyBytes, valueBytes, expiry);
  const failure = appendFrom(from, valueBytes, isRaw);
  return failure != 0 ? failure : commit();
}

/**
 * Drops the draft and, unless the set was conditional, the key's old value: there is no memory, or
 * a reader keeps it.
 */
function refuse(keyBytes: u32, isStalled: bool): i32 {
  dropDraft(selfState());
  endWait();
  const space = keyBytes >> SPACE_SHIFT;
  if (!isConditional() && (keyBytes & LENGTH_MASK) != 0) takeOut(keyBytes);
  isStalledNow = isStalled;
  countIn(space, COUNT_REFUSALS, 1);
  if (isStalled) countIn(space, COUNT_REFUSALS_STALLED, 1);
  return ERR_NO_MEMORY;
}

/** Thread-local: whether a reader was the reason of the last refusal. */
let isStalledNow: bool = false;

/** What became of an entry. */
export const SET_ADDED: u32 = 0;
export const SET_REPLACED: u32 = 1;
export const SET_REFUSED: u32 = 2;
/** Refused because a reader stays. */
export const SET_STALLED: u32 = 3;

/** @returns SET_… of the last set, which answered `failure` */
export function setOutcome(failure: i32): u32 {
  if (failure == 0) return isReplaced ? SET_REPLACED : SET_ADDED;
  return isStalledNow ? SET_STALLED : SET_REFUSED;
}

/**
 * Refuses a value that is too large to try. @param keyBytes  of length 0: the key keeps what it has
 */
export function refuseTooLarge(keyBytes: u32): void {
  require(ALWAYS, 0);
  refuse(keyBytes, false);
  countIn(keyBytes >> SPACE_SHIFT, COUNT_REFUSALS_TOO_LARGE, 1);
}

/** Deletes the key's entry. @returns whether there was one */
export function remove(keyBytes: u32): bool {
  require(ALWAYS, 0);
  return removeIfMet(keyBytes);
}

function removeIfMet(keyBytes: u32): bool {
  const isRemoved = takeOut(keyBytes);
  if (isRemoved) countIn(keyBytes >> SPACE_SHIFT, COUNT_DELETES, 1);
  reclaimIfMany();
  return isRemoved;
}

/** The same, if nothing has changed since the version: no entry either. @returns 0, or ERR_UNMET */
export function removeIf(version: u32, keyBytes: u32): i32 {
  require(IF_UNCHANGED, version);
  removeIfMet(keyBytes);
  return wasMet ? 0 : ERR_UNMET;
}

/** Thread-local: whether the condition of the last `takeOut` was met. */
let wasMet: bool = false;

/** Takes the key's entry out. @returns whether there was one, which was not over */
function takeOut(keyBytes: u32): bool {
  makeRingRoom();
  const hash = keyHash(keyBytes);
  const number = lockLeafOf(hash);
  const leaf = leafAt(number);
  let handle = findHandle(leaf, hash, keyScratch(), keyBytes);
  wasMet = isMet(leaf, hash, handle);
  if (wasMet) overtake(hash);
  else handle = 0;
  const isThere = handle != 0 && lifeAt(zsPlace(handle), latestTime()) != OVER;
  if (handle != 0) removeEntry(leaf, foundAt(), hash, handle);
  const entries = leafEntries(leaf);
  unlockLeaf(number);
  if (handle == 0) return false;
  closeChange();
  if (!isThere) countIn(keyBytes >> SPACE_SHIFT, COUNT_EXPIRATIONS, 1);
  if (areFew(entries)) shrinkIndex();
  return isThere;
}
