/**
 * Purging: what is over is taken out without waiting until memory is short. Clearing: everything
 * is.
 */
import { checkAmount, checkOptions } from '../../border/arguments.ts';
import { systemTime, type ZoneClock } from '../../border/clock.ts';
import type { KernelExports } from '../../border/kernel.ts';

/** What is told that everything goes. */
interface TierToClear {
  readonly session: { cleared(): void } | undefined;
}

/** Removes a cache's entries, all of them, or a namespace's. */
export function clearEntries(
  kernel: KernelExports,
  { space, tier }: { space: number; tier: TierToClear | undefined },
): void {
  if (space !== 0) {
    kernel.clearSpace(space);
    return;
  }
  tier?.session?.cleared();
  clearAll(kernel);
}

export interface PurgeOptions {
  /** Milliseconds after which no further page of entries is begun; Infinity if left out. */
  maxMs?: number | undefined;
}

export function readPurgeOptions(options: PurgeOptions): number {
  const { maxMs = Number.POSITIVE_INFINITY } = checkOptions(options, ['maxMs']);
  return checkAmount('maxMs', maxMs);
}

/** At least one page is gone through, whatever `maxMs`. @returns how many entries went */
export function purgeStale(kernel: KernelExports, clock: ZoneClock, maxMs: number): number {
  clock.nowIfNeeded();
  const end = systemTime.stamp() + maxMs;
  let removed = 0;
  kernel.beginPurge(0);
  for (const step of [() => kernel.purgeNext(), () => kernel.sweepDead()]) {
    let some: number;
    do {
      some = step();
      removed += Math.max(some, 0);
    } while (some >= 0 && systemTime.stamp() < end);
  }
  return removed;
}

/** Entries that one kernel call clears: some hundred microseconds. */
const CLEAR_BATCH = 1024;
/** A cursor that has been everywhere. */
const END = 2 ** 32;

/**
 * Removes what is there when it begins, a leaf of the index a step. What others add meanwhile may
 * go as well.
 */
export function* clearSteps(kernel: KernelExports): Generator<void, void> {
  for (let cursor = 0; cursor < END; yield) cursor = kernel.clearNext(cursor, CLEAR_BATCH);
}

/** Removes what is there now, and the records of it, which those who set next would look after. */
function clearAll(kernel: KernelExports): void {
  for (const _ of clearSteps(kernel));
  kernel.beginPurge(1);
  while (kernel.purgeNext() >= 0);
}
