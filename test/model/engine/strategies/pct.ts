/**
 * PCT: priorities, and a few points at which the running thread falls behind all others.
 *
 * An execution gives the threads random priorities and always runs the highest; at each of d - 1
 * random steps the thread that would run is demoted below all others first. A defect of depth d
 * (d orderings between steps are enough to cause it) is found by one execution with probability at
 * least 1 / (n * k^(d-1)), n threads, k steps, whatever else the program does. That is far more
 * than a walk which decides anew at every step.
 *
 * k counts the steps at which more than one thread could go on. It is learnt: the first execution
 * has no change points, and later ones raise k when they are longer. Without a depth, executions
 * take 2, 3 and 4 in turn.
 *
 * Sources: Burckhardt, Kothari, Musuvathi, Nagarakatte (ASPLOS 2010); shuttle's pct.rs for k.
 */
import { KILL, lowest, MAX_THREADS, type Strategy } from '../strategy.ts';
import { KillPoints } from './kill-points.ts';
import { Random } from './random.ts';

const DEPTHS = [2, 3, 4];

export interface PctOptions {
  seed: number;
  /** Number of orderings that a defect needs; 2, 3 and 4 in turn if absent. */
  depth?: number;
  /** Kills allowed in an execution; 0 if absent. */
  kills?: number;
}

export class Pct implements Strategy {
  readonly complete = false;
  readonly #random: Random;
  readonly #killPoints: KillPoints;
  readonly #depth: number | undefined;
  #executions = 0;
  /** k: most steps with a choice that an execution had. */
  #length = 0;
  #steps = 0;
  #changePoints: number[] = [];
  readonly #priorities = new Int32Array(MAX_THREADS);
  #lowest = 0;

  constructor({ seed, depth, kills = 0 }: PctOptions) {
    this.#random = new Random(seed);
    this.#killPoints = new KillPoints(this.#random, kills);
    this.#depth = depth;
  }

  begin(): void {
    const depth = this.#depth ?? DEPTHS[this.#executions % DEPTHS.length]!;
    this.#length = Math.max(this.#length, this.#steps);
    this.#steps = 0;
    this.#executions++;
    this.#killPoints.begin();
    const count = this.#length === 0 ? 0 : depth - 1;
    this.#changePoints = Array.from({ length: count }, () => 1 + this.#random.below(this.#length));
    this.#shuffle();
  }

  /** Gives the threads distinct priorities from 1 on in random order. */
  #shuffle(): void {
    this.#lowest = 1;
    for (let i = 0; i < MAX_THREADS; i++) {
      const other = this.#random.below(i + 1);
      this.#priorities[i] = this.#priorities[other]!;
      this.#priorities[other] = i + 1;
    }
  }

  choose(offer: number): number {
    const runs = offer & 0xffff;
    const kills = offer >>> KILL;
    if (kills !== 0 && this.#killPoints.isDue()) return KILL + this.#random.pick(kills);
    let thread = this.#highest(runs);
    if ((runs & (runs - 1)) === 0) return thread;
    this.#steps++;
    for (const point of this.#changePoints) {
      if (point !== this.#steps) continue;
      this.#priorities[thread] = --this.#lowest;
      thread = this.#highest(runs);
    }
    return thread;
  }

  killAtStore(): boolean {
    return this.#killPoints.isDue();
  }

  #highest(runs: number): number {
    let best = -1;
    for (let rest = runs; rest !== 0; rest &= rest - 1) {
      const thread = lowest(rest);
      if (best < 0 || this.#priorities[thread]! > this.#priorities[best]!) best = thread;
    }
    return best;
  }

  advance(): boolean {
    return true;
  }
}
