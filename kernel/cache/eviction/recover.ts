/**
 * The queues after a death: a shard whose lock the dead thread had is counted anew, a page that it
 * had under way is linked or freed, and what it had popped, or published and not pushed, is pushed
 * again.
 *
 * A page in hand (queue-pages.ts) is linked: it was taken, and only not settled; or it is not:
 *   its word is MISC_QUEUE    nobody else knows of it: it is dropped
 *   any other                 it was a thread's page, which repairPages has taken back
 * Who reaps may die as well. Then two records name one page, and the older one's is forgotten.
 */
import { selfSlot } from '../../base/env';
import { pfnOfAddress, Slot } from '../../base/layout';
import { peekPageWord, wordSubtype, wordType } from '../../memdesc/page-word';
import { MISC_QUEUE, TYPE_MISC } from '../../memdesc/type';
import { journalOf } from '../../store/journal';
import { assertHalted } from '../../thread/context';
import { breakLock, isLockOf } from '../../thread/lock';
import { highestSlot } from '../../thread/slot';
import { pushAgain } from './eviction';
import { Fifo, hasPage, lowerDue, rebuild } from './fifo';
import { hasGhostPage } from './ghosts';
import { dropPage, holdPage, InHand, inHandOf } from './queue-pages';
import { ghostsAt, queueAt, queueState, shardAt, shardCount } from './shard';

/** Repairs what a dead thread left half-done. */
export function repairQueues(slot: Slot): void {
  assertHalted();
  if (queueState().shards == 0) return;
  const hand = inHandOf(slot);
  if (hand.page != 0 && !isLoose(slot, hand.page)) hand.page = 0;
  repairSweep(hand);
  for (let i: u32 = 0; i < shardCount(); i++) {
    if (!isLockOf(shardAt(i), slot)) continue;
    rebuild(queueAt(shardAt(i), false));
    rebuild(queueAt(shardAt(i), true));
    breakLock(shardAt(i), slot);
  }
}

/** A page that was being swept says no more when there is something to sweep: at once. */
function repairSweep(hand: InHand): void {
  if (hand.sweeping == 0) return;
  for (let i: u32 = 0; i < 2 * shardCount(); i++) {
    const queue = queueAt(shardAt(i >> 1), (i & 1) != 0);
    if (!hasPage(queue, hand.sweeping)) continue;
    lowerDue(changetype<Fifo>(queue), hand.sweeping, 0, 0);
  }
  hand.sweeping = 0;
}

/** Whether a page in hand is a queue's by its word, in no list, and in no other hand. */
function isLoose(slot: Slot, page: u32): bool {
  const word = peekPageWord(pfnOfAddress(page));
  if (wordType(word) != TYPE_MISC || wordSubtype(word) != MISC_QUEUE) return false;
  for (let i: u32 = 0; i < shardCount(); i++) {
    const shard = shardAt(i);
    if (hasPage(queueAt(shard, false), page) || hasPage(queueAt(shard, true), page)) return false;
    if (hasGhostPage(ghostsAt(shard), page)) return false;
  }
  for (let other: u32 = 1, end = highestSlot(); other <= end; other++) {
    if (other != slot && inHandOf(other).page == page) return false;
  }
  return true;
}

/** Gives back what a dead thread had in hand. In the running world. */
export function reapQueues(slot: Slot): void {
  if (queueState().shards == 0) return;
  const hand = inHandOf(slot);
  if (hand.page != 0) {
    if (slot != selfSlot()) {
      holdPage(hand.page);
      hand.page = 0;
    }
    dropPage();
  }
  const journal = journalOf(slot);
  if (journal.queueing != 0) pushAgain(journal.queueing, journal.queueingMain != 0);
  journal.queueing = 0;
  if (hand.evicting != 0) {
    pushAgain(hand.evicting, hand.evictingMain != 0);
    hand.evicting = 0;
  }
}
