/**
 * Watermarks: how little free memory is little.
 *
 *   min   a 2,048th of the zone (base/layout.ts), or what `keepFree` says, for urgent allocations
 *         only
 *   low   2 min: below it nothing goes into stocks
 *
 * Linux' ladder with coarser steps, and without a mark at which reclaim begins: it runs in the
 * thread that got no memory, and not beside it. The kernel of a lower floor cannot call upwards, so
 * the hook is a question: `isReserveTaken`, asked by who reclaims.
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

/** Whether some of the last pages are taken, which are kept for a thread that comes or reclaims. */
export function isReserveTaken(): bool {
  const least = superblock().minPages;
  return freeUpTo(least) < least;
}
