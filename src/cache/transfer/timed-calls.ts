/**
 * Calls about the key in the scratch that may need to know the time, or a large scratch: they say
 * so, and are made again with it. Mostly they need neither.
 */
import type { ZoneClock } from '../../border/clock.ts';
import * as facts from '../../generated/facts.ts';
import type { LargeScratch } from '../../threads/large-scratch.ts';

export class TimedCalls {
  readonly #clock: ZoneClock;
  /** The key's scratch. */
  readonly #key: Uint8Array;
  readonly #large: LargeScratch;

  constructor(clock: ZoneClock, key: Uint8Array, large: LargeScratch) {
    this.#clock = clock;
    this.#key = key;
    this.#large = large;
  }

  /**
   * Calls with a guess, again with the time if the key's entry has an expiry, and with a large
   * scratch if it needs one. That may be out afterwards.
   * Progress: the time once known stays so, and a large scratch is kept. Either may be needed
   * first: another thread may set the key meanwhile.
   */
  call(keyBytes: number, call: (now: number) => number): number {
    let now = this.#clock.guess();
    while (true) {
      const outcome = call(now);
      if (outcome === facts.ERR_NEEDS_CLOCK) now = this.timeFor(keyBytes);
      else if (outcome === facts.ERR_NEEDS_SCRATCH) this.#large.take();
      else return outcome;
    }
  }

  /** Zone time. A clock of the user's own may use the scratch, so its key is kept meanwhile. */
  timeFor(keyBytes: number): number {
    if (!this.#clock.isOwn) return this.#clock.now();
    const key = new Uint8Array(this.#key.subarray(0, keyBytes & facts.LENGTH_MASK));
    const now = this.#clock.now();
    this.#key.set(key);
    return now;
  }
}
