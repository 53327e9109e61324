/**
 * Conditions: what the key's entry must be for a change to be made. Asked under the leaf's lock,
 * where the change is made, so that nothing comes between.
 *
 *   IF_ABSENT    there is none            add
 *   IF_PRESENT   there is one             replace
 *   IF_VERSION   its line has the version that a read has told, so that nothing has changed since:
 *                neither the entry nor its absence          setIfVersion, update, increment
 *   IF_LEASE + n the lease n was not overtaken (lease-table.ts)            getOrSet
 *
 * One that has expired is none. A version is the line's (store/leaf.ts), so entries beside it raise
 * it as well, and so do splits: who is told no for nothing reads again.
 */
import { entryExpiry } from '../store/entry';
import { versionOf } from '../store/leaf';
import { latestTime } from '../thread/clock';
import { zsPlace } from '../zsmalloc/object';
import { mayStore } from './lease-table';

export const ALWAYS: u32 = 0;
export const IF_ABSENT: u32 = 1;
export const IF_PRESENT: u32 = 2;
export const IF_VERSION: u32 = 3;
export const IF_LEASE: u32 = 4;

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

/** Whether the entry of a handle has expired. In a section, or with its leaf's lock. */
function isOver(handle: u32): bool {
  const expiry = entryExpiry(zsPlace(handle));
  return expiry != 0 && expiry <= latestTime();
}

/**
 * Whether it may be made, as things are now: under the leaf's lock; without, in a section, a guess.
 *
 * @param handle  of the key's entry, 0 = none
 */
export function isMet(leaf: u32, hash: u32, handle: u32): bool {
  if (condition == ALWAYS) return true;
  if (isLeased()) return mayStore(condition - IF_LEASE, expected);
  if (condition == IF_ABSENT) return handle == 0 || isOver(handle);
  if (condition == IF_PRESENT) return handle != 0 && !isOver(handle);
  return versionOf(leaf, hash) == expected && (handle == 0 || !isOver(handle));
}
