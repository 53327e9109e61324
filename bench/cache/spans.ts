/**
 * Times of single operations, counted by their length to one per cent, the upper half of a float,
 * so that all of a run are kept, however many they are; and how much of them a thread only waited
 * for a CPU that others had.
 */
import { readFileSync } from 'node:fs';

/** Bits of a float that tell nothing here. */
const FINER = 16;

export class Spans {
  readonly #counts = new Uint32Array(2 ** FINER);
  readonly #float = new Float32Array(1);
  readonly #bits = new Uint32Array(this.#float.buffer);
  count = 0;

  add(span: number): void {
    this.#float[0] = span;
    this.#counts[this.#bits[0]! >>> FINER]!++;
    this.count++;
  }

  /** The longest but `rank` − 1; 0 if there are fewer. */
  longest(rank: number): number {
    let left = rank;
    let bucket = this.#counts.length - 1;
    while (bucket > 0 && left > this.#counts[bucket]!) left -= this.#counts[bucket--]!;
    this.#bits[0] = bucket << FINER;
    return this.#float[0]!;
  }
}

/**
 * ms for which the calling thread was ready to run and did not, since it began: Linux counts them.
 * Elsewhere 0. What the host of a virtual machine takes is not among them. Cost: some 10 µs.
 */
export function waitedMs(): number {
  try {
    const [, waitedNs] = readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ');
    return Number(waitedNs) / 1e6;
  } catch {
    return 0;
  }
}
