/**
 * Calls of a tier: none without a time-out, none while their breaker is open, all of them counted.
 *
 * Reads and writes have a breaker each: a disk that is full takes no writes, and is read as ever.
 * Who takes a write can be read as well, so one that succeeds closes both.
 *
 * A call that fails is no error for whoever asked: the cache goes on without the tier. So `make`
 * never rejects.
 */
import { later } from '../border/timer.ts';
import { reasonOf } from './answers.ts';
import { Breaker } from './breaker.ts';
import { Histogram } from './histogram.ts';

/** Captured: fake timers would patch one thread of many. */
const { performance } = globalThis;

/** What lets nothing through first. */
const STATES = ['open', 'half-open', 'closed'] as const;

/** What became of a call. */
export type Answer<T> = { readonly value: T } | undefined;

export class Calls {
  readonly #reads: Breaker = new Breaker(() => performance.now());
  readonly #writes: Breaker = new Breaker(() => performance.now());
  readonly latency: Histogram = new Histogram();
  readonly timeoutMs: number;
  /** Of calls under way: what ends each of them. */
  readonly #ends = new Set<(reason: Error) => void>();
  #isClosed = false;
  errors = 0;
  timeouts = 0;
  lastError: string | undefined;

  constructor(timeoutMs: number) {
    this.timeoutMs = timeoutMs;
  }

  /** That of the two which lets less through. */
  get state(): Breaker['state'] {
    const states = [this.#reads.state, this.#writes.state];
    return STATES.find((state) => states.includes(state))!;
  }

  /** Milliseconds until a write may be tried. */
  get waitMs(): number {
    return this.#writes.waitMs;
  }

  /** Makes a call, unless none may be made. @returns its value; undefined: there is none */
  read<T>(call: () => Promise<T>): Promise<Answer<T>> {
    return this.#make(call, this.#reads);
  }

  write<T>(call: () => Promise<T>): Promise<Answer<T>> {
    return this.#make(call, this.#writes);
  }

  /** Those under way are given up, and none are made any more. */
  close(): void {
    this.#isClosed = true;
    for (const end of this.#ends) end(new Error('the cache was closed'));
  }

  /** The tier is there again. */
  succeeded(): void {
    this.#reads.succeeded();
    this.#writes.succeeded();
  }

  async #make<T>(call: () => Promise<T>, breaker: Breaker): Promise<Answer<T>> {
    if (this.#isClosed || !breaker.enter()) return undefined;
    const start = performance.now();
    try {
      const value = await this.#inTime(call(), start);
      this.latency.add(performance.now() - start);
      breaker.succeeded();
      if (breaker === this.#writes) this.#reads.succeeded();
      return { value };
    } catch (error) {
      this.note(error);
      breaker.failed();
      return undefined;
    }
  }

  /** Writes down what went wrong, without secrets. */
  note(error: unknown): void {
    this.errors++;
    this.lastError = reasonOf(error);
  }

  /** A thread that was busy, and comes late to hear, goes on for as long as it was late. */
  async #inTime<T>(work: Promise<T>, start: number): Promise<T> {
    let end!: (reason: Error) => void;
    const late = new Promise<never>((_, reject) => {
      end = reject;
    });
    const giveUp = () => {
      this.timeouts++;
      end(new Error(`no answer within ${this.timeoutMs} ms`));
    };
    let endTimer = later(
      () => {
        // Timers go before what has arrived: without this not even a turn would be left to hear it.
        endTimer = later(giveUp, Math.max(0, performance.now() - start - this.timeoutMs), true);
      },
      this.timeoutMs,
      true,
    );
    this.#ends.add(end);
    try {
      return await Promise.race([work, late]);
    } finally {
      endTimer();
      this.#ends.delete(end);
    }
  }
}
