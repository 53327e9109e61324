/**
 * Size classes: how objects of a size are cut out of a chain of pages.
 *
 * An object takes a multiple of 4 bytes up to 256, where rounding is felt, and of 8 beyond. For
 * each such size the number of pages in a zspage is the one, 1 … 16, at which an object costs
 * least, its share of what is left over at the end and of the descriptor included. A zspage takes
 * its pages one by one (zspage.ts), so a long chain costs nothing until it is used. A chain must
 * fit its descriptor, whose room its page list and the bits of its objects share. A size of which
 * an object costs no less than one of the next larger class is no class of its own but *merged*
 * into that one. 544 sizes make 332 classes.
 *
 * The largest class is *huge*: an object is a page, and the word that other objects begin with
 * stands in the zspage's descriptor.
 *
 * shape word   bytes of an object:13 (0–12) · pages:5 (13–17) · objects of a zspage:9 (18–26)
 * shape page   shape of each class (340 words) · class of each length, 0, 4, … 4096 (1,025 of
 *              16 bits): set by `format`, read by anybody · pool of each number (129 words):
 *              pool-table.ts
 */
import { PAGE_BYTES, ZS_STATE } from '../base/layout';
import { peekHalf, peekWord, pokeHalf, pokeWord } from '../base/words';

/** Sizes differ by this up to FINE_BYTES, and by twice as much beyond. */
export const CLASS_STEP: u32 = 4;
export const FINE_BYTES: u32 = 256;
export const MAX_CHAIN: u32 = 16;
/** An index is shorter than nine bits, and the smallest objects that are used fill 2 pages. */
export const MAX_PER_ZSPAGE: u32 = 256;
/**
 * Bytes of a descriptor for the entries of a chain, four each, and 64 bits or more for its objects.
 */
export const DESC_ROOM_BYTES: u32 = 72;
/** Each object but a huge one begins with a word of the pool: its handle, or its link in limbo. */
export const OBJECT_HEADER_BYTES: u32 = 4;
export const MAX_PAYLOAD: u32 = 4096;
/** Class records of a pool (fullness.ts) have room for this many. */
export const MAX_CLASSES: u32 = 340;
/** Pages of a huge zspage: the other half of its page list holds the words of its objects. */
export const HUGE_CHAIN: u32 = 8;

/** Lengths of objects with their word: 0, 4, … 4096. */
const LENGTHS: u32 = 1025;
/** A zspage descriptor, in bytes: part of what an object costs. */
const DESCRIPTOR_COST: u32 = 96;

@unmanaged
export class ZsState {
  /** zsmalloc lock: the list of pools. */
  lock: u32;
  /** Address of the shape page; 0 until the first pool is made. */
  shapes: u32;
  classes: u32;
  /** The store's pool. */
  store: u32;
  /** Number of the pool made last. */
  newest: u32;
  /** 1 while the lists of the classes are repaired: who finds it makes all of them again. */
  repairing: u32;
}

export function zsState(): ZsState {
  return changetype<ZsState>(ZS_STATE);
}

export function shapeBytes(shape: u32): u32 {
  return shape & 0x1fff;
}

export function shapePages(shape: u32): u32 {
  return (shape >> 13) & 31;
}

export function shapeObjects(shape: u32): u32 {
  return shape >> 18;
}

export function isHuge(shape: u32): bool {
  return shapeBytes(shape) == PAGE_BYTES;
}

/** Bytes of an object that its user does not see. */
export function shapeHeader(shape: u32): u32 {
  return isHuge(shape) ? 0 : OBJECT_HEADER_BYTES;
}

export function classCount(): u32 {
  return zsState().classes;
}

/** Class of a payload of 0 … MAX_PAYLOAD bytes. */
export function classFor(payload: u32): u32 {
  const length = (payload + OBJECT_HEADER_BYTES + CLASS_STEP - 1) / CLASS_STEP;
  return peekHalf(lengthAt(min(length, LENGTHS - 1)));
}

export function shapeOf(sizeClass: u32): u32 {
  return peekWord(shapeAt(sizeClass));
}

function shapeAt(sizeClass: u32): usize {
  return zsState().shapes + sizeClass * 4;
}

function lengthAt(length: u32): usize {
  return shapeAt(MAX_CLASSES) + length * 2;
}

/** Address of the word that names the pool of a number. */
export function poolWordAt(number: u32): usize {
  return shapeAt(MAX_CLASSES) + ((LENGTHS + 1) >> 1) * 4 + number * 4;
}

/** Fills the shape page: merges from the largest size down, so classes are numbered at the end. */
export function formatShapes(): void {
  let first = MAX_CLASSES - 1;
  pokeWord(shapeAt(first), PAGE_BYTES | (HUGE_CHAIN << 13) | (HUGE_CHAIN << 18));
  for (let length = LENGTHS - 1; length > 0; length--) {
    const shape = isSize(length * CLASS_STEP) ? bestShape(length * CLASS_STEP) : shapeOf(first);
    if (length < LENGTHS - 1 && isCheaper(shape, shapeOf(first))) pokeWord(shapeAt(--first), shape);
    pokeHalf(lengthAt(length), first);
  }
  memory.copy(shapeAt(0), shapeAt(first), (MAX_CLASSES - first) * 4);
  for (let length: u32 = 1; length < LENGTHS; length++) {
    pokeHalf(lengthAt(length), peekHalf(lengthAt(length)) - first);
  }
  zsState().classes = MAX_CLASSES - first;
}

function isSize(bytes: u32): bool {
  return bytes <= FINE_BYTES || bytes % (2 * CLASS_STEP) == 0;
}

/** The chain of which an object costs least; the longest among equals. */
function bestShape(bytes: u32): u32 {
  let best = shapeWith(bytes, 1);
  for (let pages: u32 = 2; pages <= MAX_CHAIN; pages++) {
    const shape = shapeWith(bytes, pages);
    if (!fits(shape)) break;
    if (!isCheaper(best, shape)) best = shape;
  }
  return best;
}

function shapeWith(bytes: u32, pages: u32): u32 {
  return bytes | (pages << 13) | (min((pages * PAGE_BYTES) / bytes, MAX_PER_ZSPAGE) << 18);
}

/** Whether a descriptor has room for the chain and its objects. */
function fits(shape: u32): bool {
  return shapePages(shape) * 4 + ((shapeObjects(shape) + 63) >> 6) * 8 <= DESC_ROOM_BYTES;
}

/** Whether an object of the first shape costs less than one of the second. */
function isCheaper(shape: u32, than: u32): bool {
  return costOf(shape) * shapeObjects(than) < costOf(than) * shapeObjects(shape);
}

function costOf(shape: u32): u32 {
  return shapePages(shape) * PAGE_BYTES + DESCRIPTOR_COST;
}
