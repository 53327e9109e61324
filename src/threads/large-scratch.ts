/**
 * The large scratch: where blocks of more than SMALL_BLOCK_BYTES cross. A cache has a few for all
 * its threads (kernel/memdesc/large-scratch.ts); one is out for one call of the library.
 */
import type { KernelExports } from '../border/kernel.ts';
import { BusyError } from '../errors.ts';
import { pause } from './pause.ts';
import { mayPark } from './registry.ts';

/** Tries to get one: five seconds, or as many looks where a thread may not wait. */
const SCRATCH_LOOKS = 5000;
const LOOK_AGAIN_MS = 1;

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
    for (let tries = 0; tries < SCRATCH_LOOKS; tries++) {
      if (this.#kernel.takeLarge() !== 0) return;
      if (mayPark()) pause(LOOK_AGAIN_MS);
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
