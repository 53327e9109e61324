/**
 * The page word: all that a page has of its own.
 *
 * word: bits 0–4 type · bits 5–31 descriptor address >> 5, or what the inline type says. Since
 * descriptors are 32-byte aligned *the word is the pointer with the type in its low bits*. Every
 * page of a block holds the same word: there is no head and no tail.
 *
 *   0                        free, or inside somebody's operation
 *   Misc(order, subtype)     allocated without a descriptor
 *   Freeing(slot, order)     a block of Misc pages that the slot is freeing
 *   Isolated                 in the hands of who compacts (compact/isolate.ts)
 *   descriptor | type        slab, folio, zspage, …
 *
 * Two words (build flag PAGELESS_TWO_WORD) are the other scheme that was proposed: the
 * *allocator's* (free or not, order, slab) and the *allocatee's* (its descriptor), each an array of
 * its own. This file is the only one that knows the difference; the same tests run on both builds.
 *   allocator word   what has no descriptor, or a slab · Allocated(order) where the other word
 *                    counts
 *   allocatee word   descriptor | type of all but slabs, else 0
 *
 * Writers: the owner of the block. Words are plain stores before the refs store that publishes the
 * descriptor (sixteen plain stores cost 7 ns, sixteen atomic ones 68); a `tryGet` that succeeds
 * reads from a store that follows them, so the recheck in pin.ts cannot see older ones. Readers
 * load atomically, and a look without a reference is a hint.
 */
import { Desc, Order, PAGE_MAP, Pfn, Slot, superblock } from '../base/layout';
import { casWord, loadWord, peekWord, pokeWord, pokeWords, storeWord } from '../base/words';
import { assertHalted } from '../thread/context';
import {
  isDescriptorType,
  TYPE_ALLOCATED,
  TYPE_FREEING,
  TYPE_ISOLATED,
  TYPE_MASK,
  TYPE_MISC,
  TYPE_SLAB,
} from './type';

/** The page's word; in the two-word layout the allocator's. */
export function pageWordAt(pfn: Pfn): usize {
  return PAGE_MAP + pfn * 4;
}

/** The allocatee's word, in the two-word layout. */
function allocateeAt(pfn: Pfn): usize {
  return PAGE_MAP + (superblock().pageCount + pfn) * 4;
}

export function pageWord(pfn: Pfn): u32 {
  if (isDefined(PAGELESS_TWO_WORD)) {
    const allocatee = loadWord(allocateeAt(pfn));
    if (allocatee != 0) return allocatee;
    const allocator = loadWord(pageWordAt(pfn));
    // Allocated, and the allocatee's word not written yet, or gone already.
    return wordType(allocator) == TYPE_ALLOCATED ? 0 : allocator;
  }
  return loadWord(pageWordAt(pfn));
}

/** The same while the world is halted: nobody else stores it. */
export function peekPageWord(pfn: Pfn): u32 {
  assertHalted();
  if (isDefined(PAGELESS_TWO_WORD)) return pageWord(pfn);
  return peekWord(pageWordAt(pfn));
}

/** Whether the allocatee's word holds it, in the two-word layout. */
function isAllocatees(word: u32): bool {
  return wordDescriptor(word) != 0 && wordType(word) != TYPE_SLAB;
}

export function wordType(word: u32): u32 {
  return word & TYPE_MASK;
}

/** The descriptor that a word names, or 0. */
export function wordDescriptor(word: u32): Desc {
  return isDescriptorType(wordType(word)) ? word & ~TYPE_MASK : 0;
}

/** Where a Misc word has its order:4 and its subtype:8. */
export const MISC_ORDER_SHIFT: u32 = 5;
export const MISC_SUBTYPE_SHIFT: u32 = 9;

export function miscWord(order: Order, subtype: u32): u32 {
  return (subtype << MISC_SUBTYPE_SHIFT) | (order << MISC_ORDER_SHIFT) | TYPE_MISC;
}

/** Order of a Misc word. */
export function wordOrder(word: u32): Order {
  return (word >> MISC_ORDER_SHIFT) & 15;
}

export function wordSubtype(word: u32): u32 {
  return (word >> MISC_SUBTYPE_SHIFT) & 255;
}

export function freeingWord(slot: Slot, order: Order): u32 {
  return (order << 13) | (slot << 5) | TYPE_FREEING;
}

/** Slot of a Freeing word. */
export function wordSlot(word: u32): Slot {
  return (word >> 5) & 255;
}

/** Order of a Freeing word. */
export function freeingOrder(word: u32): Order {
  return (word >> 13) & 15;
}

/**
 * A page in the hands of the thread that compacts: bit 9, so that no retired slab looks like it.
 */
export const ISOLATED_WORD: u32 = (1 << 9) | TYPE_ISOLATED;

/** Plainly stores the word of one page that has no descriptor before and after. */
export function pokePageWord(pfn: Pfn, word: u32): void {
  if (isDefined(PAGELESS_TWO_WORD)) pokeWord(allocateeAt(pfn), 0);
  pokeWord(pageWordAt(pfn), word);
}

/** Plain stores, in ascending order: a later atomic store publishes them. */
export function fillPageWords(pfn: Pfn, pages: u32, word: u32): void {
  if (isDefined(PAGELESS_TWO_WORD)) {
    const allocator = isAllocatees(word) ? (u32(ctz(pages)) << 5) | TYPE_ALLOCATED : word;
    const allocatee = isAllocatees(word) ? word : 0;
    pokeWords(pageWordAt(pfn), pages, allocator);
    pokeWords(allocateeAt(pfn), pages, allocatee);
  } else {
    pokeWords(pageWordAt(pfn), pages, word);
  }
}

/**
 * Plain loads, of words that nobody changes: whether all have this value, which is an allocator's.
 */
export function arePageWords(pfn: Pfn, pages: u32, word: u32): bool {
  const end = pageWordAt(pfn + pages);
  for (let at = pageWordAt(pfn); at < end; at += 4) if (peekWord(at) != word) return false;
  return true;
}

/**
 * For a page that joins or leaves a descriptor which others can already find. Where all pages of a
 * descriptor go at once plain stores do: who reads an old word meets refs that are 0, or those of
 * a descriptor published later, whose publication follows the stores.
 */
export function storePageWord(pfn: Pfn, word: u32, order: Order = 0): void {
  if (isDefined(PAGELESS_TWO_WORD)) {
    if (isAllocatees(word)) {
      storeWord(pageWordAt(pfn), (order << 5) | TYPE_ALLOCATED);
      storeWord(allocateeAt(pfn), word);
    } else {
      storeWord(allocateeAt(pfn), 0);
      storeWord(pageWordAt(pfn), word);
    }
  } else {
    storeWord(pageWordAt(pfn), word);
  }
}

/** The same for each of some pages, of a block of `order`. */
export function storePageWords(pfn: Pfn, pages: u32, word: u32, order: Order = 0): void {
  for (let i: u32 = 0; i < pages; i++) storePageWord(pfn + i, word, order);
}

/** For words without a descriptor: those are the allocator's in both layouts. */
export function casPageWord(pfn: Pfn, expected: u32, desired: u32): bool {
  return casWord(pageWordAt(pfn), expected, desired) == expected;
}
