/**
 * Vector clocks: how much of each thread happened before what another one does next.
 *
 * A row holds one clock for each thread. `rows` has a row for each thread, whose own clock rises
 * when it publishes; an event of thread u with clock c happened before what thread t does now if
 * c <= rows[t][u]. An *epoch* is such a clock with its thread, clock << 4 | u, never 0.
 * Two more sets of rows: what sleepers will be told when they wake, and what each atomic write left
 * behind for whoever reads from it.
 */
import { grown } from './shadow-memory.ts';
import { MAX_THREADS } from './strategy.ts';

/** Bits of an epoch that hold the thread. */
export const THREAD_BITS = 4;
/** Numbers in a row. */
export const ROW: number = MAX_THREADS;

export class ThreadClocks {
  readonly rows: Int32Array = new Int32Array(ROW * ROW);
  readonly #threads: number;
  readonly #wakes = new Int32Array(ROW * ROW);
  /** Row after row of `#threads` numbers; row 0 is nobody's. */
  #published = new Int32Array(1024);
  #publishedCount = 1;

  constructor(threads: number) {
    this.#threads = threads;
  }

  clear(): void {
    this.rows.fill(0);
    this.#wakes.fill(0);
    for (let thread = 0; thread < this.#threads; thread++) this.rows[thread * ROW + thread] = 1;
    this.#publishedCount = 1;
  }

  /** The epoch of what the thread does now. */
  epochOf(thread: number): number {
    return (this.rows[thread * ROW + thread]! << THREAD_BITS) | thread;
  }

  /** Leaves the thread's clocks for readers; returns their number. `advance` has to follow. */
  publish(thread: number): number {
    const number = this.#publishedCount++;
    const end = this.#publishedCount * this.#threads;
    if (end > this.#published.length) this.#published = grown(this.#published, end);
    const [from, to] = [thread * ROW, number * this.#threads];
    for (let i = 0; i < this.#threads; i++) this.#published[to + i] = this.rows[from + i]!;
    return number;
  }

  /** Begins the thread's next period: what it does from now on is not among what it published. */
  advance(thread: number): void {
    this.rows[thread * ROW + thread]!++;
  }

  /** The thread has read what was published under this number. */
  acquire(thread: number, number: number): void {
    this.#learn(this.rows, thread * ROW, this.#published, number * this.#threads);
  }

  notify(thread: number, sleepers: readonly number[]): void {
    for (const sleeper of sleepers) {
      this.#learn(this.#wakes, sleeper * ROW, this.rows, thread * ROW);
    }
    this.advance(thread);
  }

  wake(thread: number, timedOut: boolean): void {
    const row = thread * ROW;
    if (!timedOut) this.#learn(this.rows, row, this.#wakes, row);
    this.#wakes.fill(0, row, row + ROW);
  }

  /** All that the victim did happened before what the thread does now. */
  inherit(thread: number, victim: number): void {
    this.#learn(this.rows, thread * ROW, this.rows, victim * ROW);
  }

  #learn(target: Int32Array, to: number, source: Int32Array, from: number): void {
    for (let i = 0; i < this.#threads; i++) {
      if (source[from + i]! > target[to + i]!) target[to + i] = source[from + i]!;
    }
  }
}
