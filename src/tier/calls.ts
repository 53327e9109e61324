/**
 * Calls of a tier: none without a time-out, none while the breaker is open, all of them counted.
 *
 * A call that fails is no error for whoever asked: the cache goes on without the tier. So `make`
 * never rejects.
 */
import { reasonOf } from './answers.ts';
import { Breaker } from './breaker.ts';
import { Histogram } from './histogram.ts';

/** Captured: fake timers would patch one thread of many. */
const { setTimeout, clearTimeout, performance } = globalThis;

/** What became of a call. */
export type Answer<T> = { readonly value: T } | undefined;

export class Calls {
  readonly breaker: Breaker = new Breaker(() => performance.now());
  readonly latency: Histogram = new Histogram();
  readonly timeoutMs: number;
  errors = 0;
  timeouts = 0;
  lastError: string | undefined;

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
  }

  /** Makes a call, unless none may be made. @returns its value; undefined: there is none */
  async make<T>(call: () => Promise<T>): Promise<Answer<T>> {
    if (!this.breaker.enter()) return undefined;
    const start = performance.now();
    try {
      const value = await this.#inTime(call());
      this.latency.add(performance.now() - start);
      this.breaker.succeeded();
      return { value };
    } catch (error) {
      this.note(error);
      this.breaker.failed();
      return undefined;
    }
  }

  /** Writes down what went wrong, without secrets. */
  note(error: unknown): void {
    this.errors++;
    this.lastError = reasonOf(error);
  }

  async #inTime<T>(work: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.timeouts++;
        reject(new Error(`no answer within ${this.timeoutMs} ms`));
      }, this.timeoutMs);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
