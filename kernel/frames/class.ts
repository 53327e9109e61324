/**
 * Classes of memory: what should lie together so that whole children become free again.
 *
 * An allocation says its class, and may add URGENT. Correctness never depends on either.
 */

/** Memory that stays where it is: slabs, scratch, the index. */
export const CLASS_UNMOVABLE: u32 = 0;
/** Memory whose owner can be asked to move: zspages, folios. */
export const CLASS_MOVABLE: u32 = 1;
/** Whole children; frames' own, for orders 9 and 10. */
export const CLASS_HUGE: u32 = 2;
export const FRAME_CLASSES: u32 = 3;
export const CLASS_MASK: u32 = 3;

/**
 * The allocation may take the last `minPages` as well: it serves a thread that comes or reclaims.
 */
export const URGENT: u32 = 4;
