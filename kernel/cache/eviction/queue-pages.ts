/**
 * Pages of queues and ghosts on their way in and out, and what else a thread has in hand, for who
 * survives it.
 *
 *   thread table  one page, 16 bytes a slot
 *     evicting      hash of the record that was popped and is not judged yet, 0 = none
 *     evictingMain  1 if it came from the main queue
 *     page          a page on its way into a queue or out of it, 0 = none
 *     sweeping      a page of a queue without its least expiry (expiry-sweep.ts), 0 = none
 *
 * **A page under way is never lost.** It is allocated and freed as a thread's page, which a
 * survivor takes back where no slot names it (memdesc/recover.ts); it is a queue's from the store
 * of its word on, and that store happens while `page` names it:
 *   take   alloc as MISC_THREAD · page := it · word MISC_QUEUE · linked · page := 0
 *   drop   page := it · unlinked · word MISC_THREAD · page := 0 · free
 * So who dies leaves a MISC_QUEUE page that is linked, or that `page` names, or both.
 */
import { selfSlot } from '../../base/env';
import { PAGE_BYTES, pageAddress, pfnOfAddress, Slot } from '../../base/layout';
import { CLASS_UNMOVABLE, URGENT } from '../../frames/class';
import { miscWord, pokePageWord } from '../../memdesc/page-word';
import { allocPages, freePages } from '../../memdesc/pages';
import { MISC_QUEUE, MISC_THREAD } from '../../memdesc/type';
import { queueState } from './shard';

@unmanaged
export class InHand {
  evicting: u32;
  evictingMain: u32;
  page: u32;
  sweeping: u32;
}

export function inHandOf(slot: Slot): InHand {
  return changetype<InHand>(queueState().threads + slot * offsetof<InHand>());
}

/**
 * A page of zeros, which this thread's record names until `settlePage`. The shard's lock is held.
 *
 * @returns its address, or 0
 */
export function takePage(): u32 {
  const pfn = allocPages(0, MISC_THREAD, CLASS_UNMOVABLE | URGENT);
  if (pfn < 0) return 0;
  const page = pageAddress(u32(pfn));
  memory.fill(page, 0, PAGE_BYTES);
  inHandOf(selfSlot()).page = page;
  pokePageWord(pfn, miscWord(0, MISC_QUEUE));
  return page;
}

/** The page that was taken is linked. */
export function settlePage(): void {
  inHandOf(selfSlot()).page = 0;
}

/** To be said of a page before it is unlinked; `dropPage` follows. */
export function holdPage(page: u32): void {
  inHandOf(selfSlot()).page = page;
}

/** Frees the page that this thread holds and has unlinked. */
export function dropPage(): void {
  const hand = inHandOf(selfSlot());
  const pfn = pfnOfAddress(hand.page);
  pokePageWord(pfn, miscWord(0, MISC_THREAD));
  hand.page = 0;
  freePages(pfn, 0, MISC_THREAD);
}
