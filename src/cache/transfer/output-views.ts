/**
 * Views of the output scratch, where the kernel puts what it has read: the thread's own one, or a
 * large one while a long value is on its way (threads/large-scratch.ts).
 */

import type { KernelExports } from '../../border/kernel.ts';
import type { LargeScratch } from '../../threads/large-scratch.ts';

/** That are kept, by length: making one costs as much as 1 KiB copied. */
const VIEWS = 256;

export class OutputViews {
  readonly #kernel: KernelExports;
  /** The whole memory. */
  readonly #bytes: Uint8Array;
  readonly #large: LargeScratch;
  /** Address of the thread's own. */
  readonly #own: number;
  readonly #kept: Uint8Array[] = [];

  /** The thread has its scratch already, and no large one. */
  constructor(kernel: KernelExports, bytes: Uint8Array, large: LargeScratch) {
    this.#kernel = kernel;
    this.#bytes = bytes;
    this.#large = large;
    this.#own = kernel.outputScratch() >>> 0;
  }

  /** Address of the one in use. */
  get at(): number {
    return this.#large.isOut ? this.#kernel.outputScratch() >>> 0 : this.#own;
  }

  /** Its first bytes, until the next call overwrites them. */
  view(length: number): Uint8Array {
    const { at } = this;
    if (at !== this.#own) return this.#bytes.subarray(at, at + length);
    const kept = this.#kept[length % VIEWS];
    if (kept?.length === length) return kept;
    const view = this.#bytes.subarray(at, at + length);
    this.#kept[length % VIEWS] = view;
    return view;
  }
}
