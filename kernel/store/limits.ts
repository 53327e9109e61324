/** Limits of the store, which several of its files need. */

/** Value bytes in a block: 64 KiB, LZ4's window, less room for the block's head in the scratch. */
export const BLOCK_BYTES: u32 = 65520;
/**
 * A key leaves room for a useful piece of value in the first object, and half a page of scratch.
 */
export const MAX_KEY_BYTES: u32 = 2048;
