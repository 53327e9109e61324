/**
 * What was seen, in a few words, for the message of an error.
 *
 * A message is made when something is wrong already, so making it must neither fail nor take long,
 * whatever the thing is: a Proxy that throws, a revoked one, a function of a thousand lines.
 */
import { isBytes, isOutOfBounds, isRevoked, lengthOf, typedArrayName } from './brands.ts';

/** Characters of a text or number that are shown. */
const GLIMPSE = 40;

/** A short text: the kind of thing and a glimpse of it. */
export function show(seen: unknown): string {
  switch (typeof seen) {
    case 'string':
      return isShort(seen) ? JSON.stringify(seen) : `a string of ${seen.length} characters`;
    case 'number':
      return Object.is(seen, -0) ? '-0' : String(seen);
    case 'bigint':
      return showBigint(seen);
    case 'symbol':
      return isShort(String(seen)) ? String(seen) : 'a symbol';
    case 'function':
      return 'a function';
    default:
      return typeof seen === 'object' && seen !== null ? showObject(seen) : String(seen);
  }
}

function isShort(text: string): boolean {
  return text.length <= GLIMPSE;
}

function showBigint(seen: bigint): string {
  // A long one is not written out: that takes longer than linear time.
  return BigInt.asIntN(100, seen) === seen ? `${seen}n` : 'a long bigint';
}

function showObject(seen: object): string {
  if (isRevoked(seen)) return 'a revoked Proxy';
  if (isBytes(seen)) {
    return isOutOfBounds(seen) ? 'a detached Uint8Array' : `${lengthOf(seen)} bytes`;
  }
  if (seemsBytes(seen)) return "an object with Uint8Array's prototype";
  return withArticle(typedArrayName(seen) ?? className(seen) ?? 'object');
}

/** Whether it says that it is one, and is none: a Proxy of one, or made of its prototype. */
export function seemsBytes(seen: object): boolean {
  return !isBytes(seen) && className(seen) === 'Uint8Array';
}

/** The name of its class as far as that can be had. */
function className(seen: object): string | undefined {
  try {
    const name: unknown = seen.constructor?.name;
    return typeof name === 'string' && name !== '' && isShort(name) ? name : undefined;
  } catch {
    return undefined;
  }
}

/** Classes that begin with a U mostly begin with its name, as User and Uint8Array do. */
function withArticle(name: string): string {
  return /^[aeio]/i.test(name) ? `an ${name}` : `a ${name}`;
}
