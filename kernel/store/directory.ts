/**
 * The directory: from a hash to the leaf that has its entries. Linear hashing, a page at a time.
 *
 * A *leaf* is a page of cells (leaf.ts). Leaves are numbered; a key's is told by the low bits of
 * its hash and the number of leaves. The top page leads to directory pages, these have for each of
 * 512 leaves
 *
 *   leaf   address of its page; 0 = no such leaf (any more)    its lock; loaded by readers
 *   lock   robust: whoever changes anything in the leaf        thread/lock.ts
 *
 * The leaves' words are in the first half of a page and the locks in the second: in one line each
 * writer would take from all others, readers too, the words that they are led by.
 *
 * The lock stands here and not in the leaf: directory pages are never given back, so that nobody
 * waits on a word of a page that is another's by now. After taking it a writer looks again whether
 * the number is still the hash's.
 *
 * Readers take no lock: leaves → directory → leaf. One that finds nothing looks whether both words
 * are as they were; if not, it looks again from the root. A leaf that is replaced stays whole until
 * its grace period is over, and is never changed again: who still reads it reads what was there
 * when it loaded the directory.
 */
import { ERR_NO_MEMORY, FAULT_INDEX, fail } from '../base/fault';
import { PAGE_BYTES, pageAddress, pfnOfAddress, STORE_STATE } from '../base/layout';
import { loadWord, peekWord, storeWord } from '../base/words';
import { CLASS_UNMOVABLE } from '../frames/class';
import { pageWord } from '../memdesc/page-word';
import { allocPages, freePages } from '../memdesc/pages';
import { MISC_INDEX } from '../memdesc/type';
import {
  assertHalted,
  assertInSection,
  assertLocked,
  assertLockedOrHalted,
} from '../thread/context';
import { lock, tryLock, unlock } from '../thread/lock';
import { renewSection } from '../thread/rcu';
import { zsPlace, zsReadWord } from '../zsmalloc/object';
import { JOURNALS_ORDER, StoreState, selfJournal, storeState } from './journal';
import { findHandle, firstMatch, foundLeaf, LEAF_NUMBER, noteAt, versionOf } from './leaf';
import { isSpacePage, SPACES_ORDER } from './spaces';
import { newTagTable, tagsOrder } from './tags';

/** Leaves that a directory page names. */
const FAN_BITS: u32 = 9;
const FAN_OUT: u32 = 1 << FAN_BITS;
/** As many as the top page leads to; a zone has twice as many pages at most. */
export const MAX_LEAVES: u32 = FAN_OUT * (PAGE_BYTES / 4);

/** Rounds of one look-up, each lost to a merge: more than anybody meets. */
const MAX_MERGES: u32 = 1000;

function leavesAt(): usize {
  return STORE_STATE + offsetof<StoreState>('leaves');
}

export function leafCount(): u32 {
  return loadWord(leavesAt());
}

/** Publishes another number of leaves. */
export function setLeafCount(leaves: u32): void {
  assertLockedOrHalted(STORE_STATE);
  storeWord(leavesAt(), leaves);
}

/** The leaf of a hash, when there are so many. */
export function numberFor(hash: u32, leaves: u32): u32 {
  const mask = u32.MAX_VALUE >> clz(leaves);
  const number = hash & mask;
  return number < leaves ? number : number & (mask >> 1);
}

/** The leaf that another one, not the first, was split from. */
export function parentOf(number: u32): u32 {
  return number ^ (1 << (31 - clz(number)));
}

function pageOf(number: u32): usize {
  return storeState().top + (number >> FAN_BITS) * 4;
}

function leafWordAt(number: u32): usize {
  return loadWord(pageOf(number)) + (number & (FAN_OUT - 1)) * 4;
}

export function leafAt(number: u32): u32 {
  return loadWord(leafWordAt(number));
}

export function setLeaf(number: u32, leaf: u32): void {
  storeWord(leafWordAt(number), leaf);
}

export function leafLockAt(number: u32): usize {
  return leafWordAt(number) + FAN_OUT * 4;
}

/** Of a leaf by its page: this thread holds its lock. */
export function assertLeafLocked(leaf: u32): void {
  assertLocked(leafLockAt(peekWord(noteAt(leaf, LEAF_NUMBER))));
}

/** @returns 0, or ERR_NO_MEMORY and nothing has changed */
export function formatIndex(): i32 {
  const store = storeState();
  const journals = allocPages(JOURNALS_ORDER, MISC_INDEX, CLASS_UNMOVABLE);
  const tags = newTagTable();
  const spaces = allocPages(SPACES_ORDER, MISC_INDEX, CLASS_UNMOVABLE);
  const top = newIndexPage();
  const directory = newIndexPage();
  const leaf = newIndexPage();
  const areBlocks = journals > 0 && tags > 0 && spaces > 0;
  if (areBlocks && top != 0 && directory != 0 && leaf != 0) {
    store.journals = pageAddress(u32(journals));
    memory.fill(store.journals, 0, PAGE_BYTES << JOURNALS_ORDER);
    store.spaces = pageAddress(u32(spaces));
    memory.fill(store.spaces, 0, PAGE_BYTES << SPACES_ORDER);
    storeWord(top, directory);
    storeWord(directory, leaf);
    store.leaves = 1;
    storeWord(STORE_STATE + offsetof<StoreState>('top'), top);
    return 0;
  }
  if (journals > 0) freePages(journals, JOURNALS_ORDER, MISC_INDEX);
  if (tags > 0) freePages(tags, tagsOrder(), MISC_INDEX);
  if (spaces > 0) freePages(spaces, SPACES_ORDER, MISC_INDEX);
  freeIndexPage(top);
  freeIndexPage(directory);
  freeIndexPage(leaf);
  return ERR_NO_MEMORY;
}

/** A page of zeros, or 0. Once there is an index: store lock held, `reshaping` written. */
export function newIndexPage(): u32 {
  const pfn = allocPages(0, MISC_INDEX, CLASS_UNMOVABLE);
  if (pfn < 0) return 0;
  memory.fill(pageAddress(u32(pfn)), 0, PAGE_BYTES);
  return pageAddress(u32(pfn));
}

export function freeIndexPage(address: u32): void {
  if (address != 0) freePages(pfnOfAddress(address), 0, MISC_INDEX);
}

/** Takes the directory page for a leaf, if it is not there yet. */
export function ensureDirectory(number: u32): bool {
  assertLocked(STORE_STATE);
  if (number >= MAX_LEAVES) return false;
  const at = pageOf(number);
  if (peekWord(at) == 0) storeWord(at, newIndexPage());
  return peekWord(at) != 0;
}

/** Whether a page of the index is one: the top, a directory page, a leaf, figures of a space. */
export function isNamedIndexPage(address: u32): bool {
  assertHalted();
  const top = storeState().top;
  if (address == top) return true;
  // One after the other, some before their first leaf is there, or after their last one has gone.
  for (let i: u32 = 0; i < PAGE_BYTES / 4 && peekWord(top + i * 4) != 0; i++) {
    if (peekWord(top + i * 4) == address) return true;
  }
  if (isSpacePage(address)) return true;
  const number = peekWord(noteAt(address, LEAF_NUMBER));
  return number < leafCount() && leafAt(number) == address;
}

/**
 * Takes the lock of the hash's leaf, and enters a section. Waiting ends the caller's section.
 *
 * @returns the leaf's number
 * Progress: a round is lost only to a split or merge of this leaf.
 */
export function lockLeafOf(hash: u32): u32 {
  while (true) {
    const number = numberFor(hash, leafCount());
    lockLeaf(number);
    if (numberFor(hash, leafCount()) == number) {
      if (leafAt(number) == 0) fail(FAULT_INDEX, number);
      return number;
    }
    unlockLeaf(number);
  }
}

export function lockLeaf(number: u32): void {
  selfJournal().held = number + 1;
  lock(leafLockAt(number));
  renewSection();
}

/** The same without waiting. @returns false when somebody else has it */
export function tryLockLeaf(number: u32): bool {
  selfJournal().held = number + 1;
  if (tryLock(leafLockAt(number))) return true;
  selfJournal().held = 0;
  return false;
}

export function unlockLeaf(number: u32): void {
  unlock(leafLockAt(number));
  selfJournal().held = 0;
}

/**
 * Looks a key up, without a lock; `foundLeaf` and `foundAt` (leaf.ts) then say
 * where.
 *
 * @returns the handle of its entry, or 0
 * Cost: three loads, a line, and for each cell with the key's tag its entry; a second line and more
 * only where the first has given cells away.
 */
export function lookUp(hash: u32, key: usize, keyBytes: u32): u32 {
  assertInSection();
  let round: u32 = 0;
  while (true) {
    const leaves = leafCount();
    const at = leafWordAt(numberFor(hash, leaves));
    const leaf = loadWord(at);
    const handle = leaf == 0 ? 0 : findHandle(leaf, hash, key, keyBytes);
    if (handle != 0) return handle;
    if (leaf != 0 && leafCount() == leaves && loadWord(at) == leaf) return 0;
    if (leaf == 0) failIfNeverThere(round++, leaves);
  }
}

/** Loads the first line in which a hash is looked for. @returns a word of it */
export function touchLine(hash: u32): u32 {
  assertInSection();
  const leaf = leafAt(numberFor(hash, leafCount()));
  return leaf == 0 ? 0 : versionOf(leaf, hash);
}

/**
 * Loads what is most likely the hash's entry, if there is one, and the word of its page, for who
 * takes it out. @returns a sum of both
 */
export function touchEntry(hash: u32): u32 {
  assertInSection();
  const leaf = leafAt(numberFor(hash, leafCount()));
  const handle = leaf == 0 ? 0 : firstMatch(leaf, hash);
  if (handle == 0) return 0;
  const place = zsPlace(handle);
  return zsReadWord(place, 0) + pageWord(pfnOfAddress(u32(place)));
}

/** Thread-local: what `lookUpVersioned` noted. */
let version: u32 = 0;

export function foundVersion(): u32 {
  return version;
}

/**
 * Looks a key up as `lookUp` does, and notes its version: who finds the line at this version under
 * its lock knows that the key has what was found here, or nothing.
 *
 * A writer raises the version before it changes the cell. So the lock must be seen free after the
 * version is loaded and before the cell is: whoever had raised it is done by then.
 *
 * @returns the handle of its entry, or 0
 * Progress: a round is lost to a writer of this leaf, whose lock is waited for.
 */
export function lookUpVersioned(hash: u32, key: usize, keyBytes: u32): u32 {
  let round: u32 = 0;
  while (true) {
    const leaves = leafCount();
    const number = numberFor(hash, leaves);
    const leaf = leafAt(number);
    if (leaf == 0) {
      failIfNeverThere(round++, leaves);
      continue;
    }
    version = versionOf(leaf, hash);
    if (loadWord(leafLockAt(number)) != 0) {
      lockLeaf(number);
      unlockLeaf(number);
      continue;
    }
    const handle = findHandle(leaf, hash, key, keyBytes);
    if (handle != 0 || (leafCount() == leaves && leafAt(number) == leaf)) return handle;
  }
}

/** Thread-local: what `lookUpSettled` noted. */
let isSettled: bool = false;

/** Whether no writer had the leaf between `foundVersion` and what was found. */
export function wasSettled(): bool {
  return isSettled;
}

/**
 * Looks a key up as `lookUp` does, and notes its version, without a wait: `wasSettled` says whether
 * what was found is what the key has at that version.
 *
 * @returns the handle of its entry, or 0
 */
export function lookUpSettled(hash: u32, key: usize, keyBytes: u32): u32 {
  const number = numberFor(hash, leafCount());
  const leaf = leafAt(number);
  if (leaf != 0) version = versionOf(leaf, hash);
  const isFree = leaf != 0 && loadWord(leafLockAt(number)) == 0;
  const handle = lookUp(hash, key, keyBytes);
  isSettled = isFree && foundLeaf() == leaf;
  return handle;
}

/** A leaf that is missing was merged a moment ago: each round that meets that is another merge. */
export function failIfNeverThere(round: u32, leaves: u32): void {
  if (round == MAX_MERGES) fail(FAULT_INDEX, leaves);
}
