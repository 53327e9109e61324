/**
 * The page word: all that a page has of its own.
 *
 * word: bits 0–4 type · bits 5–31 descriptor address >> 5, or what the inline type says. Since
 * descriptors are 32-byte aligned *the word is the pointer with the type in its low bits*. Every
 * page of a block holds the same word: there is no head and no tail.
 *
 *   0                        free, or inside somebody's operation
 *   Misc(order, subtype)     allocated without a descriptor
 *   Stocked(slot)            being freed by that slot
 *   Limbo(order)             waiting for a grace period
 *   descriptor | type        slab, folio, zspage, …
 *
 * Writers: the owner of the block. Words are plain stores before the refs store that publishes the
 * descriptor (sixteen plain stores cost 7 ns, sixteen atomic ones 68); a `tryGet` that succeeds
 * reads from a store that follows them, so the recheck in pin.ts cannot see older ones. Readers
 * load atomically, and a look without a reference is a hint.
 */
import { PAGE_MAP } from '../base/layout';
import { casWord, loadWord, pokeWord, storeWord } from '../base/words';
import { isDescriptorType, TYPE_LIMBO, TYPE_MASK, TYPE_MISC, TYPE_STOCKED } from './type';

export function pageWordAt(pfn: u32): usize {
  return PAGE_MAP + pfn * 4;
}

export function pageWord(pfn: u32): u32 {
  return loadWord(pageWordAt(pfn));
}

export function wordType(word: u32): u32 {
  return word & TYPE_MASK;
}

/** The descriptor that a word names, or 0. */
export function wordDescriptor(word: u32): u32 {
  return isDescriptorType(wordType(word)) ? word & ~TYPE_MASK : 0;
}

export function miscWord(order: u32, subtype: u32): u32 {
  return (subtype << 9) | (order << 5) | TYPE_MISC;
}

/** Order of a Misc or Limbo word. */
export function wordOrder(word: u32): u32 {
  return (word >> 5) & 15;
}

export function wordSubtype(word: u32): u32 {
  return (word >> 9) & 255;
}

export function stockedWord(slot: u32): u32 {
  return (slot << 5) | TYPE_STOCKED;
}

export function limboWord(order: u32): u32 {
  return (order << 5) | TYPE_LIMBO;
}

/** Plain stores: a later atomic store publishes them. */
export function fillPageWords(pfn: u32, pages: u32, word: u32): void {
  for (let i: u32 = 0; i < pages; i++) pokeWord(pageWordAt(pfn + i), word);
}

/**
 * For a page that joins or leaves a descriptor which others can already find. Where all pages of a
 * descriptor go at once plain stores do: who reads an old word meets refs that are 0, or those of
 * a descriptor published later, whose publication follows the stores.
 */
export function storePageWord(pfn: u32, word: u32): void {
  storeWord(pageWordAt(pfn), word);
}

export function casPageWord(pfn: u32, expected: u32, desired: u32): bool {
  return casWord(pageWordAt(pfn), expected, desired) == expected;
}
