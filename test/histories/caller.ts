/** A thread that calls a cache and writes down what it does: what all its actions share. */
import type { CacheView, SharedCache } from '../../src/index.ts';
import type { Seeded } from '../support/seeded.ts';
import { isCounter, isSpaced, valueNumber } from './history-values.ts';
import type { Log, Planned } from './log.ts';

export type View = CacheView<unknown>;

export interface Calling {
  /** The cache itself, and the view of its namespace. */
  readonly cache: SharedCache<unknown>;
  readonly space: View;
  readonly log: Log;
  readonly writer: number;
  readonly run: Seeded;
  /** Keys that are called for. */
  readonly keys: readonly number[];
  /** Whether some values expire. */
  readonly isTimed: boolean;
  /** Whether most calls are to be of counters. */
  readonly isCounting: boolean;
}

export class Caller {
  readonly is: Calling;
  readonly run: Seeded;
  readonly log: Log;
  #sequence = 0;

  constructor(is: Calling) {
    this.is = is;
    this.run = is.run;
    this.log = is.log;
  }

  viewOf(key: number): View {
    return isSpaced(key) ? this.is.space : this.is.cache;
  }

  /** Those that are in the same view as the key. */
  neighboursOf(key: number): number[] {
    return this.is.keys.filter((other) => isSpaced(other) === isSpaced(key));
  }

  someKey(): number {
    return this.is.keys[this.run.int(this.is.keys.length)]!;
  }

  /** Increments make odd numbers, which are no tags: numbers of counters say nothing. */
  newNumber(key: number): number {
    const isPair = !isCounter(key);
    const isTagged = isPair && this.run.int(4) === 0;
    const isTimed = isPair && this.is.isTimed && this.run.int(2) === 0;
    return valueNumber(this.is.writer, ++this.#sequence, { isTagged, isTimed });
  }

  /** Of a value that keeps tags and time of the one before. */
  nextNumber(isTagged: boolean): number {
    return valueNumber(this.is.writer, ++this.#sequence, { isTagged, isTimed: false });
  }

  /** Writes a call down. @param act  makes it, and says what was answered */
  record(planned: Planned, act: () => number): void {
    const record = this.log.begin(planned);
    this.log.end(record, act());
  }
}
