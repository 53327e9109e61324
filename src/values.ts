/**
 * Values: how what a user stores becomes bytes, and back. One kind for each cache.
 */
import { InvalidArgumentError } from './errors.ts';

/** A user's own way: both must be each other's inverse. */
export interface ValueCodec<T> {
  serialize(value: T): Uint8Array;
  deserialize(bytes: Uint8Array<ArrayBuffer>): T;
}

/** The kinds that need no code, and so cross threads with the handle. */
export type ValueKind = 'bytes' | 'string' | 'json';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** UTF-8 of a text. A lone surrogate has none and is refused. */
export function encodeText(name: string, text: string): Uint8Array<ArrayBuffer> {
  if (!text.isWellFormed()) {
    throw new InvalidArgumentError(name, 'well-formed text', 'a text with a lone surrogate');
  }
  return encoder.encode(text);
}

export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

const bytesCodec: ValueCodec<Uint8Array> = {
  serialize(value) {
    if (value instanceof Uint8Array) return value;
    throw new InvalidArgumentError('value', 'a Uint8Array', value);
  },
  deserialize: (bytes) => bytes,
};

const stringCodec: ValueCodec<string> = {
  serialize(value) {
    if (typeof value === 'string') return encodeText('value', value);
    throw new InvalidArgumentError('value', 'a string', value);
  },
  deserialize: decodeText,
};

/** Undefined for what JSON cannot express: functions, cycles, BigInts. */
function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value) as string | undefined;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

const jsonCodec: ValueCodec<unknown> = {
  serialize(value) {
    const text = jsonText(value);
    if (text !== undefined) return encoder.encode(text);
    throw new InvalidArgumentError('value', 'something that JSON can express', value);
  },
  deserialize: (bytes) => JSON.parse(decodeText(bytes)),
};

const codecs: Record<ValueKind, unknown> = {
  bytes: bytesCodec,
  string: stringCodec,
  json: jsonCodec,
};

/** The codec of a kind, or the user's own. */
export function valueCodec<T>(values: ValueKind | ValueCodec<T>): ValueCodec<T> {
  if (typeof values === 'string' && Object.hasOwn(codecs, values)) {
    return codecs[values] as ValueCodec<T>;
  }
  const own = values as Partial<ValueCodec<T>> | null;
  if (typeof own?.serialize === 'function' && typeof own.deserialize === 'function') {
    return own as ValueCodec<T>;
  }
  const expected = "'bytes', 'string', 'json' or { serialize, deserialize }";
  throw new InvalidArgumentError('values', expected, values);
}
