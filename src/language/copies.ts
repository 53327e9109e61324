/**
 * Copies: bytes into and out of shared memory.
 *
 * V8's `set` copies between private and shared memory word by word, and byte by byte unless both
 * begin at a multiple of 8. Node's `Buffer.prototype.copy` is, from 22 on, one move of memory,
 * wherever they begin, and dear to call: docs/decisions/0086.
 *
 * A length may be out of date: a view of growable shared memory grows while another thread makes
 * it. So bytes are only ever copied *into* a view of exactly the room there is.
 */
import { fixedView, isAligned } from './brands.ts';

const setBytes = Uint8Array.prototype.set;
const NodeBuffer = globalThis.Buffer;
const major = Number.parseInt(globalThis.process?.versions?.node ?? '0', 10);
const moveBytes = major >= 22 ? NodeBuffer?.prototype.copy : undefined;
/** From so many bytes on that is the faster. */
const MOVE_FROM: number = 16 * 1024;

/** From so many bytes on a detour pays. */
const DETOUR_FROM = 256;
const DETOUR_BYTES: number = 64 * 1024;
let detour: Uint8Array | undefined;

/**
 * Copies `length` bytes, which `source` had when they were counted, to the start of `target`. What
 * `source` has got since is not copied beyond `target`'s end.
 *
 * @param target  a view of all the room there is, at least `length`
 */
export function copyBytes(target: Uint8Array, source: Uint8Array, length: number): void {
  if (isMoved(length)) move(target, 0, source, length);
  else if (isCrooked(source, 0, length)) target.set(aside(source, length));
  else copyAll(target, source, length);
}

/** Copies bytes of a length that stays to a place in memory that has room for them. */
export function placeBytes(memory: Uint8Array, at: number, source: Uint8Array): void {
  if (isMoved(source.length)) move(memory, at, source, source.length);
  else memory.set(isCrooked(source, 0, source.length) ? aside(source, source.length) : source, at);
}

/** Copies shared bytes. Not by the target's own `set`, which may be the user's. */
export function copyOut(target: Uint8Array, at: number, source: Uint8Array): void {
  const { length } = source;
  if (isMoved(length)) move(target, at, source, length);
  else setBytes.call(target, isCrooked(target, at, length) ? aside(source, length) : source, at);
}

/**
 * By views of our own, for it asks arrays for `byteLength`, which may be the user's. The first byte
 * by hand, for an array that is copied whole it leaves to `set`.
 */
function move(target: Uint8Array, at: number, source: Uint8Array, length: number): void {
  const from = fixedView(source, length);
  const to = fixedView(target, at + length);
  to[at] = from[0]!;
  moveBytes!.call(from as Buffer, to, at + 1, 1, length);
}

const isMoved = (length: number): boolean => moveBytes !== undefined && length >= MOVE_FROM;

/** Whether `set` copies between this place and one of ours by bytes, and a detour is shorter. */
function isCrooked(bytes: Uint8Array, offset: number, length: number): boolean {
  return length >= DETOUR_FROM && length <= DETOUR_BYTES && !isAligned(bytes, offset);
}

/** A copy in private memory that begins at a multiple of 8, lent until the next call. */
function aside(source: Uint8Array, length: number): Uint8Array {
  detour ??= new Uint8Array(DETOUR_BYTES);
  const copy = detour.subarray(0, length);
  copyAll(copy, source, length);
  return copy;
}

function copyAll(target: Uint8Array, source: Uint8Array, length: number): void {
  try {
    target.set(source);
  } catch {
    // It has grown beyond the target.
    target.set(fixedView(source, length));
  }
}
