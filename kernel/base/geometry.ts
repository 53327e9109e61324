/**
 * Geometry of the cache: how many of each there are, and how far each counts before it begins anew.
 *
 * Nothing else depends on these numbers but how often something happens: that a line is full, a
 * ring, a page of a queue; that a count comes round. So the build `small` exchanges this file for
 * geometry-small.ts, and is otherwise the same kernel: what takes four billion changes here takes
 * eight there, within reach of a search (docs/TESTING.md).
 */

/** Lines of a leaf: a page of them. The first are homes, the others take what finds no place. */
export const LINES: u32 = 64;
export const HOMES: u32 = 60;
/** Entries of a line. At most 8: the bytes of a word of tags. */
export const LINE_CELLS: u32 = 8;
/** Entries of a leaf after which the index grows: see store/leaf.ts for how many find a place. */
export const MANY_ENTRIES: u32 = 400;
/** Those below which it may shrink, and those of the two that become one: far below that. */
export const FEW_ENTRIES: u32 = 64;
export const MERGED_ENTRIES: u32 = 256;
/** Bits of a line's version. */
export const VERSION_MASK: u32 = 0xffff_ffff;

/** Records in a ring: two batches of reclaim/reclaim.ts, one that is done and one that is added. */
export const RING: u32 = 128;
/** Records of a queue's page: a header of 28 bytes, and 6 a record, are 4,096. */
export const PAGE_RECORDS: u32 = 678;
/** Cells of a line of ghosts, four in each: a cache line. */
export const GHOST_CELLS: u32 = 8;

/** Bits of the epoch of its birth that an object's cell keeps, at most 16: zsmalloc/handle.ts. */
export const GENERATION_BITS: u32 = 16;
