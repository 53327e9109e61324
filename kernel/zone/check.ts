/**
 * Check: every invariant of every floor, over the whole zone.
 *
 * Stops the world (thread/stop.ts), so that nobody is half-way through anything (what the dead left
 * half-done is repaired first), and compares what each floor claims with what is there.
 *
 * Cost: linear in pages and entries. Changes nothing; a found fault does not poison the zone.
 */
import { selfSlot } from '../base/env';
import {
  FAULT_FRAMES,
  FAULT_HANDLE,
  FAULT_INDEX,
  FAULT_LIMBO,
  FAULT_PAGE_WORD,
  FAULT_REFS,
  FAULT_SLAB,
} from '../base/fault';
import { Desc, isLaidOut, Pfn, Slot, superblock } from '../base/layout';
import { loadWord, peekWord } from '../base/words';
import { checkQueues } from '../cache/eviction/check';
import { checkLeases, countLeaseParts } from '../cache/lease';
import { checkIsolated } from '../compact/isolate';
import { isTaken } from '../frames/bitfield';
import { checkFrames, isStocked } from '../frames/check';
import { stockedPages } from '../frames/stock';
import { COUNT_MASK, headerOf, orderOf, PIN_MASK, refsAt, typeOf } from '../memdesc/header';
import { checkLargeScratch } from '../memdesc/large-scratch';
import { pageWord, peekPageWord, wordDescriptor, wordOrder, wordType } from '../memdesc/page-word';
import { pinsOf } from '../memdesc/pin-ledger';
import { TYPE_FREE, TYPE_FREEING, TYPE_MASK, TYPE_MISC, TYPE_ZSPAGE } from '../memdesc/type';
import { linkOf } from '../reclaim/reclaim';
import { checkSlabs } from '../slab/check';
import { CACHE_CELL } from '../slab/kmem-cache';
import { countParts } from '../store/chain';
import { checkIndex, countEntryParts } from '../store/check';
import { deferredCount, deferredEntry, deferredIn, isRingSound } from '../store/deferred';
import { journalOf, storeState } from '../store/journal';
import { assertHalted } from '../thread/context';
import { bag, LIMBO_KINDS, LIMBO_VALUE } from '../thread/limbo';
import { highestSlot, operationOf, SLOT_DEAD, slotOf, slotState } from '../thread/slot';
import { enterKernel, startWorld, stopWorld } from '../thread/stop';
import { checkPools, countObjects } from '../zsmalloc/check';
import { zsState } from '../zsmalloc/size-class';
import { recoverDead } from './recovery';

/** Thread-local: what the last check found, an address or pfn. */
let detail: u32 = 0;

export function checkDetail(): u32 {
  return detail;
}

/** @returns 0, or the FAULT_… code of the first contradiction */
export function checkZone(): u32 {
  stopWorld();
  while (hasDiedInside()) {
    startWorld();
    const operation = operationOf(selfSlot());
    if (recoverDead(operation) < 0) enterKernel(operation);
    stopWorld();
  }
  const fault = checkFloors();
  startWorld();
  return fault;
}

/** Whether a thread left something half-done, which is not what is to be found. */
function hasDiedInside(): bool {
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    if (slotState(slot) == SLOT_DEAD && operationOf(slot) != 0) return true;
  }
  return false;
}

function checkFloors(): u32 {
  assertHalted();
  detail = isLaidOut(superblock().wasmPages) ? 0 : 1;
  if (detail == 0) detail = checkFrames();
  if (detail != 0) return FAULT_FRAMES;
  detail = checkPageWords();
  if (detail != 0) return FAULT_PAGE_WORD;
  detail = checkIsolated();
  if (detail != 0) return FAULT_PAGE_WORD;
  detail = checkPins();
  if (detail != 0) return FAULT_REFS;
  detail = checkSlabs();
  if (detail != 0) return FAULT_SLAB;
  detail = checkRings();
  if (detail != 0) return FAULT_LIMBO;
  detail = checkPools(deferredCount());
  if (detail != 0) return FAULT_HANDLE;
  detail = checkBags();
  if (detail != 0) return FAULT_LIMBO;
  if (storeState().top == 0) return 0;
  detail = checkIndex();
  if (detail == 0) detail = checkQueues();
  if (detail == 0) detail = checkLeases();
  if (detail == 0) detail = checkLargeScratch();
  if (detail != 0) return FAULT_INDEX;
  detail = checkSums();
  return detail == 0 ? 0 : FAULT_INDEX;
}

function checkPageWords(): u32 {
  let stocked: u32 = 0;
  for (let pfn: Pfn = 1; pfn < superblock().pageCount; pfn++) {
    if (!isPageSound(pfn)) return pfn;
    if (peekPageWord(pfn) == 0 && isTaken(pfn)) stocked++;
  }
  return stocked == stockedPages() ? 0 : 1;
}

function isPageSound(pfn: Pfn): bool {
  const word = peekPageWord(pfn);
  if (wordType(word) == TYPE_FREE) return word == 0 && (!isTaken(pfn) || isStocked(pfn));
  return isTaken(pfn) && isWordSound(pfn, word);
}

function isWordSound(pfn: Pfn, word: u32): bool {
  const desc = wordDescriptor(word);
  if (desc != 0) {
    if ((loadWord(refsAt(desc)) & COUNT_MASK) == 0) return false;
    if ((headerOf(desc).flags & TYPE_MASK) != wordType(word)) return false;
    return wordType(word) == TYPE_ZSPAGE || isBlockSound(pfn, desc, word);
  }
  // A free that nobody finishes.
  if (wordType(word) == TYPE_FREEING) return false;
  if (wordType(word) != TYPE_MISC) return true;
  return peekPageWord(pfn & ~((1 << wordOrder(word)) - 1)) == word;
}

/** Every page of a block has the word, and no other page has. */
function isBlockSound(pfn: Pfn, desc: Desc, word: u32): bool {
  const first = headerOf(desc).pfn;
  const pages: u32 = 1 << orderOf(desc);
  if (pfn != first) return pfn - first < pages;
  for (let i: u32 = 1; i < pages; i++) if (peekPageWord(first + i) != word) return false;
  return true;
}

/** @returns the slot of a ring whose counts are not in their order, or 0 */
function checkRings(): u32 {
  if (storeState().top == 0) return 0;
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    if (!isRingSound(slot)) return slot;
  }
  return 0;
}

function checkBags(): u32 {
  for (let kind: u32 = 0; kind < LIMBO_KINDS; kind++) {
    const from = bag(kind);
    if (!isListOf(kind, from.next, from.nextCount)) return kind + 1;
    if (!isListOf(kind, from.waiting, from.waitingCount)) return kind + 1;
  }
  return 0;
}

/** Whether a list has so many objects. A damaged one may be a ring. */
function isListOf(kind: u32, first: u32, count: u32): bool {
  let left = count;
  let at = first;
  for (; at != 0 && left != 0; left--) at = peekWord(linkOf(kind, at));
  return at == 0 && left == 0;
}

/** Every object of the store's pool is an entry's, a lease's, waits, or is a draft's. */
function checkSums(): u32 {
  const cells = countObjects(zsState().store);
  let parts = countEntryParts(cells) + countLeaseParts(cells);
  parts += countLimboParts(bag(LIMBO_VALUE).next, cells);
  parts += countLimboParts(bag(LIMBO_VALUE).waiting, cells);
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    parts += countParts(slotOf(slot).draftHead, cells);
    parts += countParts(journalOf(slot).doomed, cells);
    for (let i: u32 = 0; i < deferredIn(slot); i++) {
      parts += countParts(deferredEntry(slot, i), cells);
    }
  }
  return parts == cells ? 0 : CACHE_CELL;
}

/**
 * Every pin that a page's descriptor counts stands in a ledger, and every one that stands there.
 */
function checkPins(): u32 {
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    if (slotState(slot) == SLOT_DEAD) return 0;
  }
  for (let pfn: Pfn = 1; pfn < superblock().pageCount; pfn++) {
    const desc = wordDescriptor(pageWord(pfn));
    if (desc == 0 || (headerOf(desc).pfn != pfn && typeOf(desc) != TYPE_ZSPAGE)) continue;
    const pins = loadWord(refsAt(desc)) & PIN_MASK;
    if (pins != pinsOf(desc)) return desc;
  }
  return 0;
}

function countLimboParts(first: u32, limit: u32): u32 {
  let parts: u32 = 0;
  for (let at = first; at != 0; at = peekWord(linkOf(LIMBO_VALUE, at))) {
    parts += countParts(at, limit);
  }
  return parts;
}
