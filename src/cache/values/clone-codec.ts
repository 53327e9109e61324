/**
 * A codec for what JSON loses: whatever the structured clone algorithm takes, in V8's own format.
 *
 * `node:v8` has the algorithm with bytes at its end; browsers have it only between threads. A newer
 * V8 reads what an older one has written, which counts for saved caches and second tiers.
 */
import { InvalidArgumentError, UnsupportedError } from '../../errors.ts';
import type { ValueCodec } from './values.ts';

/** One of a thread: a namespace that is named with another codec is another view. */
let made: ValueCodec<unknown> | undefined;

/**
 * Makes a codec of `structuredClone`'s kind: Map, Set, Date, BigInt, typed arrays, NaN, −0,
 * undefined and cycles come back as they were; class instances as plain objects; functions and
 * symbols are refused. Larger than JSON for small objects, and slower. The same at each call in a
 * thread; every thread makes its own. Where there is `node:v8`: Node, Deno and Bun, each with a
 * format of its own.
 *
 * @throws {UnsupportedError} in browsers
 */
export function structuredCloneCodec<V = unknown>(): ValueCodec<V> {
  const v8 = globalThis.process?.getBuiltinModule?.('node:v8');
  if (v8 === undefined) throw new UnsupportedError('structuredCloneCodec needs node:v8');
  made ??= Object.freeze(codecBy(v8));
  return made as ValueCodec<V>;
}

function codecBy(v8: typeof import('node:v8')): ValueCodec<unknown> {
  return {
    serialize(value) {
      // As a value it could not be told from none.
      if (value === undefined) throw new InvalidArgumentError('value', 'any value', value);
      try {
        return v8.serialize(value);
      } catch (cause) {
        // What a getter of the value throws is not ours.
        if (!isRefusal(cause)) throw cause;
        const hint = cause.message;
        throw new InvalidArgumentError('value', 'what can be cloned', value, { cause, hint });
      }
    },
    deserialize: (bytes) => v8.deserialize(bytes),
  };
}

function isRefusal(error: unknown): error is Error {
  return error instanceof Error && /could not be cloned/.test(error.message);
}
