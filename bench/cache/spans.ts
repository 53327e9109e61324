/**
 * Times of single operations, counted by their length to one per cent, the upper half of a float,
 * so that all of a run are kept, however many they are.
 */

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
