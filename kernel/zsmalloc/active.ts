/**
 * The zspages that a thread puts objects into, in its state, and their life.
 *
 * For each place of the thread state a thread owns up to two: the *active* one, and a *spare*,
 * which was active before it was full. When the active one has no room they change places; only if
 * the spare has none either is one given up and another taken: the fullest that nobody owns, else a
 * new one. So a thread that frees what it allocated meets nobody: not in a zspage, and not at its
 * class's lock.
 *
 *   new, or taken off its list → active ⇄ spare → given up: on the list where it belongs, or
 *   retired
 *
 * Retired, it is out of its class, empty, and loses its owner's reference; whoever drops the last
 * one defers it, and it goes after a grace period.
 *
 * Where values are overwritten at random each zspage has a hole or two, and to fill them one would
 * change zspages with every object, at their class's lock. So as long as the cache has more than an
 * eighth of its pages free it takes none that is fuller than seven eighths, but a new one: a
 * sixteenth of its objects is the price, and is got back when pages become few.
 *
 * When there is no page for the lowest free object, one does whose pages are held; of this zspage,
 * else of one that nobody owns.
 */
import { FAULT_HANDLE, fail } from '../base/fault';
import { Desc, Place, superblock } from '../base/layout';
import { peekWord, pokeWord } from '../base/words';
import { freeUpTo } from '../frames/tree';
import { DISOWN_LAST, disown as disownDesc, linkAt } from '../memdesc/header';
import { allocObject, CACHE_ZSPAGE, freeObject } from '../slab/kmem-cache';
import { assertLocked } from '../thread/context';
import { beginDefer, endDefer, LIMBO_ZSPAGE } from '../thread/limbo';
import { unlock } from '../thread/lock';
import { addZspage, giveUp, takeFullest, takeHeld } from './fullness';
import { classAt, LISTS, poolOf } from './pool-table';
import { shapeObjects, shapeOf, zsState } from './size-class';
import { ACTIVES, activeAt, namePlace, SPARES, selfThreadState, ThreadState } from './thread-state';
import {
  fillIndex,
  isZspageOf,
  lockZspage,
  lowestFreeIndex,
  lowestHeldIndex,
  zspageLockAt,
} from './zspage';

/** An eighth. */
const ROOM_SHIFT: u32 = 3;

/**
 * Puts a free object of a zspage of the class into use, with its pages.
 *
 * @returns zspage << 32 | index, and the zspage's lock is held; or 0
 * Progress: a round ends with an object, or gives up a full zspage, twice at most; a new one has
 * room.
 */
export function takeIndex(pool: u32, sizeClass: u32): u64 {
  const at = activeAt(selfThreadState(), sizeClass);
  const objects = shapeObjects(shapeOf(sizeClass));
  let full: u32 = 0;
  while (true) {
    const desc = activeOf(at, pool, sizeClass);
    if (desc == 0) return 0;
    lockZspage(desc);
    const index = lowestFreeIndex(desc, objects);
    if (index < objects) {
      namePlace(desc, index);
      if (fillIndex(desc, index)) return placed(desc, index);
      return takeHeldIndex(at, classAt(pool, sizeClass), desc, objects);
    }
    unlock(zspageLockAt(desc));
    if (full == 2) fail(FAULT_HANDLE, desc);
    if (full == 1) release(at);
    else changePlaces(at);
    full++;
  }
}

function placed(desc: Desc, index: u32): Place {
  return (u64(desc) << 32) | u64(index);
}

/** There was no page for the active zspage, whose lock is held. @returns as takeIndex */
function takeHeldIndex(at: usize, record: usize, active: u32, objects: u32): u64 {
  assertLocked(zspageLockAt(active));
  let desc = active;
  while (true) {
    const index = lowestHeldIndex(desc, objects);
    namePlace(desc, index);
    if (index < objects && fillIndex(desc, index)) return placed(desc, index);
    unlock(zspageLockAt(desc));
    // One attempt: what is free in it may go with its page before we have it.
    desc = desc == active ? takeHeld(record, objects) : 0;
    if (desc == 0) return 0;
    release(at);
    pokeWord(at, desc);
    lockZspage(desc);
  }
}

/** The zspage of the class that this thread puts objects into; 0 when there is no memory. */
function activeOf(at: usize, pool: u32, sizeClass: u32): u32 {
  const number = poolOf(pool).number;
  for (let round = 0; round < 2; round++) {
    const desc = peekWord(at);
    if (desc != 0 && isZspageOf(desc, number, sizeClass)) return desc;
    // Of a class with the same place in the thread's state.
    if (desc != 0) changePlaces(at);
  }
  if (peekWord(at) != 0) release(at);
  const record = classAt(pool, sizeClass);
  const isRoomy = pool == zsState().store && hasRoom();
  let desc = takeFullest(record, isRoomy ? LISTS - 1 : LISTS);
  if (desc == 0) desc = newZspage(record);
  if (desc == 0 && isRoomy) desc = takeFullest(record);
  pokeWord(at, desc);
  return desc;
}

/** Whether more than an eighth of the zone's pages are free. */
function hasRoom(): bool {
  const enough = superblock().pageCount >> ROOM_SHIFT;
  return freeUpTo(enough) == enough;
}

/** Between the two stores only `taken` names what was active, for a survivor (mend.ts). */
function changePlaces(at: usize): void {
  const active = peekWord(at);
  selfThreadState().taken = active;
  pokeWord(at, peekWord(at + SPARES));
  pokeWord(at + SPARES, active);
}

function newZspage(record: usize): u32 {
  const desc = allocObject(CACHE_ZSPAGE);
  if (desc != 0) addZspage(record, desc);
  return desc;
}

/** Gives up the zspage at `at`, which others may allocate from then. */
function release(at: usize): void {
  disown(peekWord(at));
  pokeWord(at, 0);
}

/** Ends this thread's ownership of a zspage. */
export function disown(desc: Desc): void {
  lockZspage(desc);
  endChange(desc, giveUp(desc));
}

/** Gives up all zspages that this thread puts objects into. */
export function disownActives(thread: ThreadState): void {
  for (let i: u32 = 0; i < 2 * ACTIVES; i++) {
    const at = activeAt(thread, 0) + i * 4;
    if (peekWord(at) != 0) release(at);
  }
}

/** Frees a zspage's lock; one that is empty and out of its class goes. */
export function endChange(desc: Desc, isRetired: bool): void {
  if (!isRetired) {
    unlock(zspageLockAt(desc));
    return;
  }
  selfThreadState().retired = desc;
  // If an observer has pinned it, its put is the last: zone/release.ts then defers it.
  const isLast = disownDesc(desc) == DISOWN_LAST;
  unlock(zspageLockAt(desc));
  if (isLast) beginDeferZspage(desc);
  selfThreadState().retired = 0;
  if (isLast) endDefer();
}

/**
 * For whoever dropped a zspage's last reference: pins may still look at its refs. `endDefer` must
 * follow.
 */
export function beginDeferZspage(desc: Desc): void {
  beginDefer(LIMBO_ZSPAGE, desc, linkAt(desc));
}

/** After the grace period. Frozen until the slab has it, so that a survivor knows whose it is. */
export function destroyZspage(desc: Desc): void {
  freeObject(CACHE_ZSPAGE, desc);
}
