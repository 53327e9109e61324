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
 * so from the third try on the bytes are kept: found to be the same, they need not be changed
 * again. So a slow `change` loses only to those who change the key itself.
 */
import { checkBytes, checkSafeInteger } from '../border/arguments.ts';
import { isThenable } from '../border/brands.ts';
import type { ZoneClock } from '../border/clock.ts';
import type { KernelExports } from '../border/kernel.ts';
import { InvalidArgumentError, NotANumberError } from '../errors.ts';
import * as facts from '../generated/facts.ts';
import {
  type IncrementOptions,
  readIncrementOptions,
  readSetOptions,
  type SetOptions,
  type Settings,
} from './settings.ts';
import { type TierLink, UNKNOWN_LENGTH } from './tier-link.ts';
import type { Border, Key, Versioned } from './transfer.ts';
import { type Decoder, type In, sameBytes, type ValueCodec } from './values.ts';

/** Opaque; only for `setIfVersion` of the same key. */
export type Version = bigint & { readonly kind: unique symbol };

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

/** A value that is about to be stored. */
interface Prepared {
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly ttl: number;
  readonly expiry: number;
}

/** Tries of `update` after which it keeps what it has read. */
const KEEP_AFTER = 2;
const LAST_VERSION: bigint = 2n ** 64n - 1n;

export class Writer<T> {
  readonly #parts: WriterParts<T>;

  constructor(parts: WriterParts<T>) {
    this.#parts = parts;
  }

  set(key: Key, value: In<T>, options?: SetOptions): boolean {
    const { tier } = this.#parts;
    const { bytes, length, ttl, expiry } = this.#prepare(value, options);
    const keyBytes = this.#parts.live().putKey(key);
    if (tier === undefined) return this.#store(keyBytes, bytes, length, expiry);
    const name = tier.note(key, keyBytes);
    const isKept = this.#store(keyBytes, bytes, length, expiry);
    if (isKept) tier.wrote(name, keyBytes, length, ttl);
    else tier.removed(name);
    return isKept;
  }

  #store(keyBytes: number, bytes: Uint8Array, length: number, expiry: number): boolean {
    const { kernel, settings } = this.#parts;
    if (length > settings.maxEntrySize) {
      kernel.refuseSet(keyBytes);
      return false;
    }
    const isRaw = settings.compression === 'none';
    return this.#parts.live().store(keyBytes, bytes, length, isRaw, expiry);
  }

  /** Deletes the key in the scratch. @returns whether there was an entry */
  remove(key: Key, keyBytes: number): boolean {
    const { kernel, tier } = this.#parts;
    const name = tier?.note(key, keyBytes);
    const isRemoved = kernel.remove(keyBytes) !== 0;
    if (name !== undefined) tier?.removed(name);
    return isRemoved;
  }

  /** Stores if the key has no value (IF_ABSENT) or has one (IF_PRESENT). */
  setIf(what: number, key: Key, value: In<T>, options?: SetOptions): boolean {
    const prepared = this.#prepare(value, options);
    const keyBytes = this.#parts.live().putKey(key);
    return this.#storeIf(what, 0, key, keyBytes, prepared) === 0;
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
    const prepared = this.#prepare(value, options);
    const keyBytes = this.#parts.live().putKey(key);
    const known = Number(version & 0xffff_ffffn);
    if (versionOf(this.#parts.kernel.keyHash(keyBytes), known) !== version) {
      throw new InvalidArgumentError('version', 'one of the same key', version);
    }
    return this.#storeIf(facts.IF_VERSION, known, key, keyBytes, prepared) === 0;
  }

  update(
    key: Key,
    change: (old: T | undefined) => In<T> | undefined,
    options?: SetOptions,
  ): T | undefined {
    if (typeof change !== 'function') {
      throw new InvalidArgumentError('change', 'a function', change);
    }
    const ttl = options === undefined ? undefined : readSetOptions(options, undefined);
    let kept: Uint8Array | undefined;
    let result: { value: In<T> | undefined; isSame: boolean } | undefined;
    for (let tries = 0; ; tries++) {
      const border = this.#parts.live();
      const seen = border.fetchVersioned(border.putKey(key));
      if (result === undefined || !sameBytes(kept, seen.bytes)) {
        if (tries >= KEEP_AFTER) kept = seen.bytes?.slice();
        result = this.#change(change, seen);
      }
      if (result.isSame) return result.value as T;
      const outcome = this.#publish(key, result.value, ttl, seen);
      if (outcome === 0) return result.value as T;
      if (outcome !== facts.ERR_UNMET) return undefined;
      if (tries < KEEP_AFTER) result = undefined;
    }
  }

  increment(key: Key, by = 1, options: IncrementOptions = {}): number | undefined {
    const { kernel, clock, settings } = this.#parts;
    if (settings.values !== 'json' && settings.values !== 'string') {
      const hint = 'increment counts in JSON and in texts';
      throw new InvalidArgumentError('values', "'json' or 'string'", settings.values, { hint });
    }
    this.#parts.live();
    checkSafeInteger('by', by);
    const { ttl, initial } = readIncrementOptions(options);
    const { tier } = this.#parts;
    const life = ttl ?? settings.ttl;
    const expiry = clock.expiryIn(tier ? tier.bound(life) : life);
    const keeps = ttl === undefined && tier === undefined ? 1 : 0;
    const border = this.#parts.live();
    const keyBytes = border.putKey(key);
    const name = tier?.note(key, keyBytes);
    const failure = border.withTime(keyBytes, (now) =>
      kernel.increment(keyBytes, by, initial, expiry, keeps, now),
    );
    if (failure === 0) {
      const sum = kernel.incremented();
      if (name !== undefined) tier?.wrote(name, keyBytes, UNKNOWN_LENGTH, life);
      return sum;
    }
    if (failure === facts.ERR_NOT_A_NUMBER) {
      throw new NotANumberError(key, 'its value is no whole number');
    }
    if (failure === facts.ERR_OVERFLOW) {
      throw new NotANumberError(key, 'the sum is no safe integer');
    }
    return undefined;
  }

  /** Runs the user's code: what it throws has changed nothing. */
  #change(
    change: (old: T | undefined) => In<T> | undefined,
    { bytes, isLent }: Versioned,
  ): { value: In<T> | undefined; isSame: boolean } {
    const old = bytes === undefined ? undefined : this.#parts.decode(bytes, isLent);
    const value = change(old);
    if (isThenable(value)) {
      throw new InvalidArgumentError('change', 'a function that returns no promise', value);
    }
    return { value, isSame: value === old };
  }

  /** Stores, or deletes, if the key has what was seen. @returns 0 or ERR_… */
  #publish(key: Key, value: In<T> | undefined, ttl: number | undefined, seen: Versioned): number {
    const { kernel, clock, settings, tier } = this.#parts;
    if (value === undefined) {
      clock.nowIfNeeded();
      const keyBytes = this.#parts.live().putKey(key);
      const name = tier?.note(key, keyBytes);
      const failure = kernel.removeIf(seen.version, keyBytes);
      if (failure === 0 && name !== undefined) tier?.removed(name);
      return failure;
    }
    const bytes = this.#parts.codec.serialize(value as T);
    const length = checkBytes('value', bytes, Number.POSITIVE_INFINITY);
    // With a tier an entry's expiry is mostly that of our belief in it, and says nothing of its
    // own.
    const isNew = ttl !== undefined || seen.bytes === undefined || tier !== undefined;
    const life = ttl ?? settings.ttl;
    const fresh = clock.expiryIn(isNew ? (tier?.bound(life) ?? life) : 0);
    const keyBytes = this.#parts.live().putKey(key);
    const expiry = isNew ? fresh : seen.expiry;
    const prepared = { bytes, length, ttl: life, expiry };
    return this.#storeIf(facts.IF_VERSION, seen.version, key, keyBytes, prepared);
  }

  #prepare(value: In<T>, options: SetOptions | undefined): Prepared {
    const { clock, codec, settings, tier } = this.#parts;
    this.#parts.live();
    const ttl = options === undefined ? settings.ttl : readSetOptions(options, settings.ttl);
    const bytes = codec.serialize(value as T);
    const length = checkBytes('value', bytes, Number.POSITIVE_INFINITY);
    return { bytes, length, ttl, expiry: clock.expiryIn(tier ? tier.bound(ttl) : ttl) };
  }

  #storeIf(
    what: number,
    version: number,
    key: Key,
    keyBytes: number,
    { bytes, length, ttl, expiry }: Prepared,
  ): number {
    const { kernel, settings, tier } = this.#parts;
    if (length > settings.maxEntrySize) {
      kernel.refuseSet(0);
      return facts.ERR_NO_MEMORY;
    }
    const isRaw = settings.compression === 'none';
    const name = tier?.note(key, keyBytes);
    const border = this.#parts.live();
    const failure = border.storeIf(what, version, keyBytes, bytes, length, isRaw, expiry);
    if (failure === 0 && name !== undefined) tier?.wrote(name, keyBytes, length, ttl);
    return failure;
  }
}

/** The key's hash tells whose it is. */
function versionOf(hash: number, version: number): Version {
  return ((BigInt(hash >>> 0) << 32n) | BigInt(version)) as Version;
}

function checkVersion(version: unknown): void {
  if (typeof version === 'bigint' && version >= 0n && version <= LAST_VERSION) return;
  throw new InvalidArgumentError('version', 'what getWithVersion gave', version);
}
