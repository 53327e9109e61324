/**
 * The last minutes in numbers: a column for each line of a chart, all of one length, allocated
 * once.
 */

/** Five minutes at two points a second. */
const POINTS = 600;

export class History {
  readonly #columns: Float64Array[];
  #length = 0;

  constructor(columns: number) {
    this.#columns = Array.from({ length: columns }, () => new Float64Array(POINTS));
  }

  /** Appends a point; the oldest goes when there are too many. */
  push(values: readonly number[]): void {
    const isFull = this.#length === POINTS;
    for (const [i, column] of this.#columns.entries()) {
      if (isFull) column.copyWithin(0, 1);
      column[isFull ? POINTS - 1 : this.#length] = values[i] ?? Number.NaN;
    }
    if (!isFull) this.#length++;
  }

  clear(): void {
    this.#length = 0;
  }

  get length(): number {
    return this.#length;
  }

  /** Views of columns, oldest first: valid until the next `push`. */
  columns(...which: number[]): Float64Array[] {
    return which.map((i) => this.#columns[i]!.subarray(0, this.#length));
  }
}
