/**
 * Which step of the current execution happened before which, and which pairs of them are races.
 *
 * Step j happens before a later step i if both are of one thread, if they conflict, if j made i's
 * thread runnable (it woke it, or killed the thread that it recovers from), or by a chain of these.
 * Executions with the same such order are the same execution for the program. A conflict (j, i)
 * with nothing in between is a *race*: i could have come before j.
 *
 * Vector clocks: entry t of a step's clock is the number of steps of thread t that happened before
 * it, itself included. For each step i there is one row of n clocks, those of all threads after it:
 *
 *   j happened before i   <=>   clock(i)[thread(j)] >= clock(j)[thread(j)]
 *   row(-1) = 0           clock(i) = row(i)[thread(i)]
 *
 * Sources: Abdulla, Aronis, Jonsson, Sagonas, "Optimal dynamic partial order reduction" (POPL
 * 2014).
 */
import { lowest, twiceAsLong } from '../strategy.ts';
import type { AccessLog } from './access-log.ts';

export class HappensBefore {
  readonly #n: number;
  #rows: Int32Array<ArrayBuffer>;
  #threads = new Int32Array(256);
  /** Steps that conflict with the one in hand carry its mark, which no other step ever had. */
  #marks = new Float64Array(256);
  #mark = 0;

  constructor(threads: number) {
    this.#n = threads;
    this.#rows = new Int32Array((256 + 1) * threads * threads);
  }

  /** Index of a step's clock. */
  #clock(step: number): number {
    return ((step + 1) * this.#n + this.#threads[step]!) * this.#n;
  }

  /** Place of a step among those of its thread, from 1. */
  #place(step: number): number {
    return this.#rows[this.#clock(step) + this.#threads[step]!]!;
  }

  #isBefore(step: number, later: number): boolean {
    return this.#rows[this.#clock(later) + this.#threads[step]!]! >= this.#place(step);
  }

  #join(into: number, from: number): void {
    for (let t = 0; t < this.#n; t++) {
      if (this.#rows[from + t]! > this.#rows[into + t]!)
        this.#rows[into + t] = this.#rows[from + t]!;
    }
  }

  /** Adds a step, whose accesses are the log's last; tells of each race with an earlier one. */
  add(step: number, thread: number, log: AccessLog, onRace: (earlier: number) => void): void {
    if (step === this.#threads.length) this.#grow();
    const size = this.#n * this.#n;
    this.#rows.copyWithin((step + 1) * size, step * size, (step + 1) * size);
    this.#threads[step] = thread;
    const clock = this.#clock(step);
    this.#rows[clock + thread]!++;
    this.#mark++;
    let [oldest, newest] = [step, -1];
    log.forEachConflict((earlier) => {
      if (this.#isBefore(earlier, step)) return;
      this.#marks[earlier] = this.#mark;
      if (earlier < oldest) oldest = earlier;
      if (earlier > newest) newest = earlier;
    });
    // From the newest on: what is behind a race, seen from here, is then ordered by it already.
    for (let earlier = newest; earlier >= oldest; earlier--) {
      if (this.#marks[earlier] !== this.#mark || this.#isBefore(earlier, step)) continue;
      onRace(earlier);
      this.#join(clock, this.#clock(earlier));
    }
  }

  /** The step made these threads runnable: it happens before what they do next. */
  release(step: number, threads: number): void {
    for (let rest = threads; rest !== 0; rest &= rest - 1) {
      const thread = lowest(rest);
      this.#join(((step + 1) * this.#n + thread) * this.#n, this.#clock(step));
    }
  }

  /** All steps so far, of which this is the last, happen before what these threads do next. */
  releaseAfterAll(step: number, threads: number): void {
    const row = (step + 1) * this.#n * this.#n;
    for (let rest = threads; rest !== 0; rest &= rest - 1) {
      for (let t = 0; t < this.#n; t++) {
        this.#join(row + lowest(rest) * this.#n, row + t * this.#n);
      }
    }
  }

  #grow(): void {
    this.#rows = twiceAsLong(this.#rows);
    this.#threads = twiceAsLong(this.#threads);
    this.#marks = new Float64Array(this.#threads.length);
  }
}
