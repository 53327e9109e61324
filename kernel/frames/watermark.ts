/**
 * Watermarks: how little free memory is little.
 *
 *   min   a 2,048th of the zone (base/layout.ts), or what `keepFree` says, for urgent allocations
 *         only
 *   low   2 min: below it nothing goes into stocks, and reclaim should begin
 *   high  3 min: reclaim may end
 *
 * Linux' ladder (min, and steps of at least a quarter of it) with coarser steps, because reclaim
 * here runs in the thread that allocates and not beside it. The kernel of a lower floor cannot call
 * upwards, so the hook is a question: `pagesShort`, asked by the store after each operation and
 * answered with how much to make free.
 */
import { superblock } from '../base/layout';
import { freeUpTo } from './tree';

/** Makes the minimum at least so many pages. Before other threads come. */
export function keepFree(pages: u32): void {
  superblock().minPages = max(superblock().minPages, pages);
}

/** Free pages above the low watermark, up to `most`: what threads may keep for themselves. */
export function pagesToSpare(most: u32): u32 {
  const low: u32 = 2 * superblock().minPages;
  return max(freeUpTo(low + most), low) - low;
}

/** Pages that reclaim should make free: 0 above the low watermark, else up to the high one. */
export function pagesShort(): u32 {
  const least = superblock().minPages;
  const free = freeUpTo(2 * least);
  return free < 2 * least ? 3 * least - free : 0;
}
