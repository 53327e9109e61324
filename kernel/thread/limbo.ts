/**
 * Limbo: where unlinked objects wait for their grace period, at no cost in memory.
 *
 * Roles: the *deferrer* has unlinked an object and puts it in; a *reader* may still have found it
 * in time; the *taker*, whoever looks when the period is over, takes a list out whole and frees
 * it; a *survivor* repairs what one of them leaves that dies.
 *
 * One *bag* for each kind of object. Objects are linked through a word of their own that no reader
 * reads, so that freeing never allocates. A bag is two lists, both under the limbo lock:
 *   next      what was deferred since the other list was closed
 *   waiting   closed when a grace period began; done when that period is over
 * What is taken hangs from the taker's slot (`done`) until the last of it is freed.
 *
 * For example, with a deferrer D and a taker T:
 *   D  defers a, then b      next b→a
 *   R  in its section, finds a by an old word
 *   T  looks: none is done   closes the list, and epoch 7 begins: waiting b→a
 *   D  defers c              next c
 *   R  leaves its section    no section is left that began before epoch 7
 *   T  looks                 `done` b→a; closes the next list: waiting c
 *   T  frees b, and dies     the survivor puts a back: next a, which waits once more
 *
 * Each step under the lock leaves what a survivor can make whole (reclaim/recover.ts):
 *   object linked, not yet first     in no list: its owner's, who has it written down
 *   first, and written down too      the list's; from when the lock is free it is that alone
 *   first, not counted               lists are counted anew
 *   waiting = done of the slot       the taking was not finished: it is undone
 *   waiting = next                   the closing was not finished: it is undone
 */
import { LIMBO_STATE } from '../base/layout';
import { loadWord, pokeWord, storeWord } from '../base/words';
import { assertOutside } from './context';
import { lock, unlock } from './lock';
import { beginGracePeriod, isQuiescent } from './rcu';
import { selfState } from './slot';

/** Kinds of object that wait in limbo; reclaim/reclaim.ts says how each is freed. */
/** Pages of the cache's index. */
export const LIMBO_INDEX: u32 = 0;
/** Entries that found no room in their thread's ring (store/deferred.ts). */
export const LIMBO_VALUE: u32 = 1;
export const LIMBO_ZSPAGE: u32 = 2;
/** Objects of zsmalloc that are nobody else's. */
export const LIMBO_OBJECT: u32 = 3;
export const LIMBO_KINDS: u32 = 4;

@unmanaged
export class LimboState {
  lock: u32;
  padding: u32;
}

@unmanaged
export class Bag {
  next: u32;
  nextCount: u32;
  waiting: u32;
  waitingCount: u32;
  closedAt: u64;
}

export function bag(kind: u32): Bag {
  return changetype<Bag>(LIMBO_STATE + offsetof<LimboState>() + usize(kind) * offsetof<Bag>());
}

/** Objects of a kind that wait: a momentary figure. */
export function limboCount(kind: u32): u32 {
  const at = changetype<usize>(bag(kind));
  return loadWord(at + offsetof<Bag>('nextCount')) + loadWord(at + offsetof<Bag>('waitingCount'));
}

/** Counts are read without the lock, so they are stored atomically. */
export function setNextCount(into: Bag, count: u32): void {
  storeWord(changetype<usize>(into) + offsetof<Bag>('nextCount'), count);
}

export function setWaitingCount(into: Bag, count: u32): void {
  storeWord(changetype<usize>(into) + offsetof<Bag>('waitingCount'), count);
}

/**
 * Puts an unlinked object into limbo. `linkAt` is a word of the object that no reader reads.
 * Until this returns the caller keeps it written down as its own; then it forgets it, and calls
 * `endDefer`. Before that nobody can take it out, so that no state ever names another's.
 * Cost: one lock.
 */
export function beginDefer(kind: u32, object: u32, linkAt: usize): void {
  lock(LIMBO_STATE);
  const into = bag(kind);
  pokeWord(linkAt, into.next);
  into.next = object;
  setNextCount(into, into.nextCount + 1);
}

/** The deferrer has forgotten what it put in: a taker may have it. */
export function endDefer(): void {
  unlock(LIMBO_STATE);
}

/**
 * Takes the objects of a kind that are done, if there are any, and lets the next begin to wait.
 * The caller has ended its own section, and has nothing left of what it took before.
 *
 * They hang from `done` of this thread's slot, linked as `beginDefer` linked them; 0 if none is.
 */
export function takeDone(kind: u32): void {
  assertOutside();
  const self = selfState();
  lock(LIMBO_STATE);
  const from = bag(kind);
  if (from.waiting != 0 && isQuiescent(from.closedAt)) {
    self.doneKind = kind;
    self.done = from.waiting;
    from.waiting = 0;
    setWaitingCount(from, 0);
  }
  if (from.waiting == 0 && from.next != 0) {
    from.closedAt = beginGracePeriod();
    from.waiting = from.next;
    setWaitingCount(from, from.nextCount);
    from.next = 0;
    setNextCount(from, 0);
  }
  unlock(LIMBO_STATE);
}
