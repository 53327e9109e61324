/**
 * What is made of the old value: `update`, and `increment`. A refusal changes nothing.
 *
 * `update` is optimistic: read with a version, change, and store if the line has that version still
 * (kernel/cache/condition.ts); else all of it again. Entries beside the key raise the version too,
 * so from the third try on what was read is kept, and what was made of it: found to be the same, it
 * is stored without a call of the user's code. So a slow `change`, or a `toJSON` that writes other
 * keys, loses only to who changes the key itself. Nothing is stored unasked: who loses each time,
 * as a `change` does that always changes its own key, is told so in the end; who loses to other
 * threads takes its turn before (update-turn.ts).
 *
 * As in writer.ts the user's code (`change`, codec) runs before the key is in the scratch.
 */
import { checkSafeInteger, refusePromise } from '../../border/arguments.ts';
import { InvalidArgumentError } from '../../errors.ts';
import * as facts from '../../generated/facts.ts';
import { type EntryOptions, readEntryOptions, readIncrementOptions } from '../options/call.ts';
import type { IncrementOptions, SetOptions } from '../options/settings.ts';
import type { Versioned } from '../transfer/incoming.ts';
import type { Key } from '../transfer/transfer.ts';
import { keptTimes, staleForOf, timesFrom } from '../values/times.ts';
import { checkSerialized, type In, sameBytes } from '../values/values.ts';
import { addTo, LONGEST_NUMBER } from './counting.ts';
import { NO_TAGS } from './prepared.ts';
import { CHANGE_TRIES, lost, untilMet } from './until-met.ts';
import { UpdateTurn } from './update-turn.ts';
import type { Writer, WriterParts } from './writer.ts';

/** What makes a value of the old one; undefined: there is to be none. */
export type Change<T> = (old: T | undefined) => In<T> | undefined;

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

/** Tries of `update` after which it keeps what it has read, and takes its turn. */
const KEEP_AFTER = 2;
/** Tries after which it takes that again: one that lasts for long is ended by others. */
const TURN_EVERY = 4;

export class Updater<T> {
  readonly #parts: WriterParts<T>;
  readonly #writer: Writer<T>;
  readonly #turn: UpdateTurn;

  constructor(parts: WriterParts<T> & { readonly writer: Writer<T> }) {
    this.#parts = parts;
    this.#writer = parts.writer;
    this.#turn = new UpdateTurn(parts.kernel, parts.live().words);
  }

  update(key: Key, change: Change<T>, options?: SetOptions): T | undefined {
    if (typeof change !== 'function') {
      throw new InvalidArgumentError('change', 'a function', change);
    }
    this.#parts.live();
    const read = readEntryOptions(options);
    const isGiven = (read.ttl ?? read.staleFor ?? read.tags) !== undefined;
    return this.#update(key, change, read, isGiven);
  }

  #update(key: Key, change: Change<T>, options: EntryOptions, writesSame = false): T | undefined {
    let made: Made<T> | undefined;
    let hasTurn = false;
    try {
      for (let tries = 0; tries < CHANGE_TRIES; tries++) {
        const border = this.#parts.live();
        const keyBytes = border.putKey(key);
        const isLosing = tries >= KEEP_AFTER;
        if (tries === 0) this.#turn.letGoFirst(keyBytes);
        if (tries % TURN_EVERY === KEEP_AFTER && this.#turn.take(keyBytes)) hasTurn = true;
        const born = options.tags === undefined ? -1 : this.#parts.kernel.tagClock();
        const seen = border.incoming.fetchVersioned(keyBytes);
        if (made === undefined || !sameBytes(made.of, seen.bytes)) {
          made = this.#change(change, seen, born, isLosing, writesSame);
        }
        if (made.isSame) return made.value as T;
        const outcome = this.#publish(key, made, options, seen);
        if (outcome === 0) return made.value as T;
        if (outcome !== facts.ERR_UNMET) return undefined;
        if (!isLosing) made = undefined;
      }
      throw lost('the change itself');
    } finally {
      if (hasTurn) this.#turn.give();
    }
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
    const keepsOld = staleFor === undefined ? facts.KEEPS_STALENESS : facts.KEEPS_NONE;
    const keeps = keepsTimes(read) ? facts.KEEPS_TIMES : keepsOld;
    // Before a tier an entry's end is not what the kernel keeps, it gives no tags, keeps all times
    // or none, and asks nobody how long a number may be.
    const isRare = read.tags || (keeps === facts.KEEPS_TIMES && staleFor !== undefined);
    if (this.#parts.tier || isRare || settings.maxEntrySize < LONGEST_NUMBER) {
      return this.#incrementHere(key, by, read);
    }
    const { expiry, fresh, longTtl } = timesFrom(this.#parts, ttl, staleFor, false);
    const failure = untilMet(() => {
      const border = this.#parts.live();
      const bytes = border.putKey(key);
      this.#turn.letGoFirst(bytes);
      return border.timed.call(bytes, (now) => {
        kernel.nameTimes(expiry, fresh, longTtl, keeps);
        return kernel.increment(bytes, by, initial, now);
      });
    });
    // It throws what is to be thrown.
    if (failure === facts.ERR_ARGUMENT) return this.#incrementHere(key, by, read);
    const sum = kernel.incremented();
    if (status) this.#writer.report(status, failure, String(sum));
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

  /** Runs the user's code: what it throws has changed nothing. */
  #change(
    change: Change<T>,
    { bytes, isLent }: Versioned,
    born: number,
    isKept: boolean,
    writesSame: boolean,
  ): Made<T> {
    // A copy: the slice of a Buffer, as what is lent may be, would be lent as well.
    const of = isKept && bytes !== undefined ? new Uint8Array(bytes) : undefined;
    const old = bytes === undefined ? undefined : this.#parts.decode(bytes, isLent);
    const value = change(old);
    refusePromise('change', value);
    const isSame = value === old && value !== undefined && !writesSame;
    const isNone = isSame || value === undefined;
    if (isNone) return { value, isSame, bytes: undefined, of, born };
    // What is kept must not be lent.
    const { codec } = this.#parts;
    const made = isKept ? codec.serialize(value as T) : this.#writer.serialize(value);
    return { value, isSame, bytes: made, of, born };
  }

  /** Stores, if the key has what was seen, or deletes it then. @returns 0 or ERR_… */
  #publish(
    key: Key,
    { bytes, born }: Pick<Made<T>, 'bytes' | 'born'>,
    options: EntryOptions,
    seen: Versioned,
  ): number {
    if (bytes === undefined) return this.#remove(key, seen);
    const { settings } = this.#parts;
    const { ttl, staleFor, tags, status, noUpdateTTL } = options;
    const length = checkSerialized(this.#parts.codec, bytes);
    const keptTags = tags === undefined && seen.tags > 0 ? undefined : (tags ?? NO_TAGS);
    const has = keptTags === undefined || keptTags.length > 0;
    const isThere = seen.bytes !== undefined;
    const stale = staleFor ?? (isThere ? staleForOf(seen.times, settings) : undefined);
    const { times, ttl: left } =
      isThere && keepsTimes(options)
        ? keptTimes(this.#parts, seen, keptTags, noUpdateTTL ? undefined : staleFor)
        : { times: timesFrom(this.#parts, ttl, stale, has), ttl: ttl ?? settings.ttl };
    const what = isThere ? facts.IF_VERSION : facts.IF_NONE_YET;
    const prepared = { bytes, length, tags: keptTags, times, ttl: left };
    const outcome = this.#writer.storeIf(what, seen.version, key, prepared, born);
    this.#writer.report(status, outcome, prepared);
    return outcome;
  }

  #remove(key: Key, { version }: Versioned): number {
    const { kernel, clock, tier } = this.#parts;
    // Before the key is put: a clock of the user's own may use the scratch.
    clock.nowIfNeeded();
    const keyBytes = this.#parts.live().putKey(key);
    tier?.note(key, keyBytes);
    const failure = kernel.removeIf(version, keyBytes);
    tier?.tell(failure, keyBytes, undefined);
    return failure;
  }
}

/** Whether an entry that is there keeps its time to live. */
function keepsTimes({ ttl, noUpdateTTL }: EntryOptions): boolean {
  return noUpdateTTL || ttl === undefined;
}
