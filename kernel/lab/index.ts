/**
 * The lab's loops, the same over each scheme (scheme.ts): what `pageless lab` and the suite
 * `memdesc` measure.
 *
 * They run inside a module, so that what is measured is the kernel and not the calls from
 * JavaScript. Each is called many times for a short while: V8's first compiler never replaces code
 * that is running. `begin` and `end` stand around each call, as around every call of the kernel's
 * face, and the section is open meanwhile; a few hundred operations share them.
 *
 * *Stage*: 1,024 pages in a row, each a folio of its own. Which is next is an odd step through a
 * power of two (`nth`), which visits all in an order that no prefetcher guesses, at no cost. With
 * one page for all, two threads fight for one descriptor.
 *
 * *Notes*: blocks that this thread has, one word each, in a block of the zone.
 */
import { setCanPark } from '../base/env';
import { MAX_ORDER, Order, Pfn, pageAddress, superblock } from '../base/layout';
import { peekWord, pokeWord } from '../base/words';
import { CLASS_UNMOVABLE } from '../frames/class';
import { freePageCount, takeBlock } from '../frames/frames';
import { allocPages } from '../memdesc/pages';
import { MISC_USER } from '../memdesc/type';
import { enterKernel, leaveKernel } from '../thread/stop';
import { attachThread, formatZone, settleThread } from '../zone/zone';
import { begin, end, noteAt, OP_LAB, setNotes } from './call';
import {
  alloc,
  allocDescriptor,
  describePage,
  fillOne,
  formatScheme,
  free,
  freeDescriptor,
  lock,
  lookup,
  ownerOf,
  pageOf,
  pin,
  split as splitBlock,
  unlock,
  unpin,
} from './scheme';

export * from './chains';
export * from './hwpoison';
export * from './migration';
export { evacuate, mapBytes } from './scheme';
export * from './sources';

const STEP: u32 = 389;
/** 64 KiB: 16,384 notes. */
const NOTES_ORDER: u32 = 4;

/** Makes a zone of the memory, which must be all zero. @returns 0 or ERR_… */
export function format(): i32 {
  return formatZone(1, 2, 3, 4);
}

/** Attaches this thread. @returns its slot or ERR_… */
export function join(owner: u32): i32 {
  setCanPark(true);
  const slot = attachThread(owner);
  if (slot < 0) return slot;
  begin();
  const failure = settleThread();
  const pfn = allocPages(NOTES_ORDER, MISC_USER, CLASS_UNMOVABLE);
  end();
  setNotes(pageAddress(pfn));
  return failure != 0 ? failure : slot;
}

/** Once, by the first thread. @returns false without memory */
export function openScheme(): bool {
  begin();
  const isOpen = formatScheme();
  end();
  return isOpen;
}

/** The `i`-th of `count` pages behind `first`; `count` is a power of two. */
function nth(first: u32, i: u32, count: u32): u32 {
  return first + ((i * STEP) & (count - 1));
}

/** @returns the first of 1,024 pages in a row, each a folio; 0 without memory */
export function setStage(): u32 {
  begin();
  let first = takeBlock(MAX_ORDER, CLASS_UNMOVABLE);
  for (let i: u32 = 0; first != 0 && i < (<u32>1) << MAX_ORDER; i++) {
    if (!describePage(first + i)) first = 0;
  }
  end();
  return first;
}

/** An empty call with its section, as the kernel's face has them. */
export function emptyCall(): void {
  begin();
  end();
}

/** The same without a section. */
export function bareCall(): void {
  enterKernel(OP_LAB);
  leaveKernel();
}

/** Only where there are descriptors. */
export function descriptorPairs(pairs: u32): void {
  begin();
  for (let i: u32 = 0; i < pairs; i++) freeDescriptor(allocDescriptor());
  end();
}

export function allocFree(order: Order, pairs: u32): void {
  begin();
  for (let i: u32 = 0; i < pairs; i++) {
    const block = alloc(order);
    if (block == 0) unreachable();
    free(block);
  }
  end();
}

/** @returns the sum of what was found, so that no look is left out */
export function lookUp(first: u32, start: u32, pages: u32, looks: u32): u32 {
  let sum: u32 = 0;
  begin();
  for (let i: u32 = 0; i < looks; i++) sum += lookup(nth(first, start + i, pages));
  end();
  return sum;
}

export function findOwner(first: u32, start: u32, pages: u32, looks: u32): u32 {
  let sum: u32 = 0;
  begin();
  for (let i: u32 = 0; i < looks; i++) sum += ownerOf(nth(first, start + i, pages));
  end();
  return sum;
}

export function pinUnpin(first: u32, start: u32, pages: u32, pairs: u32): void {
  begin();
  for (let i: u32 = 0; i < pairs; i++) {
    const block = pin(nth(first, start + i, pages));
    if (block == 0) unreachable();
    unpin(block);
  }
  end();
}

/** For calls one by one. @returns the block, or 0 */
export function pinOnce(pfn: Pfn): u32 {
  begin();
  const block = pin(pfn);
  end();
  return block;
}

export function unpinOnce(block: u32): void {
  begin();
  unpin(block);
  end();
}

/** The stage's own references keep what is locked. */
export function lockUnlock(first: u32, start: u32, pages: u32, pairs: u32): void {
  begin();
  for (let i: u32 = 0; i < pairs; i++) {
    const block = lookup(nth(first, start + i, pages));
    lock(block);
    unlock(block);
  }
  end();
}

/** Locks one page's block again and again, and adds `hold` times to a word under the lock. */
export function fight(pfn: Pfn, hold: u32, times: u32): void {
  begin();
  const block = pin(pfn);
  for (let i: u32 = 0; i < times; i++) {
    lock(block);
    for (let add: u32 = 0; add < hold; add++) pokeWord(pageAt(pfn), peekWord(pageAt(pfn)) + 1);
    unlock(block);
  }
  unpin(block);
  end();
}

function pageAt(pfn: Pfn): usize {
  return pageAddress(pfn);
}

/** Additions that `fight` made to a page's first word. */
export function fought(pfn: Pfn): u32 {
  return peekWord(pageAt(pfn));
}

/** Makes folios and notes them as `from` … `to` − 1. @returns how many there were */
export function make(order: Order, from: u32, to: u32): u32 {
  begin();
  let index = from;
  for (; index < to; index++) {
    const block = alloc(order);
    if (block == 0) break;
    pokeWord(noteAt(index), block);
  }
  end();
  return index - from;
}

/** Splits the first `count` noted blocks into pages. */
export function split(count: u32): void {
  begin();
  for (let i: u32 = 0; i < count; i++) {
    if (!splitBlock(peekWord(noteAt(i)))) unreachable();
  }
  end();
}

/** Frees the first `count` noted blocks, which are now `parts` pages in a row each. */
export function drop(count: u32, parts: u32): void {
  begin();
  for (let i: u32 = 0; i < count; i++) {
    const first = pageOf(peekWord(noteAt(i)));
    for (let part: u32 = 0; part < parts; part++) free(lookup(first + part));
  }
  end();
}

/** First page of a noted block. */
export function notedPage(index: u32): u32 {
  return pageOf(peekWord(noteAt(index)));
}

/** Describes about `pages` pages as blocks of a kind. @returns how many it came to */
export function fill(kind: u32, order: Order, chain: u32, pages: u32): u32 {
  let done: u32 = 0;
  begin();
  while (done + (chain << order) <= pages && fillOne(kind, order, chain)) {
    done += chain << order;
  }
  end();
  return done;
}

export function freePages(): u32 {
  return freePageCount();
}

export function pageCount(): u32 {
  return superblock().pageCount;
}

/** Bytes of frames' bits and counters. */
export function frameBytes(): u32 {
  const end = superblock().counters + (superblock().childCount << superblock().counterShift);
  return end - superblock().frameBits;
}
