/**
 * Withdrawing a page: what a kernel calls memory failure. The page is asked by its type.
 *
 *   free                 taken out: its word is Poisoned, its bit stays set, nobody gets it again
 *   in somebody's stock  all stocks are emptied first
 *   movable, not pinned  ERR_MOVABLE: the caller begins its withdrawal (compaction.ts), which moves
 *                        the block away and keeps the page
 *   anything else        refused: somebody uses it, and says so in the word
 *
 * word of a withdrawn page: 0 → Poisoned (store, by who took it from frames), or Isolated →
 * Poisoned (by who moved it out) → 0 (compare-and-swap, by who gives it back: of two one does). A
 * thread that dies between taking and storing has taken a page that no word names, which recovery
 * gives back: the page is not withdrawn.
 */
import {
  ERR_BUSY,
  ERR_FOREIGN_PAGE,
  ERR_MOVABLE,
  ERR_NOT_ALLOCATED,
  ERR_NOT_YOURS,
  ERR_PINNED,
} from '../base/fault';
import { Pfn, superblock } from '../base/layout';
import { loadWord } from '../base/words';
import { CLASS_UNMOVABLE } from '../frames/class';
import { drainAll } from '../frames/drain';
import { giveBlock, takeBlockAt } from '../frames/frames';
import { FLAG_MOVABLE, flagsAt, PIN_MASK, refsAt } from '../memdesc/header';
import {
  casPageWord,
  pageWord,
  storePageWord,
  wordDescriptor,
  wordType,
} from '../memdesc/page-word';
import { TYPE_FREE, TYPE_FREEING, TYPE_ISOLATED, TYPE_POISONED } from '../memdesc/type';
import { OP_PAGES } from '../thread/operations';
import { enterKernel as enter, enterReading, leaveKernel as leave } from '../thread/stop';

/**
 * Takes a page out of use for ever.
 *
 * @returns 0, or why not: ERR_MOVABLE (to be moved first), ERR_PINNED, ERR_NOT_YOURS (in use, and
 * cannot be moved), ERR_BUSY (on its way), ERR_NOT_ALLOCATED (withdrawn before)
 */
export function poisonPage(pfn: Pfn): i32 {
  if (pfn >= superblock().pageCount) return ERR_FOREIGN_PAGE;
  enterReading(OP_PAGES);
  const answer = withdraw(pfn);
  leave();
  return answer;
}

function withdraw(pfn: Pfn): i32 {
  const word = pageWord(pfn);
  if (word != TYPE_FREE) return whyNot(word);
  if (take(pfn)) return 0;
  drainAll();
  if (take(pfn)) return 0;
  return pageWord(pfn) == TYPE_FREE ? ERR_BUSY : whyNot(pageWord(pfn));
}

function take(pfn: Pfn): bool {
  if (!takeBlockAt(pfn, 0, CLASS_UNMOVABLE)) return false;
  storePageWord(pfn, TYPE_POISONED);
  return true;
}

function whyNot(word: u32): i32 {
  const type = wordType(word);
  if (type == TYPE_POISONED) return ERR_NOT_ALLOCATED;
  if (type == TYPE_FREE || type == TYPE_FREEING || type == TYPE_ISOLATED) return ERR_BUSY;
  const desc = wordDescriptor(word);
  if (desc == 0 || (loadWord(flagsAt(desc)) & FLAG_MOVABLE) == 0) return ERR_NOT_YOURS;
  return (loadWord(refsAt(desc)) & PIN_MASK) != 0 ? ERR_PINNED : ERR_MOVABLE;
}

/** Brings a withdrawn page back into use. @returns 0, or ERR_NOT_ALLOCATED if it is none */
export function unpoisonPage(pfn: Pfn): i32 {
  if (pfn >= superblock().pageCount) return ERR_FOREIGN_PAGE;
  enter(OP_PAGES);
  const isOurs = casPageWord(pfn, TYPE_POISONED, TYPE_FREE);
  if (isOurs) giveBlock(pfn, 0);
  leave();
  return isOurs ? 0 : ERR_NOT_ALLOCATED;
}
