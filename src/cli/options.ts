/**
 * Options: what a user may write, and the message when it is something else.
 *
 * Misuse is a `UsageError` and ends the command with status 2.
 */
import { PagelessError } from '../errors.ts';
import { parseSize } from '../sizes.ts';

/** Wrong use of the command line: status 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** 255 threads fit in a zone; more than 64 of them load no file faster. */
const MAX_WORKERS = 64;
const MIN_ZONE_BYTES = 4 * 2 ** 20;
const MAX_ZONE_BYTES = 2 ** 32;

export function workersOption(text: string): number {
  const workers = /^\d+$/.test(text) ? Number(text) : 0;
  if (workers >= 1 && workers <= MAX_WORKERS) return workers;
  throw new UsageError(`it must be an integer from 1 to ${MAX_WORKERS}`);
}

/** The size of a zone. */
export function zoneSizeOption(text: string): number {
  const bytes = sizeOption(text);
  if (bytes >= MIN_ZONE_BYTES && bytes <= MAX_ZONE_BYTES) return bytes;
  throw new UsageError('it must be from 4MiB to 4GiB, metadata included');
}

export function sizeOption(text: string): number {
  try {
    return parseSize('size', text);
  } catch (error) {
    if (!(error instanceof PagelessError)) throw error;
    throw new UsageError('it must be a size such as 256MiB, 64MB or 1000000');
  }
}

/** One of the given words. */
export function choiceOption(choices: readonly string[]): (text: string) => string {
  return (text) => {
    if (choices.includes(text)) return text;
    throw new UsageError(`it must be ${choices.join(' or ')}`);
  };
}
