/**
 * How long calls take: counts by powers of two of microseconds, so that a quantile is known within
 * a factor of two, in 32 numbers and without a list of what happened.
 */
const BUCKETS = 32;

export class Histogram {
  readonly #counts: number[] = new Array<number>(BUCKETS).fill(0);
  #calls = 0;
  #max = 0;

  /** Counts a call of so many milliseconds. */
  add(ms: number): void {
    const bucket = Math.min(BUCKETS - 1, Math.ceil(Math.log2(Math.max(1, ms * 1000))));
    this.#counts[bucket]!++;
    this.#calls++;
    this.#max = Math.max(this.#max, ms);
  }

  /**
   * Milliseconds that this share of the calls did not exceed: rounded up to the next power of two.
   */
  quantile(share: number): number {
    let left = share * this.#calls;
    for (const [bucket, count] of this.#counts.entries()) {
      left -= count;
      const isOver = count > 0 && left <= 0;
      if (isOver && bucket < BUCKETS - 1) return Math.min(2 ** bucket / 1000, this.#max);
    }
    return this.#max;
  }

  summary(): { calls: number; p50: number; p99: number; max: number } {
    return {
      calls: this.#calls,
      p50: this.quantile(0.5),
      p99: this.quantile(0.99),
      max: this.#max,
    };
  }
}
