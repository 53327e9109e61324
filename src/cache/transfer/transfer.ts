/**
 * The border: how a thread's keys and values get into the zone and out of it.
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
import { BusyError, InvalidArgumentError } from '../../errors.ts';
import * as facts from '../../generated/facts.ts';
import {
  copyBytes,
  detourOf,
  fixedView,
  isBytes,
  isCrooked,
  lengthOf,
} from '../../language/brands.ts';
import { type LargeScratch, largeScratchOf } from '../../threads/large-scratch.ts';
import { putAscii, SHORT_KEY } from '../values/short-keys.ts';
import type { Times } from '../values/times.ts';
import { type Decoder, encodeText } from '../values/values.ts';
import { Details } from './details.ts';
import { Outgoing } from './outgoing.ts';
import { OutputViews } from './output-views.ts';

export type Key = string | Uint8Array;

const setBytes = Uint8Array.prototype.set;
/** Reads of a value that changed under the reader, before it counts as a miss. */
const RESTARTS = 16;
/** The same, where a miss would be taken for an absence. */
const MOST_RESTARTS = 1000;

/** What a key had at a version, which others' keys raise as well: kernel/store/leaf.ts. */
export interface Versioned {
  /** Undefined: there was none. */
  bytes: Uint8Array | undefined;
  /** Whether the next call overwrites them. */
  isLent: boolean;
  version: number;
  /** As values/times.ts has them. */
  times: Times;
  /** How many tags it has. */
  tags: number;
}

/** Beside a version. */
const HAS_DETAILS: number = 2 ** 32;
const NO_TIMES: Times = { expiry: 0, fresh: 0, longTtl: 0 };

export class Border {
  readonly #kernel: KernelExports;
  readonly #clock: ZoneClock;
  /** The whole memory, and the parts of the scratch: views that end where the part does. */
  readonly #bytes: Uint8Array;
  readonly #key: Uint8Array;
  /** Which of the words says what the next entry has beside its value: of the key before. */
  readonly #note: number;
  /** All of it as words, to wait for one. */
  readonly words: Int32Array;
  readonly #output: OutputViews;
  readonly #large: LargeScratch;
  readonly details: Details;
  readonly space: number;
  /** What goes with a key's length. */
  readonly #inSpace: number;
  readonly outgoing: Outgoing;
  /** What `borrow` lends next. */
  #spare: ArrayBuffer | undefined;

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
    this.#clock = clock;
    this.#bytes = viewOf(memory.buffer);
    this.words = new Int32Array(memory.buffer);
    this.#key = this.#lend(kernel.keyScratch() >>> 0, facts.MAX_KEY_BYTES);
    this.#note = (this.#key.byteOffset + facts.KEY_NOTE_AT) >>> 2;
    this.#large = largeScratchOf(kernel);
    this.#large.settle();
    this.outgoing = new Outgoing(kernel, this.#bytes, this.#large);
    this.#output = new OutputViews(kernel, this.#bytes, this.#large);
    const output = this.#lend(this.#output.at, facts.SMALL_BLOCK_BYTES);
    this.details = new Details(kernel, output, (bytes, call) => this.withTime(bytes, call));
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

  /** What a lease has left for those who wait, for the key in the scratch; undefined: nothing. */
  fetchLease(lease: number, grant: number, keyBytes: number): Uint8Array | undefined {
    const read = () => this.#kernel.readLease(lease, grant, keyBytes);
    return this.#large.settling(() => {
      for (let attempt = 0; attempt < RESTARTS; attempt++) {
        const length = this.withTime(keyBytes, read);
        if (length < 0) return undefined;
        const bytes = this.#fetchBlocks(length);
        if (bytes) return bytes;
      }
      return undefined;
    });
  }

  /** The key in the scratch as a text of one character a byte, behind that of its space. */
  keyName(keyBytes: number): string {
    const name = String.fromCharCode(...this.#key.subarray(0, keyBytes & facts.LENGTH_MASK));
    return this.space === 0 ? name : String.fromCharCode(256 + this.space) + name;
  }

  /** Decodes the value of the key in the scratch. @param wanted  GET_…, but for GET_COUNTED */
  fetch<T>(keyBytes: number, isCounted: boolean, decode: Decoder<T>, wanted = 0): T | undefined {
    try {
      return this.#fetch(keyBytes, isCounted, decode, wanted);
    } finally {
      this.#large.settle();
    }
  }

  #fetch<T>(
    keyBytes: number,
    isCounted: boolean,
    decode: Decoder<T>,
    wanted: number,
  ): T | undefined {
    for (let attempt = 0; attempt < RESTARTS; attempt++) {
      const length = this.#begin(
        keyBytes,
        (isCounted && attempt === 0 ? facts.GET_COUNTED : 0) | wanted,
      );
      if (length < 0) return undefined;
      if (length <= facts.BLOCK_BYTES) return decode(this.#output.view(length), true);
      const value = this.#fetchBlocks(length);
      if (value) return decode(value, false);
    }
    return undefined;
  }

  /** Reads the value of the key in the scratch, or that there is none, with its version. */
  fetchVersioned(keyBytes: number): Versioned {
    return this.#large.settling(() => this.#fetchVersioned(keyBytes));
  }

  #fetchVersioned(keyBytes: number): Versioned {
    for (let round = 0; round < MOST_RESTARTS; round++) {
      const length = this.withTime(keyBytes, (now) => this.#kernel.getVersioned(keyBytes, now));
      const read = this.#kernel.readVersion();
      const version = read >>> 0;
      if (length < 0) {
        return { bytes: undefined, isLent: false, version, times: NO_TIMES, tags: 0 };
      }
      const hasDetails = read >= HAS_DETAILS;
      const times = hasDetails ? this.details.read() : NO_TIMES;
      const tags = hasDetails ? this.#kernel.readTags() : 0;
      // Another thread's next: what stands in a large one, for the value was long a moment ago.
      const isLent = !this.#large.isOut;
      const bytes = isLent ? this.#output.view(length) : this.#fetchBlocks(length);
      if (bytes !== undefined) return { bytes, isLent, version, times, tags };
    }
    throw new BusyError('a long value was overwritten each time while it was read');
  }

  /**
   * Reads the first block. As `withTime` and `settling` do it, but by hand: with a function for
   * each of the two `getInto` takes 143 ns instead of 123.
   *
   * @param wanted  GET_…
   */
  #begin(keyBytes: number, wanted: number): number {
    let now = this.#clock.guess();
    let length = this.#kernel.get(keyBytes, now, wanted);
    if (length === facts.ERR_NEEDS_CLOCK) {
      now = this.#timeFor(keyBytes);
      length = this.#kernel.get(keyBytes, now, wanted);
    }
    if (length !== facts.ERR_NEEDS_SCRATCH) return length;
    this.#large.take();
    return this.#kernel.get(keyBytes, now, wanted);
  }

  /** As `KernelExports.touch`: what is put in the place is copied through the scratch. */
  touch(keyBytes: number, version: number, { expiry, fresh, longTtl }: Times): number {
    const touch = () => this.#kernel.touch(version, keyBytes, expiry, fresh, longTtl);
    return this.#large.settling(() => this.withTime(keyBytes, touch));
  }

  /**
   * Calls with a guess, again with the time if the key's entry has an expiry, and with a large
   * scratch if it needs one. That may be out afterwards.
   */
  withTime(keyBytes: number, call: (now: number) => number): number {
    let now = this.#clock.guess();
    let outcome = call(now);
    if (outcome === facts.ERR_NEEDS_CLOCK) {
      now = this.#timeFor(keyBytes);
      outcome = call(now);
    }
    if (outcome !== facts.ERR_NEEDS_SCRATCH) return outcome;
    this.#large.take();
    return call(now);
  }

  /** Zone time. A clock of the user's own may use the scratch, so its key is kept meanwhile. */
  #timeFor(keyBytes: number): number {
    if (!this.#clock.isOwn) return this.#clock.now();
    const key = new Uint8Array(this.#key.subarray(0, keyBytes & facts.LENGTH_MASK));
    const now = this.#clock.now();
    this.#key.set(key);
    return now;
  }

  /** Whether the key in the scratch has a value. */
  has(keyBytes: number): boolean {
    return this.withTime(keyBytes, (now) => this.#kernel.has(keyBytes, now)) === 1;
  }

  /**
   * Copies the value of the key in the scratch into `target`, from `offset` on, if it is not longer
   * than `room`.
   *
   * @returns its length; −1 = there is none
   */
  fetchInto(keyBytes: number, target: Uint8Array, offset: number, room: number): number {
    try {
      for (let attempt = 0; attempt < RESTARTS; attempt++) {
        const length = this.#begin(keyBytes, attempt === 0 ? facts.GET_COUNTED : 0);
        if (length < 0) return -1;
        if (length > room) return length;
        if (this.#collect(target, offset, length)) return length;
      }
      return -1;
    } finally {
      this.#large.settle();
    }
  }

  /**
   * The value of the key in the scratch, in memory of this thread's that is used again when it is
   * given back: whoever borrows while another value is out gets memory of his own.
   */
  borrow(keyBytes: number): Uint8Array | undefined {
    try {
      return this.#borrow(keyBytes);
    } finally {
      this.#large.settle();
    }
  }

  #borrow(keyBytes: number): Uint8Array | undefined {
    const length = this.#begin(keyBytes, facts.GET_COUNTED);
    if (length < 0) return undefined;
    if (length > facts.BLOCK_BYTES) {
      return (
        this.#fetchBlocks(length) ?? this.fetch(keyBytes, false, (bytes) => new Uint8Array(bytes))
      );
    }
    const lent = this.#spare ?? new ArrayBuffer(facts.BLOCK_BYTES);
    this.#spare = undefined;
    const bytes = new Uint8Array(lent, 0, length);
    setBytes.call(bytes, this.#output.view(length));
    return bytes;
  }

  takeBack(bytes: Uint8Array): void {
    const { buffer } = bytes;
    if (buffer instanceof ArrayBuffer && buffer.byteLength === facts.BLOCK_BYTES)
      this.#spare = buffer;
  }

  /**
   * Milliseconds until the key's entry expires: Infinity for never, 0 for none, less: it is stale.
   */
  remaining(keyBytes: number): number {
    const now = this.#timeFor(keyBytes);
    const expiry = this.#kernel.expiryOf(keyBytes, now);
    if (expiry === 0 || expiry === LAST) return Number.POSITIVE_INFINITY;
    if (expiry < 0) return 0;
    return expiry - now;
  }

  #lend(at: number, length: number): Uint8Array {
    return this.#bytes.subarray(at, at + length);
  }

  #fetchBlocks(length: number): Uint8Array<ArrayBuffer> | undefined {
    const value = new Uint8Array(length);
    return this.#collect(value, 0, length) ? value : undefined;
  }

  /**
   * Copies a value whose first block is in the scratch. @returns false if it has changed meanwhile
   */
  #collect(target: Uint8Array, offset: number, length: number): boolean {
    let from = 0;
    let bytes = Math.min(length, facts.BLOCK_BYTES);
    while (true) {
      copyOut(target, offset + from, this.#output.view(bytes));
      from += bytes;
      if (from === length) return true;
      bytes = this.#kernel.getMore();
      if (bytes < 0) return false;
    }
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

/** Copies shared bytes. Not by the target's own `set`, which may be the user's. */
function copyOut(target: Uint8Array, at: number, source: Uint8Array): void {
  let from = source;
  if (isCrooked(target, at, source.length)) {
    from = detourOf(source.length);
    from.set(source);
  }
  setBytes.call(target, from, at);
}

function badKey(key: Key): InvalidArgumentError {
  return new InvalidArgumentError('key', `1 to ${facts.MAX_KEY_BYTES} bytes long`, key);
}

/** The key as it is now: bytes may be changed by their owner before they are looked at again. */
export function copyKey(key: Key): Key {
  return isBytes(key) ? new Uint8Array(fixedView(key, lengthOf(key))) : key;
}
