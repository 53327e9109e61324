/**
 * Object compaction: objects move together, so that zspages and pages become free.
 *
 * A *mover* takes the emptiest zspage of a class (source) and the fullest (target) off their lists,
 * as an allocation does: it owns them, nobody else puts objects into them. Frees go on. Then, with
 * both locks held:
 *   reserve   the lowest free index of the target, with its pages
 *   look      highest index in use of the source → its word → a handle → its cell: LIVE and naming
 *             this index? Otherwise it cannot be moved: its contents are being written, or it is
 *             gone
 *   copy      the object; nobody changes it without the lock, and our section keeps the index from
 *             being vacated
 *   commit    cell: from here to there, by compare-and-swap. Lost: freed or overwritten
 *             meanwhile; the copy is dropped
 * What was moved stays where it was, too, for readers who have the old cell: its index is vacated
 * after a grace period, at once if it is over at once, else by a later step. No cell names it
 * meanwhile, so a survivor knows what to do with it: recover.ts.
 *
 * The last zspage of a class is its own target: objects go down into its lowest free indices,
 * and its upper pages become free.
 *
 * A step moves a bounded number of objects and remembers where it is in the thread's state. It
 * needs no memory but pages for holes of the target.
 */
import { clearBit, isBitSet, setBit } from '../base/bitmap';
import { ERR_BUSY } from '../base/fault';
import { Desc, Handle, PAGE_BYTES, Pfn, Place, pfnOfAddress } from '../base/layout';
import { casCell, loadCell, peekWord } from '../base/words';
import { assertInSection, assertLocked, assertOutside } from '../thread/context';
import { lock, unlock } from '../thread/lock';
import { beginGracePeriod, enterSection, isQuiescent, leaveSection } from '../thread/rcu';
import { disown, disownActives } from './active';
import { advance } from './deferred-frees';
import { freeShare, takeEmptiest, takeFullest } from './fullness';
import {
  CELL_BYTES,
  CELL_LIVE,
  CELL_UNPUBLISHED,
  cellAddress,
  cellChainPage,
  cellState,
  cellUnused,
  hasPlace,
  isSamePlace,
  renamedCell,
  sameLife,
  zsIsCell,
} from './handle';
import { cellFor, isLiveAt } from './place';
import { classAt } from './pool-table';
import { classCount, MAX_PER_ZSPAGE, shapeBytes, shapeHeader, shapeObjects } from './size-class';
import { leftBits, selfThreadState, ThreadState } from './thread-state';
import {
  chainByteAt,
  countHeld,
  endIndexOn,
  fillIndex,
  firstIndexOn,
  isIndexUsed,
  lowestFreeIndex,
  objectWordAt,
  payloadOffset,
  setObjectWord,
  vacateIndex,
  zspageLockAt,
  zspageShape,
} from './zspage';

/** Objects that are moved under one lock: some 10 µs at most. */
const MOVES: u32 = 32;
/** Looks for the end of a grace period, before a step leaves it to the next one. */
const SPINS: u32 = 200;

/** Thread-local: pages that this thread's compaction has freed, and taken for holes. */
let pagesFreed: i32 = 0;

/** Pages that the compaction under way has freed so far, those that it took subtracted. */
export function compactedPages(): i32 {
  return pagesFreed;
}

/** Begins a compaction by this thread: its own zspages go back on their lists. */
export function beginCompaction(): void {
  const thread = selfThreadState();
  // What this thread freed can go now, if readers let it: it could not be moved.
  for (let i: u32 = 0; i < 2; i++) advance(thread);
  disownActives(thread);
  // Huge objects are a page each: moving them frees nothing.
  thread.cursor = classCount() - 1;
  pagesFreed = 0;
}

/**
 * Moves some objects of the next class in which that frees memory, from the largest class down.
 *
 * @param threshold  classes of whose listed objects less is free, in thousandths, are left alone
 * @returns objects moved; 0 = there is nothing left to do; ERR_BUSY = readers are still at what was
 *          moved before
 */
export function compactSome(pool: u32, threshold: u32): i32 {
  const thread = selfThreadState();
  if (!finishSource(thread)) return ERR_BUSY;
  while (thread.cursor != 0) {
    const record = classAt(pool, thread.cursor - 1);
    const share = freeShare(record);
    const moved = share == 0 || share < threshold ? 0 : compactClass(thread, record);
    if (moved != 0) return moved;
    thread.cursor--;
  }
  return 0;
}

/**
 * One source and one target of a class.
 *
 * @param urgency  URGENT: holes of the target may take the last pages. @returns objects moved
 */
export function compactClass(thread: ThreadState, record: usize, urgency: u32 = 0): i32 {
  thread.needsSweep = 1;
  const moved = moveInClass(thread, record, urgency);
  thread.needsSweep = 0;
  return moved;
}

function moveInClass(thread: ThreadState, record: usize, urgency: u32): i32 {
  const source = takeEmptiest(record);
  if (source == 0) return 0;
  const target = takeFullest(record);
  thread.source = source;
  let moved = moveSome(thread, source, target == 0 ? source : target, urgency);
  if (moved == 0 && target != 0 && isStuck(source))
    moved = moveInto(thread, source, record, urgency);
  if (target != 0) disown(target);
  // Before another source is taken: there is room for one.
  if (moved == 0) giveUpSource(thread);
  else {
    thread.leftAt = beginGracePeriod();
    finishSource(thread);
  }
  return moved;
}

/** Whether a zspage that we own has no object that can be moved. */
function isStuck(desc: Desc): bool {
  lock(zspageLockAt(desc));
  enterSection();
  let index = shapeObjects(zspageShape(desc));
  while (index != 0 && !(isIndexUsed(desc, index - 1) && isMovable(desc, index - 1))) index--;
  leaveSection();
  unlock(zspageLockAt(desc));
  return index == 0;
}

/**
 * What is stuck stays, so it takes what is in the next emptiest; in the next step that can be moved
 * on to the fullest. There must be a third zspage, the fullest, which we own: of two, objects would
 * go to and fro. @returns objects moved
 */
function moveInto(thread: ThreadState, stuck: u32, record: usize, urgency: u32): i32 {
  const source = takeEmptiest(record);
  if (source == 0) return 0;
  thread.source = source;
  const moved = moveSome(thread, source, stuck, urgency);
  disown(stuck);
  return moved;
}

/** Moves up to MOVES objects. @returns how many */
function moveSome(thread: ThreadState, source: u32, target: u32, urgency: u32): i32 {
  // A mover is the only one who takes two of these locks, and it owns both zspages: no circle.
  lock(zspageLockAt(target));
  if (source != target) lock(zspageLockAt(source));
  enterSection();
  const held = countHeld(target);
  let moved: u32 = 0;
  const objects = shapeObjects(zspageShape(source));
  let free = lowestFreeIndex(target, objects);
  for (let index = objects; index != 0 && moved < MOVES && free < objects; ) {
    index--;
    if (source == target && free > index) break;
    if (!isIndexUsed(source, index) || !isMovable(source, index)) continue;
    if (!fillIndex(target, free, urgency)) break;
    if (moveObject(source, index, target, free)) {
      setBit(leftBits(thread), index);
      moved++;
    } else vacateIndex(target, free);
    free = lowestFreeIndex(target, objects);
  }
  pagesFreed -= i32(countHeld(target)) - i32(held);
  leaveSection();
  if (source != target) unlock(zspageLockAt(source));
  unlock(zspageLockAt(target));
  return moved;
}

/** The handle of the object with an index; a free object's word may be a link instead. */
function handleIn(source: u32, index: u32): u32 {
  const word = peekWord(objectWordAt(source, index));
  return (word & (CELL_BYTES - 1)) == 0 && zsIsCell(word) ? word : 0;
}

/** Whether an object on page k is still being written. */
export function hasDraftOn(desc: Desc, k: u32): bool {
  assertLocked(zspageLockAt(desc));
  assertInSection();
  const end = endIndexOn(desc, k);
  for (let index = firstIndexOn(desc, k); index < end; index++) {
    if (isIndexUsed(desc, index) && isUnpublishedAt(desc, index)) return true;
  }
  return false;
}

function isUnpublishedAt(desc: Desc, index: u32): bool {
  const handle = handleIn(desc, index);
  if (handle == 0) return false;
  const cell = loadCell(handle);
  return cellState(cell) == CELL_UNPUBLISHED && isSamePlace(cell, cellFor(desc, index, 0));
}

/**
 * Lets the cells of the objects that begin on page k name the page where it is now. In a section,
 * zspage lock held.
 */
export function renameOn(desc: Desc, k: u32, from: Pfn): void {
  assertLocked(zspageLockAt(desc));
  const end = endIndexOn(desc, k);
  for (let index = firstIndexOn(desc, k); index < end; index++) {
    const handle = isIndexUsed(desc, index) ? handleIn(desc, index) : 0;
    const place = cellFor(desc, index, 0);
    if (handle != 0 && cellChainPage(place) == k) rename(handle, place, from);
  }
}

/**
 * Progress: a failed compare-and-swap means that the object was taken out, or overwritten: then its
 * place is named by its index, or will be.
 */
function rename(handle: Handle, place: Place, from: Pfn): void {
  const to = pfnOfAddress(cellAddress(place));
  const old = renamedCell(place, from);
  let seen = loadCell(handle);
  while (hasPlace(seen) && isSamePlace(seen, old)) {
    const found = casCell(handle, seen, renamedCell(seen, to));
    if (found == seen) return;
    seen = found;
  }
}

function isMovable(source: u32, index: u32): bool {
  const handle = handleIn(source, index);
  if (handle == 0) return false;
  const cell = loadCell(handle);
  return isLiveAt(cell, source, index);
}

/** Both locks held. @returns false when the object cannot be moved (any more) */
function moveObject(source: u32, index: u32, target: u32, free: u32): bool {
  // Looked at again: taking pages may have waited, which ends the section.
  const handle = handleIn(source, index);
  if (handle == 0) return false;
  const seen = loadCell(handle);
  if (!isLiveAt(seen, source, index)) return false;
  const shape = zspageShape(source);
  const bytes = shapeBytes(shape) - shapeHeader(shape) - cellUnused(seen);
  copyObject(source, payloadOffset(source, index), target, payloadOffset(target, free), bytes);
  setObjectWord(target, free, handle);
  const moved = sameLife(seen, cellFor(target, free, cellUnused(seen)), CELL_LIVE);
  // Observed by every reader's load of the cell: the copy precedes it.
  return casCell(handle, seen, moved) == seen;
}

/** Copies bytes between two chains, in up to three pieces. */
function copyObject(from: u32, at: u32, to: u32, offset: u32, bytes: u32): void {
  while (bytes != 0) {
    const rest = min(
      PAGE_BYTES - (at & (PAGE_BYTES - 1)),
      PAGE_BYTES - (offset & (PAGE_BYTES - 1)),
    );
    const part = min(bytes, rest);
    memory.copy(chainByteAt(to, offset), chainByteAt(from, at), part);
    at += part;
    offset += part;
    bytes -= part;
  }
}

/** Gives the source up, if there is one. @returns false when the grace period is not over */
export function finishSource(thread: ThreadState): bool {
  assertOutside();
  if (thread.source == 0) return true;
  let look: u32 = 0;
  while (!isQuiescent(thread.leftAt)) if (++look > SPINS) return false;
  giveUpSource(thread);
  return true;
}

/** Vacates what was moved out of the source, where nobody can read it any more, and gives it up. */
export function giveUpSource(thread: ThreadState): void {
  assertOutside();
  const source = thread.source;
  vacateLeft(thread, source);
  thread.taken = source;
  thread.source = 0;
  disown(source);
}

/** A sweep (recover.ts) in our grace period may have vacated them already. */
function vacateLeft(thread: ThreadState, source: u32): void {
  lock(zspageLockAt(source));
  const held = countHeld(source);
  for (let index: u32 = 0; index < MAX_PER_ZSPAGE; index++) {
    if (!isBitSet(leftBits(thread), index)) continue;
    if (isIndexUsed(source, index)) vacateIndex(source, index);
    clearBit(leftBits(thread), index);
  }
  pagesFreed += i32(held) - i32(countHeld(source));
  unlock(zspageLockAt(source));
}
