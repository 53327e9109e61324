/**
 * Walking a cache: its keys, values and entries, one after the other, while other threads go on.
 *
 * There is no snapshot and no order. A key that is there all the time is given once; one that comes
 * or goes meanwhile may be given or not. What is given was true when it was looked at. Nothing is
 * held between two steps, so that a walk may be left at any point, and the loop may change the
 * cache, or close it: then the walk is over, as a Map's that was cleared. To begin one throws.
 *
 * A key is a text where its bytes are UTF-8, and bytes where they are not. Looking counts neither
 * as hit nor as miss.
 */
import { checkOptions } from '../../border/arguments.ts';
import type { ZoneClock } from '../../border/clock.ts';
import { InvalidArgumentError } from '../../errors.ts';
import type { Border, Key } from '../transfer/transfer.ts';
import { type Bytes, decodeText, encodeText } from '../values/values.ts';

export interface KeysOptions {
  /** `'bytes'`: all keys as bytes, those that are texts as well. */
  as?: 'bytes' | undefined;
}

/** What no character in a text is made of, unless it stands there itself. */
const REPLACEMENT = '\ufffd';

/** A key of lent bytes: a text if they are one. */
export function keyOf(lent: Uint8Array): Key {
  const text = decodeText(lent);
  return text.includes(REPLACEMENT) && !isTextOf(text, lent) ? copyOf(lent) : text;
}

/** A key of lent bytes, as bytes. */
export function copyOf(lent: Uint8Array): Bytes {
  return new Uint8Array(lent);
}

function isTextOf(text: string, bytes: Uint8Array): boolean {
  const encoded = encodeText('key', text);
  return encoded.length === bytes.length && encoded.every((byte, i) => byte === bytes[i]);
}

/** The cursor behind the last key: kernel/cache/keys.ts. */
const END_OF_KEYS = 2 ** 32;

/**
 * The keys of a view, each made of lent bytes.
 *
 * @param isOver  asked after each: whether to end; or throws
 */
export function* walk<K>(
  border: Border,
  clock: ZoneClock,
  isOver: () => boolean,
  make: (lent: Uint8Array) => K,
): Generator<K> {
  for (let cursor = 0; cursor < END_OF_KEYS; ) {
    const now = clock.nowIfNeeded();
    if (isOver()) return;
    const { keys, next } = border.listKeys(cursor, now, make);
    for (const key of keys) {
      yield key;
      if (isOver()) return;
    }
    cursor = next;
  }
}

/** Whether all keys are wanted as bytes. Throws `InvalidArgumentError`. */
export function readKeysOptions(options: KeysOptions): boolean {
  const { as } = checkOptions(options, ['as']);
  if (as === undefined || as === 'bytes') return as === 'bytes';
  throw new InvalidArgumentError('as', "'bytes', or left out", as);
}
