/**
 * The thread's scratch: pages of its own in the zone, through which keys, values and objects cross
 * (kernel/memdesc/thread-pages.ts). One for each thread and zone, taken when it is first needed.
 *
 * In a cache it is four single pages; longer blocks cross through one of a few large scratches of
 * all threads (kernel/memdesc/large-scratch.ts), which is out for one call of the library.
 */

import type { KernelExports } from '../border/kernel.ts';
import { BusyError, ZoneTooSmallError } from '../errors.ts';
import * as facts from '../generated/facts.ts';
import { pause } from '../threads/pause.ts';
import { mayPark } from '../threads/registry.ts';
import { compactArena } from './compaction.ts';

/**
 * Rounds of making room, each with this pause if there is none to be had, and this time to compact.
 */
const ROUNDS = 20;
const PAUSE_MS = 10;
const COMPACT_MS = 50;
/** Tries to get a large scratch: five seconds, or as many looks where a thread may not wait. */
const TRIES = 5000;
const RETRY_MS = 1;

/**
 * Takes it, unless the thread has it: in a cache, single pages. Elsewhere it is contiguous; in a
 * full zone that may take moving pages together, and waiting for what others have in hand, a
 * compactor perhaps.
 *
 * Throws `ZoneTooSmallError` when there is no memory for it.
 */
export function takeScratch(kernel: KernelExports): void {
  const isCache = kernel.hasStore() !== 0;
  const take = () => (isCache ? kernel.prepareSmall() : kernel.prepare()) >= 0;
  for (let round = 0; round < ROUNDS; round++) {
    if (take()) return;
    if (!isCache) compactArena(kernel, { order: facts.BLOCK_ORDER, budgetMs: COMPACT_MS });
    if (take()) return;
    if (mayPark()) pause(PAUSE_MS);
  }
  throw new ZoneTooSmallError("a thread's scratch");
}

/** The large scratch that this thread may have. */
export class LargeScratch {
  readonly #kernel: KernelExports;
  /** Whether it may have one. Set before it is taken: a call that is cut short leaves it so. */
  isOut = false;

  constructor(kernel: KernelExports) {
    this.#kernel = kernel;
  }

  /** Takes one, or keeps it. Throws `BusyError` if all are out for five seconds. */
  take(): void {
    this.isOut = true;
    for (let tries = 0; tries < TRIES; tries++) {
      if (this.#kernel.takeLarge() !== 0) return;
      if (mayPark()) pause(RETRY_MS);
    }
    this.isOut = false;
    throw new BusyError('every scratch for long values was in use for five seconds');
  }

  /** Gives it back, if there may be one. */
  settle(): void {
    if (!this.isOut) return;
    this.#kernel.giveLarge();
    this.isOut = false;
  }

  /** Calls `use`, which may not call the user's code, with one. */
  during<R>(use: () => R): R {
    this.take();
    return this.settling(use);
  }

  /** Calls `use`, and gives back what it took, if it did. */
  settling<R>(use: () => R): R {
    try {
      return use();
    } finally {
      this.settle();
    }
  }
}

const larges = new WeakMap<KernelExports, LargeScratch>();

/** The one for all that this thread does in a zone. */
export function largeScratchOf(kernel: KernelExports): LargeScratch {
  const known = larges.get(kernel);
  if (known !== undefined) return known;
  const made = new LargeScratch(kernel);
  larges.set(kernel, made);
  return made;
}
