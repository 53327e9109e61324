/**
 * Reading with more than the key: what options ask for, bytes into memory of the caller's own, and
 * what is known of an entry. A plain `get` is the view's own.
 */
import { checkBytes, checkInteger, refusePromise } from '../../border/arguments.ts';
import { metrics } from '../../border/channels.ts';
import type { KernelExports } from '../../border/kernel.ts';
import { InvalidArgumentError, TargetTooSmallError } from '../../errors.ts';
import * as facts from '../../generated/facts.ts';
import type { Near } from '../near/near.ts';
import { readGetOptions } from '../options/call.ts';
import type { GetOptions, Status } from '../options/settings.ts';
import type { Border, Key } from '../transfer/transfer.ts';
import type { Decoder } from '../values/values.ts';

/** What is known of an entry beside its value. */
export interface EntryInfo {
  /** Bytes of the value. */
  size: number;
  /** Bytes that the entry takes as it is stored, rounded up to 64. */
  storedSize: number;
  /** Milliseconds that it has left: Infinity for never, 0 or less if it is stale. */
  ttl: number;
  isStale: boolean;
  tags: string[];
}

/** What it works with. */
export interface ReaderParts<T> {
  readonly kernel: KernelExports;
  readonly decode: Decoder<T>;
  readonly near: Near<T> | undefined;
  readonly writer: { touch(key: Key): boolean };
  /** Throws `DisposedError` when the cache is closed. */
  live(): Border;
  tell(call: { op: 'get'; key: Key; get: NonNullable<Status['get']>; entrySize?: number }): void;
}

export class Reader<T> {
  readonly #parts: ReaderParts<T>;

  constructor(parts: ReaderParts<T>) {
    this.#parts = parts;
  }

  get(key: Key, options: GetOptions = {}): T | undefined {
    const { allowStale, updateAgeOnGet, status } = readGetOptions(options);
    const { kernel, near } = this.#parts;
    const border = this.#parts.live();
    const kept = updateAgeOnGet ? undefined : near?.find(key);
    if (near && kept) {
      if (status) Object.assign(status, { get: 'hit', entrySize: kept.bytes });
      return near.share(kept);
    }
    const decode = near?.decoderFor(key) ?? this.#parts.decode;
    let outcome = 'miss' as NonNullable<Status['get']>;
    let size: number | undefined;
    const value = border.incoming.fetch(
      border.putKey(key),
      (bytes, isLent) => {
        outcome = kernel.wasStale() === 0 ? 'hit' : 'stale';
        size = bytes.length;
        return decode(bytes, isLent);
      },
      facts.GET_COUNTED | (allowStale ? facts.GET_STALE : 0) | (near ? facts.GET_NEAR : 0),
    );
    const told = size === undefined ? { get: outcome } : { get: outcome, entrySize: size };
    if (status !== undefined) Object.assign(status, told);
    if (metrics.hasSubscribers) this.#parts.tell({ op: 'get', key, ...told });
    if (updateAgeOnGet && outcome === 'hit') this.#parts.writer.touch(key);
    return value;
  }

  into(key: Key, target: Uint8Array, offset: number): number | undefined {
    const border = this.#parts.live();
    const room = checkBytes('target', target, Number.POSITIVE_INFINITY);
    checkInteger('offset', offset, 0, room);
    const length = border.incoming.fetchInto(border.putKey(key), target, offset, room - offset);
    if (length > room - offset) throw new TargetTooSmallError(length, room - offset);
    return length < 0 ? undefined : length;
  }

  lend<R>(key: Key, use: (bytes: Uint8Array) => R): R | undefined {
    const border = this.#parts.live();
    if (typeof use !== 'function') throw new InvalidArgumentError('use', 'a function', use);
    const bytes = border.incoming.borrow(border.putKey(key));
    if (bytes === undefined) return undefined;
    let result: R;
    try {
      result = use(bytes);
    } finally {
      border.incoming.takeBack(bytes);
    }
    refusePromise('use', result);
    return result;
  }

  info(key: Key): EntryInfo | undefined {
    const border = this.#parts.live();
    const keyBytes = border.putKey(key);
    const ttl = border.remaining(keyBytes);
    const found = border.details.inspect(keyBytes);
    if (typeof found === 'number') return undefined;
    const { size, storedSize, isStale } = found;
    return { size, storedSize, ttl, isStale, tags: border.details.tags(found.tags) };
  }
}
