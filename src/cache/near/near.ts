/**
 * Near: values of this thread's hottest keys, as they were decoded, on this thread's heap.
 *
 * What is kept is looked at together with the kernel: of each value it is known what the key had
 * then (kernel/cache/near.ts), and one call says whether it has it still. So a hit is never stale,
 * whoever has changed the key, and is counted and seen by eviction like any other; what it saves is
 * the walk to the entry and the decoding.
 *
 *   entries  by key; those that are outdated stay, without their value, until they are read anew
 *   ring     the same, in the order in which they came. A hand goes round: who was hit since it
 *            came by last, stays; of each entry it remembers three hits
 *   door     hashes of keys that were read and are not kept: who is found there was read before,
 *            and is kept. As many as there are entries, so that a key must come back about as soon
 *            as one that stays. Who finds another in its place takes it every second time: else
 *            two keys that are asked for in turn would keep each other out
 *
 * Kept values are shared by whoever reads them in this thread. So JSON is frozen; bytes are copied
 * at each hit; what a codec of the user's own makes is handed out as it is.
 */
import type { ZoneClock } from '../../border/clock.ts';
import type { KernelExports } from '../../border/kernel.ts';
import * as facts from '../../generated/facts.ts';
import type { Border, Key } from '../transfer/transfer.ts';
import type { Decoder, ValueKind } from '../values/values.ts';
import type { NearSettings } from './settings.ts';

/** What came of reads that looked near, of this thread. */
export interface NearStats {
  /** Values that are kept, outdated ones included. */
  entries: number;
  hits: number;
  /** Reads that found a value which the key did not have any more. */
  outdated: number;
}

/** What a value was read at: kernel/cache/near.ts. */
interface Note {
  hash: number;
  version: number;
  position: number;
  until: number;
  clock: number;
}

export interface NearEntry<T> extends Note {
  readonly key: Key;
  value: T | undefined;
  /** Length of the value. */
  bytes: number;
  /** Hits since the hand came by, up to MAX_USES. */
  uses: number;
}

interface NearParts<T> {
  readonly kernel: KernelExports;
  readonly clock: ZoneClock;
  readonly decode: Decoder<T>;
  readonly settings: { values: ValueKind | 'own' };
  /** Number of a namespace, 0 = none. */
  readonly space: number;
}

/** An `until` of what is not there. */
const OUTDATED = -1;
const NOTHING = { hash: 0, version: 0, position: 0, until: OUTDATED, clock: -1 };
const COUNTED_NEAR: number = facts.GET_COUNTED | facts.GET_NEAR;
const MAX_USES = 3;
const LEAST_DOOR = 64;

export class Near<T> {
  readonly #parts: NearParts<T>;
  readonly #isCopied: boolean;
  readonly #isFrozen: boolean;
  readonly options: NearSettings;
  readonly #entries = new Map<Key, NearEntry<T>>();
  readonly #ring: NearEntry<T>[] = [];
  #hand = 0;
  readonly #door: Int32Array;
  #random = 1;
  #hits = 0;
  #outdated = 0;

  constructor(parts: NearParts<T>, options: NearSettings) {
    const { max } = options;
    this.#parts = parts;
    this.#isCopied = parts.settings.values === 'bytes';
    this.#isFrozen = parts.settings.values === 'json';
    this.options = options;
    this.#door = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(max, LEAST_DOOR))));
  }

  /** The key's value: near, or read, and perhaps kept then. */
  get(border: Border, key: Key): T | undefined {
    const entry = this.find(key);
    if (entry !== undefined) return this.share(entry);
    return border.incoming.fetch(border.putKey(key), this.decoderFor(key), COUNTED_NEAR);
  }

  /** What is kept of the key, if it is what the key has: a hit, and counted as one. */
  find(key: Key): NearEntry<T> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.until === OUTDATED) return undefined;
    if (!this.isCurrent(entry)) {
      this.#outdated++;
      entry.until = OUTDATED;
      entry.value = undefined;
      return undefined;
    }
    if (entry.uses < MAX_USES) entry.uses++;
    this.#hits++;
    return entry;
  }

  /** Whether a value is what its key has: nothing else says so. */
  isCurrent({ hash, version, position, until, clock }: Note): boolean {
    const { kernel, clock: time, space } = this.#parts;
    // Told to the kernel.
    if (until !== 0) time.now();
    return kernel.isNear(space, hash, version, position, until, clock) !== 0;
  }

  /** The value of what was found, for one reader. */
  share({ value }: NearEntry<T>): T {
    return (this.#isCopied ? new Uint8Array(value as Uint8Array) : value) as T;
  }

  /** Decodes what is read of a key with GET_NEAR, and keeps it if the key is wanted. */
  decoderFor(key: Key): Decoder<T> {
    const { kernel, decode } = this.#parts;
    return (bytes, isLent) => {
      const isWanted = this.knows(key) || this.#isKnocking(key, kernel.nearNote(0) | 0);
      // Before the user's code is run, which may read as well.
      const note = isWanted ? this.#note() : undefined;
      const { length } = bytes;
      const value = decode(bytes, isLent);
      if (note !== undefined && value !== undefined) this.#keep(key, value, length, note);
      return value;
    };
  }

  /** Whether the key is one of those whose values are kept. */
  knows(key: Key): boolean {
    return this.#entries.has(key);
  }

  /** Says that a key was read without a look near: if it was before, it is kept the next time. */
  noteRead(key: Key, hash: number): void {
    if (this.#isKnocking(key, hash)) this.#add(key, NOTHING, undefined, 0);
  }

  clear(): void {
    this.#entries.clear();
    this.#ring.length = 0;
    this.#hand = 0;
  }

  stats(): NearStats {
    return { entries: this.#entries.size, hits: this.#hits, outdated: this.#outdated };
  }

  /** Undefined: a writer was at it. */
  #note(): Note | undefined {
    const { kernel } = this.#parts;
    const [hash, version, position] = [0, 1, 2].map((which) => kernel.nearNote(which) | 0);
    if (position === facts.NOWHERE) return undefined;
    const [until, clock] = [kernel.nearNote(3), kernel.nearNote(4)];
    return { hash: hash!, version: version!, position: position!, until, clock };
  }

  #isKnocking(key: Key, hash: number): boolean {
    if (typeof key !== 'string') return false;
    const at = hash & (this.#door.length - 1);
    const isFound = this.#door[at] === hash;
    this.#random = (Math.imul(this.#random, 0x915f77f5) + 1) | 0;
    if (isFound) this.#door[at] = 0;
    else if (this.#random < 0 || this.#door[at] === 0) this.#door[at] = hash;
    return isFound;
  }

  #keep(key: Key, value: T, bytes: number, note: Note): void {
    const kept = this.#isCopied ? (new Uint8Array(value as Uint8Array) as T) : value;
    if (this.#isFrozen) freezeAll(kept);
    const { maxAge } = this.options;
    if (maxAge > 0) {
      const end = this.#parts.clock.now() + maxAge;
      note.until = note.until === 0 ? end : Math.min(note.until, end);
    }
    const entry = this.#entries.get(key);
    if (entry === undefined) this.#add(key, note, kept, bytes);
    else Object.assign(entry, note, { value: kept, bytes });
  }

  #add(key: Key, note: Note, value: T | undefined, bytes: number): void {
    const { hash, version, position, until, clock } = note;
    const entry = { key, value, bytes, uses: 0, hash, version, position, until, clock };
    if (this.#ring.length < this.options.max) this.#ring.push(entry);
    else this.#replace(entry);
    this.#entries.set(key, entry);
  }

  /** Progress: each round of the hand takes a hit from everybody. */
  #replace(entry: NearEntry<T>): void {
    const ring = this.#ring;
    while (ring[this.#hand]!.uses > 0) {
      ring[this.#hand]!.uses--;
      this.#hand = (this.#hand + 1) % ring.length;
    }
    this.#entries.delete(ring[this.#hand]!.key);
    ring[this.#hand] = entry;
    this.#hand = (this.#hand + 1) % ring.length;
  }
}

/** Figures of several together. */
export function sumOf(all: readonly NearStats[]): NearStats {
  const sum = { entries: 0, hits: 0, outdated: 0 };
  for (const one of all) {
    sum.entries += one.entries;
    sum.hits += one.hits;
    sum.outdated += one.outdated;
  }
  return sum;
}

/** Freezes a value with all that is in it. */
function freezeAll(value: unknown): void {
  const open = [value];
  while (open.length > 0) {
    const one = open.pop();
    if (typeof one !== 'object' || one === null) continue;
    Object.freeze(one);
    for (const part of Object.values(one)) open.push(part);
  }
}
