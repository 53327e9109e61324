/** What of a thread's decoded values its creator says. */
import { checkInteger, checkObject, checkOptions } from '../../border/arguments.ts';
import { InvalidArgumentError } from '../../errors.ts';

export interface NearOptions {
  /** Values that this thread keeps at most, of the cache and of each namespace that it uses. */
  max: number;
  /**
   * Milliseconds after which a value is read anew, even if it has not changed; 0 and Infinity, the
   * default: never.
   */
  maxAge?: number | undefined;
}

/** As they are read: nothing is left out. */
export interface NearSettings {
  readonly max: number;
  readonly maxAge: number;
}

/** A Map takes 16.7 million. */
const MAX_ENTRIES = 1e7;
const OPTIONS = ['max', 'maxAge'];

/** Of `new SharedCache` and its like. Throws `InvalidArgumentError`. */
export function readNear(near: NearOptions | undefined): NearSettings | undefined {
  if (near === undefined) return undefined;
  checkObject('near', near, `an object of { ${OPTIONS.join(', ')} }`);
  const { max, maxAge = 0 } = checkOptions(near, OPTIONS);
  checkInteger('near.max', max, 1, MAX_ENTRIES);
  const isNever = maxAge === Number.POSITIVE_INFINITY;
  if (isNever || (Number.isSafeInteger(maxAge) && maxAge >= 0)) {
    return { max, maxAge: isNever ? 0 : maxAge };
  }
  const expected = 'whole milliseconds, or 0 or Infinity for never';
  throw new InvalidArgumentError('near.maxAge', expected, maxAge);
}
