/**
 * The thread's scratch: pages of its own in the zone, through which keys, values and objects cross
 * (kernel/memdesc/thread-pages.ts). One for each thread and zone, taken when it is first needed.
 *
 * In a cache it is four single pages; longer blocks cross through one of a few large scratches of
 * all threads (threads/large-scratch.ts).
 */

import type { KernelExports } from '../border/kernel.ts';
import { ZoneTooSmallError } from '../errors.ts';
import * as facts from '../generated/facts.ts';
import { pause } from '../threads/pause.ts';
import { mayPark } from '../threads/registry.ts';
import { compactArena } from './compaction.ts';

/**
 * Rounds of making room, each with this pause if there is none to be had, and this time to compact.
 */
const ROUNDS = 20;
const PAUSE_MS = 10;
const COMPACT_MS = 50;

/**
 * Takes it, unless the thread has it: in a cache, single pages. Elsewhere it is contiguous; in a
 * full zone that may take moving pages together, and waiting for what others have in hand, a
 * compactor perhaps.
 *
 * Throws `ZoneTooSmallError` when there is no memory for it.
 */
export function takeScratch(kernel: KernelExports): void {
  const isCache = kernel.hasStore() !== 0;
  const take = () => (isCache ? kernel.prepareSmall() : kernel.prepare()) >= 0;
  for (let round = 0; round < ROUNDS; round++) {
    if (take()) return;
    if (!isCache) compactArena(kernel, { order: facts.BLOCK_ORDER, budgetMs: COMPACT_MS });
    if (take()) return;
    if (mayPark()) pause(PAUSE_MS);
  }
  throw new ZoneTooSmallError("a thread's scratch");
}
