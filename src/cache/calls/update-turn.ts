/**
 * The turn: how a slow `update` gets through among quick ones of the same key
 * (kernel/cache/turn.ts).
 *
 * Who has lost some tries takes the turn, and other threads' `update` and `increment` of that key
 * wait before they begin: so it is alone when those that had begun are done. Nobody waits for
 * longer than LONGEST_TURN_MS at a time, for a `change` may hang and its thread be stopped; then
 * the turn is ended. Where a thread may not stand still (a page's own) it does not wait, and `set`
 * and its like never do: to both it may lose still.
 */
import { stamp } from '../../border/clock.ts';
import type { KernelExports } from '../../border/kernel.ts';
import { mayPark } from '../../threads/registry.ts';

/** A change takes microseconds; who takes longer than this is not waited for. */
const LONGEST_TURN_MS = 250;

/** Captured: fake timers would patch one thread of many. */
const { queueMicrotask } = globalThis;

export class UpdateTurn {
  readonly #kernel: KernelExports;
  readonly #words: Int32Array;
  readonly #at: number;
  #isDue = false;

  constructor(kernel: KernelExports, words: Int32Array) {
    this.#kernel = kernel;
    this.#words = words;
    this.#at = kernel.turnAt() >>> 2;
  }

  /** Lets another thread go first whose turn it is to change the key in the scratch. */
  letGoFirst(keyBytes: number): void {
    if (this.#words[this.#at] === 0) return;
    this.#wait((seen) => this.#kernel.isOthersTurnOf(keyBytes, seen) !== 0);
  }

  /** Takes the turn for the key in the scratch, after who has it. @returns whether it did */
  take(keyBytes: number): boolean {
    this.#wait((seen) => this.#kernel.isOthersTurn(seen) !== 0);
    this.#giveAfterwards();
    return this.#kernel.takeTurn(keyBytes) !== 0;
  }

  #wait(isInWay: (seen: number) => boolean): void {
    if (!mayPark()) return;
    const words = this.#words;
    const until = stamp() + LONGEST_TURN_MS;
    const first = Atomics.load(words, this.#at);
    for (let seen = first; isInWay(seen); seen = Atomics.load(words, this.#at)) {
      const ms = until - stamp();
      if (ms > 0) Atomics.wait(words, this.#at, seen, ms);
      else {
        if (seen === first) this.#kernel.endTurn(seen);
        return;
      }
    }
  }

  give(): void {
    try {
      this.#kernel.giveTurn();
    } catch {
      // The cache is closed, which gives it as well; or poisoned; or the stack is full.
    }
  }

  /** A call that is cut short runs no `finally`; when the stack is empty nobody has the turn. */
  #giveAfterwards(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.give();
    });
  }
}
