/**
 * Trees: groups of children (1 … 32, so that the largest zone has 64 trees), one word each.
 *
 * word: free:16 · slot:8 (bit 16) · class:2 (bit 24)
 *   free   as a child's: debited before the child, credited after it, hence
 *          free ≤ Σ free of its children, equal when nobody is inside frames
 *   slot   0 → self   by who found pages there: the tree is reserved, others go elsewhere while
 *                     they can. self → 0 when the thread moves on, leaves or is recovered
 *   class  with the reservation
 *
 * Where to look, each step only if the one before found nothing:
 *   the thread's own reservation for the class · unreserved trees of the class that are in use ·
 *   wholly free trees · trees of the class that others have reserved (these first where trees are
 *   few) · any tree · any child of any tree
 * In a tree, children of the class first, lowest first, then wholly free ones. Only the last step
 * mixes classes in a child: an unmovable page makes the child unmovable, so that later ones follow
 * it there and not into yet another (child.ts).
 *
 * Reservations keep threads off each other's cache lines, classes keep what cannot move together.
 * Both are preferences: nothing breaks if they are ignored.
 */
import { selfSlot } from '../base/env';
import { CHILD_PAGES, Order, Pfn, Slot, superblock } from '../base/layout';
import { addWord, andWord, casWord, loadWord, storeWord } from '../base/words';
import { findFree } from './bitfield';
import { childEntry, creditChild, debitChild, entryClass, entryFree } from './child';
import { CLASS_HUGE, CLASS_MASK, FRAME_CLASSES, URGENT } from './class';
import { reservationOf, setReservation } from './local';

const FREE: u32 = 0xffff;
const SLOT_SHIFT: u32 = 16;
const SLOT_MASK: u32 = 0xff << SLOT_SHIFT;
const CLASS_SHIFT: u32 = 24;

/**
 * Below 32 MiB threads share the trees of a class before they begin another: with a tree for each
 * thread no child would stay whole.
 */
const FEW_TREES: u32 = 16;

/** Steps of the search. */
const STEP_ALIKE: u32 = 0;
const STEP_EMPTY: u32 = 1;
const STEP_SHARE: u32 = 2;
const STEP_ANY_TREE: u32 = 3;
const STEP_ANY_CHILD: u32 = 4;

/** Beside the entry of its first child: see child.ts. */
function treeAt(tree: u32): usize {
  return superblock().counters + (firstChild(tree) << superblock().counterShift) + 4;
}

export function treeWord(tree: u32): u32 {
  return loadWord(treeAt(tree));
}

export function treeFree(word: u32): u32 {
  return word & FREE;
}

export function treeSlot(word: u32): Slot {
  return (word & SLOT_MASK) >> SLOT_SHIFT;
}

export function treeClass(word: u32): u32 {
  return word >> CLASS_SHIFT;
}

/** For format and recovery, while nobody else is there. */
export function storeTree(tree: u32, free: u32, slot: Slot, frameClass: u32): void {
  storeWord(treeAt(tree), (frameClass << CLASS_SHIFT) | (slot << SLOT_SHIFT) | free);
}

export function firstChild(tree: u32): u32 {
  return tree << superblock().treeShift;
}

export function endChild(tree: u32): u32 {
  return min((tree + 1) << superblock().treeShift, superblock().childCount);
}

/**
 * Free pages that the trees know of, all but those in stock; or `most`, when that has been seen to
 * be free. Cost: up to 64 loads.
 */
export function freeUpTo(most: u32): u32 {
  let sum: u32 = 0;
  for (let tree: u32 = 0; tree < superblock().treeCount && sum < most; tree++) {
    sum += treeFree(treeWord(tree));
  }
  return min(sum, most);
}

/** Progress: a failed exchange means that another thread took, gave back or reserved. */
function debitTree(tree: u32, pages: u32, allocFlags: u32): bool {
  let seen = treeWord(tree);
  while (treeFree(seen) >= pages) {
    const found = casWord(treeAt(tree), seen, seen - pages);
    if (found == seen) return keepsMinimum(tree, treeFree(seen) - pages, pages, allocFlags);
    seen = found;
  }
  return false;
}

/** Undoes a debit that goes below the watermark; where the tree alone has enough, all have. */
function keepsMinimum(tree: u32, left: u32, pages: u32, allocFlags: u32): bool {
  const minimum = superblock().minPages;
  if (left >= minimum || (allocFlags & URGENT) != 0 || freeUpTo(minimum) == minimum) return true;
  addWord(treeAt(tree), pages);
  return false;
}

/** Claims `pages` of the counters above a child, for bits to be set then. */
export function debit(child: u32, pages: u32, allocFlags: u32): bool {
  const tree = child >> superblock().treeShift;
  if (!debitTree(tree, pages, allocFlags)) return false;
  if (debitChild(child, pages, allocFlags & CLASS_MASK)) return true;
  addWord(treeAt(tree), pages);
  return false;
}

/** Gives back to the counters above a child, after bits were cleared. */
export function credit(child: u32, pages: u32): void {
  creditChild(child, pages);
  addWord(treeAt(child >> superblock().treeShift), pages);
}

/** A *room*: page at which a free block was seen:20 · blocks of its child debited:12 (20–31). */
const GRANTED_SHIFT: u32 = 20;

/** Where a free block was seen. */
export function roomPage(room: u32): Pfn {
  return room & ((1 << GRANTED_SHIFT) - 1);
}

/** How many blocks of that page's child are the caller's to claim, or to credit. */
export function roomBlocks(room: u32): u32 {
  return room >> GRANTED_SHIFT;
}

/**
 * Finds a child with free blocks of `order` 0–9 and debits up to `want` of them.
 *
 * @returns a room, or 0
 */
export function findRoom(order: Order, want: u32, allocFlags: u32): u32 {
  const reservation = reservationOf(allocFlags & CLASS_MASK);
  if (reservation >= 0) {
    const isStill = isAlike(childEntry(reservation), allocFlags);
    const own = isStill ? takeRoom(reservation, order, want, allocFlags) : 0;
    if (own != 0) return own;
    const tree = reservation >> superblock().treeShift;
    const near = searchTree(tree, order, want, allocFlags, STEP_ALIKE);
    if (near != 0) return settleIn(near, allocFlags);
  }
  const isFew = superblock().treeCount < FEW_TREES;
  for (let step = STEP_ALIKE; step <= STEP_ANY_CHILD; step++) {
    const isSwapped = isFew && (step == STEP_EMPTY || step == STEP_SHARE);
    const turn = isSwapped ? STEP_EMPTY + STEP_SHARE - step : step;
    const room = searchTrees(order, want, allocFlags, turn);
    if (room != 0) return settleIn(room, allocFlags);
  }
  return 0;
}

function searchTrees(order: Order, want: u32, allocFlags: u32, step: u32): u32 {
  for (let tree: u32 = 0; tree < superblock().treeCount; tree++) {
    if (!suits(tree, 1 << order, allocFlags & CLASS_MASK, step)) continue;
    const room = searchTree(tree, order, want, allocFlags, step);
    if (room != 0) return room;
  }
  return 0;
}

function suits(tree: u32, pages: u32, frameClass: u32, step: u32): bool {
  const word = treeWord(tree);
  const free = treeFree(word);
  if (free < pages) return false;
  if (step >= STEP_ANY_TREE) return true;
  const isEmpty = free == (endChild(tree) - firstChild(tree)) * CHILD_PAGES;
  if (step == STEP_EMPTY) return isEmpty && treeSlot(word) == 0;
  return treeClass(word) == frameClass && !isEmpty && (treeSlot(word) == 0) == (step == STEP_ALIKE);
}

/** Children of the class that are in use, then wholly free ones; at the last step all. */
function searchTree(tree: u32, order: Order, want: u32, allocFlags: u32, step: u32): u32 {
  const end = endChild(tree);
  for (let child = firstChild(tree); child < end; child++) {
    const entry = childEntry(child);
    if (entryFree(entry) == CHILD_PAGES) continue;
    if (step != STEP_ANY_CHILD && !isAlike(entry, allocFlags)) continue;
    const room = takeRoom(child, order, want, allocFlags);
    if (room != 0) return room;
  }
  for (let child = firstChild(tree); child < end; child++) {
    if (entryFree(childEntry(child)) != CHILD_PAGES) continue;
    const room = takeRoom(child, order, want, allocFlags);
    if (room != 0) return room;
  }
  return 0;
}

function isAlike(entry: u32, allocFlags: u32): bool {
  return entryFree(entry) == CHILD_PAGES || entryClass(entry) == (allocFlags & CLASS_MASK);
}

/** Looks before it debits, so that nobody is short for the sake of a search in vain. */
function takeRoom(child: u32, order: Order, want: u32, allocFlags: u32): u32 {
  const free = entryFree(childEntry(child));
  if (free < (<u32>1) << order) return 0;
  const hint = findFree(child, order);
  if (hint < 0) return 0;
  const pfn = child * CHILD_PAGES + u32(hint);
  const granted = min(want, free >> order);
  if (debit(child, granted << order, allocFlags)) return pfn | (granted << GRANTED_SHIFT);
  // All of them would go below the watermark, or another thread was faster.
  const hasOne = granted != 1 && debit(child, 1 << order, allocFlags);
  return hasOne ? pfn | (1 << GRANTED_SHIFT) : 0;
}

/** Works in a room's child from now on. @returns the room */
function settleIn(room: u32, allocFlags: u32): u32 {
  settle(roomPage(room) / CHILD_PAGES, allocFlags);
  return room;
}

/** Makes the child this thread's reservation, and its tree reserved if it is nobody's. */
function settle(child: u32, allocFlags: u32): void {
  const own = allocFlags & CLASS_MASK;
  const reservation = reservationOf(own);
  const tree = child >> superblock().treeShift;
  setReservation(own, child);
  if (reservation >= 0 && reservation >> superblock().treeShift == tree) return;
  if (reservation >= 0) leaveTree(reservation >> superblock().treeShift, own);
  const seen = treeWord(tree);
  const taken = (own << CLASS_SHIFT) | (selfSlot() << SLOT_SHIFT) | treeFree(seen);
  // Losing means that the tree is somebody's, or was used a moment ago: no matter.
  if (treeSlot(seen) == 0) casWord(treeAt(tree), seen, taken);
}

/** The next whole child will be this one, that was given back, unless somebody else works there. */
export function settleAt(child: u32): void {
  const slot = treeSlot(treeWord(child >> superblock().treeShift));
  if (slot == 0 || slot == selfSlot()) settle(child, CLASS_HUGE);
}

/** Ends a reservation, unless another class of the thread works in the tree as well. */
function leaveTree(tree: u32, frameClass: u32): void {
  if (treeSlot(treeWord(tree)) != selfSlot()) return;
  for (let other: u32 = 0; other < FRAME_CLASSES; other++) {
    const reservation = reservationOf(other);
    if (other != frameClass && reservation >= 0 && reservation >> superblock().treeShift == tree)
      return;
  }
  andWord(treeAt(tree), ~SLOT_MASK);
}

/** Ends all reservations of a slot. Progress: as `debitTree`. */
export function leaveTrees(slot: Slot): void {
  for (let tree: u32 = 0; tree < superblock().treeCount; tree++) {
    if (treeSlot(treeWord(tree)) == slot) andWord(treeAt(tree), ~SLOT_MASK);
  }
}
