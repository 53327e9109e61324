/**
 * Puts the memory back after an execution, at the cost of what the execution wrote.
 *
 * Every store is announced before it happens. The first announcement of a 32-bit word in an
 * execution saves the word's value; `restore` writes all saved values back. Whether a word is
 * saved already is a stamp beside it: the number of the execution, so that nothing has to be
 * cleared between executions. Stamps exist only for 64 KiB pages that were ever written, so a
 * memory of gigabytes costs nothing but the pages that the scenario uses.
 *
 *   words[i] is saved in this execution  <=>  stamps[i >> 14]?.[i & 0x3fff] === generation
 */

const PAGE_SHIFT = 14;
const PAGE_WORDS = 1 << PAGE_SHIFT;

export class UndoLog {
  readonly words: Uint32Array;
  #stamps: (Uint32Array | undefined)[] = [];
  #generation = 1;
  #count = 0;
  #indices = new Uint32Array(1024);
  #values = new Uint32Array(1024);

  constructor(buffer: SharedArrayBuffer) {
    this.words = new Uint32Array(buffer);
  }

  /** Words saved since the last `restore`. */
  get savedWords(): number {
    return this.#count;
  }

  /** Announces a write of `length` bytes; what lies outside the memory is left to the trap. */
  save(address: number, length: number): void {
    if (length === 0) return;
    const end = Math.min((address + length - 1) >>> 2, this.words.length - 1);
    const generation = this.#generation;
    for (let index = address >>> 2; index <= end; ) {
      const stamps = this.#stampsOf(index >>> PAGE_SHIFT);
      const last = Math.min(end, index | (PAGE_WORDS - 1));
      for (; index <= last; index++) {
        if (stamps[index & (PAGE_WORDS - 1)] === generation) continue;
        stamps[index & (PAGE_WORDS - 1)] = generation;
        this.#push(index);
      }
    }
  }

  #stampsOf(page: number): Uint32Array {
    const known = this.#stamps[page];
    if (known !== undefined) return known;
    const fresh = new Uint32Array(PAGE_WORDS);
    this.#stamps[page] = fresh;
    return fresh;
  }

  #push(index: number): void {
    if (this.#count === this.#indices.length) this.#grow();
    this.#indices[this.#count] = index;
    this.#values[this.#count++] = this.words[index]!;
  }

  #grow(): void {
    const [indices, values] = [this.#indices, this.#values];
    this.#indices = new Uint32Array(indices.length * 2);
    this.#values = new Uint32Array(values.length * 2);
    this.#indices.set(indices);
    this.#values.set(values);
  }

  /** Undoes every announced write and begins the next execution. */
  restore(): void {
    for (let i = 0; i < this.#count; i++) this.words[this.#indices[i]!] = this.#values[i]!;
    this.#count = 0;
    this.#generation = (this.#generation + 1) >>> 0;
    if (this.#generation === 0) {
      this.#stamps = [];
      this.#generation = 1;
    }
  }
}
