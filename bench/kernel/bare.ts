/**
 * What a checked page allocator for threads that may be killed cannot do without, and nothing else:
 * the floor under suite `frames`.
 *
 *   a page      a word that says whose it is, and the exchange that decides who frees it
 *   a stock     a count and a stack, plain memory of one thread
 *   a call      a cell that says that the thread is inside, and one look at the stop word; likewise
 *               when it leaves
 *
 * One order, one class, no limit, nothing to fall back on, and nobody repairs anything. In a memory
 * of its own:
 *
 *   0           inside · stop, at 64 · count, at 128
 *   4096        words u32[pages] · stack u32[pages] · the notebook
 */
import { casWord, loadWord, peekWord, pokeWord, storeCell } from '../../kernel/base/words';
import { drain, fill, repeat, replace, setNotebook } from './loops';

export { shuffle } from './loops';

const INSIDE: usize = 0;
const STOP: usize = 64;
const COUNT: usize = 128;
const WORDS: usize = 4096;
const PAGES: u32 = 4096;
const STACK: usize = WORDS + PAGES * 4;
const NOTEBOOK: usize = STACK + PAGES * 4;
/** As a word says that its page is taken. */
const TAKEN: u32 = 3;

function enter(): void {
  storeCell(INSIDE, 1);
  if (loadWord(STOP) != 0) unreachable();
}

function leave(): void {
  storeCell(INSIDE, 0);
  if (loadWord(STOP) != 0) unreachable();
}

@unmanaged
class Bare {
  begin(): void {
    enter();
  }
  end(): void {
    leave();
  }
  @inline
  take(_order: u32): i32 {
    const count = peekWord(COUNT) - 1;
    if (i32(count) < 0) return 0;
    pokeWord(COUNT, count);
    const page = peekWord(STACK + count * 4);
    pokeWord(WORDS + page * 4, TAKEN);
    return page;
  }
  @inline
  give(page: u32, _order: u32): bool {
    if (page >= PAGES || casWord(WORDS + page * 4, TAKEN, 0) != TAKEN) return false;
    const count = peekWord(COUNT);
    pokeWord(STACK + count * 4, page);
    pokeWord(COUNT, count + 1);
    return true;
  }
}

/** All pages into the stock; the first is no page's number. */
export function openBare(): void {
  for (let page: u32 = 1; page < PAGES; page++) pokeWord(STACK + (page - 1) * 4, page);
  pokeWord(COUNT, PAGES - 1);
  setNotebook(NOTEBOOK);
}

export function repeatBare(order: u32, pairs: u32): void {
  repeat<Bare>(order, pairs);
}

export function replaceBare(order: u32, live: u32, pairs: u32): void {
  replace<Bare>(order, live, pairs);
}

export function fillBare(order: u32, from: u32, to: u32): u32 {
  return fill<Bare>(order, from, to);
}

export function drainBare(order: u32, from: u32, to: u32): void {
  drain<Bare>(order, from, to);
}

/** By one call. @returns the page's number, or 0 */
export function takeBare(order: u32): i32 {
  enter();
  const page = changetype<Bare>(0).take(order);
  leave();
  return page;
}

/** By one call. @returns whether it was taken */
export function giveBare(page: u32, order: u32): bool {
  enter();
  const isGiven = changetype<Bare>(0).give(page, order);
  leave();
  return isGiven;
}
