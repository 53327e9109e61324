/**
 * The functions that an instrumented instance imports: raw numbers in, typed reports out.
 *
 * While no execution is under way (setup, before, check) the same module runs without scheduling:
 * accesses pass through, notifies wake nobody, and a wait is an error because nobody could wake it.
 */
import type { ModelImports } from './instance.ts';
import { checkFutexAddress } from './parking-lot.ts';
import type { Site } from './site.ts';
import { Pending, type PendingKind, type VirtualThread } from './virtual-thread.ts';
import { wasm } from './wasm-api.ts';

/** What the machine does with a report. */
export interface Reports {
  readonly isLive: boolean;
  readonly words: Uint32Array;
  plain(thread: VirtualThread, site: Site, address: number, length: number): void;
  /** Returns an answer to go on with, or -1 to suspend. */
  arrive(thread: VirtualThread, pending: PendingKind, site: Site, address: number): number;
  passThrough(site: Site, address: number, length: number): void;
}

export function modelImports(
  thread: VirtualThread,
  sites: readonly Site[],
  reports: Reports,
): ModelImports {
  return {
    plain: (site, address, length) =>
      reports.plain(thread, sites[site]!, address >>> 0, length >>> 0),
    step: (site, address, width) => {
      if (!reports.isLive) {
        reports.passThrough(sites[site]!, address >>> 0, width);
        return 0;
      }
      thread.operand = width;
      return reports.arrive(thread, Pending.Step, sites[site]!, address >>> 0);
    },
    wait: (site, address, low, high, timeoutNs) => {
      if (!reports.isLive) throw new Error('setup and check cannot wait');
      checkFutexAddress(reports.words, address >>> 0, sites[site]!.width);
      thread.expectedLow = low;
      thread.expectedHigh = high;
      thread.hasTimeout = timeoutNs >= 0;
      return reports.arrive(thread, Pending.Wait, sites[site]!, address >>> 0);
    },
    notify: (site, address, count) => {
      checkFutexAddress(reports.words, address >>> 0, 4);
      if (!reports.isLive) return 0;
      thread.operand = count >>> 0;
      return reports.arrive(thread, Pending.Notify, sites[site]!, address >>> 0);
    },
    suspend: new wasm.Suspending(() => thread.suspend()),
  };
}
