/**
 * Writing: `set`, and what is stored only on a condition. Of those a refusal changes nothing; `set`
 * alone removes the old value when it cannot keep the new one.
 *
 * The user's code (codec, options, `change`) runs before the key is in the scratch: it may close
 * the cache or call it, so the cache is asked again whether it lives, and the key is put there
 * last.
 *
 * `update` is optimistic: read with a version, change, and store if the line has that version still
 * (kernel/cache/condition.ts); else all of it again. Entries beside the key raise the version too,
 * so from the third try on what was read is kept, and what was made of it: found to be the same, it
 * is stored without a call of the user's code. So a slow `change`, or a `toJSON` that writes other
 * keys, loses only to who changes the key itself. Nothing is stored unasked: who loses each time,
 * as a `change` does that always changes its own key, is told so in the end.
 */
import { checkSafeInteger } from '../border/arguments.ts';
import { isThenable } from '../border/brands.ts';
import type { ZoneClock } from '../border/clock.ts';
import type { KernelExports } from '../border/kernel.ts';
import { InvalidArgumentError } from '../errors.ts';
import * as facts from '../generated/facts.ts';
import { addTo, LONGEST_NUMBER, noNumber, tooFar } from './counting.ts';
import type { Found } from './details.ts';
import { fillIn, NO_TAGS, type Prepared, prepare, TOO_LARGE } from './prepared.ts';
import {
  type EntryOptions,
  type IncrementOptions,
  readEntryOptions,
  readIncrementOptions,
  readTimeOptions,
  type SetOptions,
  type Settings,
  type Status,
  type TimeOptions,
} from './settings.ts';
import { type TierLink, UNKNOWN_LENGTH } from './tier-link.ts';
import { keptTimes, ownTtl, staleForOf, timesFrom } from './times.ts';
import type { Border, Key, Versioned } from './transfer.ts';
import { conditionOf, lost, TRIES, untilMet } from './until-met.ts';
import {
  checkSerialized,
  type Decoder,
  encodeLent,
  type In,
  sameBytes,
  textOf,
  type ValueCodec,
} from './values.ts';
import { checkVersion, type Version, versionOf } from './versions.ts';

/** What a cache, or a namespace of one, writes with. */
export interface WriterParts<T> {
  readonly kernel: KernelExports;
  readonly clock: ZoneClock;
  readonly codec: ValueCodec<T>;
  readonly decode: Decoder<T>;
  readonly settings: Settings;
  readonly tier: TierLink<T> | undefined;
  /** Throws `DisposedError` when the cache is closed. */
  live(): Border;
}

/** What `change` has made. */
interface Made<T> {
  value: In<T> | undefined;
  /** Whether it is the very value that it was given. */
  isSame: boolean;
  /** Of the value; undefined: there is none to be stored. */
  bytes: Uint8Array | undefined;
  /** The bytes that it was made of, if they are kept. */
  of: Uint8Array | undefined;
  /** Of the tags, as `Details.describe` has it. */
  born: number;
}

/** Tries of `update` after which it keeps what it has read. */
const KEEP_AFTER = 2;

export class Writer<T> {
  readonly #parts: WriterParts<T>;
  readonly #toText: ((value: unknown) => string) | undefined;

  constructor(parts: WriterParts<T>) {
    this.#parts = parts;
    this.#toText = textOf(parts.codec);
  }

  set(key: Key, value: In<T>, options?: SetOptions): boolean {
    this.#parts.live();
    const read = readEntryOptions(options);
    const { clock, tier } = this.#parts;
    // From here on no code of the user's runs, which may set another text.
    const text = tier || clock.isOwn ? undefined : this.#toText?.(value);
    if (text === undefined) return this.keep(key, this.#prepare(value, read), read);
    return this.keep(key, prepare(this.#parts, encodeLent(text), read), read);
  }

  /** Stores what was prepared. */
  keep(key: Key, prepared: Prepared, read: EntryOptions): boolean {
    if (read.noUpdateTTL) {
      const outcome = this.#setInTime(key, prepared, false);
      if (outcome !== 0) this.remove(key, this.#parts.live().putKey(key));
      return this.#report(read.status, outcome, prepared);
    }
    const keyBytes = this.#parts.live().putKey(key);
    const { tier } = this.#parts;
    if (tier === undefined)
      return this.#report(read.status, this.#store(keyBytes, prepared), prepared);
    const name = tier.note(key, keyBytes);
    const outcome = this.#store(keyBytes, prepared);
    if (outcome === 0) tier.wrote(name, keyBytes, prepared);
    else tier.removed(name);
    return this.#report(read.status, outcome, prepared);
  }

  #store(keyBytes: number, prepared: Prepared): number {
    const { kernel, settings } = this.#parts;
    const { bytes, length, times } = prepared;
    if (length > settings.maxEntrySize) {
      kernel.refuseSet(keyBytes);
      return TOO_LARGE;
    }
    const border = this.#parts.live();
    this.#describe(border, keyBytes, prepared, -1);
    const isRaw = settings.compression === 'none';
    return border.outgoing.store(keyBytes, bytes, length, isRaw, times.expiry);
  }

  /** Deletes the key in the scratch. @returns whether there was an entry */
  remove(key: Key, keyBytes: number): boolean {
    const { kernel, tier } = this.#parts;
    const name = tier?.note(key, keyBytes);
    const isRemoved = kernel.remove(keyBytes) !== 0;
    if (name !== undefined) tier?.removed(name);
    return isRemoved;
  }

  /**
   * With `noUpdateTTL`: in the time of the entry that it takes the place of.
   *
   * @param isThere  whether there must be one
   */
  #setInTime(key: Key, prepared: Prepared, isThere: boolean): number {
    return untilMet(() => {
      const border = this.#parts.live();
      const found = border.details.inspect(border.putKey(key));
      const [what, version] = conditionOf(found);
      const isFresh = what === facts.IF_VERSION;
      if (isThere && !isFresh) return facts.ERR_NOT_FOUND;
      const kept = isFresh && keptTimes(this.#parts, found as Found, prepared.tags);
      return this.#storeIf(what, version, key, { ...prepared, ...kept });
    });
  }

  /** Stores if the key has no value (IF_ABSENT) or has one (IF_PRESENT). */
  setIf(what: number, key: Key, value: In<T>, options?: SetOptions): boolean {
    this.#parts.live();
    const read = readEntryOptions(options);
    const prepared = this.#prepare(value, read);
    const isInTime = read.noUpdateTTL && what === facts.IF_PRESENT;
    const outcome = isInTime
      ? this.#setInTime(key, prepared, true)
      : this.#storeIf(what, 0, key, prepared);
    return this.#report(read.status, outcome, prepared);
  }

  getWithVersion(key: Key): { value: T; version: Version } | undefined {
    const { kernel, decode } = this.#parts;
    const border = this.#parts.live();
    const keyBytes = border.putKey(key);
    const { bytes, isLent, version } = border.fetchVersioned(keyBytes);
    if (bytes === undefined) return undefined;
    const full = versionOf(kernel.keyHash(keyBytes), version);
    return { value: decode(bytes, isLent), version: full };
  }

  setIfVersion(key: Key, value: In<T>, version: Version, options?: SetOptions): boolean {
    checkVersion(version);
    this.#parts.live();
    const read = readEntryOptions(options);
    const prepared = this.#prepare(value, read);
    const known = Number(version & 0xffff_ffffn);
    const hash = this.#parts.kernel.keyHash(this.#parts.live().putKey(key));
    if (versionOf(hash, known) !== version) {
      throw new InvalidArgumentError('version', 'one of the same key', version);
    }
    const border = this.#parts.live();
    const found = read.noUpdateTTL ? border.details.inspect(border.putKey(key)) : 0;
    // Of another version than the known one it is not stored.
    const kept = typeof found !== 'number' && keptTimes(this.#parts, found, prepared.tags);
    const outcome = this.#storeIf(facts.IF_VERSION, known, key, { ...prepared, ...kept });
    return this.#report(read.status, outcome, prepared);
  }

  update(
    key: Key,
    change: (old: T | undefined) => In<T> | undefined,
    options?: SetOptions,
  ): T | undefined {
    if (typeof change !== 'function') {
      throw new InvalidArgumentError('change', 'a function', change);
    }
    this.#parts.live();
    return this.#update(key, change, readEntryOptions(options));
  }

  #update(
    key: Key,
    change: (old: T | undefined) => In<T> | undefined,
    options: EntryOptions,
    writesSame = false,
  ): T | undefined {
    let made: Made<T> | undefined;
    for (let tries = 0; tries < TRIES; tries++) {
      const border = this.#parts.live();
      const born = options.tags === undefined ? -1 : this.#parts.kernel.tagClock();
      const seen = border.fetchVersioned(border.putKey(key));
      if (made === undefined || !sameBytes(made.of, seen.bytes)) {
        made = this.#change(change, seen, born, tries >= KEEP_AFTER, writesSame);
      }
      if (made.isSame) return made.value as T;
      const outcome = this.#publish(key, made, options, seen);
      if (outcome === 0) return made.value as T;
      if (outcome !== facts.ERR_UNMET) return undefined;
      if (tries < KEEP_AFTER) made = undefined;
    }
    throw lost('the change itself');
  }

  increment(key: Key, by = 1, options?: IncrementOptions): number | undefined {
    const { kernel, settings } = this.#parts;
    const isJson = settings.values === 'json';
    if (!isJson && settings.values !== 'string') {
      const hint = 'increment counts in JSON and in texts';
      throw new InvalidArgumentError('values', "'json' or 'string'", settings.values, { hint });
    }
    this.#parts.live();
    checkSafeInteger('by', by);
    const read = readIncrementOptions(options);
    const { initial, ttl, staleFor, status } = read;
    const keeps = keepsTimes(read) ? 1 : 0;
    // Before a tier an entry's end is not what the kernel keeps, it gives no tags, keeps all times
    // or none, and asks nobody how long a number may be.
    const isRare = read.tags || (keeps && staleFor !== undefined);
    if (this.#parts.tier || isRare || settings.maxEntrySize < LONGEST_NUMBER) {
      return this.#incrementHere(key, by, read);
    }
    const { expiry, fresh, longTtl } = timesFrom(this.#parts, ttl, staleFor, false);
    const failure = untilMet(() => {
      const border = this.#parts.live();
      const bytes = border.putKey(key);
      return border.withTime(bytes, (now) =>
        kernel.increment(bytes, by, initial, expiry, fresh, longTtl, keeps, now),
      );
    });
    if (failure === facts.ERR_NOT_A_NUMBER) throw noNumber(key);
    if (failure === facts.ERR_OVERFLOW) throw tooFar(key);
    const sum = kernel.incremented();
    if (status) this.#report(status, failure, String(sum));
    return failure === 0 ? sum : undefined;
  }

  #incrementHere(
    key: Key,
    by: number,
    options: EntryOptions & { initial: number },
  ): number | undefined {
    const isJson = this.#parts.settings.values === 'json';
    const change = (old: T | undefined) => {
      const text = old === undefined ? String(options.initial) : isJson ? JSON.stringify(old) : old;
      const sum = addTo(key, text as string, by);
      return (isJson ? sum : String(sum)) as In<T>;
    };
    const sum = this.#update(key, change, options, true);
    return sum === undefined ? undefined : Number(sum);
  }

  /** Gives the key's value a new time to live, by default its own. @returns whether it did */
  touch(key: Key, options: TimeOptions = {}): boolean {
    const { settings, tier } = this.#parts;
    this.#parts.live();
    const { ttl, staleFor } = readTimeOptions(options);
    const outcome = untilMet(() => {
      const border = this.#parts.live();
      const found = border.details.inspect(border.putKey(key));
      if (typeof found === 'number' || found.isStale) return facts.ERR_NOT_FOUND;
      const own = ttl ?? (found.ttl === 0 ? ownTtl(found.times, settings) : found.ttl);
      const stale = staleFor ?? staleForOf(found.times);
      const times = timesFrom(this.#parts, own, stale, found.tags > 0);
      const keyBytes = this.#parts.live().putKey(key);
      const failure = this.#parts.live().touch(keyBytes, found.version, times);
      const what = { length: UNKNOWN_LENGTH, ttl: own, tags: found.tags > 0 ? undefined : NO_TAGS };
      if (failure === 0 && tier) tier.wrote(tier.note(key, keyBytes), keyBytes, what);
      return failure;
    });
    return outcome === 0;
  }

  /** Runs the user's code: what it throws has changed nothing. */
  #change(
    change: (old: T | undefined) => In<T> | undefined,
    { bytes, isLent }: Versioned,
    born: number,
    isKept: boolean,
    writesSame: boolean,
  ): Made<T> {
    // A copy: the slice of a Buffer, as what is lent may be, would be lent as well.
    const of = isKept && bytes !== undefined ? new Uint8Array(bytes) : undefined;
    const old = bytes === undefined ? undefined : this.#parts.decode(bytes, isLent);
    const value = change(old);
    if (isThenable(value)) {
      throw new InvalidArgumentError('change', 'a function that returns no promise', value);
    }
    const isSame = value === old && value !== undefined && !writesSame;
    const isNone = isSame || value === undefined;
    const made = isNone ? undefined : this.#parts.codec.serialize(value as T);
    return { value, isSame, bytes: made, of, born };
  }

  /** Stores, or deletes, if the key has what was seen. @returns 0 or ERR_… */
  #publish(
    key: Key,
    { bytes, born }: Pick<Made<T>, 'bytes' | 'born'>,
    options: EntryOptions,
    seen: Versioned,
  ): number {
    const { kernel, clock, settings, tier } = this.#parts;
    if (bytes === undefined) {
      clock.nowIfNeeded();
      const keyBytes = this.#parts.live().putKey(key);
      const name = tier?.note(key, keyBytes);
      const failure = kernel.removeIf(seen.version, keyBytes);
      if (failure === 0 && name !== undefined) tier?.removed(name);
      return failure;
    }
    const { ttl, staleFor, tags, status, noUpdateTTL } = options;
    const length = checkSerialized(this.#parts.codec, bytes);
    const keptTags = tags === undefined && seen.tags > 0 ? undefined : (tags ?? NO_TAGS);
    const has = keptTags === undefined || keptTags.length > 0;
    const isNew = seen.bytes === undefined || !keepsTimes(options);
    const kept = isNew
      ? { times: timesFrom(this.#parts, ttl, staleFor, has), ttl: ttl ?? settings.ttl }
      : keptTimes(this.#parts, seen, keptTags, noUpdateTTL ? undefined : staleFor);
    const what = seen.bytes === undefined ? facts.IF_NONE_YET : facts.IF_VERSION;
    const prepared = { bytes, length, tags: keptTags, ...kept };
    const outcome = this.#storeIf(what, seen.version, key, prepared, born);
    this.#report(status, outcome, prepared);
    return outcome;
  }

  #prepare(value: In<T>, read: EntryOptions): Prepared {
    return prepare(this.#parts, this.#parts.codec.serialize(value as T), read);
  }

  /** @returns 0, TOO_LARGE or ERR_… */
  #storeIf(what: number, version: number, key: Key, prepared: Prepared, born = -1): number {
    const { kernel, settings, tier } = this.#parts;
    const { bytes, length, times, tags } = prepared;
    const border = this.#parts.live();
    const keyBytes = border.putKey(key);
    if (length > settings.maxEntrySize) {
      // Counted, and the key keeps what it has.
      kernel.refuseSet(keyBytes & ~facts.LENGTH_MASK);
      return TOO_LARGE;
    }
    const name = tier?.note(key, keyBytes);
    if (tags === undefined) kernel.keepTags(keyBytes, times.fresh, times.longTtl);
    else this.#describe(border, keyBytes, prepared, born);
    const isRaw = settings.compression === 'none';
    const { expiry } = times;
    const outcome = border.outgoing.storeIf(what, version, keyBytes, bytes, length, isRaw, expiry);
    if (outcome === 0 && name !== undefined) tier?.wrote(name, keyBytes, prepared);
    return outcome;
  }

  /** Most entries have nothing to be described. @param born  −1: now */
  #describe(
    border: Border,
    keyBytes: number,
    { times, tags = NO_TAGS }: Prepared,
    born: number,
  ): void {
    if (times.fresh === 0 && times.longTtl === 0 && tags.length === 0) return;
    border.details.describe(keyBytes, times, tags, born < 0 ? this.#parts.kernel.tagClock() : born);
  }

  /** Fills a status in. @returns whether it was stored */
  #report(status: Status | undefined, outcome: number, { length }: { length: number }): boolean {
    const isTried = outcome !== facts.ERR_UNMET && outcome !== facts.ERR_NOT_FOUND;
    if (status !== undefined && isTried) {
      fillIn(status, this.#parts.kernel.setOutcome(outcome), length, outcome === TOO_LARGE);
    }
    return outcome === 0;
  }
}

/** Whether an entry that is there keeps its time to live. */
function keepsTimes({ ttl, noUpdateTTL }: EntryOptions): boolean {
  return noUpdateTTL || ttl === undefined;
}
