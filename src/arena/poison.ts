/**
 * Poisoning a page: taking it out of use, as a kernel does with memory that fails.
 *
 * The page is asked by its type. A free one is taken; what is movable is moved away, under the eyes
 * of whoever uses it, and the page is kept from everybody else; anything else says who is in the
 * way, and nothing has changed. What is only on its way from one user to another is asked again.
 */

import type { KernelExports } from '../border/kernel.ts';
import * as facts from '../generated/facts.ts';
import { withdrawPage } from './compaction.ts';

/** What `poison` did. */
export interface PoisonResult {
  isDone: boolean;
  /** Pages that were moved away for it, if any: all of the folio that had it. */
  moved?: number;
  /** Why it was refused. */
  reason?: string;
}

/** How often a page is asked: in between, what is on its way has arrived. */
const ASKS_OF_A_PAGE = 3;

const reasons: Record<number, string> = {
  [facts.ERR_PINNED]: 'somebody has pinned it',
  [facts.ERR_NOT_YOURS]: 'in use, and cannot be moved',
  [facts.ERR_BUSY]: 'on its way from one user to another',
  [facts.ERR_NOT_ALLOCATED]: 'poisoned already',
};

const heldReasons: Record<number, string> = {
  [facts.REASON_PINNED]: reasons[facts.ERR_PINNED]!,
  [facts.REASON_UNMOVABLE]: reasons[facts.ERR_NOT_YOURS]!,
  [facts.REASON_NO_ROOM]: 'there is no free page to move it to',
};

export function poisonPage(kernel: KernelExports, pfn: number): PoisonResult {
  let result: PoisonResult = { isDone: false };
  for (let round = 0; round < ASKS_OF_A_PAGE; round++) {
    const failure = kernel.poisonPage(pfn);
    if (failure === 0) return { isDone: true };
    if (failure === facts.ERR_MOVABLE) result = moveAway(kernel, pfn);
    else result = { isDone: false, reason: reasons[failure]! };
    if (result.reason !== reasons[facts.ERR_BUSY]) break;
    kernel.reclaim();
  }
  return result;
}

function moveAway(kernel: KernelExports, pfn: number): PoisonResult {
  const { isWithdrawn, moved, reason } = withdrawPage(kernel, pfn);
  if (isWithdrawn) return moved === 0 ? { isDone: true } : { isDone: true, moved };
  return { isDone: false, reason: heldReasons[reason] ?? reasons[facts.ERR_BUSY]! };
}
