/**
 * What bare operations cost inside a module: the peers of suites that measure what is built of
 * them.
 *
 * In a memory of its own, with no kernel in it:
 *
 *   0          a word on each of 1,024 cache lines, where descriptors would be
 *   64 KiB     16,384 pages, 64 MiB, for each thread
 *
 * Which word or page is next is the same arithmetic for every subject (`nth`): an odd step through
 * a power of two visits everything once, in an order that no prefetcher guesses, at no cost. Loops
 * are short, so `start` says where the last call ended.
 */
import { addWord, peekWord, pokeWord } from '../../kernel/base/words';

const LINE_BYTES: u32 = 64;
const PAGES_AT: usize = 65536;
const PAGE_BYTES: u32 = 4096;
const THREAD_BYTES: u32 = 64 * 1024 * 1024;
const WORD_STEP: u32 = 389;
/** Neighbours in time are some 24 MiB away from each other. */
const PAGE_STEP: u32 = 6151;

/** As many as stay in the first cache. */
const FEW_PAGES: u32 = 4;

/** The `i`-th of `count` things, which is a power of two. */
function nth(i: u32, step: u32, count: u32): u32 {
  return (i * step) & (count - 1);
}

function wordAt(i: u32, words: u32): usize {
  return nth(i, WORD_STEP, words) * LINE_BYTES;
}

function pageAt(thread: u32, i: u32, pages: u32): usize {
  return PAGES_AT + thread * THREAD_BYTES + nth(i, PAGE_STEP, pages) * PAGE_BYTES;
}

/** Atomically adds 1 to a word and takes it away again, `pairs` times. */
export function addPairs(start: u32, words: u32, pairs: u32): void {
  for (let i: u32 = 0; i < pairs; i++) {
    const at = wordAt(start + i, words);
    addWord(at, 1);
    addWord(at, u32(-1));
  }
}

/** Loads a word, `loads` times. @returns their sum, so that no load is left out */
export function loadWords(start: u32, words: u32, loads: u32): u32 {
  let sum: u32 = 0;
  for (let i: u32 = 0; i < loads; i++) sum += peekWord(wordAt(start + i, words));
  return sum;
}

/** Writes `words` words in a row and clears them again, `pairs` times. */
export function writeWords(start: u32, words: u32, pairs: u32, thread: u32): void {
  for (let i: u32 = 0; i < pairs; i++) {
    const at = pageAt(thread, start + i, FEW_PAGES);
    for (let word: u32 = 0; word < words; word++) pokeWord(at + word * 4, i + 1);
    for (let word: u32 = 0; word < words; word++) pokeWord(at + word * 4, 0);
  }
}

/** Copies one of the thread's first `pages` to another, `copies` times. */
export function copyPages(start: u32, pages: u32, copies: u32, thread: u32): void {
  for (let i: u32 = 0; i < copies; i++) {
    const next = 2 * (start + i);
    memory.copy(pageAt(thread, next, pages), pageAt(thread, next + 1, pages), PAGE_BYTES);
  }
}
