/**
 * Bits of a child: 512 pages in eight 64-bit words; 1 = allocated.
 *
 * Orders 0–6 lie inside one word, 7 and 8 are two and four aligned words, 9 is the whole child.
 * Everything here is arithmetic on words that the frames lock protects.
 */
import { CHILD_BITS_BYTES, superblock } from '../base/layout';
import { peekCell, pokeCell } from '../base/words';

const WORDS: u32 = 8;

function wordAt(child: u32, word: u32): usize {
  return superblock().frameBits + child * CHILD_BITS_BYTES + word * 8;
}

/** Ones at the multiples of 2^order, order 0–6: where an aligned block may begin. */
function alignedStarts(order: u32): u64 {
  return order == 6 ? 1 : u64.MAX_VALUE / (((<u64>1) << ((<u64>1) << order)) - 1);
}

function blockMask(order: u32): u64 {
  return order == 6 ? u64.MAX_VALUE : ((<u64>1) << ((<u64>1) << order)) - 1;
}

/** First page of the lowest free block of `order` 0–9 in the child, or −1. */
export function findFree(child: u32, order: u32): i32 {
  if (order > 6) return findFreeWords(child, 1 << (order - 6));
  const starts = alignedStarts(order);
  for (let word: u32 = 0; word < WORDS; word++) {
    let free = ~peekCell(wordAt(child, word));
    // After step i a bit means that 2^(i+1) free pages begin there.
    for (let i: u32 = 0; i < order; i++) free &= free >> (1 << i);
    free &= starts;
    if (free != 0) return i32(word * 64) + i32(ctz(free));
  }
  return -1;
}

function findFreeWords(child: u32, words: u32): i32 {
  for (let first: u32 = 0; first < WORDS; first += words) {
    let used: u64 = 0;
    for (let i: u32 = 0; i < words; i++) used |= peekCell(wordAt(child, first + i));
    if (used == 0) return i32(first * 64);
  }
  return -1;
}

/** Sets the bits of a block of `order` 0–9. */
export function setBlock(child: u32, page: u32, order: u32): void {
  const at = wordAt(child, page >> 6);
  if (order <= 6) pokeCell(at, peekCell(at) | (blockMask(order) << u64(page & 63)));
  else memory.fill(at, 0xff, 8 << (order - 6));
}

/** Clears the bits of a block of `order` 0–9. */
export function clearBlock(child: u32, page: u32, order: u32): void {
  const at = wordAt(child, page >> 6);
  if (order <= 6) pokeCell(at, peekCell(at) & ~(blockMask(order) << u64(page & 63)));
  else memory.fill(at, 0, 8 << (order - 6));
}

/** True when every page of the block of `order` 0–9 is allocated. */
export function isBlockSet(child: u32, page: u32, order: u32): bool {
  const mask = order <= 6 ? blockMask(order) << u64(page & 63) : u64.MAX_VALUE;
  const words: u32 = order <= 6 ? 1 : 1 << (order - 6);
  for (let i: u32 = 0; i < words; i++) {
    if ((peekCell(wordAt(child, (page >> 6) + i)) & mask) != mask) return false;
  }
  return true;
}

/** Pages of the child whose bit is clear. */
export function countFree(child: u32): u32 {
  let used: u64 = 0;
  for (let word: u32 = 0; word < WORDS; word++) used += popcnt(peekCell(wordAt(child, word)));
  return 512 - u32(used);
}
