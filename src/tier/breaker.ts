/**
 * The circuit breaker: who does not answer is left alone, and asked again by one call at a time.
 *
 *   closed     calls go through. FAILURES in a row, without one that succeeds: open
 *   open       none do, until the pause is over
 *   half-open  one does; it succeeds: closed; it fails: open, for twice as long
 *
 * Pauses double from FIRST_PAUSE_MS to MAX_PAUSE_MS and are shortened by up to half at random, so
 * that many clients of one server do not come back together.
 */

/** In a row, before calls are stopped: one may be bad luck. */
export const FAILURES = 3;
export const FIRST_PAUSE_MS = 50;
/** Also how late, at most, the end of an outage is noticed. */
export const MAX_PAUSE_MS = 2000;

/** The pause before attempt `attempt`, counted from 0, of whoever tries again. */
export function pauseMs(attempt: number, random: () => number = Math.random): number {
  return Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt) * (1 - random() / 2);
}

export class Breaker {
  readonly #now: () => number;
  readonly #random: () => number;
  #failures = 0;
  #pauses = 0;
  /** When the pause is over; 0: closed. */
  #until = 0;
  #isProbing = false;

  constructor(now: () => number, random: () => number = Math.random) {
    this.#now = now;
    this.#random = random;
  }

  get state(): 'closed' | 'open' | 'half-open' {
    if (this.#until === 0) return 'closed';
    return this.#isProbing || this.#now() >= this.#until ? 'half-open' : 'open';
  }

  /** Whether a call may be made now. In a half-open breaker the first who asks makes it. */
  enter(): boolean {
    if (this.#until === 0) return true;
    if (this.#isProbing || this.#now() < this.#until) return false;
    this.#isProbing = true;
    return true;
  }

  /** Milliseconds until somebody may try. */
  get waitMs(): number {
    if (this.#until === 0) return 0;
    return Math.max(this.#isProbing ? FIRST_PAUSE_MS : 1, this.#until - this.#now());
  }

  succeeded(): void {
    this.#failures = 0;
    this.#pauses = 0;
    this.#until = 0;
    this.#isProbing = false;
  }

  failed(): void {
    this.#failures++;
    const wasProbe = this.#isProbing;
    this.#isProbing = false;
    if (!wasProbe && (this.#failures < FAILURES || this.#until !== 0)) return;
    this.#until = this.#now() + pauseMs(this.#pauses++, this.#random);
  }
}
