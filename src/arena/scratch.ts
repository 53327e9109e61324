/**
 * The thread's scratch: pages of its own in the zone, through which keys, values and objects cross
 * (kernel/memdesc/thread-pages.ts). One for each thread and zone, taken when it is first needed.
 */

import type { KernelExports } from '../border/kernel.ts';
import { ZoneTooSmallError } from '../errors.ts';
import { pause } from '../threads/pause.ts';
import { mayPark } from '../threads/registry.ts';
import { compactArena } from './compaction.ts';

/** log2 of the pages in the larger parts of a scratch. */
const BLOCK_ORDER = 4;
/**
 * Rounds of making room, each with this pause if there is none to be had, and this time to compact.
 */
const ROUNDS = 20;
const PAUSE_MS = 10;
const COMPACT_MS = 50;

/**
 * Takes it, unless the thread has it. It is contiguous: in a full zone that may take moving pages
 * together, and waiting for what others have in hand, a compactor perhaps.
 *
 * Throws `ZoneTooSmallError` when there is no memory for it.
 */
export function takeScratch(kernel: KernelExports): void {
  for (let round = 0; round < ROUNDS; round++) {
    if (kernel.prepare() >= 0) return;
    compactArena(kernel, { order: BLOCK_ORDER, budgetMs: COMPACT_MS });
    if (kernel.prepare() >= 0) return;
    if (mayPark()) pause(PAUSE_MS);
  }
  throw new ZoneTooSmallError("a thread's scratch");
}
