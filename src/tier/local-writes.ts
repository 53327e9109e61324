/**
 * What the threads of this process have written lately: a table that they share.
 *
 * Each thread talks to the tier by itself, so that one may hear of a change that another of this
 * very process has made, or bring back a value that another is just replacing. A word a slot counts
 * the writes of the keys that fall into it; who finds it changed cannot be sure, and asks the tier
 * anew. Keys that share a slot by chance cost such a question, nothing else.
 *
 *   word    sets and deletes of its keys by any thread, counted before they are done here
 *   reader  keeps what he has seen; nothing has to be taken back, so no death leaves anything
 */
import { type KeyName, slotOf } from './key-name.ts';

/** 16 KiB: some ten keys under way at a time meet each other once in 400. */
const SLOTS = 4096;

export class LocalWrites {
  readonly #words: Int32Array;
  /** What this thread saw when it was told of a change last. */
  readonly #seen: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer, 0, SLOTS);
    this.#seen = this.#words.slice();
  }

  static create(): SharedArrayBuffer {
    return new SharedArrayBuffer(SLOTS * 4);
  }

  static isBuffer(value: unknown): value is SharedArrayBuffer {
    return (
      Object.prototype.toString.call(value) === '[object SharedArrayBuffer]' &&
      (value as SharedArrayBuffer).byteLength === SLOTS * 4
    );
  }

  /** Somebody is about to write. */
  note(name: KeyName): void {
    Atomics.add(this.#words, slotOf(name, SLOTS), 1);
  }

  /** Writes so far; wraps. */
  count(name: KeyName): number {
    return Atomics.load(this.#words, slotOf(name, SLOTS));
  }

  /** Whether somebody has written since this was asked last. */
  hasChanged(name: KeyName): boolean {
    const slot = slotOf(name, SLOTS);
    const count = Atomics.load(this.#words, slot);
    const isChanged = count !== this.#seen[slot];
    this.#seen[slot] = count;
    return isChanged;
  }
}
