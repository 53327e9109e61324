/**
 * Check: every invariant of every floor, over the whole zone.
 *
 * Takes every lock in the lock order, so that no writer is half-way through a change, and compares
 * what each floor claims with what is there. Some sums can only be judged when no other thread is
 * inside the kernel (a page may be taken and not described yet); those are looked at only then.
 *
 * Cost: linear in pages and entries. Changes nothing; a found fault does not poison the zone.
 */
import { FAULT_FRAMES, FAULT_INDEX, FAULT_LIMBO, FAULT_PAGE_WORD, FAULT_SLAB } from './base/fault';
import { FRAMES_STATE, LIMBO_STATE, SLAB_STATE, superblock, ZS_STATE } from './base/layout';
import { loadWord, peekWord } from './base/words';
import { checkFramesLocked, isTakenLocked } from './frames/frames';
import { COUNT_MASK, headerOf, refsAt } from './memdesc/header';
import { pageWord, wordDescriptor, wordOrder, wordType } from './memdesc/page-word';
import { TYPE_FREE, TYPE_MASK, TYPE_MISC, TYPE_ZSPAGE } from './memdesc/type';
import { CACHE_CELL, CACHE_NODE, CACHE_ZSPAGE, cacheOf, checkSlabsLocked } from './slab/kmem-cache';
import { countParts } from './store/entry';
import { checkIndexLocked, nodeOf, STORE_LOCK, storeState } from './store/hash-index';
import { linkOf } from './store/reclaim';
import { bag, LIMBO_KINDS, LIMBO_NODE, LIMBO_VALUE, LIMBO_ZSPAGE } from './thread/limbo';
import { lock, unlock } from './thread/lock';
import { highestSlot, isAlone, slotOf, THREADS_LOCK } from './thread/slot';
import { checkPoolLocked } from './zsmalloc/pool';
import { zsState } from './zsmalloc/size-class';

/** Thread-local: what the last check found, an address or pfn. */
let detail: u32 = 0;

export function checkDetail(): u32 {
  return detail;
}

/** Takes every lock, in the lock order: no writer is half-way through a change. */
export function lockAll(): void {
  lock(THREADS_LOCK);
  lock(STORE_LOCK);
  lock(ZS_STATE);
  lock(SLAB_STATE);
  lock(LIMBO_STATE);
  lock(FRAMES_STATE);
}

export function unlockAll(): void {
  unlock(FRAMES_STATE);
  unlock(LIMBO_STATE);
  unlock(SLAB_STATE);
  unlock(ZS_STATE);
  unlock(STORE_LOCK);
  unlock(THREADS_LOCK);
}

/** @returns 0, or the FAULT_… code of the first contradiction */
export function checkZone(): u32 {
  lockAll();
  const fault = checkAllLocked();
  unlockAll();
  return fault;
}

function checkAllLocked(): u32 {
  detail = checkFramesLocked();
  if (detail != 0) return FAULT_FRAMES;
  detail = checkPageWords();
  if (detail != 0) return FAULT_PAGE_WORD;
  detail = checkSlabsLocked();
  if (detail != 0) return FAULT_SLAB;
  detail = checkBags();
  if (detail != 0) return FAULT_LIMBO;
  if (storeState().top == 0) return 0;
  detail = checkPoolLocked();
  if (detail != 0) return FAULT_PAGE_WORD;
  detail = checkIndexLocked();
  if (detail != 0) return FAULT_INDEX;
  detail = isAlone() ? checkSums() : 0;
  return detail != 0 && isAlone() ? FAULT_INDEX : 0;
}

function checkPageWords(): u32 {
  for (let pfn: u32 = 1; pfn < superblock().pageCount; pfn++) {
    // Page words change without a lock, so another thread may be half-way through. Once nobody is
    // inside, look again; who comes in later and begins a change stays inside, at our locks.
    if (!isPageSound(pfn) && isAlone() && !isPageSound(pfn) && isAlone()) return pfn;
  }
  return 0;
}

function isPageSound(pfn: u32): bool {
  const word = pageWord(pfn);
  if (wordType(word) == TYPE_FREE) return word == 0 && !isTakenLocked(pfn);
  return isTakenLocked(pfn) && isWordSound(pfn, word);
}

function isWordSound(pfn: u32, word: u32): bool {
  const desc = wordDescriptor(word);
  if (desc != 0) {
    if ((loadWord(refsAt(desc)) & COUNT_MASK) == 0) return false;
    if ((headerOf(desc).flags & TYPE_MASK) != wordType(word)) return false;
    const order = (headerOf(desc).flags >> 5) & 15;
    return wordType(word) == TYPE_ZSPAGE || pfn - headerOf(desc).pfn < (<u32>1) << order;
  }
  if (wordType(word) != TYPE_MISC) return true;
  return pageWord(pfn & ~((1 << wordOrder(word)) - 1)) == word;
}

function checkBags(): u32 {
  for (let kind: u32 = 0; kind < LIMBO_KINDS; kind++) {
    const from = bag(kind);
    if (countList(kind, from.filling) != from.fillingCount) return kind + 1;
    if (countList(kind, from.ripening) != from.ripeningCount) return kind + 1;
  }
  return 0;
}

function countList(kind: u32, first: u32): u32 {
  let objects: u32 = 0;
  for (let at = first; at != 0; at = peekWord(linkOf(kind, at))) objects++;
  return objects;
}

/** Every cell, node and zspage in use is an entry's, limbo's or a draft's. */
function checkSums(): u32 {
  const cells = cacheOf(CACHE_CELL).inUse;
  let parts: u32 = 0;
  for (let node = storeState().oldest; node != 0; node = nodeOf(node).newer) {
    parts += countParts(nodeOf(node).handle, cells);
  }
  parts += countLimboParts(bag(LIMBO_VALUE).filling, cells);
  parts += countLimboParts(bag(LIMBO_VALUE).ripening, cells);
  for (let slot: u32 = 1, end = highestSlot(); slot <= end; slot++) {
    const draft = slotOf(slot).draftHead;
    if (draft != 0) parts += countParts(draft, cells);
  }
  if (parts != cells) return CACHE_CELL;
  const nodes = bag(LIMBO_NODE).fillingCount + bag(LIMBO_NODE).ripeningCount;
  if (storeState().entries + nodes != cacheOf(CACHE_NODE).inUse) return CACHE_NODE;
  const zspages = bag(LIMBO_ZSPAGE).fillingCount + bag(LIMBO_ZSPAGE).ripeningCount;
  return zsState().zspages + zspages == cacheOf(CACHE_ZSPAGE).inUse ? 0 : CACHE_ZSPAGE;
}

function countLimboParts(first: u32, limit: u32): u32 {
  let parts: u32 = 0;
  for (let at = first; at != 0; at = peekWord(linkOf(LIMBO_VALUE, at))) {
    parts += countParts(at, limit);
  }
  return parts;
}
