/** Calls of many keys at once, each key's an operation of its own. */
import type { Caller } from './caller.ts';
import {
  isCounter,
  isSpaced,
  keyOf,
  makeValue,
  numberOf,
  optionsOf,
  TAG,
} from './history-values.ts';
import { REFUSED } from './key-model.ts';
import type { Planned } from './log.ts';

/** Keys that one call is given at most. */
const ROW = 8;

export class Rows {
  readonly #by: Caller;

  constructor(caller: Caller) {
    this.#by = caller;
  }

  one(key: number): void {
    const what = this.#by.run.int(20);
    if (what < 6) this.#getMany(key);
    else if (what < 9) this.#setMany(key);
    else if (what < 12) this.#deleteMany(key);
    else if (what < 15) this.#deleteTag(key);
    else if (what < 17) this.#keys(key);
    else if (what < 18) this.clear();
    else this.#clearSpace();
  }

  /** A row of neighbours. */
  #many(first: number, plan: (key: number) => Planned, act: (keys: number[]) => number[]): void {
    const neighbours = this.#by.neighboursOf(first);
    const from = neighbours.indexOf(first);
    const keys = neighbours.slice(from, from + 1 + this.#by.run.int(ROW));
    const records = keys.map((own) => this.#by.log.begin(plan(own)));
    const results = act(keys);
    for (const [i, record] of records.entries()) this.#by.log.end(record, results[i]!);
  }

  #getMany(first: number): void {
    const view = this.#by.viewOf(first);
    this.#many(
      first,
      (key) => ({ kind: 'get', call: 'getMany', keys: [key] }),
      (keys) => view.getMany(keys.map(keyOf)).map((value, i) => numberOf(keys[i]!, value)),
    );
  }

  #setMany(first: number): void {
    const view = this.#by.viewOf(first);
    const numbers = new Map<number, number>();
    const plan = (key: number): Planned => {
      const value = this.#by.newNumber(key);
      numbers.set(key, value);
      return { kind: 'set', call: 'setMany', keys: [key], value };
    };
    this.#many(first, plan, (keys) => {
      const row = keys.map((key) => {
        const number = numbers.get(key)!;
        return [keyOf(key), makeValue(key, number), optionsOf(key, number)] as const;
      });
      return view.setMany(row).map((isKept) => (isKept ? 1 : REFUSED));
    });
  }

  #deleteMany(first: number): void {
    const view = this.#by.viewOf(first);
    this.#many(
      first,
      (key) => ({ kind: 'delete', call: 'deleteMany', keys: [key] }),
      (keys) => view.deleteMany(keys.map(keyOf)).map(Number),
    );
  }

  /** Tags are of the cache, or of the namespace. */
  #deleteTag(key: number): void {
    const keys = this.#by.neighboursOf(key).filter((other) => !isCounter(other));
    this.#by.record({ kind: 'deleteTag', call: 'deleteTag', keys }, () => {
      this.#by.viewOf(key).deleteTag(TAG);
      return 0;
    });
  }

  clear(): void {
    const { cache, keys } = this.#by.is;
    this.#by.record({ kind: 'clear', call: 'clear', keys }, () => {
      cache.clear();
      return 0;
    });
  }

  #clearSpace(): void {
    const { space, keys } = this.#by.is;
    const planned = { kind: 'clearSpace', call: 'clear', keys: keys.filter(isSpaced) } as const;
    this.#by.record(planned, () => {
      space.clear();
      return 0;
    });
  }

  /** A listed key was there at some moment, one that is not listed was not. */
  #keys(key: number): void {
    const keys = this.#by.neighboursOf(key);
    const records = keys.map((own) =>
      this.#by.log.begin({ kind: 'has', call: 'keys', keys: [own] }),
    );
    const listed = new Set(this.#by.viewOf(key).keys());
    for (const [i, own] of keys.entries()) {
      this.#by.log.end(records[i]!, Number(listed.has(keyOf(own))));
    }
  }
}
