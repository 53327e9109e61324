/**
 * Compaction: the loops over the kernel's steps, and their reports.
 *
 * A step takes some ten microseconds, so budgets are kept to that, and other threads go on between
 * steps and meanwhile. One thread compacts at a time; a second one is told that it is busy.
 *
 * Nothing that a program holds changes: page migration gives a descriptor other pages and tells
 * nobody. What is pinned stays where it is.
 */

import { checkAmount, checkBoolean, checkInteger, checkOptions } from '../border/arguments.ts';
import type { KernelExports } from '../border/kernel.ts';
import { every } from '../border/timer.ts';
import { BusyError, PagelessError } from '../errors.ts';
import * as facts from '../generated/facts.ts';

export interface PageOptions {
  /**
   * You could do with other pages: they are kept apart from those that stay where they are, so that
   * large blocks become free again. Default false.
   */
  movable?: boolean | undefined;
  /** When there is no such block, for how long to try to make one. Default 0. */
  compactMs?: number | undefined;
}

export interface CompactionOptions {
  /** Order of the blocks wanted, 0 … 10. From 9 on as many as can be had, below that one. */
  order?: number | undefined;
  /** Time that may be spent. Default: as long as it takes, some 0.5 ms for each MiB moved. */
  budgetMs?: number | undefined;
}

/** Pages that stood in the way. */
export interface SkippedPages {
  type: PageKind;
  reason: HoldReason;
  pages: number;
}

export type PageKind = 'unmovable' | 'slab' | 'file folio' | 'anonymous folio' | 'zspage' | 'free';

/** `busy`: being written, or on its way in or out. `no room`: there is no free block for it. */
export type HoldReason = 'unmovable' | 'pinned' | 'busy' | 'no room';

export interface CompactionReport {
  /** Free blocks of the order that were made; for orders below 9 blocks of order 9. */
  made: number;
  /** Pages moved, and pages looked at. */
  moved: number;
  scanned: number;
  skipped: SkippedPages[];
  /**
   * `done`: there is nothing left to do. `no room`: what is movable does not fit elsewhere.
   * `blocked`: what cannot be moved is in the way. `budget`: time was over. `busy`: another thread
   * compacts, or it was put off after failures.
   */
  ended: 'done' | 'no room' | 'blocked' | 'budget' | 'busy';
  ms: number;
}

export interface EvacuationReport {
  /** Whether none of the pages was in use when it ended. */
  isEmpty: boolean;
  moved: number;
  /** Pages that are still in use. */
  held: HeldPage[];
  ended: 'done' | 'budget' | 'busy';
  ms: number;
}

export interface EvacuationOptions {
  /** The range: its first page, and how many. */
  pfn: number;
  count: number;
  /** For how long to try again what was pinned. Default 0: once. */
  budgetMs?: number | undefined;
}

export interface HeldPage {
  pfn: number;
  reason: HoldReason;
}

const kinds: Record<number, PageKind> = {
  [facts.TYPE_FREE]: 'free',
  [facts.TYPE_SLAB]: 'slab',
  [facts.TYPE_FILE_FOLIO]: 'file folio',
  [facts.TYPE_ANON_FOLIO]: 'anonymous folio',
  [facts.TYPE_ZSPAGE]: 'zspage',
};

const reasons: Record<number, HoldReason> = {
  [facts.REASON_UNMOVABLE]: 'unmovable',
  [facts.REASON_PINNED]: 'pinned',
  [facts.REASON_BUSY]: 'busy',
  [facts.REASON_NO_ROOM]: 'no room',
};

const endings: Record<number, CompactionReport['ended']> = {
  [facts.END_DONE]: 'done',
  [facts.END_NO_ROOM]: 'no room',
  [facts.END_BLOCKED]: 'blocked',
};

/** How a run differs from one that somebody asked for, who waits for the blocks to be free. */
interface Manner {
  isDelivery?: boolean;
  isPolite?: boolean;
}

/** Steps until there is nothing more to do. @returns false when time was over first */
function stepUntil(kernel: KernelExports, deadline: number): boolean {
  while (kernel.compactStep() > 0) if (performance.now() >= deadline) return false;
  return true;
}

/** Ends a run: the last grace period, microseconds, is waited for. */
function end(kernel: KernelExports): void {
  while (kernel.endCompaction() === 0);
}

function skippedBy(kernel: KernelExports): SkippedPages[] {
  const found: SkippedPages[] = [];
  for (let type = 0; type <= facts.TYPE_MASK; type++) {
    for (const [number, reason] of Object.entries(reasons)) {
      const pages = kernel.skippedPages(type, Number(number));
      if (pages > 0) found.push({ type: kinds[type] ?? 'unmovable', reason, pages });
    }
  }
  return found;
}

function reportOf(kernel: KernelExports, isOver: boolean, start: number): CompactionReport {
  const ending = endings[kernel.compactFigure(facts.FIGURE_ENDING)] ?? 'done';
  return {
    made: kernel.compactFigure(facts.FIGURE_MADE),
    moved: kernel.compactFigure(facts.FIGURE_MOVED),
    scanned: kernel.compactFigure(facts.FIGURE_SCANNED),
    skipped: skippedBy(kernel),
    ended: isOver ? ending : 'budget',
    ms: performance.now() - start,
  };
}

/** Makes free blocks. */
export function compactArena(kernel: KernelExports, options: CompactionOptions): CompactionReport {
  const known = ['order', 'budgetMs'];
  const { order = 9, budgetMs = Number.POSITIVE_INFINITY } = checkOptions(options, known);
  checkInteger('order', order, 0, facts.MAX_ORDER);
  checkAmount('budgetMs', budgetMs);
  return compact(kernel, order, budgetMs).report;
}

/** `delivered` is the caller's block, or 0. */
function compact(
  kernel: KernelExports,
  order: number,
  budgetMs: number,
  { isDelivery = false, isPolite = false }: Manner = {},
): { report: CompactionReport; delivered: number } {
  const start = performance.now();
  if (kernel.beginCompaction(order, Number(isDelivery), Number(isPolite)) !== 0) {
    const ms = performance.now() - start;
    const report = { made: 0, moved: 0, scanned: 0, skipped: [], ended: 'busy' as const, ms };
    return { report, delivered: 0 };
  }
  const isOver = stepUntil(kernel, start + budgetMs);
  const report = reportOf(kernel, isOver, start);
  const delivered = kernel.compactFigure(facts.FIGURE_DELIVERED);
  end(kernel);
  return { report, delivered };
}

/**
 * Allocates pages; if there are none compacts, for up to `compactMs`. @returns as the kernel does
 */
export function allocPages(kernel: KernelExports, order: number, options: PageOptions): number {
  const { movable = false, compactMs = 0 } = checkOptions(options, ['movable', 'compactMs']);
  checkBoolean('movable', movable);
  checkAmount('compactMs', compactMs);
  const pfn = kernel.allocPages(order, Number(movable));
  if (pfn > 0 || compactMs === 0) return pfn;
  const { delivered } = compact(kernel, order, compactMs, { isDelivery: true, isPolite: true });
  return delivered > 0 ? delivered : kernel.allocPages(order, Number(movable));
}

/** Moves what is movable out of a range of pages; while time is left, again and again. */
export function evacuateRange(kernel: KernelExports, options: EvacuationOptions): EvacuationReport {
  const { pfn, count, budgetMs = 0 } = checkOptions(options, ['pfn', 'count', 'budgetMs']);
  checkInteger('pfn', pfn, kernel.firstPfn(), kernel.pageCount() - 1);
  checkInteger('count', count, 1, kernel.pageCount() - pfn);
  checkAmount('budgetMs', budgetMs);
  const start = performance.now();
  const report: EvacuationReport = { isEmpty: false, moved: 0, held: [], ended: 'busy', ms: 0 };
  while (kernel.beginEvacuation(pfn, count) === 0) {
    stepUntil(kernel, Number.POSITIVE_INFINITY);
    report.held = heldPages(kernel, pfn, count);
    report.moved += kernel.compactFigure(facts.FIGURE_MOVED);
    end(kernel);
    report.isEmpty = report.held.length === 0;
    const isFinal = report.held.every(({ reason }) => reason === 'unmovable');
    report.ended = isFinal ? 'done' : 'budget';
    report.ms = performance.now() - start;
    if (isFinal || report.ms >= budgetMs) break;
  }
  return report;
}

/**
 * Moves away what has a page, and withdraws the page. Within some milliseconds, or not at all.
 *
 * @returns `reason`: REASON_… if it is still in use, −1 if that has changed meanwhile
 */
export function withdrawPage(
  kernel: KernelExports,
  pfn: number,
): { isWithdrawn: boolean; moved: number; reason: number } {
  if (kernel.beginWithdrawal(pfn) !== 0) {
    return { isWithdrawn: false, moved: 0, reason: facts.REASON_BUSY };
  }
  stepUntil(kernel, Number.POSITIVE_INFINITY);
  const isWithdrawn = kernel.compactFigure(facts.FIGURE_MADE) !== 0;
  const moved = kernel.compactFigure(facts.FIGURE_MOVED);
  const reason = kernel.whyHeld(pfn);
  end(kernel);
  return { isWithdrawn, moved, reason };
}

function heldPages(kernel: KernelExports, pfn: number, count: number): HeldPage[] {
  const held: HeldPage[] = [];
  for (let page = pfn; page < pfn + count; page++) {
    const reason = reasons[kernel.whyHeld(page)];
    if (reason) held.push({ pfn: page, reason });
  }
  return held;
}

export interface BackgroundOptions {
  /** Share of one CPU that it may use, up to 1. Default 0.05. */
  budget?: number | undefined;
  /** As for `compact`. Default 9. */
  order?: number | undefined;
  /** Length of an interval. Default 100. */
  intervalMs?: number | undefined;
}

/** Intervals that a background compaction skips at most, after it had nothing to do. */
const MAX_PAUSE = 64;

/** Compaction that goes on beside a thread's other work, a slice in each interval. */
export class BackgroundCompaction implements Disposable {
  /** Sums over all slices. */
  readonly totals: { made: number; moved: number; ms: number } = { made: 0, moved: 0, ms: 0 };
  readonly #end: () => void;
  #isRunning = true;
  #pause = 1;
  #waited = 0;

  /** @internal */
  constructor(slice: () => CompactionReport, intervalMs: number) {
    this.#end = every(() => this.#tick(slice), intervalMs, false);
  }

  /** False when it was closed, and when its arena was, or was poisoned. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Ends it. Nothing of it is under way between two slices. */
  close(): void {
    this.#isRunning = false;
    this.#end();
  }

  /** As `close`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Backs off, twice as long each time, while there is nothing to do. */
  #tick(slice: () => CompactionReport): void {
    if (++this.#waited < this.#pause) return;
    this.#waited = 0;
    const report = this.#tryTo(slice);
    if (report === undefined) return;
    const { made, moved, ms } = report;
    this.totals.made += made;
    this.totals.moved += moved;
    this.totals.ms += ms;
    this.#pause = made > 0 || moved > 0 ? 1 : Math.min(MAX_PAUSE, this.#pause * 2);
  }

  /** What a timer throws would end the program: every other call tells what is the matter. */
  #tryTo(slice: () => CompactionReport): CompactionReport | undefined {
    try {
      return slice();
    } catch (error) {
      if (!(error instanceof PagelessError)) throw error;
      if (!(error instanceof BusyError)) this.close();
      return undefined;
    }
  }
}

/** Arguments are checked here; the arena may be disposed before the background work is. */
export function startCompaction(
  kernelOf: () => KernelExports,
  options: BackgroundOptions,
): BackgroundCompaction {
  const known = ['budget', 'order', 'intervalMs'];
  const { budget = 0.05, order = 9, intervalMs = 100 } = checkOptions(options, known);
  checkInteger('order', order, 0, facts.MAX_ORDER);
  checkInteger('intervalMs', intervalMs, 1, 1_000_000);
  checkAmount('budget', budget, 1);
  const slice = () => compact(kernelOf(), order, budget * intervalMs, { isPolite: true });
  return new BackgroundCompaction(() => slice().report, intervalMs);
}
