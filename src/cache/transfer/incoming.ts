/**
 * Values on their way out of the zone, through this thread's output scratch: its own, or for one of
 * more than SMALL_BLOCK_BYTES a large one (threads/large-scratch.ts). The key stands in the key
 * scratch.
 *
 * A value that is longer than a block comes in several calls. If it has changed between two of
 * them, all of it is read again.
 */

import type { ZoneClock } from '../../border/clock.ts';
import type { KernelExports } from '../../border/kernel.ts';
import { BusyError } from '../../errors.ts';
import * as facts from '../../generated/facts.ts';
import { copyOut } from '../../language/copies.ts';
import { type LargeScratch, largeScratchOf } from '../../threads/large-scratch.ts';
import type { Times } from '../values/times.ts';
import type { Decoder } from '../values/values.ts';
import { readTimes } from './details.ts';
import { OutputViews } from './output-views.ts';
import type { TimedCalls } from './timed-calls.ts';

/** Reads of a value that changed under the reader, before it counts as a miss. */
export const MISS_AFTER = 16;
/** The same, where a miss would be taken for an absence. */
const BUSY_AFTER = 1000;

/** What a key had at a version, which others' keys raise as well: kernel/store/leaf.ts. */
export interface Versioned {
  /** Undefined: there was none. */
  bytes: Uint8Array | undefined;
  /** Whether the next call overwrites them. */
  isLent: boolean;
  version: number;
  /** As values/times.ts has them. */
  times: Times;
  /** How many tags it has. */
  tags: number;
}

/** Beside a version. */
const HAS_DETAILS: number = 2 ** 32;
const NO_TIMES: Times = { expiry: 0, fresh: 0, longTtl: 0 };

export class Incoming {
  readonly #kernel: KernelExports;
  readonly #clock: ZoneClock;
  readonly #timed: TimedCalls;
  readonly #large: LargeScratch;
  readonly #output: OutputViews;
  /** What `borrow` lends next. */
  #spare: ArrayBuffer | undefined;

  /**
   * The thread has its scratch, and no large one.
   *
   * @param bytes  the whole memory
   */
  constructor(kernel: KernelExports, bytes: Uint8Array, clock: ZoneClock, timed: TimedCalls) {
    this.#kernel = kernel;
    this.#clock = clock;
    this.#timed = timed;
    this.#large = largeScratchOf(kernel);
    this.#output = new OutputViews(kernel, bytes, this.#large);
  }

  /** Decodes the value of the key in the scratch. @param wanted  GET_…; it is counted once */
  fetch<T>(keyBytes: number, decode: Decoder<T>, wanted = 0): T | undefined {
    let asked = wanted;
    try {
      for (let attempt = 0; attempt < MISS_AFTER; attempt++) {
        const length = this.#begin(keyBytes, asked);
        if (length < 0) return undefined;
        if (length <= facts.BLOCK_BYTES) return decode(this.#output.view(length), true);
        const value = this.#fetchBlocks(length);
        if (value) return decode(value, false);
        asked &= ~facts.GET_COUNTED;
      }
      return undefined;
    } finally {
      this.#large.settle();
    }
  }

  /**
   * Copies the value of the key in the scratch into `target`, from `offset` on, if it is not longer
   * than `room`.
   *
   * @returns its length; −1 = there is none
   */
  fetchInto(keyBytes: number, target: Uint8Array, offset: number, room: number): number {
    try {
      for (let attempt = 0; attempt < MISS_AFTER; attempt++) {
        const length = this.#begin(keyBytes, attempt === 0 ? facts.GET_COUNTED : 0);
        if (length < 0) return -1;
        if (length > room) return length;
        if (this.#collect(target, offset, length)) return length;
      }
      return -1;
    } finally {
      this.#large.settle();
    }
  }

  /**
   * The value of the key in the scratch, in memory of this thread's that is used again when it is
   * given back: whoever borrows while another value is out gets memory of his own.
   */
  borrow(keyBytes: number): Uint8Array | undefined {
    try {
      return this.#borrow(keyBytes);
    } finally {
      this.#large.settle();
    }
  }

  #borrow(keyBytes: number): Uint8Array | undefined {
    const length = this.#begin(keyBytes, facts.GET_COUNTED);
    if (length < 0) return undefined;
    if (length > facts.BLOCK_BYTES) {
      return this.#fetchBlocks(length) ?? this.fetch(keyBytes, (bytes) => new Uint8Array(bytes));
    }
    const lent = this.#spare ?? new ArrayBuffer(facts.BLOCK_BYTES);
    this.#spare = undefined;
    const bytes = new Uint8Array(lent, 0, length);
    copyOut(bytes, 0, this.#output.view(length));
    return bytes;
  }

  takeBack(bytes: Uint8Array): void {
    const { buffer } = bytes;
    if (buffer instanceof ArrayBuffer && buffer.byteLength === facts.BLOCK_BYTES)
      this.#spare = buffer;
  }

  /** Reads the value of the key in the scratch, or that there is none, with its version. */
  fetchVersioned(keyBytes: number): Versioned {
    return this.#large.settling(() => this.#fetchVersioned(keyBytes));
  }

  #fetchVersioned(keyBytes: number): Versioned {
    const kernel = this.#kernel;
    const read = (now: number) => kernel.getVersioned(keyBytes, now);
    for (let attempt = 0; attempt < BUSY_AFTER; attempt++) {
      const length = this.#timed.call(keyBytes, read);
      const noted = kernel.readVersion();
      const version = noted >>> 0;
      if (length < 0) {
        return { bytes: undefined, isLent: false, version, times: NO_TIMES, tags: 0 };
      }
      const hasDetails = noted >= HAS_DETAILS;
      const times = hasDetails ? readTimes(kernel) : NO_TIMES;
      const tags = hasDetails ? kernel.readTags() : 0;
      // Another thread's next: what stands in a large one, for the value was long a moment ago.
      const isLent = !this.#large.isOut;
      const bytes = isLent ? this.#output.view(length) : this.#fetchBlocks(length);
      if (bytes !== undefined) return { bytes, isLent, version, times, tags };
    }
    throw new BusyError('a long value was overwritten each time while it was read');
  }

  /** What a lease has left for those who wait, for the key in the scratch; undefined: nothing. */
  fetchLease(lease: number, grant: number, keyBytes: number): Uint8Array | undefined {
    const read = () => this.#kernel.readLease(lease, grant, keyBytes);
    return this.#large.settling(() => {
      for (let attempt = 0; attempt < MISS_AFTER; attempt++) {
        const length = this.#timed.call(keyBytes, read);
        if (length < 0) return undefined;
        const bytes = this.#fetchBlocks(length);
        if (bytes) return bytes;
      }
      return undefined;
    });
  }

  /**
   * Reads the first block. As `TimedCalls` and `settling` do it, but by hand: with a function for
   * each of the two `getInto` takes 143 ns instead of 123.
   *
   * @param wanted  GET_…
   */
  #begin(keyBytes: number, wanted: number): number {
    let now = this.#clock.guess();
    while (true) {
      const length = this.#kernel.get(keyBytes, now, wanted);
      if (length === facts.ERR_NEEDS_CLOCK) now = this.#timed.timeFor(keyBytes);
      else if (length === facts.ERR_NEEDS_SCRATCH) this.#large.take();
      else return length;
    }
  }

  #fetchBlocks(length: number): Uint8Array<ArrayBuffer> | undefined {
    const value = new Uint8Array(length);
    return this.#collect(value, 0, length) ? value : undefined;
  }

  /**
   * Copies a value whose first block is in the scratch. @returns false if it has changed meanwhile
   */
  #collect(target: Uint8Array, offset: number, length: number): boolean {
    let from = 0;
    let bytes = Math.min(length, facts.BLOCK_BYTES);
    while (true) {
      copyOut(target, offset + from, this.#output.view(bytes));
      from += bytes;
      if (from === length) return true;
      bytes = this.#kernel.getMore();
      if (bytes < 0) return false;
    }
  }
}
