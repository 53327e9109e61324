/**
 * Brands: what a value is, whoever made it and whatever it says of itself.
 *
 * `instanceof` asks for the constructor of *this* realm, so it refuses what another one made (a vm
 * context, a test runner's, an iframe), and believes every Proxy and every object with the right
 * prototype. A property like `length` may be overridden by a subclass, and may give another answer
 * the second time. The getters on the prototypes of the language read the object's own internal
 * state instead: of any realm, of no impostor, without running anybody's code. They are taken here
 * once, when the package is loaded.
 *
 * Even a true length may be out of date: a view of growable shared memory grows while another
 * thread makes it (copies.ts).
 */

type Reader<T> = (of: unknown) => T;

/** The getter of a prototype, as a function. Undefined where the language has no such thing. */
function getter<T>(prototype: object | undefined, name: PropertyKey): Reader<T> | undefined {
  const get = prototype && Object.getOwnPropertyDescriptor(prototype, name)?.get;
  return get && (Function.prototype.call.bind(get) as Reader<T>);
}

const typedArray: object = Object.getPrototypeOf(Uint8Array.prototype);
/** Undefined for all but typed arrays. */
const kindOf: Reader<string | undefined> = getter(typedArray, Symbol.toStringTag)!;
const countOf: Reader<number> = getter(typedArray, 'length')!;
const bufferOf: Reader<ArrayBufferLike> = getter(typedArray, 'buffer')!;
const offsetOf: Reader<number> = getter(typedArray, 'byteOffset')!;
const arrayBufferLengthOf = getter<number>(ArrayBuffer.prototype, 'byteLength');
// A page that is not isolated has no shared memory, and may load this file all the same.
const sharedLengthOf = getter<number>(globalThis.SharedArrayBuffer?.prototype, 'byteLength');
const memoryBufferOf = getter<ArrayBufferLike>(globalThis.WebAssembly?.Memory?.prototype, 'buffer');

/** Whether it is a Uint8Array, of any realm; a Buffer is one. */
export function isBytes(value: unknown): value is Uint8Array {
  return kindOf(value) === 'Uint8Array';
}

/** The name of the kind of typed array that it is. */
export function typedArrayName(value: unknown): string | undefined {
  return kindOf(value);
}

/** Bytes that a Uint8Array has now; 0 when its buffer was detached or has shrunk below it. */
export function lengthOf(bytes: Uint8Array): number {
  return countOf(bytes);
}

/** Whether the buffer was detached, or shrank so that the array lies outside. */
export function isOutOfBounds(bytes: Uint8Array): boolean {
  if (countOf(bytes) > 0) return false;
  try {
    Uint8Array.prototype.set.call(new Uint8Array(0), bytes);
    return false;
  } catch {
    return true;
  }
}

/** The first `length` bytes as an array of our own that neither grows nor overrides anything. */
export function fixedView(bytes: Uint8Array, length: number): Uint8Array {
  return new Uint8Array(bufferOf(bytes), offsetOf(bytes), length);
}

/** Whether it begins at a multiple of 8, so many bytes from its start. */
export function isAligned(bytes: Uint8Array, offset: number): boolean {
  return ((offsetOf(bytes) + offset) & 7) === 0;
}

/** Whether it is an ArrayBuffer that is not shared, of any realm. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  return answers(arrayBufferLengthOf, value);
}

/** Whether it is shared memory, of any realm. */
export function isShared(buffer: unknown): buffer is SharedArrayBuffer {
  return answers(sharedLengthOf, buffer);
}

/** Whether it is a WebAssembly.Memory, of any realm. */
export function isMemory(value: unknown): value is WebAssembly.Memory {
  return answers(memoryBufferOf, value);
}

function answers(read: Reader<unknown> | undefined, value: unknown): boolean {
  try {
    return read?.(value) !== undefined;
  } catch {
    return false;
  }
}

/** Whether it is a Proxy that was revoked: every operation on it throws. */
export function isRevoked(value: unknown): boolean {
  try {
    Array.isArray(value);
    return false;
  } catch {
    return true;
  }
}

/** Whether it can be awaited, as promises of any make can: has a `then`, which may be a getter. */
export function isThenable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || isRevoked(value)) return false;
  return typeof (value as { then?: unknown }).then === 'function';
}
