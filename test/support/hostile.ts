/**
 * Values that nobody should pass: of wrong kinds, on the edge, lying, throwing, changing, dead, or
 * made in another realm. `hostile()` makes fresh ones, so that what one call does to them does not
 * spare the next.
 */
import { createContext, runInContext } from 'node:vm';

/** What the traps and getters below throw: of a user's own code, and passed on as it is. */
export class UsersOwnError extends Error {}

const refuse = (): never => {
  throw new UsersOwnError('a trap');
};

const realm = createContext({});

/** Evaluated in another realm. */
export function foreign<T>(source: string): T {
  return runInContext(source, realm) as T;
}

/** Says that it has `length` bytes, has ten, and overrides whatever could be asked or called. */
function liar(length: unknown): Uint8Array {
  class Liar extends Uint8Array {
    static get [Symbol.species](): Uint8ArrayConstructor {
      return refuse();
    }
  }
  const lies = { length, byteLength: length, byteOffset: length, subarray: refuse, slice: refuse };
  const iterator = { [Symbol.iterator]: refuse, set: refuse, at: refuse, buffer: length };
  const array = new Liar(10).fill(7);
  for (const [name, value] of Object.entries({ ...lies, ...iterator })) {
    Object.defineProperty(array, name, { value });
  }
  return array;
}

function detached(): Uint8Array {
  const array = new Uint8Array(10);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

function outOfBounds(): Uint8Array {
  const buffer = new ArrayBuffer(32, { maxByteLength: 64 });
  const array = new Uint8Array(buffer, 16, 8);
  buffer.resize(8);
  return array;
}

/** Throws whatever is done to it. */
function trapped(target: object): unknown {
  const names = Object.getOwnPropertyNames(Reflect);
  return new Proxy(target, Object.fromEntries(names.map((name) => [name, refuse])));
}

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** Every property is there, and a getter that throws. */
const thrower = (): unknown => new Proxy({}, { get: refuse });

/** Every property is there, and one such thing again. */
const bottomless = (): unknown => {
  const anything: unknown = new Proxy(() => anything, { get: () => anything, has: () => true });
  return anything;
};

const coercions = {
  valueOf: refuse,
  toString: refuse,
  toJSON: refuse,
  [Symbol.toPrimitive]: refuse,
};
const shared = { initial: 1, maximum: 1, shared: true };

const makers: Record<string, () => unknown> = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  zero: () => 0,
  'minus zero': () => -0,
  one: () => 1,
  'minus one': () => -1,
  half: () => 0.5,
  NaN: () => Number.NaN,
  infinity: () => Number.POSITIVE_INFINITY,
  '2^31': () => 2 ** 31,
  '2^32': () => 2 ** 32,
  '2^53': () => 2 ** 53,
  '1e300': () => 1e300,
  bigint: () => 1n,
  'long bigint': () => 1n << 5000n,
  symbol: () => Symbol('of mine'),
  'empty text': () => '',
  text: () => 'text',
  NUL: () => 'a\0b',
  'lone surrogate': () => 'a\ud800',
  'long text': () => 'x'.repeat(100_000),
  'a size': () => '8MiB',
  array: () => [],
  'array of one': () => [1],
  'array-like': () => ({ length: 2 ** 40 }),
  object: () => ({}),
  'object without prototype': () => Object.create(null),
  'object that cannot be coerced': () => ({ ...coercions }),
  function: () => refuse,
  class: () => UsersOwnError,
  Date: () => new Date(Number.NaN),
  Map: () => new Map(),
  Promise: () => Promise.resolve(),
  RegExp: () => /a/,
  'String object': () => Object('text'),
  'Number object': () => Object(5),
  Error: () => new Error('of mine'),
  Proxy: () => new Proxy({}, {}),
  'Proxy of bytes': () => new Proxy(new Uint8Array(10), {}),
  'Proxy that throws': () => trapped({}),
  'Proxy of a function that throws': () => trapped(() => 0),
  'revoked Proxy': () => revoked({}),
  'revoked Proxy of bytes': () => revoked(new Uint8Array(10)),
  'object whose getters throw': thrower,
  'object without a bottom': bottomless,
  'object with the prototype of bytes': () => Object.create(Uint8Array.prototype),
  'bytes that are none': () => new Uint8Array(0),
  bytes: () => new Uint8Array(10),
  'a mebibyte': () => new Uint8Array(2 ** 20),
  'bytes that say they are none': () => liar(0),
  'bytes that say they are less': () => liar(5),
  'bytes that say they are more': () => liar(10_000),
  'bytes that say they are more than there is': () => liar(2 ** 32),
  'bytes that say they are fewer than none': () => liar(-1),
  'bytes that say they are NaN': () => liar(Number.NaN),
  'bytes that say they are a text': () => liar('5'),
  'bytes that throw when asked': () => liar({ valueOf: refuse }),
  'detached bytes': detached,
  'bytes out of bounds': outOfBounds,
  'bytes that follow a buffer': () =>
    new Uint8Array(new ArrayBuffer(10, { maxByteLength: 2 ** 20 })),
  'bytes that grow': () => new Uint8Array(new SharedArrayBuffer(10, { maxByteLength: 2 ** 20 })),
  'bytes of another realm': () => foreign('new Uint8Array(10)'),
  'object of another realm': () => foreign('({})'),
  'function of another realm': () => foreign('() => 0'),
  ArrayBuffer: () => new ArrayBuffer(10),
  SharedArrayBuffer: () => new SharedArrayBuffer(10),
  DataView: () => new DataView(new ArrayBuffer(10)),
  Int8Array: () => new Int8Array(10),
  Float64Array: () => new Float64Array(10),
  BigInt64Array: () => new BigInt64Array(10),
  'memory that is no zone': () => new WebAssembly.Memory(shared),
  'object with the prototype of memory': () => Object.create(WebAssembly.Memory.prototype),
};

/** All of them, by name. */
export function hostile(): [name: string, value: unknown][] {
  return Object.entries(makers).map(([name, make]) => [name, make()]);
}

/** Anything goes: that is the point. */
// biome-ignore lint/suspicious/noExplicitAny: hostile arguments have every type
export type Any = any;

export type Row = (bad: Any) => unknown;

/** A field of an object whose others are right. */
const field =
  (call: (value: Any) => unknown, right: object, name: string): Row =>
  (bad) =>
    call({ ...right, [name]: bad });

export function fields(
  title: string,
  call: (value: Any) => unknown,
  right: object,
): [string, Row][] {
  return Object.keys(right).map((name) => [`${title} ${name}`, field(call, right, name)]);
}
