/**
 * Reclaim: what happens to objects whose grace period is over.
 *
 * This floor knows all that waits in limbo, so here its kinds are told apart: rings, values and
 * pages of the index are the store's, zspages and slabs belong to the floors below. Values come
 * first because freeing them is what empties zspages, and freeing zspages is what empties slabs.
 *
 * Back-pressure: readers leave their sections within microseconds, unless one is off its CPU or
 * dead. Then limbo grows, and whoever adds to a full one waits some milliseconds for the grace
 * period, each time: writers go on, slowly, and what they replace does not become all of the zone.
 *
 * Context: no lock held; ends the caller's section. Never allocates.
 */
import { selfSlot } from '../base/env';
import { RING } from '../base/geometry';
import { Slot, superblock } from '../base/layout';
import { peekWord } from '../base/words';
import { linkAt, takeForFree } from '../memdesc/header';
import { drainSlab } from '../slab/drain';
import { reclaimSlabs } from '../slab/retire';
import { waitingSlabs } from '../slab/slabs';
import { releaseDoomed } from '../store/chain';
import {
  deferredCount,
  deferredIn,
  drainRing,
  hasRingRoom,
  isRingDone,
  openEntries,
  spillRing,
} from '../store/deferred';
import { freeIndexPage } from '../store/directory';
import { selfJournal, storeState } from '../store/journal';
import { linkOfLeaf } from '../store/resize';
import { assertInSection } from '../thread/context';
import { COUNT_LIMBO_WAITS, count } from '../thread/counters';
import {
  LIMBO_INDEX,
  LIMBO_KINDS,
  LIMBO_OBJECT,
  LIMBO_VALUE,
  LIMBO_ZSPAGE,
  limboCount,
  takeDone,
} from '../thread/limbo';
import { beginGracePeriod, enterSection, isQuiescent, leaveSection } from '../thread/rcu';
import { highestSlot, selfState } from '../thread/slot';
import { sleepAtSafepoint } from '../thread/stop';
import { destroyZspage } from '../zsmalloc/active';
import { zsRelease } from '../zsmalloc/alloc';
import { zsLinkAt } from '../zsmalloc/object';
import { selfThreadState } from '../zsmalloc/thread-state';

/** Objects in limbo that are worth a scan of the thread slots. */
const BATCH: u32 = RING / 2;
/** Pages of the index in limbo that are worth one. */
const MANY_LEAVES: u32 = 16;
/** Looks before sleeping: a section lasts microseconds. */
const SPINS: u32 = 200;
/**
 * Sleeps of 1 ms before a caller is told that a reader stalls: much longer than a slice of a CPU.
 */
export const STALL_MS: u32 = 1000;
/** Sleeps of whoever defers into a full limbo: with a stuck reader, 250 writes a second go on. */
const PATIENCE: u32 = 4;
/** Objects of a kind that limbo holds at least before it is full: four batches, 1 MiB at most. */
export const LIMBO_LEAST: u32 = 256;
/** A limbo of values of a page each would be a sixteenth of the zone when it is full. */
const LIMBO_SHIFT: u32 = 4;

/** What came of waiting for memory. */
export const NOTHING_FREED: u32 = 0;
export const FREED: u32 = 1;
export const STALLED: u32 = 2;

export function linkOf(kind: u32, object: u32): usize {
  assertInSection();
  switch (kind) {
    case LIMBO_VALUE:
    case LIMBO_OBJECT:
      return zsLinkAt(object);
    case LIMBO_INDEX:
      return linkOfLeaf(object);
    default:
      return linkAt(object);
  }
}

/** In a section: the page that an object's word is on may be moved. */
function nextInLimbo(kind: u32, object: u32): u32 {
  enterSection();
  const next = peekWord(linkOf(kind, object));
  leaveSection();
  return next;
}

/**
 * Frees the first of the objects that are done. It goes from `done` over to the journal or the
 * thread state, so that it stands in one of the two until it is freed; a page of the index is found
 * by what names it.
 */
function releaseFirst(kind: u32): void {
  const self = selfState();
  const object = self.done;
  const next = nextInLimbo(kind, object);
  switch (kind) {
    case LIMBO_VALUE:
      selfJournal().doomed = object;
      self.done = next;
      releaseDoomed(selfJournal());
      break;
    case LIMBO_INDEX:
      selfJournal().reshaping = 1;
      self.done = next;
      freeIndexPage(object);
      selfJournal().reshaping = 0;
      break;
    case LIMBO_OBJECT:
      selfThreadState().ownCell = object;
      self.done = next;
      zsRelease(object);
      break;
    case LIMBO_ZSPAGE:
      selfThreadState().retired = object;
      takeForFree(object, selfSlot());
      self.done = next;
      destroyZspage(object);
      selfThreadState().retired = 0;
      break;
  }
}

function reclaimKind(kind: u32): u32 {
  if (limboCount(kind) == 0) return 0;
  let freed: u32 = 0;
  takeDone(kind);
  for (; selfState().done != 0; freed++) releaseFirst(kind);
  return freed;
}

/** Frees what is done in every thread's ring. */
function drainRings(): u32 {
  if (storeState().top == 0) return 0;
  let freed: u32 = 0;
  for (let slot: Slot = 1, end = highestSlot(); slot <= end; slot++) freed += drainRing(slot);
  return freed;
}

/** Frees what is done. Ends the section. @returns the number of objects */
export function reclaim(): u32 {
  leaveSection();
  return drainRings() + reclaimLimbo();
}

function reclaimLimbo(): u32 {
  return (
    reclaimKind(LIMBO_VALUE) +
    reclaimKind(LIMBO_OBJECT) +
    reclaimKind(LIMBO_INDEX) +
    reclaimKind(LIMBO_ZSPAGE) +
    reclaimSlabs()
  );
}

/** Called after each operation that may have deferred something. */
export function reclaimIfMany(): void {
  // Where keys are only added no value waits, but each split leaves a page.
  const isMany =
    openEntries() + limboCount(LIMBO_VALUE) >= BATCH || limboCount(LIMBO_INDEX) >= MANY_LEAVES;
  if (!isMany) return;
  leaveSection();
  // What the call before let wait is done now, as a rule: readers are out within microseconds. It
  // is kept for who writes as much, and for who is short of memory.
  if (drainRing(selfSlot()) + reclaimLimbo() == 0) slowDown(LIMBO_VALUE);
}

/** Makes room in this thread's ring for one more entry. Ends the section, unless there is room. */
export function makeRingRoom(): void {
  if (hasRingRoom()) return;
  leaveSection();
  for (let round = 0; round < 2; round++) drainRing(selfSlot());
  if (!hasRingRoom()) spillRing();
}

/** Whoever has deferred into a full limbo waits a bounded time. */
export function slowDown(kind: u32): void {
  const waiting = limboCount(kind) + (kind == LIMBO_VALUE ? deferredIn(selfSlot()) : 0);
  if (waiting < max(LIMBO_LEAST, superblock().pageCount >> LIMBO_SHIFT)) return;
  count(COUNT_LIMBO_WAITS, 1);
  awaitGrace(PATIENCE);
}

/**
 * Lets what this thread has evicted wait in its ring, and looks until no reader can have it, 200
 * times at most. What the next sets cannot use again is freed by who finds no memory.
 */
export function keepEvicted(): void {
  drainRing(selfSlot());
  for (let look: u32 = 0; look < SPINS && !isRingDone(); look++) {}
}

export function isLimboEmpty(): bool {
  for (let kind: u32 = 0; kind < LIMBO_KINDS; kind++) if (limboCount(kind) != 0) return false;
  return waitingSlabs() == 0 && deferredCount() == 0;
}

/**
 * Waits until something was freed, or until every reader who was in a section has left it: then who
 * needs memory looks again.
 *
 * @returns FREED, NOTHING_FREED, or STALLED when a reader stands in its section for STALL_MS
 */
export function awaitReclaim(): u32 {
  const epoch = beginGracePeriod();
  for (let look: u32 = 0; look < SPINS + STALL_MS; look++) {
    if (reclaim() != 0) return FREED;
    if (isLimboEmpty()) return drainSlab() ? FREED : NOTHING_FREED;
    // Twice: what was closed before our period began is done after the first.
    if (look != 0 && isQuiescent(epoch)) return NOTHING_FREED;
    if (look >= SPINS) sleepAtSafepoint();
  }
  return STALLED;
}

function awaitGrace(sleeps: u32): void {
  for (let look: u32 = 0; look < SPINS + sleeps && reclaim() == 0 && !isLimboEmpty(); look++) {
    if (look >= SPINS) sleepAtSafepoint();
  }
}
