/**
 * Conditions: what the key's entry must be for a change to be made. Asked under the leaf's lock,
 * where the change is made, so that nothing comes between.
 *
 *   IF_ABSENT    there is none            add
 *   IF_PRESENT   there is one             replace
 *   IF_VERSION   its line has the version that a read has told, so that nothing has changed since:
 *                neither the entry                          setIfVersion, update, increment, touch
 *   IF_NONE_YET  nor, as this asks, its absence             update, increment
 *   IF_QUIET     since `beginAlone` no key of its stamp (lease-table.ts) was set or deleted, and
 *                nothing cleared; there is the entry of then, or none; and the draft lives, as
 *                below                                  getOrSet, computed without a lease
 *   IF_LEASE + n the lease n was not overtaken (lease-table.ts), and none of the draft's tags
 *                deleted, nor its namespace cleared, since it was begun    getOrSet
 *
 * One that is stale or over is none. A version is the line's (store/leaf.ts), so entries beside it
 * raise it as well, and so do splits: who is told no for nothing reads again.
 */
import { Handle } from '../base/layout';
import { keyScratch } from '../memdesc/thread-pages';
import { leafAt, lockLeafOf, unlockLeaf } from '../store/directory';
import { keyHash } from '../store/entry-head';
import { findHandle, versionOf } from '../store/leaf';
import { ALIVE, lifeAt, OVER } from '../store/life';
import { latestTime } from '../thread/clock';
import { selfState } from '../thread/slot';
import { zsPlace } from '../zsmalloc/object';
import {
  changesOf,
  countLoad,
  LOADS_ALONE,
  mayStore,
  overtake,
  overtakeLeases,
} from './lease-table';

export const ALWAYS: u32 = 0;
export const IF_ABSENT: u32 = 1;
export const IF_PRESENT: u32 = 2;
export const IF_VERSION: u32 = 3;
export const IF_NONE_YET: u32 = 4;
/** The version alone, whatever is there: what `update` deletes. */
export const IF_UNCHANGED: u32 = 5;
export const IF_QUIET: u32 = 6;
export const IF_LEASE: u32 = 7;

/** Thread-local: the condition of the change under way. */
let condition: u32 = 0;
let expected: u32 = 0;

/** Thread-local: of IF_QUIET, the entry that the key had when the computation began, 0 = none. */
let entryThen: Handle = 0;

/** Of the next change. @param version  of IF_VERSION */
export function require(what: u32, version: u32): void {
  condition = what;
  expected = version;
}

export function isConditional(): bool {
  return condition != ALWAYS;
}

/** Whether it is that a lease was not overtaken. */
export function isLeased(): bool {
  return condition >= IF_LEASE;
}

/**
 * Whether it may be made, as things are now: under the leaf's lock; without, in a section, a guess.
 *
 * @param handle  of the key's entry, 0 = none
 */
export function isMet(leaf: u32, hash: u32, handle: Handle): bool {
  if (condition == ALWAYS) return true;
  if (isLeased()) return mayStore(condition - IF_LEASE, expected) && !isDraftDead();
  if (condition == IF_QUIET) return isQuiet(hash, handle) && !isDraftDead();
  if (condition >= IF_VERSION && versionOf(leaf, hash) != expected) return false;
  if (condition == IF_UNCHANGED) return true;
  const isThere = handle != 0 && lifeAt(zsPlace(handle), latestTime()) == ALIVE;
  return isThere == (condition == IF_PRESENT || condition == IF_VERSION);
}

/**
 * Whether a deletion, of a tag or of all in its space, has killed this thread's draft already. None
 * is not dead.
 */
function isDraftDead(): bool {
  const draft = selfState().draftHead;
  return draft != 0 && lifeAt(zsPlace(draft), 0) == OVER;
}

/**
 * Tells who computes a key that its value is about to be stored, as is allowed. One that was
 * computed is no news for others who compute without a lease: of them the first one is stored.
 */
export function tellLoads(hash: u32): void {
  if (condition == IF_QUIET) overtakeLeases(hash);
  else if (!isLeased()) overtake(hash);
}

/** Evictions are no news. What another one has computed is: it may be younger. Lock: leaf. */
function isQuiet(hash: u32, handle: Handle): bool {
  return changesOf(hash) == expected && (handle == 0 || handle == entryThen);
}

/**
 * Counts a computation without a lease of the key in the scratch. @returns what IF_QUIET asks for,
 * beside `aloneEntry`
 */
export function beginAlone(keyBytes: u32): u32 {
  // Before the stamp is loaded: from now on it is raised.
  countLoad(LOADS_ALONE);
  const hash = keyHash(keyBytes);
  const number = lockLeafOf(hash);
  entryThen = findHandle(leafAt(number), hash, keyScratch(), keyBytes);
  const changes = changesOf(hash);
  unlockLeaf(number);
  return changes;
}

/** The entry that the key had when `beginAlone` was called. */
export function aloneEntry(): Handle {
  return entryThen;
}

/** Of the next change, on IF_QUIET: that entry. */
export function allowEntry(handle: Handle): void {
  entryThen = handle;
}
