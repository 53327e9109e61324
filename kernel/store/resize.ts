/**
 * How the index grows and shrinks: one leaf is split in two, or the last is merged into its parent.
 *
 * Both copy whole pages aside and publish them by single words, so that readers wait for nothing:
 *
 *   split   leaf[new] := second page · leaves + 1 · leaf[parent] := first page
 *   merge   leaf[parent] := the page of both · leaves − 1 · leaf[last] := 0
 * The old pages go into limbo. Writers of the leaves concerned wait for their locks, some 10 µs:
 * 400 entries, of which a leaf knows what a copy needs (leaf-copy.ts).
 *
 * Store lock: one of them at a time; nobody waits for it, who does not get it leaves it to the
 * next. A survivor finds the lock held by the dead (recover.ts):
 *   SPLIT, as many leaves as before   undone: leaf[new] := 0
 *   SPLIT, one more                   finished: leaf[parent] := first page
 *   MERGE, leaf[parent] as before     undone
 *   MERGE, it is the page of both     finished
 * and then frees every page of the index that nobody names.
 */
import { FEW_ENTRIES, MANY_ENTRIES, MERGED_ENTRIES } from '../base/geometry';
import { pokeWord } from '../base/words';
import { beginDefer, endDefer, LIMBO_INDEX } from '../thread/limbo';
import { lock, tryLock, unlock } from '../thread/lock';
import { renewSection } from '../thread/rcu';
import {
  ensureDirectory,
  freeIndexPage,
  leafAt,
  leafCount,
  leafLockAt,
  newIndexPage,
  numberFor,
  parentOf,
  setLeaf,
  setLeafCount,
  tryLockLeaf,
  unlockLeaf,
} from './directory';
import { STORE_LOCK, selfJournal, storeState } from './journal';
import { LEAF_CELLS, LEAF_LINK, LEAF_NUMBER, leafEntries, nextPosition, noteAt } from './leaf';
import { copyEntry, hasHashBit, outdate } from './leaf-copy';
import { entryCount } from './totals';

/**
 * Thread-local: entries of a leaf that are many, so low in a model that few entries show all; 0: as
 * many as always.
 */
let many: u32 = 0;

export function setMany(entries: u32): void {
  many = entries;
}

function manyEntries(): u32 {
  return many == 0 ? MANY_ENTRIES : many;
}

/** Whether a leaf of so many entries is a reason to grow, or to shrink. */
export function isMany(entries: u32): bool {
  return entries > manyEntries();
}

export function areFew(entries: u32): bool {
  return entries < (many == 0 ? FEW_ENTRIES : 1);
}

export const NOTHING: u32 = 0;
export const SPLIT: u32 = 1;
export const MERGE: u32 = 2;

export function linkOfLeaf(leaf: u32): usize {
  return noteAt(leaf, LEAF_LINK);
}

/** Splits the next leaf. @returns false without memory, or when somebody else is at it */
export function growIndex(): bool {
  if (!tryLock(STORE_LOCK)) return false;
  selfJournal().reshaping = 1;
  const isDone = split();
  selfJournal().reshaping = 0;
  unlock(STORE_LOCK);
  return isDone;
}

/** Splits by one set that finds its leaf full in an index that is large for what it has. */
const SPLITS: u32 = 64;
/** Looks for the lock of a leaf that is to be split, which is held some 100 ns. */
const LOOKS: u32 = 1000;

/** Thread-local: the last split failed because somebody had the leaf. */
let isBusy: bool = false;

/**
 * Grows until the leaf of the hash, which is full, is split. Leaves are split in turn, so these may
 * be all there are, 10 µs each. It is rare: from 400 entries on each addition to a leaf splits one,
 * and 426 find a place. An index with few entries a leaf grows by SPLITS only.
 *
 * @returns false without memory, or if that was not enough
 */
export function splitLeafOf(hash: u32): bool {
  const leaves = leafCount();
  const full = leafAt(numberFor(hash, leaves));
  const isDense = entryCount() >= u64(leaves) * FEW_ENTRIES;
  for (let left = isDense ? leaves + 1 : SPLITS; left != 0; left--) {
    if (!growIndexSlow()) return false;
    if (leafAt(numberFor(hash, leafCount())) != full) return true;
  }
  return false;
}

/** Splits the next leaf, and waits for others who are at it. @returns false without memory */
function growIndexSlow(): bool {
  let isDone: bool = false;
  for (let look: u32 = 0; !isDone && look < LOOKS; look++) {
    lock(STORE_LOCK);
    selfJournal().reshaping = 1;
    isBusy = false;
    isDone = split();
    selfJournal().reshaping = 0;
    unlock(STORE_LOCK);
    if (!isBusy) break;
  }
  return isDone;
}

/** Entries a leaf for which `growFor` makes room: full leaves would grow the index again. */
const EXPECTED: u32 = (MANY_ENTRIES * 4) / 5;
/** Splits by one call of it, each of a leaf that is empty as a rule. */
const GROWN: u32 = 16;

/**
 * Grows an index into which so many entries will come: leaves that are split while they are empty
 * cost nothing to copy. To a power of two, at which all leaves are alike.
 *
 * @returns whether there is more to do
 */
export function growFor(entries: u32): bool {
  let target: u32 = 1;
  while (u64(target) * EXPECTED < entries) target *= 2;
  for (let splits: u32 = 0; leafCount() < target; splits++) {
    if (splits == GROWN) return true;
    if (!growIndex()) return false;
  }
  return false;
}

/** Merges the last leaf into its parent. @returns false if they hold too much, or as above */
export function shrinkIndex(): bool {
  if (leafCount() == 1 || !tryLock(STORE_LOCK)) return false;
  selfJournal().reshaping = 1;
  const isDone = leafCount() > 1 && merge();
  selfJournal().reshaping = 0;
  unlock(STORE_LOCK);
  return isDone;
}

function split(): bool {
  const number = leafCount();
  const parent = parentOf(number);
  if (!ensureDirectory(number)) return false;
  const low = newIndexPage();
  const high = newIndexPage();
  const hasPages = low != 0 && high != 0;
  const isReady = hasPages && tryLockLeaf(parent);
  isBusy = hasPages && !isReady;
  const isDone = isReady && splitInto(parent, number, low, high);
  if (isReady) unlockLeaf(parent);
  if (!isDone) {
    freeIndexPage(low);
    freeIndexPage(high);
  }
  return isDone;
}

function splitInto(parent: u32, number: u32, low: u32, high: u32): bool {
  renewSection();
  const old = leafAt(parent);
  // The parent's entries agree in all bits below it.
  const bit = 31 - clz(number);
  for (let at = nextPosition(old, 0); at < LEAF_CELLS; at = nextPosition(old, at + 1)) {
    if (!copyEntry(old, at, hasHashBit(old, at, bit) ? high : low)) return false;
  }
  outdate(low, old, old);
  outdate(high, old, old);
  pokeWord(noteAt(low, LEAF_NUMBER), parent);
  pokeWord(noteAt(high, LEAF_NUMBER), number);
  begin(SPLIT, number, low);
  setLeaf(number, high);
  setLeafCount(number + 1);
  setLeaf(parent, low);
  retire(old);
  return true;
}

function merge(): bool {
  const last = leafCount() - 1;
  const parent = parentOf(last);
  if (!tryLockLeaf(parent)) return false;
  const isHeld = tryLockToo(last);
  const isDone = isHeld && mergeInto(parent, last);
  if (isHeld) unlockToo(last);
  unlockLeaf(parent);
  return isDone;
}

/** A second leaf's lock, likewise. */
function tryLockToo(number: u32): bool {
  selfJournal().heldToo = number + 1;
  if (tryLock(leafLockAt(number))) return true;
  selfJournal().heldToo = 0;
  return false;
}

function unlockToo(number: u32): void {
  unlock(leafLockAt(number));
  selfJournal().heldToo = 0;
}

function mergeInto(parent: u32, last: u32): bool {
  renewSection();
  const low = leafAt(parent);
  const high = leafAt(last);
  if (leafEntries(low) + leafEntries(high) > min(MERGED_ENTRIES, manyEntries())) return false;
  const both = newIndexPage();
  if (both == 0) return false;
  if (!copyAll(low, both) || !copyAll(high, both)) {
    freeIndexPage(both);
    return false;
  }
  outdate(both, low, high);
  pokeWord(noteAt(both, LEAF_NUMBER), parent);
  begin(MERGE, last, both);
  setLeaf(parent, both);
  setLeafCount(last);
  setLeaf(last, 0);
  retire(low);
  retire(high);
  return true;
}

function copyAll(from: u32, into: u32): bool {
  for (let at = nextPosition(from, 0); at < LEAF_CELLS; at = nextPosition(from, at + 1)) {
    if (!copyEntry(from, at, into)) return false;
  }
  return true;
}

/** Writes down what a survivor has to know. */
function begin(reshape: u32, number: u32, fresh: u32): void {
  storeState().reshaped = number;
  storeState().fresh = fresh;
  storeState().reshape = reshape;
}

/** Lets a page wait that no new reader finds. */
function retire(leaf: u32): void {
  storeState().reshape = NOTHING;
  beginDefer(LIMBO_INDEX, leaf, linkOfLeaf(leaf));
  endDefer();
}
