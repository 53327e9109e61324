/**
 * The geometry of the build `small`, which the model searches (test/model/small.test.ts): as few of
 * each as their formats allow, and counts that come round within an execution.
 *
 * Takes the place of geometry.ts, which says what these are.
 */

export const LINES: u32 = 4;
export const HOMES: u32 = 2;
export const LINE_CELLS: u32 = 2;
/** Of eight; every hash may have any place. */
export const MANY_ENTRIES: u32 = 4;
export const FEW_ENTRIES: u32 = 2;
export const MERGED_ENTRIES: u32 = 3;
export const VERSION_MASK: u32 = 7;

export const RING: u32 = 4;
export const PAGE_RECORDS: u32 = 2;
export const GHOST_CELLS: u32 = 1;

export const GENERATION_BITS: u32 = 2;
