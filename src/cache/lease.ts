/**
 * A lease at the border: who computes a key's value, and waiting for it
 * (kernel/cache/lease-table.ts).
 *
 * A lease's number and its grant name it; who comes back to one that is another's by now changes
 * nothing. Its word changes with it: threads that may stand still wait by `Atomics.wait`, others by
 * `waitAsync` or, where there is none (Firefox before 145), by looking again and again.
 */
import type { KernelExports } from '../border/kernel.ts';
import * as facts from '../generated/facts.ts';

/** Captured: fake timers would patch one thread of many. */
const { setInterval, clearInterval } = globalThis;
const canWaitAsync: boolean = typeof Atomics.waitAsync === 'function';
/** How often who waits looks by itself: a poisoned zone wakes nobody. */
const LOOK_MS: number = canWaitAsync ? 250 : 10;
/** The longest that a thread stands still without a look. */
const SLICE_MS = 50;

const { performance } = globalThis;

/** Milliseconds that only rise, by a clock that threads share. */
export function stamp(): number {
  return performance.timeOrigin + performance.now();
}

/** A timer for which no program is kept alive, where there is such a thing. */
export function unreferenced<T>(timer: T): T {
  (timer as { unref?: () => void }).unref?.();
  return timer;
}

export class Lease {
  readonly number: number;
  readonly grant: number;
  readonly #kernel: KernelExports;
  readonly #words: Int32Array;
  readonly #at: number;

  constructor(kernel: KernelExports, words: Int32Array, number: number) {
    this.number = number;
    this.grant = kernel.lastGrant();
    this.#kernel = kernel;
    this.#words = words;
    this.#at = kernel.leaseWordAt(number) >>> 2;
  }

  /** LEASE_…; FREE: it is nobody's, or another's, by now. */
  get kind(): number {
    return this.#kernel.leaseKind(this.number, this.grant);
  }

  /** Whether what is computed may still be stored. */
  get isCurrent(): boolean {
    return this.kind === facts.LEASE_COMPUTING;
  }

  get isComputing(): boolean {
    const { kind } = this;
    return kind === facts.LEASE_COMPUTING || kind === facts.LEASE_OVERTAKEN;
  }

  isSame(other: Lease | undefined): boolean {
    return other?.number === this.number && other.grant === this.grant;
  }

  /**
   * Calls `look` whenever the word may have changed, until it answers true.
   *
   * @param keepsAlive  the program, meanwhile
   * @returns what ends it
   */
  watch(look: () => boolean, keepsAlive: boolean): () => void {
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      clearInterval(timer);
      // Else the promise, and with it the memory, would stay until the word moves.
      Atomics.notify(this.#words, this.#at);
    };
    const tick = (): void => {
      if (!isOver && look()) end();
    };
    const timer = setInterval(tick, LOOK_MS);
    if (!keepsAlive) unreferenced(timer);
    if (canWaitAsync) this.#follow(tick, () => isOver);
    return end;
  }

  async #follow(tick: () => void, isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const seen = Atomics.load(this.#words, this.#at);
      tick();
      if (isOver()) return;
      const { async, value } = Atomics.waitAsync(this.#words, this.#at, seen);
      // Not equal: it has changed between the two, and one look is enough for that.
      if (async) await value;
      else await undefined;
    }
  }

  /** Stands still until the word changes, for up to `ms`, or a slice. */
  block(ms: number): void {
    const seen = Atomics.load(this.#words, this.#at);
    if (this.isComputing) Atomics.wait(this.#words, this.#at, seen, Math.min(ms, SLICE_MS));
  }

  /** Gives it back; `isUnkept`: those who wait need not look again. */
  end(isUnkept: boolean): void {
    this.#kernel.endLease(this.number, this.grant, isUnkept ? 1 : 0);
  }

  leave(): void {
    this.#kernel.leaveLease(this.number, this.grant);
  }
}
