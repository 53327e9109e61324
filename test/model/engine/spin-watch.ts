/**
 * Notices threads that spin, so that others run before they spin again.
 *
 * A spin loop makes the tree of schedules infinite: the waiting thread can always take one more
 * turn. With a limit, a thread that is about to read at the same site and address for more than
 * `limit` times, while nobody changed memory, *yields*: it is offered again only after a change, or
 * when nothing else can run. That prunes schedules in which such a thread goes on regardless (a
 * loop that gives up after a number of turns, for instance), which is why it is not the default.
 *
 * A failed compare-and-swap is a read. Whether it failed is known only after it happened, so the
 * words are compared at the next report.
 */
import type { Site } from './site.ts';

export class SpinWatch {
  /** Threads that yield, as bits. */
  yielding = 0;
  readonly #limit: number;
  readonly #words: Uint32Array;
  #seen: Map<number, number>[] = [];
  #casIndex = -1;
  #casLow = 0;
  #casHigh = 0;

  constructor(limit: number, words: Uint32Array) {
    this.#limit = limit;
    this.#words = words;
  }

  reset(): void {
    this.#casIndex = -1;
    this.#forget();
  }

  #forget(): void {
    this.yielding = 0;
    for (const seen of this.#seen) seen.clear();
  }

  /** A thread is about to touch memory atomically. */
  arrive(thread: number, site: Site, address: number): void {
    this.settle();
    if (!site.reads) return;
    this.#seen[thread] ??= new Map();
    const key = site.id * 0x1_0000_0000 + address;
    const count = (this.#seen[thread].get(key) ?? 0) + 1;
    this.#seen[thread].set(key, count);
    if (count > this.#limit) this.yielding |= 1 << thread;
  }

  /** A thread writes now. */
  write(site: Site, address: number): void {
    if (site.op !== 'cas') {
      this.#forget();
      return;
    }
    this.#casIndex = address >>> 2;
    this.#casLow = this.#words[this.#casIndex] ?? 0;
    this.#casHigh = this.#words[this.#casIndex + 1] ?? 0;
  }

  /** Finds out whether the last compare-and-swap changed memory. */
  settle(): void {
    const index = this.#casIndex;
    if (index < 0) return;
    this.#casIndex = -1;
    const changed =
      this.#words[index] !== this.#casLow || (this.#words[index + 1] ?? 0) !== this.#casHigh;
    if (changed) this.#forget();
  }
}
