/**
 * A lease at the border: who computes a key's value, and waiting for it
 * (kernel/cache/lease-table.ts).
 *
 * A lease's number and its grant name it; who comes back to one that is another's by now changes
 * nothing. Its word changes with it: threads that may stand still wait by `Atomics.wait`, others by
 * `waitAsync` or, where there is none (Firefox before 145), by looking again and again.
 */
import type { KernelExports } from '../../border/kernel.ts';
import { watchWord } from '../../border/watch.ts';
import * as facts from '../../generated/facts.ts';

/** The longest that a thread stands still without a look. */
const SLICE_MS = 50;

export class Lease {
  readonly number: number;
  readonly grant: number;
  /** Whether it is this thread's, which computes; else another has it. */
  readonly isGranted: boolean;
  readonly #kernel: KernelExports;
  readonly #words: Int32Array;
  readonly #at: number;

  /** @param found  as the kernel has answered last: its number, with LEASE_TAKEN if taken */
  constructor(kernel: KernelExports, words: Int32Array, found: number) {
    this.number = found & ~facts.LEASE_TAKEN;
    this.isGranted = this.number === found;
    this.grant = kernel.lastGrant();
    this.#kernel = kernel;
    this.#words = words;
    this.#at = kernel.leaseWordAt(this.number) >>> 2;
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

  /** Whether another thread waits for it. */
  get isAwaited(): boolean {
    return this.#kernel.isAwaited(this.number) !== 0;
  }

  isSame(other: Lease | undefined): boolean {
    return other?.number === this.number && other.grant === this.grant;
  }

  /** As `watchWord` does. */
  watch(look: () => boolean, keepsAlive: boolean): () => void {
    return watchWord(this.#words, this.#at, look, keepsAlive);
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
