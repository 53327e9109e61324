/**
 * A page is reported broken by its number alone, and what it belongs to is to be marked. Three
 * ways, of which Linux 7.3's memory_failure has all, for different types:
 *
 *   by reference  a reference is taken, the word looked at again, then the mark: nothing can be
 *                 freed between look and mark
 *   by a look     the mark goes to what the look found
 *   by two looks  and a look again before the mark, where a type takes no references (frozen pages,
 *                 slabs): what is freed between the second look and the mark is somebody else's
 *
 * Blocks have an identity in their first owner word; whoever marks says whom he meant.
 */
import { Desc, Pfn } from '../base/layout';
import { loadWord, orWord, storeWord } from '../base/words';
import { folioOf, freeUnpinned, OWNER_WORDS } from '../folio/folio';
import { disown, flagsAt } from '../memdesc/header';
import { pageWord, wordDescriptor } from '../memdesc/page-word';
import { PIN_HELD, PIN_STATUS, pin, pinDescriptor } from '../memdesc/pin';
import { dropPin } from '../zone/release';
import { begin, end } from './call';
import * as scheme from './descriptors';

export const MARK_BY_REFERENCE: u32 = 0;
export const MARK_BY_LOOK: u32 = 1;
export const MARK_BY_TWO_LOOKS: u32 = 2;

/** A flag that no type uses. */
const BROKEN: u32 = 1 << 30;

/** Makes a folio of one page. @returns its descriptor, or 0 */
export function makeNamed(identity: u32): u32 {
  begin();
  const desc = scheme.alloc(0);
  if (desc != 0) storeWord(desc + OWNER_WORDS, identity);
  end();
  return desc;
}

/** Its owner lets it go; who has a reference keeps it until he is done. */
export function freeNamed(desc: Desc): void {
  begin();
  if (freeUnpinned(desc, folioOf(desc).generation) != 0) {
    pinDescriptor(desc);
    disown(desc);
    dropPin(desc);
  }
  end();
}

/** @returns the identity of what the caller has marked, as far as he knows; 0: nothing */
export function markBroken(way: u32, pfn: Pfn): u32 {
  begin();
  let identity: u32;
  if (way == MARK_BY_REFERENCE) identity = markHeld(pfn);
  else identity = markSeen(pfn, way == MARK_BY_TWO_LOOKS);
  end();
  return identity;
}

function markHeld(pfn: Pfn): u32 {
  const answer = pin(pfn);
  if ((answer & PIN_STATUS) != PIN_HELD) return 0;
  const identity = loadWord(answer + OWNER_WORDS);
  orWord(flagsAt(answer), BROKEN);
  dropPin(answer);
  return identity;
}

function markSeen(pfn: Pfn, looksAgain: bool): u32 {
  const word = pageWord(pfn);
  const desc = wordDescriptor(word);
  if (desc == 0) return 0;
  const identity = loadWord(desc + OWNER_WORDS);
  if (looksAgain && pageWord(pfn) != word) return 0;
  orWord(flagsAt(desc), BROKEN);
  return identity;
}

/** @returns the identity of a block that carries the mark, else 0 */
export function brokenIdentity(desc: Desc): u32 {
  begin();
  const isBroken = (loadWord(flagsAt(desc)) & BROKEN) != 0;
  const identity = isBroken ? loadWord(desc + OWNER_WORDS) : 0;
  end();
  return identity;
}
