/**
 * Values: how what a user stores becomes bytes, and back. One kind for each cache.
 *
 * What comes out of the zone is *lent*: a view of the thread's scratch, which the next call
 * overwrites. Text is decoded from it directly (1 KiB in Node: 106 ns against 622 by way of a
 * copy); bytes, and what a user's own codec sees, are copied first. A copy is a plain Uint8Array
 * with a buffer of its own. A Buffer from Node's pool would cost 84 ns instead of 400, but its
 * `slice` does not copy and its `buffer` is not its own: not what a Uint8Array promises.
 */
import { checkBytes, checkObject, refusePromise } from '../../border/arguments.ts';
import { NodeBuffer, viewOf } from '../../border/views.ts';
import { InvalidArgumentError, type MisuseOptions } from '../../errors.ts';
import { isBytes, isShared } from '../../language/brands.ts';
import { seemsBytes } from '../../language/show.ts';

/** A user's own way: both must be each other's inverse. */
export interface ValueCodec<T> {
  serialize(value: T): Uint8Array;
  deserialize(bytes: Uint8Array<ArrayBuffer>): T;
}

/** What comes out of a cache of bytes: an array of one's own, which no other thread sees. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** What may be put into a cache of V: as bytes, those of others as well. */
export type In<V> = V | (V extends Uint8Array ? Uint8Array : never);

/** The kinds that need no code, and so cross threads with the handle. */
export type ValueKind = 'bytes' | 'string' | 'json';

/** Makes a value of bytes that may be lent. */
export type Decoder<T> = (bytes: Uint8Array, isLent: boolean) => T;

// Where they are missing (border/support.ts) the file can be imported all the same.
const encoder = globalThis.TextEncoder && new TextEncoder();
const decoder = globalThis.TextDecoder && new TextDecoder('utf-8', { ignoreBOM: true });

/** UTF-8 of a text. A lone surrogate has none and is refused. */
export function encodeText(name: string, text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(checkText(name, text));
}

function checkText(name: string, text: string): string {
  if (text.isWellFormed()) return text;
  throw new InvalidArgumentError(name, 'well-formed text', 'a text with a lone surrogate');
}

/**
 * Writes the UTF-8 of a well-formed text into memory that is not shared and has room for it.
 *
 * @returns how many bytes
 */
export function writeText(bytes: Uint8Array, at: number, text: string): number {
  if (NodeBuffer && bytes instanceof NodeBuffer) return bytes.write(text, at, 'utf8');
  return encoder.encodeInto(text, bytes.subarray(at)).written;
}

/** The text of UTF-8 bytes, which may be lent. */
export function decodeText(bytes: Uint8Array): string {
  if (NodeBuffer && bytes instanceof NodeBuffer) return bytes.toString('utf8');
  // Browsers decode no shared memory.
  return decoder.decode(isShared(bytes.buffer) ? bytes.slice() : bytes);
}

/** Bytes of texts that are encoded without memory of their own. */
const LENT_BYTES = 65_536;
let lent: Uint8Array | undefined;

/**
 * UTF-8 of a well-formed text, in memory that is lent until the next call: making an array for a
 * short text costs several times what encoding it does.
 */
export function encodeLent(text: string): Uint8Array {
  if (text.length * 3 > LENT_BYTES) return encoder.encode(text);
  lent ??= viewOf(new ArrayBuffer(LENT_BYTES));
  return lent.subarray(0, writeText(lent, 0, text));
}

/** Says which caches keep such a value: most often `values` was forgotten. */
function wrongKind(expected: string, value: unknown): InvalidArgumentError {
  const hint = isPromise(value) ? AWAIT : adviceOn(expected, value);
  return new InvalidArgumentError('value', expected, value, hint === undefined ? {} : { hint });
}

function adviceOn(expected: string, value: unknown): string | undefined {
  const isView = ArrayBuffer.isView(value);
  if (isView || tagOf(value).endsWith('ArrayBuffer')) {
    if (isBytes(value) || expected !== BYTES)
      return "a cache made with values: 'bytes' takes bytes";
    return isView ? VIEW_AS_BYTES : 'new Uint8Array(buffer) are its bytes';
  }
  if (typeof value === 'object' && value !== null && seemsBytes(value)) return undefined;
  const kind = kindThatTakes(value);
  return kind && `a cache made with values: ${kind} takes it`;
}

function kindThatTakes(value: unknown): string | undefined {
  if (typeof value === 'string') return "'string'";
  if (['undefined', 'function', 'symbol'].includes(typeof value)) return undefined;
  const isLost = typeof value === 'bigint' || EMPTIED.includes(tagOf(value));
  return isLost ? 'structuredCloneCodec()' : "'json'";
}

const BYTES = 'a Uint8Array';
const VIEW_AS_BYTES = 'new Uint8Array(view.buffer, view.byteOffset, view.byteLength) are its bytes';

const AWAIT = 'await it first';

function isPromise(value: unknown): boolean {
  return tagOf(value) === 'Promise';
}

/** What the language calls it, of any realm: `Map`, `Promise`; `''` if it will not say. */
function tagOf(value: unknown): string {
  try {
    return Object.prototype.toString.call(value).slice('[object '.length, -1);
  } catch {
    return '';
  }
}

const bytesCodec: ValueCodec<Uint8Array> = {
  serialize(value) {
    if (isBytes(value)) return value;
    throw wrongKind(BYTES, value);
  },
  deserialize: (bytes) => bytes,
};

const stringCodec: ValueCodec<string> = {
  serialize: (value) => encoder.encode(textOfString(value)),
  deserialize: decodeText,
};

function textOfString(value: unknown): string {
  if (typeof value === 'string') return checkText('value', value);
  throw wrongKind('a string', value);
}

/**
 * The text; undefined for functions and symbols. JSON says by a TypeError what else it refuses (a
 * cycle, a BigInt), and so may a user's own `toJSON`: the cause is kept. Other errors are not ours.
 */
function jsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value) as string | undefined;
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw notJson(value, { cause, hint: cause.message });
  }
}

function notJson(value: unknown, options?: MisuseOptions): InvalidArgumentError {
  return new InvalidArgumentError('value', 'something that JSON can express', value, options);
}

/** Of these JSON makes `{}`, whatever they hold. */
const EMPTIED = ['Promise', 'Map', 'Set', 'Error', 'RegExp'];

/** Throws if `{}` is nothing of what the value was. */
function checkEmpty(value: unknown): void {
  if (!EMPTIED.includes(tagOf(value))) return;
  const hint = isPromise(value)
    ? AWAIT
    : 'JSON makes {} of it; values: structuredCloneCodec() keeps it';
  throw notJson(value, { hint });
}

const jsonCodec: ValueCodec<unknown> = {
  serialize: (value) => encoder.encode(textOfJson(value)),
  deserialize: (bytes) => JSON.parse(decodeText(bytes)),
};

function textOfJson(value: unknown): string {
  const text = jsonText(value);
  if (text === undefined) throw notJson(value);
  if (text === '{}') checkEmpty(value);
  return text;
}

const codecs: Record<ValueKind, unknown> = {
  bytes: bytesCodec,
  string: stringCodec,
  json: jsonCodec,
};

/**
 * Throws unless they are bytes, that a codec has made of a value. In a cache of bytes they are the
 * value. @returns how many
 */
export function checkSerialized(codec: object, bytes: unknown): number {
  const isValue = codec === bytesCodec;
  if (!isValue && !isBytes(bytes)) refusePromise('serialize', bytes);
  return checkBytes(isValue ? 'value' : "serialize's result", bytes, Number.POSITIVE_INFINITY);
}

/** How a value becomes the text whose UTF-8 is stored, where that is how it is. */
export function textOf(codec: object): ((value: unknown) => string) | undefined {
  if (codec === stringCodec) return textOfString;
  return codec === jsonCodec ? textOfJson : undefined;
}

/** How lent bytes become a value of the codec. */
export function decoderOf<T>(codec: ValueCodec<T>): Decoder<T> {
  const isText = (codec as unknown) === stringCodec || (codec as unknown) === jsonCodec;
  return (bytes, isLent) => {
    const own = isLent && !isText ? new Uint8Array(bytes) : bytes;
    return codec.deserialize(own as Uint8Array<ArrayBuffer>);
  };
}

/** How values of a codec are taken out of a part of a shared memory. */
export interface Picking<T> {
  /** What the bytes of the memory are looked at through. */
  view(memory: ArrayBufferLike): Uint8Array;
  take(memory: Uint8Array, from: number, to: number): unknown;
  /**
   * Makes a value of its text, which may be cut out of that of many. None where the text is the
   * value: what is cut out keeps all of it in memory.
   */
  parse?(text: string): T;
  /** Makes a value of what was taken: code of the user's own. */
  make?(taken: unknown): T;
}

const sliceBytes = Uint8Array.prototype.slice;
/** A Buffer's slices would be Buffers. */
const viewBytes = (memory: ArrayBufferLike): Uint8Array => new Uint8Array(memory);
const takeBytes = (memory: Uint8Array, from: number, to: number): Uint8Array =>
  sliceBytes.call(memory, from, to);

export const takeText = (memory: Uint8Array, from: number, to: number): string =>
  NodeBuffer && memory instanceof NodeBuffer
    ? memory.toString('utf8', from, to)
    : decoder.decode(memory.slice(from, to));

const takeJson = (memory: Uint8Array, from: number, to: number): unknown =>
  JSON.parse(takeText(memory, from, to));

export function pickingOf<T>(codec: ValueCodec<T>): Picking<T> {
  const kind: unknown = codec;
  if (kind === stringCodec) return { view: viewOf, take: takeText };
  if (kind === jsonCodec) return { view: viewOf, take: takeJson, parse: JSON.parse };
  if (kind === bytesCodec) return { view: viewBytes, take: takeBytes };
  const make = (bytes: unknown) => codec.deserialize(bytes as Bytes);
  return { view: viewBytes, take: takeBytes, make };
}

/** Whether two values are the same bytes, or both are none. */
export function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** Whether it is the name of a kind. */
export function isValueKind(values: unknown): values is ValueKind {
  return typeof values === 'string' && Object.hasOwn(codecs, values);
}

/** The codec of a kind, or the user's own. */
export function valueCodec<T>(values: ValueKind | ValueCodec<T>): ValueCodec<T> {
  if (isValueKind(values)) return codecs[values] as ValueCodec<T>;
  const expected = "'bytes', 'string', 'json' or { serialize, deserialize }";
  if (typeof values === 'function') {
    throw new InvalidArgumentError('values', expected, values, {
      hint: 'call it, if it makes one',
    });
  }
  const own: Partial<ValueCodec<T>> = checkObject('values', values, expected);
  if (typeof own.serialize === 'function' && typeof own.deserialize === 'function') return values;
  throw new InvalidArgumentError('values', expected, values);
}
