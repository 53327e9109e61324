/**
 * A random walk that is uniform over interleavings, not over the threads at each step.
 *
 * A walk that tosses a coin at every step nearly never lets a thread of 3 steps overtake one of
 * 100. If threads have r1, r2, … steps left, a share ri / (r1 + r2 + …) of all interleavings begins
 * with thread i; choosing with these weights makes all of them equally likely. How many steps are
 * left is estimated: the longest run of the thread so far, less what it has made, and at least 1.
 *
 * The weights are exact where a thread's number of steps does not depend on the schedule.
 *
 * Sources: URW in shuttle; "Selectively Uniform Concurrency Testing" (ASPLOS 2025).
 */
import { KILL, lowest, MAX_THREADS, type Strategy } from '../strategy.ts';
import { KillPoints } from './kill-points.ts';
import { Random } from './random.ts';

export class UniformWalk implements Strategy {
  readonly complete = false;
  readonly #random: Random;
  readonly #killPoints: KillPoints;
  readonly #longest = new Int32Array(MAX_THREADS);
  readonly #made = new Int32Array(MAX_THREADS);

  constructor(seed: number, kills = 0) {
    this.#random = new Random(seed);
    this.#killPoints = new KillPoints(this.#random, kills);
  }

  begin(): void {
    this.#killPoints.begin();
    for (let i = 0; i < MAX_THREADS; i++) {
      this.#longest[i] = Math.max(this.#longest[i]!, this.#made[i]!);
    }
    this.#made.fill(0);
  }

  choose(offer: number): number {
    const kills = offer >>> KILL;
    if (kills !== 0 && this.#killPoints.isDue()) return KILL + this.#random.pick(kills);
    const thread = this.#draw(offer & 0xffff);
    this.#made[thread]!++;
    return thread;
  }

  #left(thread: number): number {
    return Math.max(this.#longest[thread]! - this.#made[thread]!, 1);
  }

  #draw(runs: number): number {
    if ((runs & (runs - 1)) === 0) return lowest(runs);
    let sum = 0;
    for (let rest = runs; rest !== 0; rest &= rest - 1) sum += this.#left(lowest(rest));
    let lot = this.#random.below(sum);
    let rest = runs;
    while (lot >= this.#left(lowest(rest))) {
      lot -= this.#left(lowest(rest));
      rest &= rest - 1;
    }
    return lowest(rest);
  }

  killAtStore(): boolean {
    return this.#killPoints.isDue();
  }

  advance(): boolean {
    return true;
  }
}
