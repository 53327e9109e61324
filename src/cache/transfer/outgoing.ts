/**
 * Values on their way into the zone, through this thread's input scratch: its own, or for a block
 * of more than SMALL_BLOCK_BYTES a large one (threads/large-scratch.ts). The key stands in the key
 * scratch.
 */

import type { KernelExports } from '../../border/kernel.ts';
import * as facts from '../../generated/facts.ts';
import { fixedView } from '../../language/brands.ts';
import { copyBytes } from '../../language/copies.ts';
import type { LargeScratch } from '../../threads/large-scratch.ts';
import type { Times } from '../values/times.ts';

/** A value that is ready to be stored. */
export interface ValueOut {
  readonly bytes: Uint8Array;
  /** How many of them, however long they have become. */
  readonly length: number;
  readonly times: Pick<Times, 'expiry'>;
}

/** Appends all blocks of a value, again if another thread came first. @returns 0, or ERR_… */
export function appendAnew(append: () => number): number {
  let failure: number;
  do failure = append();
  while (failure === facts.ERR_RESTART);
  return failure;
}

export class Outgoing {
  readonly #kernel: KernelExports;
  /** The whole memory. */
  readonly #bytes: Uint8Array;
  readonly #large: LargeScratch;
  /** The thread's own: ends where the scratch does. */
  readonly #input: Uint8Array;

  /** The thread has its scratch, and no large one. */
  constructor(kernel: KernelExports, bytes: Uint8Array, large: LargeScratch) {
    this.#kernel = kernel;
    this.#bytes = bytes;
    this.#large = large;
    this.#input = this.#lend(facts.SMALL_BLOCK_BYTES);
  }

  /** Stores a value under the key in the scratch. @returns 0, or ERR_NO_MEMORY: refused */
  store(keyBytes: number, value: ValueOut, isRaw: boolean): number {
    const { length, times } = value;
    const raw = isRaw ? 1 : 0;
    if (this.#putSmall(value)) return this.#kernel.set(keyBytes, length, raw, times.expiry);
    return this.#storeBlocks(value, raw, () => {
      this.#kernel.beginSet(keyBytes, length, times.expiry);
      return 0;
    });
  }

  /**
   * The same on a condition (kernel/cache/condition.ts). @returns 0, or ERR_…: nothing has changed
   */
  storeIf(
    what: number,
    version: number,
    keyBytes: number,
    value: ValueOut,
    isRaw: boolean,
  ): number {
    const { length, times } = value;
    const raw = isRaw ? 1 : 0;
    if (this.#putSmall(value)) {
      return this.#kernel.setIf(what, version, keyBytes, length, raw, times.expiry);
    }
    return this.#storeBlocks(value, raw, () =>
      this.#kernel.beginSetIf(what, version, keyBytes, length, times.expiry),
    );
  }

  /** Puts a value into the thread's own scratch. @returns whether it has room there */
  #putSmall({ bytes, length }: ValueOut): boolean {
    if (length > facts.SMALL_BLOCK_BYTES) return false;
    copyBytes(this.#input, bytes, length);
    return true;
  }

  /** Stores a longer one, block by block. @returns 0, or ERR_…: nothing has changed */
  #storeBlocks(value: ValueOut, raw: number, begin: () => number): number {
    return this.#large.during(
      () => begin() || this.#append(value, raw) || this.#kernel.commitSet(),
    );
  }

  /** Appends all blocks. @returns 0, or ERR_NO_MEMORY */
  #append(value: ValueOut, raw: number): number {
    return appendAnew(() => this.#appendBlocks(value, raw));
  }

  /** One block at least: an empty value is one as well. @returns 0, or ERR_… */
  #appendBlocks({ bytes, length }: ValueOut, raw: number): number {
    const input = this.#block();
    const whole = fixedView(bytes, length);
    for (let from = 0; from === 0 || from < length; from += facts.BLOCK_BYTES) {
      const block = whole.subarray(from, from + facts.BLOCK_BYTES);
      copyBytes(input, block, block.length);
      const failure = this.#kernel.appendSet(block.length, raw);
      if (failure !== 0) return failure;
    }
    return 0;
  }

  /**
   * Makes a draft of what was computed under a lease, for the key in the scratch. @returns false:
   * no room, and nothing has changed
   */
  draft(
    lease: { number: number; grant: number },
    keyBytes: number,
    value: ValueOut,
    isRaw: boolean,
  ): boolean {
    const { length, times } = value;
    const draft = () => {
      this.#kernel.beginComputed(lease.number, lease.grant, keyBytes, length, times.expiry);
      return this.#append(value, isRaw ? 1 : 0) === 0;
    };
    return length > facts.SMALL_BLOCK_BYTES ? this.#large.during(draft) : draft();
  }

  /** Where a block is put. */
  #block(): Uint8Array {
    return this.#large.isOut ? this.#lend(facts.BLOCK_BYTES) : this.#input;
  }

  #lend(length: number): Uint8Array {
    const at = this.#kernel.inputScratch() >>> 0;
    return this.#bytes.subarray(at, at + length);
  }
}
