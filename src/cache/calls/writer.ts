/**
 * Writing: `set`, and what is stored only on a condition. Of those a refusal changes nothing; `set`
 * alone removes the old value when it cannot keep the new one.
 *
 * The user's code (codec, options) runs before the key is in the scratch: it may close the cache or
 * call it, so the cache is asked again whether it lives, and the key is put there last.
 */
import type { ZoneClock } from '../../border/clock.ts';
import type { KernelExports } from '../../border/kernel.ts';
import { InvalidArgumentError } from '../../errors.ts';
import * as facts from '../../generated/facts.ts';
import { type EntryOptions, readEntryOptions, readTimeOptions } from '../options/call.ts';
import {
  isRaw,
  type SetOptions,
  type Settings,
  type Status,
  type TimeOptions,
} from '../options/settings.ts';
import { type TierLink, UNKNOWN_LENGTH } from '../tiered/link.ts';
import type { Found } from '../transfer/details.ts';
import type { Border, Key } from '../transfer/transfer.ts';
import { keptTimes, ownTtl, staleForOf, timesFrom } from '../values/times.ts';
import { type Decoder, encodeLent, type In, textOf, type ValueCodec } from '../values/values.ts';
import { checkVersion, type Version, versionOf } from '../values/versions.ts';
import { fillIn, NO_TAGS, type Prepared, prepare, refuseTooLarge, TOO_LARGE } from './prepared.ts';
import { conditionOf, untilMet } from './until-met.ts';

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
    return this.keep(key, this.#prepare(value, read), read);
  }

  /** Stores what was prepared. */
  keep(key: Key, prepared: Prepared, read: EntryOptions): boolean {
    if (read.noUpdateTTL) {
      const outcome = this.#setInTime(key, prepared, false);
      if (outcome !== 0) this.remove(key, this.#parts.live().putKey(key));
      return this.report(read.status, outcome, prepared);
    }
    const keyBytes = this.#parts.live().putKey(key);
    const { tier } = this.#parts;
    if (tier === undefined)
      return this.report(read.status, this.#store(keyBytes, prepared), prepared);
    tier.note(key, keyBytes);
    const outcome = this.#store(keyBytes, prepared);
    // What it does not take the place of it has removed.
    tier.tell(0, keyBytes, outcome === 0 ? prepared : undefined);
    return this.report(read.status, outcome, prepared);
  }

  #store(keyBytes: number, prepared: Prepared): number {
    const { kernel, settings } = this.#parts;
    if (prepared.length > settings.maxEntrySize) {
      kernel.refuseSet(keyBytes);
      return TOO_LARGE;
    }
    const border = this.#parts.live();
    this.#describe(border, keyBytes, prepared, -1);
    return border.outgoing.store(keyBytes, prepared, isRaw(settings));
  }

  /** Deletes the key in the scratch. @returns whether there was an entry */
  remove(key: Key, keyBytes: number): boolean {
    const { kernel, tier } = this.#parts;
    tier?.note(key, keyBytes);
    const isRemoved = kernel.remove(keyBytes) !== 0;
    tier?.tell(0, keyBytes, undefined);
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
      return this.storeIf(what, version, key, { ...prepared, ...kept });
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
      : this.storeIf(what, 0, key, prepared);
    const isKept = this.report(read.status, outcome, prepared);
    // What it may have taken the place of was over.
    if (isKept && read.status && what === facts.IF_ABSENT) read.status.set = 'add';
    return isKept;
  }

  getWithVersion(key: Key): { value: T; version: Version } | undefined {
    const { kernel, decode } = this.#parts;
    const border = this.#parts.live();
    const keyBytes = border.putKey(key);
    const { bytes, isLent, version } = border.incoming.fetchVersioned(keyBytes);
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
    const outcome = this.storeIf(facts.IF_VERSION, known, key, { ...prepared, ...kept });
    return this.report(read.status, outcome, prepared);
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
      const stale = staleFor ?? staleForOf(found.times, settings);
      const times = timesFrom(this.#parts, own, stale, found.tags > 0);
      const keyBytes = this.#parts.live().putKey(key);
      tier?.note(key, keyBytes);
      const failure = this.#parts.live().touch(keyBytes, found.version, times);
      const what = { length: UNKNOWN_LENGTH, ttl: own, tags: found.tags > 0 ? undefined : NO_TAGS };
      tier?.tell(failure, keyBytes, what);
      return failure;
    });
    return outcome === 0;
  }

  #prepare(value: In<T>, read: EntryOptions): Prepared {
    return prepare(this.#parts, this.serialize(value), read);
  }

  /**
   * Bytes of a value, to be stored before any code of the user's runs again: they are lent where
   * none comes between, neither a clock of the user's own nor a tier that keeps them.
   */
  serialize(value: In<T>): Uint8Array {
    const { clock, codec, tier } = this.#parts;
    const text = tier || clock.isOwn ? undefined : this.#toText?.(value);
    return text === undefined ? codec.serialize(value as T) : encodeLent(text);
  }

  /** @returns 0, TOO_LARGE or ERR_… */
  storeIf(what: number, version: number, key: Key, prepared: Prepared, born = -1): number {
    const { kernel, settings, tier } = this.#parts;
    const { length, times, tags } = prepared;
    const border = this.#parts.live();
    const keyBytes = border.putKey(key);
    if (length > settings.maxEntrySize) return refuseTooLarge(kernel, keyBytes);
    tier?.note(key, keyBytes);
    if (tags === undefined) kernel.keepTags(keyBytes, times.fresh, times.longTtl);
    else this.#describe(border, keyBytes, prepared, born);
    const raw = isRaw(settings);
    const outcome = border.outgoing.storeIf(what, version, keyBytes, prepared, raw);
    tier?.tell(outcome, keyBytes, prepared);
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
  report(status: Status | undefined, outcome: number, { length }: { length: number }): boolean {
    const isTried = outcome !== facts.ERR_UNMET && outcome !== facts.ERR_NOT_FOUND;
    if (status !== undefined && isTried) {
      fillIn(status, this.#parts.kernel.setOutcome(outcome), length, outcome === TOO_LARGE);
    }
    return outcome === 0;
  }
}
