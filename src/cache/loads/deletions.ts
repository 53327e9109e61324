/**
 * Hearing of deletions by any thread that write nothing at a lease: of tags, and of a namespace's
 * entries. Each raises the tag clock.
 */
import { watchWord } from '../../border/watch.ts';

export class Deletions {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #listeners = new Set<() => void>();
  #end: (() => void) | undefined;

  /** @param at  of the tag clock */
  constructor(words: Int32Array, at: number) {
    this.#words = words;
    this.#at = at;
  }

  /** Calls `listener` after each; the thread waits once for all. @returns what ends that */
  hear(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.#end ??= watchWord(this.#words, this.#at, () => this.#tell(), false);
    return () => {
      if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
      this.#end?.();
      this.#end = undefined;
    };
  }

  #tell(): false {
    for (const listener of [...this.#listeners]) listener();
    return false;
  }
}
