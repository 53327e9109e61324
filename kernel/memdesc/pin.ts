/**
 * Pin: from a bare page number to a descriptor that stays.
 *
 *   load the word → look at the type → tryGet → **load the word again**
 *
 * Between the first load and `tryGet` the page may have been freed and reused, the descriptor may
 * have been freed and reused, or both. The recheck closes all three: while a reference is held the
 * descriptor cannot be freed, so if the word still names it the page belonged to it when we looked
 * (and a folio keeps its pages as long as it lives). If not, the reference was taken on a stranger:
 * put it back (which may make us the one who frees it) and begin again.
 *
 * Context: inside a read section, which keeps the descriptor's memory type-stable. No lock.
 * Cost: two loads, one compare-and-swap. Progress: a retry means that the page changed hands.
 */
import { GET_BUSY, GET_DONE, put, tryGet } from './header';
import { pageWord, wordDescriptor } from './page-word';

/** Low bits of the answer; the rest is the descriptor. */
export const PIN_HELD: u32 = 0;
/** The page has no descriptor (any more). */
export const PIN_GONE: u32 = 1;
/** The descriptor is frozen or being born. */
export const PIN_BUSY: u32 = 2;
/** Our put of a stranger was its last: the caller frees that descriptor and pins again. */
export const PIN_LAST: u32 = 3;
export const PIN_STATUS: u32 = 3;

/** @returns descriptor | PIN_HELD, or PIN_GONE, PIN_BUSY, or stranger | PIN_LAST */
export function pin(pfn: u32): u32 {
  while (true) {
    const word = pageWord(pfn);
    const desc = wordDescriptor(word);
    if (desc == 0) return PIN_GONE;
    const got = tryGet(desc);
    if (got == GET_DONE) {
      if (pageWord(pfn) == word) return desc | PIN_HELD;
      if (put(desc)) return desc | PIN_LAST;
    } else if (pageWord(pfn) == word) {
      return got == GET_BUSY ? PIN_BUSY : PIN_GONE;
    }
  }
}
