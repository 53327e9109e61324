/**
 * Conditions: what the key's entry must be for a change to be made. Asked under the leaf's lock,
 * where the change is made, so that nothing comes between.
 *
 *   IF_ABSENT    there is none            add
 *   IF_PRESENT   there is one             replace
 *   IF_VERSION   its line has the version that a read has told, so that nothing has changed since:
 *                neither the entry                          setIfVersion, update, increment, touch
 *   IF_NONE_YET  nor, as this asks, its absence             update, increment
 *   IF_QUIET     its line has the version still, and nothing was cleared, since `beginAlone`; and
 *                the draft lives, as below              getOrSet, computed without a lease
 *   IF_LEASE + n the lease n was not overtaken (lease-table.ts), and none of the draft's tags
 *                deleted, nor its namespace cleared, since it was begun    getOrSet
 *
 * One that is stale or over is none. A version is the line's (store/leaf.ts), so entries beside it
 * raise it as well, and so do splits: who is told no for nothing reads again.
 */
import { Handle } from '../base/layout';
import { leafAt, lockLeafOf, unlockLeaf } from '../store/directory';
import { keyHash } from '../store/entry-head';
import { raiseVersion, versionOf } from '../store/leaf';
import { ALIVE, lifeAt, OVER } from '../store/life';
import { latestTime } from '../thread/clock';
import { selfState } from '../thread/slot';
import { zsPlace } from '../zsmalloc/object';
import { clears, countLoad, isAnyAlone, LOADS_ALONE, mayStore, overtake } from './lease-table';

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
  if (condition == IF_QUIET) return changesOf(leaf, hash) == expected && !isDraftDead();
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
 * Tells who computes a key that it is deleted, one that is not there as well: without a lease he
 * goes by the version alone. Lock: the hash's leaf.
 */
export function noteDeletion(leaf: u32, hash: u32, handle: Handle): void {
  overtake(hash);
  if (handle == 0 && isAnyAlone()) raiseVersion(leaf, hash);
}

/** Rises with each change of the hash's line, and each clear. */
function changesOf(leaf: u32, hash: u32): u32 {
  return versionOf(leaf, hash) + clears();
}

/**
 * Counts a computation without a lease of the key in the scratch. @returns what IF_QUIET asks for
 */
export function beginAlone(keyBytes: u32): u32 {
  countLoad(LOADS_ALONE);
  return changesNow(keyBytes);
}

/** What IF_QUIET asks for, as things are now. */
export function changesNow(keyBytes: u32): u32 {
  const hash = keyHash(keyBytes);
  const number = lockLeafOf(hash);
  const changes = changesOf(leafAt(number), hash);
  unlockLeaf(number);
  return changes;
}
