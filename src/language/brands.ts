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
 * thread makes it. So bytes are only ever copied *into* a view of exactly the room there is
 * (`copyBytes`).
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

/** From so many bytes on a detour pays. */
const DETOUR_FROM = 256;
const DETOUR_BYTES: number = 64 * 1024;
let detour: Uint8Array | undefined;

/**
 * Whether copying between this place and one of ours goes byte by byte: V8 copies private and
 * shared memory by words only if both begin at a multiple of 8, else at a tenth of the speed.
 */
export function isCrooked(bytes: Uint8Array, offset: number, length: number): boolean {
  const isAside = ((offsetOf(bytes) + offset) & 7) !== 0;
  return isAside && length >= DETOUR_FROM && length <= DETOUR_BYTES;
}

/** Private memory of `length` bytes that begins at a multiple of 8, lent until the next call. */
export function detourOf(length: number): Uint8Array {
  detour ??= new Uint8Array(DETOUR_BYTES);
  return detour.subarray(0, length);
}

/**
 * Copies `length` bytes, which `source` had when they were counted, to the start of `target`. What
 * `source` has got since is not copied beyond `target`'s end.
 *
 * @param target  a view of all the room there is, at least `length`
 */
export function copyBytes(target: Uint8Array, source: Uint8Array, length: number): void {
  let from = source;
  if (isCrooked(source, 0, length)) {
    from = detourOf(length);
    copyAll(from, source, length);
  }
  copyAll(target, from, length);
}

/** Copies bytes of a length that stays to a place in memory that has room for them. */
export function placeBytes(memory: Uint8Array, at: number, source: Uint8Array): void {
  let from = source;
  if (isCrooked(source, 0, source.length)) {
    from = detourOf(source.length);
    from.set(source);
  }
  memory.set(from, at);
}

function copyAll(target: Uint8Array, source: Uint8Array, length: number): void {
  try {
    target.set(source);
  } catch {
    // It has grown beyond the target.
    target.set(fixedView(source, length));
  }
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
