/**
 * The border: how a thread's keys and values get into the zone (outgoing.ts) and out of it
 * (incoming.ts). Here are the keys, and what is asked of one without its value.
 *
 * A thread has scratch pages of its own in the zone (kernel/memdesc/thread-pages.ts): keys and
 * values are copied into them before a call and out of them after it, so that the kernel never sees
 * the JavaScript heap and nothing in the zone is ever lent. Values of more than SMALL_BLOCK_BYTES
 * need a large scratch meanwhile; those longer than a block cross in several calls.
 *
 * No length is believed: what a view says of itself may be a lie, and what it has may grow while it
 * is copied. So bytes go into views of exactly the scratch's parts (language/brands.ts).
 */

import { takeScratch } from '../../arena/scratch.ts';
import { alignUp } from '../../border/align.ts';
import { LAST, type ZoneClock } from '../../border/clock.ts';
import type { KernelExports } from '../../border/kernel.ts';
import { viewOf } from '../../border/views.ts';
import { InvalidArgumentError } from '../../errors.ts';
import * as facts from '../../generated/facts.ts';
import { fixedView, isBytes, lengthOf } from '../../language/brands.ts';
import { copyBytes } from '../../language/copies.ts';
import { type LargeScratch, largeScratchOf } from '../../threads/large-scratch.ts';
import { putAscii, SHORT_KEY } from '../values/short-keys.ts';
import type { Times } from '../values/times.ts';
import { encodeText } from '../values/values.ts';
import { Details } from './details.ts';
import { Incoming } from './incoming.ts';
import { Outgoing } from './outgoing.ts';
import { TimedCalls } from './timed-calls.ts';

export type Key = string | Uint8Array;

const setBytes = Uint8Array.prototype.set;

export class Border {
  readonly #kernel: KernelExports;
  /** The whole memory, and the parts of the scratch: views that end where the part does. */
  readonly #bytes: Uint8Array;
  readonly #key: Uint8Array;
  /** Which of the words says what the next entry has beside its value: of the key before. */
  readonly #note: number;
  /** All of it as words, to wait for one. */
  readonly words: Int32Array;
  readonly #large: LargeScratch;
  readonly timed: TimedCalls;
  readonly incoming: Incoming;
  readonly outgoing: Outgoing;
  readonly details: Details;
  readonly space: number;
  /** What goes with a key's length. */
  readonly #inSpace: number;

  /**
   * Takes the thread's scratch. Throws `ZoneTooSmallError` when there is no memory for it.
   *
   * @param space  of a namespace, whose keys are put: kernel/store/spaces.ts
   */
  constructor(kernel: KernelExports, memory: WebAssembly.Memory, clock: ZoneClock, space = 0) {
    takeScratch(kernel);
    this.space = space;
    this.#inSpace = space << facts.SPACE_SHIFT;
    this.#kernel = kernel;
    this.#bytes = viewOf(memory.buffer);
    this.words = new Int32Array(memory.buffer);
    this.#key = this.#lend(kernel.keyScratch() >>> 0, facts.MAX_KEY_BYTES);
    this.#note = (this.#key.byteOffset + facts.KEY_NOTE_AT) >>> 2;
    this.#large = largeScratchOf(kernel);
    this.#large.settle();
    this.timed = new TimedCalls(clock, this.#key, this.#large);
    this.incoming = new Incoming(kernel, this.#bytes, clock, this.timed);
    this.outgoing = new Outgoing(kernel, this.#bytes, this.#large);
    const output = this.#lend(kernel.outputScratch() >>> 0, facts.SMALL_BLOCK_BYTES);
    this.details = new Details(kernel, output, this.timed);
  }

  /** Puts a key into the scratch. @returns its length in bytes, and its space */
  putKey(key: Key): number {
    this.#large.settle();
    this.words[this.#note] = 0;
    if (typeof key !== 'string') return this.#putKeyBytes(key);
    if (key.length <= SHORT_KEY) {
      const length = putAscii(this.#key, 0, key);
      if (length > 0) return length | this.#inSpace;
    }
    // A character is at least a byte: too long a text need not be encoded.
    if (key.length > facts.MAX_KEY_BYTES) throw badKey(key);
    return this.#putKeyBytes(encodeText('key', key));
  }

  /** Puts a key into a row of several, from `at` on. @returns as `putKey`; −1: no `room` there */
  putInRow(row: Uint8Array, at: number, room: number, key: Key): number {
    if (typeof key === 'string' && key.length <= SHORT_KEY && key.length <= room) {
      const length = putAscii(row, at, key);
      if (length > 0) return length | this.#inSpace;
    }
    const keyBytes = this.putKey(key);
    const length = keyBytes & facts.LENGTH_MASK;
    if (length > room) return -1;
    setBytes.call(row, this.#key.subarray(0, length), at);
    return keyBytes;
  }

  /** Puts a key back that `keyName` has given. */
  putName(name: string): number {
    const bytes = this.#key;
    this.words[this.#note] = 0;
    for (let i = 0; i < name.length; i++) bytes[i] = name.charCodeAt(i);
    return name.length | this.#inSpace;
  }

  #putKeyBytes(key: Uint8Array): number {
    if (!isBytes(key)) throw new InvalidArgumentError('key', 'a string or a Uint8Array', key);
    const length = lengthOf(key);
    if (length === 0 || length > facts.MAX_KEY_BYTES) throw badKey(key);
    copyBytes(this.#key, key, length);
    return length | this.#inSpace;
  }

  /** The key in the scratch as a text of one character a byte, behind that of its space. */
  keyName(keyBytes: number): string {
    const name = String.fromCharCode(...this.#key.subarray(0, keyBytes & facts.LENGTH_MASK));
    return this.space === 0 ? name : String.fromCharCode(256 + this.space) + name;
  }

  /** As `KernelExports.touch`: what is put in the place is copied through the scratch. */
  touch(keyBytes: number, version: number, { expiry, fresh, longTtl }: Times): number {
    const touch = () => this.#kernel.touch(version, keyBytes, expiry, fresh, longTtl);
    return this.#large.settling(() => this.timed.call(keyBytes, touch));
  }

  /** Whether the key in the scratch has a value. */
  has(keyBytes: number): boolean {
    return this.timed.call(keyBytes, (now) => this.#kernel.has(keyBytes, now)) === 1;
  }

  /**
   * Milliseconds until the key's entry expires: Infinity for never, 0 for none, less: it is stale.
   */
  remaining(keyBytes: number): number {
    const now = this.timed.timeFor(keyBytes);
    const expiry = this.#kernel.expiryOf(keyBytes, now);
    if (expiry === 0 || expiry === LAST) return Number.POSITIVE_INFINITY;
    if (expiry < 0) return 0;
    return expiry - now;
  }

  #lend(at: number, length: number): Uint8Array {
    return this.#bytes.subarray(at, at + length);
  }

  /** Some keys from a cursor on, each made of lent bytes, and the cursor to go on with. */
  listKeys<K>(
    cursor: number,
    now: number,
    make: (lent: Uint8Array) => K,
  ): { keys: K[]; next: number } {
    return this.#large.during(() => {
      const next = this.#kernel.listKeys(cursor, now, this.space);
      return { keys: this.#listed(make, this.#kernel.outputScratch() >>> 0), next };
    });
  }

  /** Made at once: the next call reuses the scratch. */
  #listed<K>(make: (lent: Uint8Array) => K, output: number): K[] {
    const keys: K[] = [];
    const words = new Uint32Array(this.#bytes.buffer, output, facts.BLOCK_BYTES >> 2);
    let at = 0;
    for (let word = words[0]!; word !== 0; word = words[at >> 2]!) {
      const bytes = word & facts.LENGTH_MASK;
      const start = output + at + 4;
      keys.push(make(this.#lend(start, bytes)));
      at += 4 + alignUp(bytes, 4);
    }
    return keys;
  }
}

function badKey(key: Key): InvalidArgumentError {
  return new InvalidArgumentError('key', `1 to ${facts.MAX_KEY_BYTES} bytes long`, key);
}

/** The key as it is now: bytes may be changed by their owner before they are looked at again. */
export function copyKey(key: Key): Key {
  return isBytes(key) ? new Uint8Array(fixedView(key, lengthOf(key))) : key;
}
