/**
 * A uniform choice among the runnable threads at every step, from a seed.
 *
 * For cases too large to enumerate. Kills are rarer than steps, so that threads get somewhere
 * before they die: one in 32 of the places where a kill is possible.
 */
import { KILL, type Strategy } from '../strategy.ts';
import { Random } from './random.ts';

const KILL_ONE_IN = 32;

export class RandomWalk implements Strategy {
  readonly #random: Random;
  readonly complete = false;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  begin(): void {}

  choose(offer: number): number {
    const runs = offer & 0xffff;
    const kills = offer >>> KILL;
    if (kills !== 0 && (runs === 0 || this.#random.below(KILL_ONE_IN) === 0)) {
      return KILL + this.#random.pick(kills);
    }
    return this.#random.pick(runs);
  }

  killAtStore(): boolean {
    return this.#random.below(KILL_ONE_IN) === 0;
  }

  advance(): boolean {
    return true;
  }
}
