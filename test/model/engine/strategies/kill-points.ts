/**
 * Where threads die in a random execution: at places drawn before it begins.
 *
 * A place is any moment at which the scheduler offers a kill. Their number is learnt from the
 * executions so far, the first of which kills nobody. An execution draws how many kills it tries,
 * from none to all that are allowed, so that every number is tried equally often.
 */
import type { Random } from './random.ts';

export class KillPoints {
  readonly #random: Random;
  readonly #kills: number;
  /** Most places seen in an execution. */
  #places = 0;
  #passed = 0;
  #points: number[] = [];

  constructor(random: Random, kills: number) {
    this.#random = random;
    this.#kills = kills;
  }

  begin(): void {
    this.#places = Math.max(this.#places, this.#passed);
    this.#passed = 0;
    const isFirst = this.#places === 0;
    const kills = isFirst || this.#kills === 0 ? 0 : this.#random.below(this.#kills + 1);
    this.#points = Array.from({ length: kills }, () => 1 + this.#random.below(this.#places));
  }

  /** Passes a place; true when somebody dies here. */
  isDue(): boolean {
    this.#passed++;
    return this.#points.includes(this.#passed);
  }
}
