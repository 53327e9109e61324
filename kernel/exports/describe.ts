/**
 * Whose is this page? From a bare page number, with no context at all: the word answers.
 *
 * `describePage` takes no reference. It copies what it sees into this thread's mailbox, looks again
 * whether that still is what is there, and tries five times (as Linux' snapshot_page does); a
 * picture that kept moving is delivered, marked as unfaithful.
 *
 * mailbox: word · flags · refs · first page · group (cache or size class) · faithful · owner words
 *
 * Everything is loaded atomically, in a section, so whatever the descriptor is by now its memory is
 * a descriptor's. Cost: some ten loads.
 */
import { ERR_FOREIGN_PAGE } from '../base/fault';
import { Desc, Pfn, superblock } from '../base/layout';
import { mailbox } from '../base/mailbox';
import { loadWord, pokeWord } from '../base/words';
import { isFolioType, OWNER_WORDS } from '../folio/folio';
import { ListedDesc } from '../memdesc/desc-list';
import { flagsAt, pfnAt, refsAt } from '../memdesc/header';
import { pageWord, wordDescriptor, wordType } from '../memdesc/page-word';
import { TYPE_SLAB, TYPE_ZSPAGE } from '../memdesc/type';
import { OP_FOLIO } from '../thread/operations';
import { enterReading, leaveKernel as leave } from '../thread/stop';
import { zspageClass } from '../zsmalloc/zspage';

export const DESCRIBED_WORD: u32 = 0;
export const DESCRIBED_FLAGS: u32 = 1;
export const DESCRIBED_REFS: u32 = 2;
export const DESCRIBED_FIRST: u32 = 3;
export const DESCRIBED_GROUP: u32 = 4;
export const DESCRIBED_FAITHFUL: u32 = 5;
export const DESCRIBED_OWNER: u32 = 6;
/** Owner words that are shown: those of the smallest descriptor. */
export const SHOWN_WORDS: u32 = 3;
const TRIES: u32 = 5;

function tell(field: u32, value: u32): void {
  pokeWord(mailbox() + field * 4, value);
}

/** Describes a page in the mailbox. @returns 0, or ERR_FOREIGN_PAGE */
export function describePage(pfn: Pfn): i32 {
  if (pfn >= superblock().pageCount) return ERR_FOREIGN_PAGE;
  enterReading(OP_FOLIO);
  let isFaithful: bool = false;
  for (let round: u32 = 0; round < TRIES && !isFaithful; round++) isFaithful = snapshot(pfn);
  tell(DESCRIBED_FAITHFUL, u32(isFaithful));
  leave();
  return 0;
}

/** The cache of a slab, the size class of a zspage. */
function groupOf(type: u32, desc: Desc): u32 {
  switch (type) {
    case TYPE_SLAB:
      return loadWord(desc + offsetof<ListedDesc>('cache'));
    case TYPE_ZSPAGE:
      return zspageClass(desc);
    default:
      return 0;
  }
}

function snapshot(pfn: Pfn): bool {
  const word = pageWord(pfn);
  const desc = wordDescriptor(word);
  tell(DESCRIBED_WORD, word);
  if (desc == 0) return true;
  const flags = loadWord(flagsAt(desc));
  const refs = loadWord(refsAt(desc));
  tell(DESCRIBED_FLAGS, flags);
  tell(DESCRIBED_REFS, refs);
  const first = loadWord(pfnAt(desc));
  tell(DESCRIBED_FIRST, first);
  const isFolio = isFolioType(wordType(word));
  tell(DESCRIBED_GROUP, groupOf(wordType(word), desc));
  for (let i: u32 = 0; i < SHOWN_WORDS; i++) {
    tell(DESCRIBED_OWNER + i, isFolio ? loadWord(desc + OWNER_WORDS + i * 4) : 0);
  }
  // A folio that is freed and reborn in the same place has the same word, refs and flags; in
  // between it was unpublished, and had no pages.
  if (isFolio && first == 0) return false;
  return isStill(pfn, word, desc, refs, flags);
}

/**
 * Whether a page's word and what it names are as they were: then what was read between is one
 * picture.
 */
export function isStill(pfn: Pfn, word: u32, desc: Desc, refs: u32, flags: u32): bool {
  return (
    pageWord(pfn) == word && loadWord(refsAt(desc)) == refs && loadWord(flagsAt(desc)) == flags
  );
}
