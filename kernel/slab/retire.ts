/**
 * The end of a slab: it waits for a grace period, then its page goes back to frames.
 *
 * Two lists, as in limbo: *retired* since the other was closed, and *waiting* since a grace period
 * began. They are slab's own, not limbo's, because a survivor must be able to make them again: all
 * the time a slab's page word names it, and its cache word says RETIRED, so that the page map leads
 * to every slab there is.
 *
 *   retire    empty, off its cache's list, RETIRED                            slab lock
 *   wait      somebody may still look at an object through a stale pointer, in a section
 *   claim     refs OWNED → UNPUBLISHED|slot; not if an observer has pinned it: then it waits longer
 *   destroy   page word 0 → page to frames → descriptor to its cache. Nobody rests
 *             before the word is 0, so in a halted world a slab that is named and not published is
 *             a dead thread's: recovery publishes it again
 */
import { Desc } from '../base/layout';
import { casWord, peekWord } from '../base/words';
import { giveBlock } from '../frames/frames';
import { linkAt, OWNED, refsAt, unpublishedHere } from '../memdesc/header';
import { storePageWord } from '../memdesc/page-word';
import { TYPE_FREE } from '../memdesc/type';
import { assertNoLock, assertOutside } from '../thread/context';
import { beginGracePeriod, isQuiescent } from '../thread/rcu';
import { CACHE_SLAB, slabState } from './cache';
import { freeObject } from './kmem-cache';
import { lockSlab, nameLast, unlockSlab } from './sheaf';
import { slabOf } from './slab';
import { countWaiting, enlistRetired, waitingSlabs } from './slabs';

/**
 * Gives back the slabs whose grace period is over. @returns how many
 */
export function reclaimSlabs(): u32 {
  assertNoLock();
  assertOutside();
  let freed: u32 = 0;
  if (waitingSlabs() == 0) return 0;
  while (reclaimSlab()) freed++;
  return freed;
}

function reclaimSlab(): bool {
  lockSlab();
  const desc = takeDone();
  startWaiting();
  unlockSlab();
  if (desc == 0) return false;
  destroySlab(desc);
  return true;
}

/**
 * Takes a slab whose grace period is over off its list, as this thread's own; 0 if there is none.
 */
function takeDone(): u32 {
  const state = slabState();
  if (state.waiting == 0 || !isQuiescent(state.closedAt)) return 0;
  while (state.waiting != 0) {
    const desc = state.waiting;
    state.waiting = peekWord(linkAt(desc));
    countWaiting(-1);
    nameLast(desc);
    if (casWord(refsAt(desc), OWNED, unpublishedHere()) == OWNED) return desc;
    enlistRetired(desc);
  }
  return 0;
}

/** Lets the retired slabs begin to wait when the others are gone. */
function startWaiting(): void {
  const state = slabState();
  if (state.waiting != 0 || state.retired == 0) return;
  state.waiting = state.retired;
  state.retired = 0;
  state.closedAt = beginGracePeriod();
}

function destroySlab(desc: Desc): void {
  const pfn = slabOf(desc).pfn;
  storePageWord(pfn, TYPE_FREE);
  giveBlock(pfn, 0);
  freeObject(CACHE_SLAB, desc);
}
