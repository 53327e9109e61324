/**
 * What somebody may have meant who passed something else than a handle to `attach`, or the cache
 * itself where an adapter is asked for.
 *
 * A cache that is sent to a thread itself arrives there as an object without fields, and pools hand
 * on `workerData` as a whole, in which the handle is one field among others.
 */

import { InvalidArgumentError } from '../../errors.ts';
import { show } from '../../language/show.ts';

const EXPECTED = "another thread's cache.handle";

export const KIND = 'pageless-cache';

/** The error for it. Reading it may run the user's code, which must not hide what is wrong. */
export function notHandle(seen: unknown): InvalidArgumentError {
  let hint: string | undefined;
  try {
    hint = hintFor(seen);
  } catch {
    // A getter or a Proxy threw.
  }
  return new InvalidArgumentError('handle', EXPECTED, seen, hint ? { hint } : {});
}

function hintFor(seen: unknown): string | undefined {
  if (typeof seen !== 'object' || seen === null) return undefined;
  const { handle, kind } = seen as { handle?: unknown; kind?: unknown };
  if (kind === 'pageless-arena') return 'an arena is attached by Arena.attach';
  if (isHandle(handle)) return 'its .handle is one';
  const names = Object.keys(seen);
  const name = names.find((one) => isHandle((seen as Record<string, unknown>)[one]));
  if (name !== undefined) return `what it has as ${show(name)} is one`;
  if (names.length > 0) return undefined;
  return 'a cache that is sent itself arrives as {}: send cache.handle';
}

function isHandle(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === KIND;
}

/** The error for a Keyv, which asks for `capabilities` (6) or listens to errors (5). */
export function notKeyvStore(): InvalidArgumentError {
  const expected = 'new KeyvStore(cache), or Keyv5Store, of pageless/keyv';
  return new InvalidArgumentError('store', expected, 'the cache');
}
