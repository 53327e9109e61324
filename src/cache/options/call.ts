/**
 * Options of calls: `set` and its like, `get`, `touch`, `increment`. Each field is looked at once,
 * before anything is done.
 */
import {
  checkBoolean,
  checkObject,
  checkOptions,
  checkSafeInteger,
  isList,
} from '../../border/arguments.ts';
import { InvalidArgumentError } from '../../errors.ts';
import { checkTags } from '../values/tags.ts';
import {
  type GetOptions,
  type IncrementOptions,
  readStaleFor,
  readTtl,
  type SetOptions,
  type Status,
  type TimeOptions,
} from './settings.ts';

const TIME_OPTIONS = ['ttl', 'staleFor'];
const SET_OPTIONS = [...TIME_OPTIONS, 'tags', 'noUpdateTTL', 'status'];
const INCREMENT_OPTIONS = [...SET_OPTIONS, 'initial'];
const GET_OPTIONS = ['allowStale', 'updateAgeOnGet', 'status'];

/** What a set is made with, every field looked at once. */
export interface EntryOptions {
  /** Undefined: not said. */
  ttl: number | undefined;
  staleFor: number | undefined;
  tags: readonly string[] | undefined;
  noUpdateTTL: boolean;
  status: Status | undefined;
}

const NOT_SAID: EntryOptions = {
  ...{ ttl: undefined, staleFor: undefined, tags: undefined },
  ...{ noUpdateTTL: false, status: undefined },
};

const FROM_ZERO = { ...NOT_SAID, initial: 0 };

/** Of `set` and its like. Throws `InvalidArgumentError`. */
export function readEntryOptions(
  options: SetOptions | undefined,
  known: readonly string[] = SET_OPTIONS,
): EntryOptions {
  if (options === undefined) return NOT_SAID;
  if (hasOnlyTtl(options)) return { ...NOT_SAID, ttl: readTtl(options.ttl, undefined) };
  const { ttl, staleFor, tags, noUpdateTTL = false, status } = checkOptions(options, known);
  return {
    ttl: readTtl(ttl, undefined),
    staleFor: readStaleFor(staleFor, undefined),
    tags: tags === undefined ? undefined : checkTags(tags),
    noUpdateTTL: checkBoolean('noUpdateTTL', noUpdateTTL),
    status: readStatus(status),
  };
}

/** Of `increment`, which has one more. Throws `InvalidArgumentError`. */
export function readIncrementOptions(
  options: IncrementOptions | undefined,
): EntryOptions & { initial: number } {
  if (options === undefined) return FROM_ZERO;
  const { initial = 0 } = checkOptions(options, INCREMENT_OPTIONS);
  checkSafeInteger('initial', initial);
  return { ...readEntryOptions(options, INCREMENT_OPTIONS), initial };
}

/** Of `touch`. Throws `InvalidArgumentError`. */
export function readTimeOptions(options: TimeOptions): EntryOptions {
  return readEntryOptions(options, TIME_OPTIONS);
}

/** Of `get`. Throws `InvalidArgumentError`. */
export function readGetOptions(options: GetOptions): {
  allowStale: boolean;
  updateAgeOnGet: boolean;
  status: Status | undefined;
} {
  const { allowStale = false, updateAgeOnGet = false, status } = checkOptions(options, GET_OPTIONS);
  return {
    allowStale: checkBoolean('allowStale', allowStale),
    updateAgeOnGet: checkBoolean('updateAgeOnGet', updateAgeOnGet),
    status: readStatus(status),
  };
}

/** Of `peek`: whether stale ones are wanted. Throws `InvalidArgumentError`. */
export function readPeekOptions(options: Pick<GetOptions, 'allowStale'>): boolean {
  const { allowStale = false } = checkOptions(options, ['allowStale']);
  return checkBoolean('allowStale', allowStale);
}

const STATUS_FIELDS = ['get', 'set', 'refusal', 'load', 'entrySize'] as const;

/** Empties it: what cannot be filled in is found before anything is done. */
export function readStatus(status: Status | undefined): Status | undefined {
  if (status === undefined) return undefined;
  const expected = 'an object, which is filled in';
  if (!Object.isExtensible(checkObject('status', status, expected))) {
    throw new InvalidArgumentError('status', expected, status, { hint: 'it takes no new fields' });
  }
  try {
    for (const name of STATUS_FIELDS) {
      Object.assign(status, { [name]: undefined });
      delete status[name];
    }
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new InvalidArgumentError('status', expected, status, { cause, hint: cause.message });
  }
  return status;
}

/** Looked at closely only where it must be: that takes a tenth of a whole `set`. */
function hasOnlyTtl(options: SetOptions): boolean {
  if (typeof options !== 'object') return false;
  let isFound = false;
  try {
    if (isList(options)) return false;
    for (const name in options) {
      if (name !== 'ttl') return false;
      isFound = true;
    }
    return isFound;
  } catch {
    return false;
  }
}
