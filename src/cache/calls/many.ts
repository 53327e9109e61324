/**
 * Several keys in one call of the kernel (kernel/cache/many.ts): their row is put into the scratch,
 * and the answers are read off it.
 *
 * All answers of a call are taken before a codec of the user's own sees any, and before a value is
 * read by itself: both overwrite the scratch.
 */

import { alignUp } from '../../border/align.ts';
import type { ZoneClock } from '../../border/clock.ts';
import type { KernelExports } from '../../border/kernel.ts';
import { viewOf } from '../../border/views.ts';
import * as facts from '../../generated/facts.ts';
import { type LargeScratch, largeScratchOf } from '../../threads/large-scratch.ts';
import type { Near } from '../near/near.ts';
import type { Border, Key } from '../transfer/transfer.ts';
import {
  type Decoder,
  type Picking,
  pickingOf,
  takeText,
  type ValueCodec,
} from '../values/values.ts';

interface ManyParts<T> {
  readonly kernel: KernelExports;
  readonly clock: ZoneClock;
  readonly codec: ValueCodec<T>;
  readonly decode: Decoder<T>;
  readonly near: Near<T> | undefined;
  /** Throws `DisposedError` when the cache is closed. */
  live(): Border;
}

const ROW_BYTES: number = facts.PAGE_BYTES;
/** Where the values begin, behind a word for each key. */
const FIRST_VALUE: number = facts.MANY_KEYS * 4;
/** Rows for which a row that is not all ASCII speaks. */
const ODD_ROWS = 15;
/** Instead of a length: the value is longer than the scratch. Below 0 as well: there is none. */
const ALONE = facts.ALONE | 0;

export class Many<T> {
  readonly #parts: ManyParts<T>;
  readonly #picking: Picking<T>;
  readonly #memory: Uint8Array;
  readonly #row: Uint8Array;
  readonly #rowWords: Int32Array;
  readonly #large: LargeScratch;
  #answers: Int32Array;
  /** Where they are in the memory. */
  #output: number;
  /** Rows of which none is tried as one text: the last one was not ASCII. */
  #oddRows = 0;

  constructor(parts: ManyParts<T>) {
    const { buffer } = parts.live().words;
    const row = parts.kernel.keyRow() >>> 0;
    this.#parts = parts;
    this.#picking = pickingOf(parts.codec);
    this.#memory = this.#picking.view(buffer);
    this.#row = viewOf(buffer).subarray(row, row + ROW_BYTES);
    this.#rowWords = new Int32Array(buffer, row, ROW_BYTES >> 2);
    this.#large = largeScratchOf(parts.kernel);
    this.#output = 0;
    this.#answers = this.#rowWords;
  }

  /** Looks where the answers of the last call are. */
  #find(): void {
    const output = this.#parts.kernel.outputScratch() >>> 0;
    if (output === this.#output) return;
    const bytes = this.#large.isOut ? facts.BLOCK_BYTES : facts.SMALL_BLOCK_BYTES;
    this.#output = output;
    this.#answers = new Int32Array(this.#rowWords.buffer, output, bytes >> 2);
  }

  /** Those that are known near are read one by one. */
  get(keys: readonly Key[]): (T | undefined)[] {
    const { near } = this.#parts;
    if (near === undefined) return this.#read(keys);
    const isKnown = keys.map((key) => near.knows(key));
    const others = this.#read(keys.filter((_, i) => !isKnown[i]));
    let at = 0;
    return keys.map((key, i) => (isKnown[i] ? this.#single(key) : others[at++]));
  }

  #read(keys: readonly Key[]): (T | undefined)[] {
    const { kernel, clock } = this.#parts;
    const values = new Array<T | undefined>(keys.length).fill(undefined);
    let limit = facts.MANY_KEYS;
    for (let from = 0; from < keys.length; ) {
      // Before the row is put: a clock of the user's own may use the scratch.
      const now = clock.nowIfNeeded();
      const asked = this.#put(keys, from, limit);
      const { done, alone } = this.#large.during(() => {
        const answered = kernel.getMany(asked, now);
        this.#find();
        return { done: answered, alone: this.#take(keys, values, from, answered) };
      });
      this.#finish(keys, values, from, done, alone);
      from += done;
      // One that ended early did so because of long values, or of the clock: none is put in vain.
      limit = done < asked ? Math.max(done, 1) : facts.MANY_KEYS;
    }
    return values;
  }

  /** @returns for each whether there was an entry */
  delete(keys: readonly Key[]): boolean[] {
    const { kernel, clock } = this.#parts;
    const answers: boolean[] = [];
    clock.nowIfNeeded();
    while (answers.length < keys.length) {
      const asked = this.#put(keys, answers.length, facts.MANY_KEYS);
      this.#large.settle();
      kernel.removeMany(asked);
      this.#find();
      for (let i = 0; i < asked; i++) answers.push(this.#answers[i] === 1);
    }
    return answers;
  }

  /** Puts a row of keys into the scratch, from the `from`th on. @returns how many, one at least */
  #put(keys: readonly Key[], from: number, limit: number): number {
    const border = this.#parts.live();
    const row = this.#row;
    const words = this.#rowWords;
    const count = Math.min(keys.length - from, limit);
    let at = 0;
    for (let i = 0; i < count; i++) {
      const key = keys[from + i]!;
      const start = at + facts.ROW_KEY;
      const keyBytes = border.putInRow(row, start, ROW_BYTES - start, key);
      if (keyBytes < 0) return i;
      words[at >> 2] = keyBytes;
      at = start + alignUp(keyBytes & facts.LENGTH_MASK, 4);
    }
    return count;
  }

  /** Takes the answers to the first `count` keys of the row. @returns which are to be read alone */
  #take(keys: readonly Key[], values: (T | undefined)[], from: number, count: number): number[] {
    const { take, parse } = this.#picking;
    const { near } = this.#parts;
    const words = this.#answers;
    const alone: number[] = [];
    const text = parse && this.#text(count);
    for (let i = 0, at = FIRST_VALUE, record = 0; i < count; i++) {
      const bytes = words[i]!;
      if (bytes >= 0) near?.noteRead(keys[from + i]!, this.#rowWords[(record >> 2) + 1]!);
      record += facts.ROW_KEY + alignUp(this.#rowWords[record >> 2]! & facts.LENGTH_MASK, 4);
      if (bytes === ALONE) alone.push(from + i);
      if (bytes < 0) continue;
      const start = text ? at - FIRST_VALUE : this.#output + at;
      values[from + i] = text
        ? parse!(text.slice(start, start + bytes))
        : (take(this.#memory, start, start + bytes) as T);
      at += alignUp(bytes, 8);
    }
    return alone;
  }

  /** Makes values of what was taken, by code of the user's own, and reads those that are long. */
  #finish(
    keys: readonly Key[],
    values: (T | undefined)[],
    from: number,
    count: number,
    alone: number[],
  ): void {
    const { make } = this.#picking;
    for (let i = from; make && i < from + count; i++) {
      if (values[i] !== undefined) values[i] = make(values[i]);
    }
    for (const i of alone) values[i] = this.#single(keys[i]!);
  }

  /**
   * The values of a row as one text, from which each can be cut; undefined if they are not all
   * ASCII: then a character is not a byte. Decoding the one costs what decoding two values does.
   */
  #text(count: number): string | undefined {
    if (this.#oddRows > 0) {
      this.#oddRows--;
      return undefined;
    }
    let bytes = 0;
    for (let i = 0; i < count; i++) bytes += alignUp(Math.max(this.#answers[i]!, 0), 8);
    const start = this.#output + FIRST_VALUE;
    const text = takeText(this.#memory, start, start + bytes);
    if (text.length === bytes) return text;
    this.#oddRows = ODD_ROWS;
    return undefined;
  }

  #single(key: Key): T | undefined {
    const { near, decode } = this.#parts;
    const border = this.#parts.live();
    if (near !== undefined) return near.get(border, key);
    return border.incoming.fetch(border.putKey(key), decode, facts.GET_COUNTED);
  }
}
