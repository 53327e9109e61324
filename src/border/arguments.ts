/**
 * Arguments, before anything is done with them: each is what it must be, or a typed error says what
 * was seen and what was expected, and nothing has changed.
 *
 * Fields of objects are read once, by destructuring: a getter may answer differently the second
 * time. What a user's own code throws meanwhile (a getter, a trap of a Proxy) passes through as it
 * is.
 */
import { InvalidArgumentError } from '../errors.ts';
import { isBytes, isOutOfBounds, isRevoked, isThenable, lengthOf } from '../language/brands.ts';

/** Throws unless `value` is an integer in [min, max]. */
export function checkInteger(name: string, value: unknown, min: number, max: number): number {
  // Mostly it is a small one, and that is one comparison.
  const isWhole = typeof value === 'number' && ((value | 0) === value || Number.isInteger(value));
  if (isWhole && value >= min && value <= max) return value;
  throw new InvalidArgumentError(name, `an integer from ${min} to ${max}`, value);
}

/** Throws unless `value` is an integer that a number holds exactly. */
export function checkSafeInteger(name: string, value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw new InvalidArgumentError(name, 'a safe integer', value);
}

/** Throws unless `value` is a number from 0 to `max`, which may be infinite. */
export function checkAmount(
  name: string,
  value: unknown,
  max: number = Number.POSITIVE_INFINITY,
): number {
  if (typeof value === 'number' && value >= 0 && value <= max) return value;
  const range =
    max === Number.POSITIVE_INFINITY ? 'a number from 0 on' : `a number from 0 to ${max}`;
  throw new InvalidArgumentError(name, range, value);
}

/** Throws unless `value` is true or false. */
export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new InvalidArgumentError(name, 'true or false', value);
}

/** Throws unless `value` is an AbortSignal, of any realm, or left out. */
export function checkSignal(name: string, value: AbortSignal | undefined): void {
  if (
    value === undefined ||
    typeof checkObject(name, value, 'an AbortSignal').throwIfAborted === 'function'
  )
    return;
  throw new InvalidArgumentError(name, 'an AbortSignal', value);
}

/** Throws unless `value` is the name of a file. */
export function checkFile(name: string, value: unknown): string {
  const isName = typeof value === 'string' && value !== '' && !value.includes('\0');
  if (isName) return value;
  throw new InvalidArgumentError(name, 'the path of a file', value);
}

/**
 * Throws if what a function returned that nobody awaits is a promise. Nobody else has it, so its
 * rejection is taken here: it would end the process of a caller who has caught the error.
 */
export function refusePromise(name: string, value: unknown, advice = ''): void {
  if (!isThenable(value)) return;
  void Promise.allSettled([value]);
  throw new InvalidArgumentError(name, `a function that returns no promise${advice}`, value);
}

/** Throws unless `value` is an attached Uint8Array of up to `maxBytes`. @returns its length */
export function checkBytes(name: string, value: unknown, maxBytes: number): number {
  const length = isBytes(value) ? lengthOf(value) : 0;
  return length > 0 && length <= maxBytes ? length : checkEmpty(name, value, maxBytes);
}

function checkEmpty(name: string, value: unknown, maxBytes: number): 0 {
  if (isBytes(value) && lengthOf(value) === 0 && !isOutOfBounds(value)) return 0;
  const limit = maxBytes === Number.POSITIVE_INFINITY ? '' : ` of up to ${maxBytes} bytes`;
  throw new InvalidArgumentError(name, `a Uint8Array${limit}`, value);
}

/** Throws unless `value` is an object whose fields may be read. */
export function checkObject<T extends object>(
  name: string,
  value: T | null | undefined,
  expected: string,
): T {
  if (typeof value === 'object' && value !== null && !isRevoked(value)) return value;
  throw new InvalidArgumentError(name, expected, value);
}

/**
 * What an iterable gives, all of it, before anything is done with it. A text could be walked, but
 * is not meant so. A TypeError of the walk, that of a Proxy for instance, becomes the cause.
 */
export function listOf<T>(name: string, value: Iterable<T>): T[] {
  const expected = 'an array or another iterable';
  if (typeof checkObject(name, value, expected)[Symbol.iterator] !== 'function') {
    throw new InvalidArgumentError(name, expected, value);
  }
  try {
    return [...value];
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new InvalidArgumentError(name, expected, value, { cause, hint: cause.message });
  }
}

/**
 * Throws unless `options` is an object that has no other fields than the known ones: what a
 * misspelt option was to do would silently not be done. Undefined fields count as left out, and a
 * number is no time to live.
 */
export function checkOptions<T extends object>(options: T, known: readonly string[]): T {
  if (typeof options !== 'object' || !hasOnly(options, known)) checkClosely(options, known);
  return options;
}

/** The short way. False for what has no fields and is no literal, and for what cannot be asked. */
function hasOnly(options: object, known: readonly string[]): boolean {
  let hasFields = false;
  try {
    if (isList(options)) return false;
    for (const name in options) {
      if (!known.includes(name)) return false;
      hasFields = true;
    }
    return hasFields || Object.getPrototypeOf(options) === Object.prototype;
  } catch {
    return false;
  }
}

/** Bytes or an array: before its fields are asked for, of which it may have millions. */
export function isList(value: object): boolean {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

function checkClosely(options: object, known: readonly string[]): void {
  const expected = `an object of { ${known.join(', ')} }`;
  if (isList(checkObject('options', options, expected))) {
    throw new InvalidArgumentError('options', expected, options);
  }
  const fields = Object.entries(options);
  for (const [name, value] of fields) {
    if (known.includes(name) || value === undefined) continue;
    const meant = nearest(name, known);
    const hint = meant === undefined ? {} : { hint: `did you mean ${meant}?` };
    throw new InvalidArgumentError('options', expected, name, hint);
  }
  // A Date, a Map, a Promise: something that was meant otherwise.
  if (fields.length > 0 || isPlain(options)) return;
  throw new InvalidArgumentError('options', expected, options);
}

/** Whether an object is a literal's kind, of any realm. */
function isPlain(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * The known name that the fewest changes of a letter make of it; how it begins counts most. Only a
 * near one: that two changes make of it, or that begins as more than half of the shorter does.
 */
function nearest(name: string, known: readonly string[]): string | undefined {
  const seen = name.slice(0, 40).toLowerCase();
  let least = Number.POSITIVE_INFINITY;
  let found: string | undefined;
  for (const other of known) {
    const changes = distance(seen, other.toLowerCase());
    const differs = [...other.toLowerCase()].findIndex((letter, i) => letter !== seen[i]);
    const begin = differs < 0 ? other.length : differs;
    const shorter = Math.min(seen.length, other.length);
    const isNear = (changes <= 2 && changes < shorter) || 2 * begin > shorter;
    if (!isNear || changes - begin >= least) continue;
    least = changes - begin;
    found = other;
  }
  return found;
}

/** Levenshtein's: letters to add, to drop or to change. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (const letter of from) {
    const next = [row[0]! + 1];
    for (let i = 1; i <= to.length; i++) {
      const changed = row[i - 1]! + (letter === to[i - 1] ? 0 : 1);
      next.push(Math.min(changed, row[i]! + 1, next[i - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
