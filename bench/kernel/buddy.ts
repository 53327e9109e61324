/**
 * The plain buddy allocator that suite `frames` compares with: one lock, one free list an order.
 *
 * The textbook: a block is split in halves until it fits, a freed one is merged with its buddy as
 * long as the buddy is free. Lists are doubly linked, last in, first out. No checks, no recovery,
 * no descriptions, and nobody may die. Its links stand in tables beside the pages rather than in
 * them, which is kind to it: it never touches a page that nobody uses.
 *
 *   0          lock · pages · heads[11]
 *   256        next u32[pages] · previous u32[pages] · state u8[pages] · a notebook for each thread
 *
 * state: order + 1 of a free block, at its first page; else 0. Page 0 is never handed out: 0 is the
 * end of a list.
 */
import { casWord, parkWord, peekWord, pokeWord, swapWord, wakeWord } from '../../kernel/base/words';
import { drain, fill, repeat, replace, setNotebook } from './loops';

export { shuffle } from './loops';

const MAX_ORDER: u32 = 10;
const LOCK: usize = 0;
const PAGES: usize = 4;
const HEADS: usize = 8;
const TABLES: usize = 256;
const SPINS: u32 = 100;

@unmanaged
class Buddy {
  begin(): void {}
  end(): void {}
  take(order: u32): i32 {
    acquire();
    const page = takeLocked(order);
    release();
    return page;
  }
  give(page: u32, order: u32): bool {
    acquire();
    giveLocked(page, order);
    release();
    return true;
  }
}

/** Lock: 0 = free, 1 = taken, 2 = taken and somebody may be parked. */
function acquire(): void {
  for (let i: u32 = 0; i < SPINS; i++) if (casWord(LOCK, 0, 1) == 0) return;
  // Ends when the holder releases: a parked thread wakes and finds 0, or parks again.
  while (swapWord(LOCK, 2) != 0) parkWord(LOCK, 2, 10);
}

function release(): void {
  if (swapWord(LOCK, 0) == 2) wakeWord(LOCK, 1);
}

function headAt(order: u32): usize {
  return HEADS + order * 4;
}

function nextAt(page: u32): usize {
  return TABLES + page * 4;
}

function previousAt(page: u32): usize {
  return TABLES + (peekWord(PAGES) + page) * 4;
}

function stateAt(page: u32): usize {
  return TABLES + peekWord(PAGES) * 8 + page;
}

function push(page: u32, order: u32): void {
  const head = peekWord(headAt(order));
  pokeWord(nextAt(page), head);
  pokeWord(previousAt(page), 0);
  if (head != 0) pokeWord(previousAt(head), page);
  pokeWord(headAt(order), page);
  store<u8>(stateAt(page), u8(order + 1));
}

function unlink(page: u32, order: u32): void {
  const next = peekWord(nextAt(page));
  const previous = peekWord(previousAt(page));
  pokeWord(previous == 0 ? headAt(order) : nextAt(previous), next);
  if (next != 0) pokeWord(previousAt(next), previous);
  store<u8>(stateAt(page), 0);
}

function takeLocked(order: u32): u32 {
  let from = order;
  while (from <= MAX_ORDER && peekWord(headAt(from)) == 0) from++;
  if (from > MAX_ORDER) return 0;
  const page = peekWord(headAt(from));
  unlink(page, from);
  while (from > order) {
    from--;
    push(page + (1 << from), from);
  }
  return page;
}

function giveLocked(page: u32, order: u32): void {
  let first = page;
  let size = order;
  for (; size < MAX_ORDER; size++) {
    const buddy = first ^ (1 << size);
    if (load<u8>(stateAt(buddy)) != u8(size + 1)) break;
    unlink(buddy, size);
    first &= ~(1 << size);
  }
  push(first, size);
}

/** Makes an allocator of `pages`, a multiple of 1,024, in zeroed memory. */
export function formatBuddy(pages: u32): void {
  pokeWord(PAGES, pages);
  // Page 0 stays out, so the first 4 MiB are the buddies of what is missing.
  for (let order: u32 = 0; order < MAX_ORDER; order++) push(1 << order, order);
  for (let page: u32 = 1 << MAX_ORDER; page < pages; page += 1 << MAX_ORDER) push(page, MAX_ORDER);
}

/** Gives the thread with this number, 0 or 1, its notebook behind the tables. */
export function openNotebook(thread: u32): void {
  const pages = peekWord(PAGES);
  setNotebook(TABLES + pages * 9 + thread * pages * 4);
}

export function repeatBuddy(order: u32, pairs: u32): void {
  repeat<Buddy>(order, pairs);
}

export function replaceBuddy(order: u32, live: u32, pairs: u32): void {
  replace<Buddy>(order, live, pairs);
}

export function fillBuddy(order: u32, from: u32, to: u32): u32 {
  return fill<Buddy>(order, from, to);
}

export function drainBuddy(order: u32, from: u32, to: u32): void {
  drain<Buddy>(order, from, to);
}
