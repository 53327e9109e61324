/**
 * What an entry has beside its value, as it crosses: its times and its tags.
 *
 * Of what is told before a value is stored, and asked for after one was found. The key stands in
 * the scratch; the names of tags cross in the output scratch, as values/tags.ts has them.
 */
import type { KernelExports } from '../../border/kernel.ts';
import { InvalidArgumentError } from '../../errors.ts';
import { decodeTags, encodeTags } from '../values/tags.ts';
import type { Times } from '../values/times.ts';
import type { TimedCalls } from './timed-calls.ts';

/** What is known of an entry without its value. */
export interface Found {
  version: number;
  times: Times;
  /** Its own time to live, 0 = the cache's. */
  ttl: number;
  isStale: boolean;
  size: number;
  storedSize: number;
  /** How many; `tags` has their names. */
  tags: number;
}

export class Details {
  readonly #kernel: KernelExports;
  readonly #output: Uint8Array;
  readonly #timed: TimedCalls;

  constructor(kernel: KernelExports, output: Uint8Array, timed: TimedCalls) {
    this.#kernel = kernel;
    this.#output = output;
    this.#timed = timed;
  }

  /** Gives what is stored next these times and tags. Throws `InvalidArgumentError`. */
  describe(keyBytes: number, times: Times, tags: readonly string[], born: number): void {
    if (tags.length > 0) this.#output.set(encodeTags(tags));
    const { fresh, longTtl } = times;
    if (this.#kernel.describeNext(keyBytes, fresh, longTtl, born, tags.length) !== 0) return;
    throw new InvalidArgumentError('tags', 'fewer or shorter, beside so long a key', tags);
  }

  /** What is known of the entry of the key in the scratch, or at which version there is none. */
  inspect(keyBytes: number): Found | number {
    const kernel = this.#kernel;
    const tags = this.#timed.call(keyBytes, (now) => kernel.inspectEntry(keyBytes, now));
    const version = kernel.readVersion() >>> 0;
    if (tags < 0) return version;
    const times = readTimes(kernel);
    const size = kernel.foundBytes() >>> 0;
    const storedSize = kernel.foundStoredBytes() >>> 0;
    const isStale = kernel.wasStale() !== 0;
    return { version, times, ttl: kernel.foundTtl(), isStale, size, storedSize, tags };
  }

  /** The tags of what was inspected last. */
  tags(count: number): string[] {
    return decodeTags(this.#output, count);
  }
}

/** Times of what was read with its version, or inspected, last. */
export function readTimes(kernel: KernelExports): Times {
  return {
    expiry: kernel.readExpiry(),
    fresh: kernel.readFresh(),
    longTtl: kernel.readLongTtl(),
  };
}
