/**
 * What a race detector remembers of memory: for each touched word, who touched it last and how.
 *
 * Cell (one word, or one byte of a word that was ever touched in part), 10 numbers:
 *
 *   0 plain reads    1 their access        epoch = clock << 4 | thread of the last access of this
 *   2 plain writes   3 its access          kind; 0 = none; negative = number of a vector with an
 *   4 atomic reads   5 …                   epoch and an access for each thread, because the last
 *   6 atomic writes  7 …                   accesses of several threads are unordered
 *   8 SYNC    the atomic write, and 1, from which an atomic read of its range reads; 0 = none
 *   9 SHAPE   where in its range the cell lies, and the width of the last atomic access; 0 = none
 *
 * An epoch may replace another one that happened before it: whoever is ordered after the new one is
 * ordered after the old one. So most cells need no vector (FastTrack, Flanagan and Freund 2009).
 * A word of which only a part is touched is *split* into four cells; before that all its bytes had
 * the same history, so nothing is lost.
 *
 * Cells are numbered through over all executions, so that the index from words to cells need not be
 * cleared: a number from before `#first` is of an earlier execution. An execution costs what it
 * touches. The index has pages of 64 KiB of memory, made when first touched.
 */

export const PLAIN_READ = 0;
export const PLAIN_WRITE = 2;
export const ATOMIC_READ = 4;
export const ATOMIC_WRITE = 6;
export const SYNC = 8;
export const SHAPE = 9;
/** Numbers in a cell. */
export const CELL = 10;
/** Bits of an epoch that hold the thread: 16 threads. */
export const THREAD_BITS = 4;
/** Shape of the byte after a given one, in the same range. */
export const SHAPE_STEP = 16;

const PAGE_SHIFT = 14;
const PAGE_MASK = (1 << PAGE_SHIFT) - 1;
/** Entries of the index are number << 1 | split in a signed word. */
const LAST_NUMBER = 2 ** 29;

export class ShadowMemory {
  /** The cells; what `find` and `split` return are positions in here. Replaced when it grows. */
  cells: Int32Array<ArrayBuffer> = new Int32Array(CELL * 1024);
  /** Pairs of epoch and access, one for each thread of each vector; numbers count pairs. */
  vectors: Int32Array<ArrayBuffer> = new Int32Array(1024);
  readonly #threads: number;
  #index: (Int32Array | undefined)[] = [];
  #first = 0;
  #count = 0;
  #vectorCount = 1;

  constructor(threads: number) {
    this.#threads = threads;
  }

  /** Forgets everything. */
  clear(): void {
    this.#first += this.#count;
    this.#count = 0;
    this.#vectorCount = 1;
    if (this.#first < LAST_NUMBER) return;
    this.#index = [];
    this.#first = 0;
  }

  /** Position of a word's cell, or ~position of its four cells if it is split. */
  find(word: number): number {
    const page = this.#index[word >>> PAGE_SHIFT] ?? this.#addPage(word >>> PAGE_SHIFT);
    const entry = page[word & PAGE_MASK]!;
    const number = (entry >>> 1) - this.#first;
    if (number > 0) {
      const position = (number - 1) * CELL;
      return (entry & 1) === 0 ? position : ~position;
    }
    const position = this.#add(1);
    page[word & PAGE_MASK] = (this.#first + this.#count) << 1;
    return position;
  }

  #addPage(number: number): Int32Array {
    const page = new Int32Array(PAGE_MASK + 1);
    this.#index[number] = page;
    return page;
  }

  /** Adds empty cells; returns the position of the first. */
  #add(count: number): number {
    const position = this.#count * CELL;
    this.#count += count;
    const end = this.#count * CELL;
    if (end > this.cells.length) this.cells = grown(this.cells, end);
    const { cells } = this;
    for (let i = position; i < end; i++) cells[i] = 0;
    return position;
  }

  /** Gives each byte of a word that has one cell its own; returns the position of the first. */
  split(word: number): number {
    const from = this.find(word);
    const to = this.#add(4);
    const entry = ((this.#first + this.#count - 3) << 1) | 1;
    this.#index[word >>> PAGE_SHIFT]![word & PAGE_MASK] = entry;
    const { cells } = this;
    for (let byte = 0; byte < 4; byte++) {
      const at = to + byte * CELL;
      cells.copyWithin(at, from, from + CELL);
      if (cells[at + SHAPE] !== 0) cells[at + SHAPE]! += byte * SHAPE_STEP;
      for (let kind = PLAIN_READ; kind <= ATOMIC_WRITE; kind += 2) {
        if (cells[at + kind]! < 0) cells[at + kind] = -this.#copyVector(-cells[at + kind]!);
      }
    }
    return to;
  }

  /** Makes an empty vector; returns its number. */
  addVector(): number {
    const number = this.#vectorCount;
    this.#vectorCount += this.#threads;
    const end = this.#vectorCount * 2;
    if (end > this.vectors.length) this.vectors = grown(this.vectors, end);
    this.vectors.fill(0, number * 2, end);
    return number;
  }

  #copyVector(from: number): number {
    const to = this.addVector();
    this.vectors.copyWithin(to * 2, from * 2, (from + this.#threads) * 2);
    return to;
  }
}

/** A larger array with the same beginning. */
export function grown(array: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(length, array.length * 2));
  larger.set(array);
  return larger;
}
