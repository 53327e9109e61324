/**
 * Chance from a seed, for the searches that draw lots: xorshift32.
 *
 * The generator runs on through all executions, so a seed names a whole search; a single execution
 * is named by its schedule.
 */
import { lowest } from '../strategy.ts';

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  }

  /** A number from 0 to limit - 1. */
  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return Math.floor((this.#state / 0x1_0000_0000) * limit);
  }

  /** The number of one of the set bits; draws nothing if there is only one. */
  pick(bits: number): number {
    let rest = bits;
    let count = 0;
    for (let all = bits; all !== 0; all &= all - 1) count++;
    for (let skip = count === 1 ? 0 : this.below(count); skip > 0; skip--) rest &= rest - 1;
    return lowest(rest);
  }
}
