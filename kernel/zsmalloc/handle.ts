/**
 * Handles: a cell that says where an object is.
 *
 * A handle is the address of a 64-bit cell. Everybody who wants the object reads the cell, so the
 * object can move, or die, by one change of one cell. The cell of an object that lives says the
 * address of its bytes, so a reader looks at nothing else; who moves a page renames the objects on
 * it, which their words lead to. What is dead and has no word of its own, because that links it in
 * limbo or is still its handle's new object's, is named by (zspage, index), and not renamed.
 *
 * cell   state:3 (bits 0–2) · generation:16 (3–18) · the rest says what the object is:
 *   LIVE, UNPUBLISHED   unused:9 (19–27) · SPANS:1 (28), it goes on in the next page of its zspage
 *                       · page of the chain in which the payload begins:4 (29–32) · its address:30
 *                       (33–62, >> 2)
 *   LIMBO               slot of who took it out:9 (19–27) · the rest as above; or BY_INDEX (63):
 *                       index:8 (28–35) · zspage:27 (36–62, address >> 5)
 *   SAME, GONE_SAME     pattern, low bits:3 (19–21) · bytes:13 (22–34) · pattern cell:29 (35–63,
 *                       address >> 3; 0 = all bytes are 0)
 *   PATTERN             the upper 61 bits of a pattern, no generation
 *   TAKEN               slot (3–10), no generation: slab/cache.ts, evidence of kind CELL
 * `unused` is how many of the bytes that it takes an object does not use, so a reader knows its
 * length. In GONE_SAME the place of `bytes` is taken by the slot of the thread that took the
 * object out.
 *
 *   FREE       nobody's, all 0             → TAKEN by the slab, for who allocates it
 *   TAKEN      that slot's, and nothing    → UNPUBLISHED, LIVE, SAME or PATTERN, by that thread
 *              yet, or any more            → FREE by the slab, when it is freed
 *   UNPUBLISHED                            → LIVE by its maker, the only one who knows it
 *              being written: not moved    → LIMBO likewise: a draft that is dropped
 *   LIVE       names an object             → LIVE elsewhere: move, of the object or its page, or
 *                                            overwrite, by compare-and-swap
 *                                          → LIMBO: free, compare-and-swap. Who wins frees
 *   SAME       all its bytes are one       → LIVE or SAME: an overwrite, by compare-and-swap
 *              pattern: it takes no room   → GONE_SAME: free, by compare-and-swap
 *   LIMBO, GONE_SAME, PATTERN              → TAKEN by the one who owns it, after a grace period;
 *                                            LIMBO also → UNPUBLISHED: its slot is used again
 * A published cell is reused only after a grace period, so the generation, the low bits of the
 * epoch at birth, tells its lives apart. A count kept in the cell would not: the cell's page may go
 * back to frames and come again as zeros.
 *
 * **The cell is the arbiter and the truth**: whose compare-and-swap wins owns what it took out; and
 * an index that no cell names is nobody's (recover.ts).
 */
import { selfSlot } from '../base/env';
import { GENERATION_BITS } from '../base/geometry';
import { Cell, Handle, PAGE_BYTES, Pfn, pageAddress } from '../base/layout';
import { loadCell, pokeCell, storeCell } from '../base/words';
import { CACHE_CELL, cacheOf, isInSlabOf, isObject } from '../slab/kmem-cache';
import { noteEntered, takenBy } from '../slab/sheaf';
import { assertHalted, assertInSection } from '../thread/context';
import { currentEpoch } from '../thread/rcu';

export const CELL_BYTES: u32 = 8;
export const CELL_FREE: u32 = 0;
export const CELL_LIVE: u32 = 1;
export const CELL_LIMBO: u32 = 2;
export const CELL_UNPUBLISHED: u32 = 3;
export const CELL_SAME: u32 = 4;
export const CELL_PATTERN: u32 = 5;
export const CELL_GONE_SAME: u32 = 6;
// 7 is CELL_TAKEN, which the slab stores: slab/sheaf.ts.

const STATE_MASK: u64 = 7;
const GENERATION_SHIFT: u64 = 3;
const GENERATION_MASK: u64 = (1 << u64(GENERATION_BITS)) - 1;
/** State and generation. */
const LIFE_MASK: u64 = STATE_MASK | (GENERATION_MASK << GENERATION_SHIFT);
const UNUSED_SHIFT: u64 = 19;
const UNUSED_MASK: u64 = 511;
const SPANS: u64 = 1 << 28;
const CHAIN_PAGE_SHIFT: u64 = 29;
const ADDRESS_SHIFT: u64 = 33;
const BY_INDEX: u64 = 1 << 63;
/** Where an object is: chain page and address, and that it is told by these. */
const PLACE_MASK: u64 = 0xffff_ffff_e000_0000;
const ADDRESS_MASK: u64 = 0x7fff_fffe_0000_0000;
const SAME_BYTES_SHIFT: u64 = 22;
const SAME_BYTES_MASK: u64 = 0x1fff;

/** Whether a cell may be at the address, in use or not, and may be loaded. */
export function zsIsCell(handle: Handle): bool {
  assertInSection();
  if ((handle & (CELL_BYTES - 1)) != 0 || !isInSlabOf(CACHE_CELL, handle)) return false;
  return (handle & (PAGE_BYTES - 1)) / CELL_BYTES < u32(cacheOf(CACHE_CELL).perSlab);
}

/** True for the address of a cell in use. */
export function zsIsHandle(handle: Handle): bool {
  assertHalted();
  return isObject(CACHE_CELL, handle);
}

export function cellState(cell: Cell): u32 {
  return u32(cell & STATE_MASK);
}

export function cellGeneration(cell: Cell): u32 {
  return u32((cell >> GENERATION_SHIFT) & GENERATION_MASK);
}

/** Whether a cell that names a place says zspage and index, and no address. */
export function isByIndex(cell: Cell): bool {
  return (cell & BY_INDEX) != 0;
}

/** Zspage of such a cell. */
export function goneZspage(cell: Cell): u32 {
  return u32(cell >> 36) << 5;
}

/** Object index of such a cell. */
export function goneIndex(cell: Cell): u32 {
  return u32(cell >> 28) & 0xff;
}

/** Address of the payload, of any other. */
export function cellAddress(cell: Cell): u32 {
  return u32(cell >> ADDRESS_SHIFT) << 2;
}

/** Page of the chain in which the payload begins, likewise. */
export function cellChainPage(cell: Cell): u32 {
  return u32(cell >> CHAIN_PAGE_SHIFT) & 15;
}

/** Whether a cell that names a place says the address of an object all in one page. */
export function isInOnePage(cell: Cell): bool {
  return (cell & (SPANS | BY_INDEX)) == 0;
}

/** Bytes of those it takes that a LIVE object does not use. */
export function cellUnused(cell: Cell): u32 {
  return u32((cell >> UNUSED_SHIFT) & UNUSED_MASK);
}

/** Whether the cell names an object of a zspage. */
export function hasPlace(cell: Cell): bool {
  const state = cellState(cell);
  return state == CELL_LIVE || state == CELL_UNPUBLISHED || state == CELL_LIMBO;
}

/** Whether the cell is of an object without room, gone or not. */
export function isSame(cell: Cell): bool {
  return cellState(cell) == CELL_SAME || cellState(cell) == CELL_GONE_SAME;
}

/** A cell of an object that begins there, in no state and of no generation. */
export function placeCell(address: u32, chainPage: u32, spans: bool, unused: u32): Cell {
  const place = (u64(address >> 2) << ADDRESS_SHIFT) | (u64(chainPage) << CHAIN_PAGE_SHIFT);
  return place | (spans ? SPANS : 0) | (u64(unused) << UNUSED_SHIFT);
}

/** The same place for another object of `payload` bytes, in no state and of no generation. */
export function renewedCell(gone: Cell, payload: u32, unused: u32): u64 {
  const spans = (cellAddress(gone) & (PAGE_BYTES - 1)) + payload > PAGE_BYTES;
  return (gone & PLACE_MASK) | (spans ? SPANS : 0) | (u64(unused) << UNUSED_SHIFT);
}

/** Whether two cells name one place by its address. */
export function isSamePlace(a: u64, b: u64): bool {
  return ((a ^ b) & PLACE_MASK) == 0;
}

/** The cell of an object whose page is that one now: where it is in its page stays. */
export function renamedCell(seen: Cell, pfn: Pfn): Cell {
  const address = pageAddress(pfn) | (cellAddress(seen) & (PAGE_BYTES - 1));
  return (seen & ~ADDRESS_MASK) | (u64(address >> 2) << ADDRESS_SHIFT);
}

/** A cell of an object whose bytes are all one pattern, in no state and of no generation. */
export function sameCell(patternCell: u32, low: u32, bytes: u32): Cell {
  return (
    (u64(patternCell >> 3) << 35) | (u64(bytes) << SAME_BYTES_SHIFT) | (u64(low) << UNUSED_SHIFT)
  );
}

export function samePatternCell(cell: Cell): u32 {
  return u32(cell >> 35) << 3;
}

export function samePatternLow(cell: Cell): u64 {
  return (cell >> UNUSED_SHIFT) & STATE_MASK;
}

export function sameBytes(cell: Cell): u32 {
  return u32((cell >> SAME_BYTES_SHIFT) & SAME_BYTES_MASK);
}

/**
 * Whether a cell that was LIVE, as `seen`, in a section of epoch `since` is so still; it may have
 * moved. What is born in its place since has the generation of a later epoch: one of these may be
 * another life's, and counts as one.
 */
export function isSameLife(cell: Cell, seen: Cell, since: u64): bool {
  const later = (u64(cellGeneration(seen)) - since - 1) & GENERATION_MASK;
  return ((cell ^ seen) & LIFE_MASK) == 0 && later >= currentEpoch() - since;
}

/** The contents of a cell with the state and generation of a new life. */
export function newLife(contents: u64, state: u32): u64 {
  return contents | ((currentEpoch() & GENERATION_MASK) << GENERATION_SHIFT) | u64(state);
}

/** Other contents for the handle whose cell is `seen`: the generation stays. */
export function sameLife(seen: u64, contents: u64, state: u32): u64 {
  return contents | (seen & LIFE_MASK & ~STATE_MASK) | u64(state);
}

/** What the cell becomes when this thread takes its object out. */
export function goneCell(seen: u64): Cell {
  if (cellState(seen) == CELL_SAME) {
    const same = seen & ~(STATE_MASK | (SAME_BYTES_MASK << SAME_BYTES_SHIFT));
    return same | (u64(selfSlot()) << SAME_BYTES_SHIFT) | u64(CELL_GONE_SAME);
  }
  const place = seen & ~(STATE_MASK | (UNUSED_MASK << UNUSED_SHIFT));
  return place | (u64(selfSlot()) << UNUSED_SHIFT) | u64(CELL_LIMBO);
}

/** The same LIMBO cell by zspage and index. */
export function byIndex(gone: u64, zspage: u32, index: u32): u64 {
  const kept = gone & (LIFE_MASK | (UNUSED_MASK << UNUSED_SHIFT));
  return kept | (u64(index) << 28) | (u64(zspage >> 5) << 36) | BY_INDEX;
}

/** Who took the object of a LIMBO or GONE_SAME cell out, 0 for other cells. */
export function cellTaker(cell: Cell): u32 {
  if (cellState(cell) == CELL_GONE_SAME) return sameBytes(cell);
  return cellState(cell) == CELL_LIMBO ? cellUnused(cell) : 0;
}

/** The maker has written the contents of an UNPUBLISHED object: from now on it may be moved. */
export function settleCell(handle: Handle): void {
  // Observed by the mover's load in compact.ts: what was written before may be copied.
  storeCell(handle, (loadCell(handle) & ~STATE_MASK) | u64(CELL_LIVE));
}

/**
 * Ends the cell's life: it is this thread's, who frees it, and nobody else's. Plain: a stale handle
 * sees what it was or this, and neither is LIVE; the state is in the half that says so.
 */
export function takeCell(handle: Handle): void {
  // A survivor looks for it among what slab had handed out.
  noteEntered();
  pokeCell(handle, takenBy(selfSlot()));
}
