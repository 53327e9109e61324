/**
 * `getOrSet`, within one turn and over several: the thread makes other calls while it computes or
 * waits.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { BusyError } from '../../src/index.ts';
import type { Caller } from './caller.ts';
import { keyOf, makeValue, numberOf, optionsOf } from './history-values.ts';
import { BUSY, LEASED } from './key-model.ts';
import type { Call } from './log.ts';

/** Loads of a thread that are under way at once. */
const MOST_OPEN = 2;
const pause = new Int32Array(new SharedArrayBuffer(4));

/** One call: its two records, and the value that it gives if it is asked. */
class Load {
  readonly #by: Caller;
  readonly #key: number;
  readonly #call: Call;
  readonly number: number;
  readonly #lease: number;
  #fulfil: number | undefined;

  constructor(by: Caller, key: number, call: Call) {
    this.#by = by;
    this.#key = key;
    this.#call = call;
    this.number = by.newNumber(key);
    this.#lease = by.log.begin({ kind: 'lease', call, keys: [key], value: this.number });
  }

  /** The function is called. */
  begin(): unknown {
    const { log } = this.#by;
    log.end(this.#lease, LEASED);
    const plan = {
      kind: 'fulfil',
      call: this.#call,
      keys: [this.#key],
      value: this.number,
    } as const;
    this.#fulfil = log.begin(plan);
    return makeValue(this.#key, this.number);
  }

  end(value: unknown): void {
    const found = numberOf(this.#key, value);
    if (this.#fulfil === undefined) this.#by.log.end(this.#lease, found);
    else if (found === this.number) this.#by.log.end(this.#fulfil, 0);
    else throw new Error(`who computed ${this.number} was given ${found}`);
  }

  fail(error: unknown): void {
    if (this.#fulfil !== undefined || !(error instanceof BusyError)) throw error;
    this.#by.log.end(this.#lease, BUSY);
  }
}

export class Loads {
  readonly #by: Caller;
  /** That another turn will end. */
  open = 0;

  constructor(caller: Caller) {
    this.#by = caller;
  }

  one(key: number): void {
    if (this.#by.run.int(2) === 0) this.#now(key);
    else if (this.open < MOST_OPEN) this.#later(key);
  }

  #now(key: number): void {
    const load = new Load(this.#by, key, 'getOrSetSync');
    const isSlow = this.#by.run.int(4) === 0;
    const compute = (): unknown => {
      const value = load.begin();
      if (isSlow) Atomics.wait(pause, 0, 0, 1);
      return value;
    };
    const options = optionsOf(key, load.number);
    try {
      load.end(this.#by.viewOf(key).getOrSetSync(keyOf(key), compute, options));
    } catch (error) {
      load.fail(error);
    }
  }

  async #later(key: number): Promise<void> {
    this.open++;
    const load = new Load(this.#by, key, 'getOrSet');
    const ms = this.#by.run.int(4);
    const compute = async (): Promise<unknown> => {
      const value = load.begin();
      if (ms > 0) await sleep(ms - 1);
      return value;
    };
    const options = optionsOf(key, load.number);
    load.end(await this.#by.viewOf(key).getOrSet(keyOf(key), compute, options));
    this.open--;
  }
}
