/**
 * A uniform choice among the runnable threads at every step, from a seed.
 *
 * For cases too large to enumerate. Kills are rarer than steps, so that threads get somewhere
 * before they die: one in 32 of the places where a kill is possible. The generator runs on through
 * all executions, so a seed names a whole search; a single execution is named by its schedule.
 */
import { KILL, type Strategy } from '../strategy.ts';

const KILL_ONE_IN = 32;

export class RandomWalk implements Strategy {
  #state: number;
  readonly complete = false;

  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  }

  begin(): void {}

  choose(offer: number): number {
    const runs = offer & 0xffff;
    const kills = offer >>> KILL;
    if (kills !== 0 && (runs === 0 || this.#below(KILL_ONE_IN) === 0)) {
      return KILL + this.#pick(kills);
    }
    return this.#pick(runs);
  }

  killAtStore(): boolean {
    return this.#below(KILL_ONE_IN) === 0;
  }

  advance(): boolean {
    return true;
  }

  #pick(bits: number): number {
    let rest = bits;
    let count = 0;
    for (let all = bits; all !== 0; all &= all - 1) count++;
    for (let skip = count === 1 ? 0 : this.#below(count); skip > 0; skip--) rest &= rest - 1;
    return 31 - Math.clz32(rest & -rest);
  }

  /** A number from 0 to limit - 1, by xorshift32 and a multiplication. */
  #below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return Math.floor((this.#state / 0x1_0000_0000) * limit);
  }
}
