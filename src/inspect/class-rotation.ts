/**
 * The size classes of zsmalloc, counted by an observer: a few slabs of descriptors at a time, round
 * and round. A table is what one whole round saw, so it is as old as a round is long.
 */
import type { ObserverExports } from '../border/observer.ts';
import * as facts from '../generated/facts.ts';
import { type ClassCount, type ClassReport, classReport, EIGHTHS } from '../reports/zsmalloc.ts';

const USED_MASK = 511;
const HELD_MASK = 31;
const CLASS_MASK = (1 << facts.OBSERVED_HELD_SHIFT) - 1;

export class ClassRotation {
  readonly #observer: ObserverExports;
  #counts: ClassCount[] = [];
  /** The page to go on from. */
  #next = 0;
  /** What the last whole round saw. */
  table: ClassReport[] = [];

  constructor(observer: ObserverExports) {
    this.#observer = observer;
  }

  /** Looks at up to `slabs` slabs. @returns whether a round ended, and `table` is new */
  turn(slabs: number): boolean {
    for (let i = 0; i < slabs; i++) {
      const pfn = this.#observer.nextZspageSlab(this.#next);
      if (pfn === 0) return this.#endRound();
      this.#countSlab(pfn);
      this.#next = pfn + 1;
    }
    return false;
  }

  #countSlab(pfn: number): void {
    const perSlab = this.#observer.observedSlab(facts.CACHE_ZSPAGE, facts.FIGURE_PER_SLAB);
    for (let index = 0; index < perSlab; index++) {
      const seen = this.#observer.observeZspage(pfn, index);
      if (seen >= 0) this.#countZspage(seen);
    }
  }

  #countZspage(seen: number): void {
    const count = this.#countOf(seen & CLASS_MASK);
    const used = (seen >>> facts.OBSERVED_USED_SHIFT) & USED_MASK;
    count.used += used;
    count.pages += (seen >>> facts.OBSERVED_HELD_SHIFT) & HELD_MASK;
    count.zspages++;
    count.eighths[Math.floor((used * (EIGHTHS - 1)) / count.objects)]!++;
  }

  #countOf(sizeClass: number): ClassCount {
    const figure = (which: number) => this.#observer.observedClass(sizeClass, which);
    this.#counts[sizeClass] ??= {
      size: figure(facts.OBSERVED_CLASS_BYTES),
      pagesPerZspage: figure(facts.OBSERVED_CLASS_PAGES),
      objects: figure(facts.OBSERVED_CLASS_OBJECTS),
      ...{ used: 0, pages: 0, zspages: 0, eighths: new Array(EIGHTHS).fill(0) },
    };
    return this.#counts[sizeClass];
  }

  #endRound(): boolean {
    const all = this.#counts.map((count, sizeClass) => classReport(sizeClass, count));
    this.table = all.filter((one) => one !== undefined);
    this.#counts = [];
    this.#next = 0;
    return true;
  }
}
