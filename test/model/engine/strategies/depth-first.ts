/**
 * Depth-first search over all schedules, or over those with at most `bound` preemptions.
 *
 * The path of the current execution is a stack of branching points: what was offered, what was
 * chosen, what remains to be tried. An execution repeats the stack's choices and then takes the
 * running thread wherever it can; `advance` drops exhausted points from the end and moves the last
 * one on. Points with one choice are not stored.
 *
 * A preemption is a switch away from a thread that could have gone on; a switch from one that is
 * blocked, finished or dead is free, and so is a kill. With n threads of k steps there are at most
 * C(nk, c) * (n + c)! executions with c preemptions, and most defects known need no more than two.
 *
 * Sources: Musuvathi and Qadeer, "Iterative context bounding" (PLDI 2007).
 */
import { KILL, lowest, nondeterminism, type Strategy, twiceAsLong } from '../strategy.ts';

const KILL_CHOICES = 0xffff0000;

export class DepthFirst implements Strategy {
  readonly #bound: number;
  #offered = new Int32Array(256);
  #chosen = new Int32Array(256);
  #remaining = new Int32Array(256);
  #length = 0;
  #depth = 0;
  #preemptions = 0;
  complete = false;

  constructor(bound: number = Number.POSITIVE_INFINITY) {
    this.#bound = bound;
  }

  begin(): void {
    this.#depth = 0;
    this.#preemptions = 0;
  }

  choose(offer: number, running: number): number {
    const stay = running < 0 ? 0 : offer & (1 << running);
    const options =
      stay !== 0 && this.#preemptions >= this.#bound ? offer & (stay | KILL_CHOICES) : offer;
    const choice = (options & (options - 1)) === 0 ? lowest(options) : this.#branch(options, stay);
    if (stay !== 0 && choice < KILL && choice !== running) this.#preemptions++;
    return choice;
  }

  killAtStore(): boolean {
    return this.#branch(3, 1) === 1;
  }

  #branch(options: number, preferred: number): number {
    const at = this.#depth++;
    if (at < this.#length) {
      if (this.#offered[at] !== options) {
        throw nondeterminism();
      }
      return this.#chosen[at]!;
    }
    if (at === this.#chosen.length) this.#grow();
    const choice = lowest(preferred || options);
    this.#offered[at] = options;
    this.#chosen[at] = choice;
    this.#remaining[at] = options & ~(1 << choice);
    this.#length++;
    return choice;
  }

  #grow(): void {
    this.#offered = twiceAsLong(this.#offered);
    this.#chosen = twiceAsLong(this.#chosen);
    this.#remaining = twiceAsLong(this.#remaining);
  }

  advance(): boolean {
    while (this.#length > 0) {
      const at = this.#length - 1;
      const remaining = this.#remaining[at]!;
      if (remaining !== 0) {
        const choice = lowest(remaining);
        this.#chosen[at] = choice;
        this.#remaining[at] = remaining & ~(1 << choice);
        return true;
      }
      this.#length--;
    }
    this.complete = true;
    return false;
  }
}
