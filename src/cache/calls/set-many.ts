/**
 * Several entries set in one call of the kernel (kernel/cache/many.ts has their form).
 *
 * They are put into a *row*, in memory of this thread's own, each as soon as its value is
 * serialized: a codec may use its bytes again for the next value, and may call the cache, which
 * needs the scratch. A row is copied there and stored when it is full, when all are in it, or
 * before what is wrong is told. What no row takes is stored by itself, in its turn.
 */

import { alignUp } from '../../border/align.ts';
import { checkObject } from '../../border/arguments.ts';
import type { ZoneClock } from '../../border/clock.ts';
import type { KernelExports } from '../../border/kernel.ts';
import { viewOf } from '../../border/views.ts';
import { InvalidArgumentError } from '../../errors.ts';
import * as facts from '../../generated/facts.ts';
import { copyBytes, placeBytes } from '../../language/copies.ts';
import { type LargeScratch, largeScratchOf } from '../../threads/large-scratch.ts';
import { type EntryOptions, readEntryOptions } from '../options/call.ts';
import { isRaw, type SetOptions, type Settings, type Status } from '../options/settings.ts';
import type { TierLink } from '../tiered/link.ts';
import type { Border, Key } from '../transfer/transfer.ts';
import { encodeTags } from '../values/tags.ts';
import { timesFrom } from '../values/times.ts';
import {
  checkSerialized,
  encodeText,
  type In,
  textOf,
  type ValueCodec,
  writeText,
} from '../values/values.ts';
import { fillIn, type Prepared, prepare } from './prepared.ts';

interface SetterParts<T> {
  readonly kernel: KernelExports;
  readonly clock: ZoneClock;
  readonly codec: ValueCodec<T>;
  readonly settings: Settings;
  readonly tier: TierLink<T> | undefined;
  readonly writer: { keep(key: Key, prepared: Prepared, read: EntryOptions): boolean };
  /** Throws `DisposedError` when the cache is closed. */
  live(): Border;
}

type Entry<T> = readonly [key: Key, value: In<T>, options?: SetOptions];
/** What is stored: bytes, or UTF-8 of a text, which is encoded where it belongs. */
type Payload = string | Uint8Array;

const ROW_BYTES: number = facts.BLOCK_BYTES;
/** Bytes of a character of a text, at most. */
const CHARACTER_BYTES = 3;
/** Of a key with tags, so that both fit for certain: kernel/store/extension.ts has the sum. */
const MOST_TAGGED = 3800;
const NO_NAMES = new Uint8Array(0);

/** Entries that are stored together. */
class Row {
  readonly bytes: Uint8Array = viewOf(new ArrayBuffer(ROW_BYTES));
  readonly words: Int32Array = new Int32Array(this.bytes.buffer);
  readonly times: Float64Array = new Float64Array(this.bytes.buffer);
  /** Where each begins, and what is to be filled in. */
  starts: number[] = [];
  statuses: (Status | undefined)[] = [];
  end = 0;
}

export class ManySetter<T> {
  readonly #parts: SetterParts<T>;
  readonly #toText: ((value: unknown) => string) | undefined;
  readonly #memory: Uint8Array;
  readonly #large: LargeScratch;
  /** A row that nobody uses: who comes while one is used makes another. */
  #spare: Row | undefined;

  constructor(parts: SetterParts<T>) {
    this.#parts = parts;
    this.#toText = textOf(parts.codec);
    this.#memory = viewOf(parts.live().words.buffer);
    this.#large = largeScratchOf(parts.kernel);
  }

  /** @returns for each whether it was kept */
  set(entries: readonly Entry<T>[]): boolean[] {
    this.#parts.live();
    const row = this.#spare ?? new Row();
    this.#spare = undefined;
    const kept: boolean[] = [];
    try {
      for (const entry of entries) this.#take(row, kept, entry);
    } catch (error) {
      this.#storeQuietly(row, kept);
      throw error;
    }
    this.#store(row, kept);
    this.#spare = row;
    return kept;
  }

  #take(row: Row, kept: boolean[], entry: Entry<T>): void {
    const [key, value, options] = checkEntry(entry);
    const read = readEntryOptions(options);
    const { codec, writer } = this.#parts;
    const payload = this.#toText ? this.#toText(value) : codec.serialize(value as T);
    if (row.starts.length < facts.MANY_KEYS && this.#put(row, key, payload, read)) return;
    this.#store(row, kept);
    if (this.#put(row, key, payload, read)) return;
    const bytes = typeof payload === 'string' ? encodeText('value', payload) : payload;
    kept.push(writer.keep(key, prepare(this.#parts, bytes, read), read));
  }

  /** @returns whether there was room, and nothing about it is for a call of its own */
  #put(row: Row, key: Key, payload: Payload, read: EntryOptions): boolean {
    const { codec, settings } = this.#parts;
    const isText = typeof payload === 'string';
    const bytes = isText ? payload.length * CHARACTER_BYTES : checkSerialized(codec, payload);
    const names = read.tags?.length ? encodeTags(read.tags) : NO_NAMES;
    const head = facts.SET_KEY + facts.MAX_KEY_BYTES + padded(names.length);
    if (read.noUpdateTTL || row.end + head + padded(bytes) > ROW_BYTES) return false;
    const start = row.end;
    const border = this.#parts.live();
    const keyBytes = border.putInRow(row.bytes, start + facts.SET_KEY, facts.MAX_KEY_BYTES, key);
    const keyEnd = padded(keyBytes & facts.LENGTH_MASK);
    if (names.length > 0 && keyEnd + names.length > MOST_TAGGED) return false;
    const namesAt = start + facts.SET_KEY + keyEnd;
    row.bytes.set(names, namesAt);
    const at = namesAt + padded(names.length);
    if (!isText) copyBytes(row.bytes.subarray(at, at + bytes), payload, bytes);
    const length = isText ? writeText(row.bytes, at, payload) : bytes;
    if (length > settings.maxEntrySize) return false;
    const { expiry, fresh, longTtl } = timesFrom(
      this.#parts,
      read.ttl,
      read.staleFor,
      names.length > 0,
    );
    row.words[start >> 2] = keyBytes;
    row.words[(start >> 2) + 1] = length;
    row.times[(start >> 3) + 1] = expiry;
    row.times[(start >> 3) + 2] = fresh;
    row.times[(start >> 3) + 3] = longTtl;
    row.words[(start >> 2) + 8] = read.tags?.length ?? 0;
    row.words[(start >> 2) + 9] = names.length;
    row.starts.push(start);
    row.statuses.push(read.status);
    row.end = at + padded(length);
    return true;
  }

  /** Stores what is in the row. */
  #store(row: Row, kept: boolean[]): void {
    const { starts, statuses, end } = row;
    if (starts.length === 0) return;
    row.starts = [];
    row.statuses = [];
    row.end = 0;
    const { kernel, settings } = this.#parts;
    this.#parts.live();
    this.#large.settle();
    const raw = isRaw(settings) ? 1 : 0;
    const store = () => {
      const scratch = kernel.inputScratch() >>> 0;
      placeBytes(this.#memory, scratch, row.bytes.subarray(0, end));
      kernel.storeMany(starts.length, raw);
      const words = new Int32Array(this.#memory.buffer, scratch, end >> 2);
      return starts.map((start) => words[start >> 2]!);
    };
    const answers = end > facts.SMALL_BLOCK_BYTES ? this.#large.during(store) : store();
    for (const [i, start] of starts.entries()) {
      const became = answers[i]!;
      const status = statuses[i];
      if (status) fillIn(status, became, row.words[(start >> 2) + 1]!);
      kept.push(became <= facts.SET_REPLACED);
    }
  }

  /** Before something else is told. */
  #storeQuietly(row: Row, kept: boolean[]): void {
    try {
      this.#store(row, kept);
    } catch {
      // Closed, or poisoned: the next call says so.
    }
  }
}

function padded(bytes: number): number {
  return alignUp(bytes, 8);
}

/** Throws unless it is an array, as `setMany` takes them. */
export function checkEntry<E extends readonly unknown[]>(entry: E): E {
  const expected = 'an array of key, value and options';
  if (Array.isArray(checkObject('entry', entry, expected))) return entry;
  throw new InvalidArgumentError('entry', expected, entry);
}
