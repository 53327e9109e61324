/**
 * Recovery of pages: what dead threads had begun to allocate, free, or move in and out of stocks.
 *
 * The evidence is the page word and the bit. In a halted world nobody who lives is between them,
 * and repairFrames has emptied all stocks, so a bit without a word is lost property:
 *
 *   first word       the others        what happened               what is done
 *   Freeing          Misc, or 0        a free was under way        words 0; then as in the last row
 *   Freeing, intent  Misc, or done     a free of a part            the words of the rest are
 *                    finished
 *   0                Misc              an alloc was under way      words 0; then as in the last row
 *   Misc, of a       Misc              a thread's page or scratch  likewise
 *   thread, unnamed                    that its slot names not yet,
 *                                      or not any more
 *   0                0                 taken and not described, a  bits cleared
 *                                      page freed and not in stock
 *                                      yet, or given back in part
 *
 * Then every counter is counted again from the bits. Idempotent: each row leads to a later one.
 * Cost: two looks at the word of every block without a descriptor, and of every other page in use.
 */
import { Pfn, pageAddress, Slot, superblock } from '../base/layout';
import { forgetPage, nextTaken } from '../frames/bitfield';
import { clearIntent, framesOwn } from '../frames/local';
import { recount } from '../frames/recover';
import { assertHalted } from '../thread/context';
import { highestSlot, slotOf, ThreadSlot } from '../thread/slot';
import {
  fillPageWords,
  freeingOrder,
  peekPageWord,
  wordOrder,
  wordSlot,
  wordSubtype,
  wordType,
} from './page-word';
import { clearRest, describeRest } from './pages';
import { checkNames, hasScratch } from './thread-pages';
import { MISC_SCRATCH, MISC_THREAD, TYPE_FREE, TYPE_FREEING, TYPE_MISC } from './type';

/** After repairFrames for the same slot. */
export function repairPages(slot: Slot): void {
  assertHalted();
  // Damaged, they would have a page freed that somebody works in.
  for (let one: u32 = 1, last = highestSlot(); one <= last; one++) checkNames(slotOf(one));
  const end = superblock().pageCount;
  let pfn = nextTaken(superblock().firstPfn);
  while (pfn < end) {
    const word = peekPageWord(pfn);
    if (wordType(word) == TYPE_FREEING) finishFree(pfn, word);
    else if (isUnnamed(pfn, word)) fillPageWords(pfn, 1, TYPE_FREE);
    pfn = nextTaken(pfn + pagesOf(pfn, word));
  }
  pfn = nextTaken(superblock().firstPfn);
  while (pfn < end) {
    const word = peekPageWord(pfn);
    // A page of Misc that does not begin a block: the first word of its block was never stored.
    if (word == TYPE_FREE || (wordType(word) == TYPE_MISC && !isFirst(pfn, word))) {
      fillPageWords(pfn, 1, TYPE_FREE);
      forgetPage(pfn);
    }
    pfn = nextTaken(pfn + pagesOf(pfn, word));
  }
  clearIntent(slot);
  recount();
}

/** Whether a Misc word is on the first page of the block that it speaks of. */
function isFirst(pfn: Pfn, word: u32): bool {
  return (pfn & ((1 << wordOrder(word)) - 1)) == 0;
}

/** Pages that a word on the first page of a block describes: a first word is stored last. */
function pagesOf(pfn: Pfn, word: u32): u32 {
  return wordType(word) == TYPE_MISC && isFirst(pfn, word) ? 1 << wordOrder(word) : 1;
}

/**
 * Whoever had stored this word is dead, this slot or another: the living finish what they begin.
 */
function finishFree(pfn: Pfn, word: u32): void {
  const order = freeingOrder(word);
  const intent = framesOwn(wordSlot(word));
  const isPart = intent.intentPfn - pfn < (<u32>1) << order && intent.intentOrder < order;
  if (isPart && intent.intentPfn != 0) {
    describeRest(intent.intentPfn, intent.intentOrder, order, intent.intentSubtype);
    return;
  }
  clearRest(pfn, order);
  fillPageWords(pfn, 1, TYPE_FREE);
}

/** A page of a thread's own that no slot names. Its block becomes an incomplete one. */
function isUnnamed(pfn: Pfn, word: u32): bool {
  const subtype = wordSubtype(word);
  if (wordType(word) != TYPE_MISC || (subtype != MISC_THREAD && subtype != MISC_SCRATCH))
    return false;
  if (!isFirst(pfn, word)) return false;
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) {
    if (isNamedBy(slotOf(slot), pageAddress(pfn))) return false;
  }
  return true;
}

function isNamedBy(slot: ThreadSlot, address: u32): bool {
  return slot.page == address || slot.zsThread == address || hasScratch(slot, address);
}
