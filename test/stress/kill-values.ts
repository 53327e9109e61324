/**
 * Values of 1 byte to 200 KB that say whose they are and whether they are whole, and cost little
 * more than a copy: a thread that makes and reads them is within the cache most of the time.
 *
 *   key · length · where in the source the rest is from · sum of the three, then the rest
 *
 * Half of the source is noise and half is text. Values too short for a head follow from key and
 * length.
 */

export const KEYS = 2000;
export const MOST_BYTES = 200_000;
const HEAD_BYTES = 16;
const SOURCE_BYTES = 2 * MOST_BYTES;

const made = new Uint8Array(MOST_BYTES);
const head = new Uint32Array(made.buffer, 0, HEAD_BYTES / 4);

export const keyOf = (key: number): string => (key % 2 === 0 ? `k${key}` : `key of value ${key}`);

let source: Uint8Array = new Uint8Array();

/** What values are made of, for all threads. */
export function makeSource(): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(2 * SOURCE_BYTES);
  const bytes = new Uint8Array(shared);
  let state = 0x2545f491;
  for (let i = 0; i < bytes.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = i < SOURCE_BYTES ? state >>> 24 : 97 + ((state >>> 30) ^ (i % 32 === 0 ? 5 : 0));
  }
  return shared;
}

/** Before the first value. */
export function useSource(shared: SharedArrayBuffer): void {
  source = new Uint8Array(shared);
}

function sumOf(key: number, length: number, from: number): number {
  let sum = 0x9e3779b9;
  for (const word of [key, length, from]) {
    sum = Math.imul(sum ^ word, 0x85ebca6b);
    sum ^= sum >>> 13;
  }
  return sum >>> 0;
}

/** As many of 1 to 10 bytes as of 20 to 200 KB. */
export function someLength(random: number): number {
  return Math.max(1, Math.floor(MOST_BYTES ** random));
}

function shortByte(key: number, length: number, i: number): number {
  return (Math.imul(key + 1, 31) + Math.imul(length, 7) + i) & 255;
}

/** @returns the value, good until the next is made */
export function makeValue(key: number, length: number, random: number): Uint8Array {
  const value = made.subarray(0, length);
  if (length < HEAD_BYTES) return value.map((_, i) => shortByte(key, length, i));
  const from = Math.floor(random * (2 * SOURCE_BYTES - MOST_BYTES));
  head.set([key, length, from, sumOf(key, length, from)]);
  value.set(source.subarray(from, from + length - HEAD_BYTES), HEAD_BYTES);
  return value;
}

/** Throws when anything in it is wrong. @param value  aligned to words */
export function checkValue(key: number, value: Uint8Array): void {
  const { length } = value;
  if (length < HEAD_BYTES) {
    if (value.every((byte, i) => byte === shortByte(key, length, i))) return;
    throw new Error(`wrong: ${length} bytes at key ${key}: ${value}`);
  }
  const words = new Uint32Array(value.buffer, value.byteOffset, HEAD_BYTES / 4);
  const [ownKey = 0, ownLength = 0, from = 0, sum = 0] = words;
  const what = `${length} bytes at key ${key}, which say ${words.join(' ')}`;
  if (sum !== sumOf(ownKey, ownLength, from)) throw new Error(`damaged head: ${what}`);
  if (ownKey !== key) throw new Error(`another key's: ${what}`);
  if (ownLength !== length) throw new Error(`torn: ${what}`);
  const rest = source.subarray(from, from + length - HEAD_BYTES);
  if (Buffer.compare(rest, value.subarray(HEAD_BYTES)) !== 0) throw new Error(`damaged: ${what}`);
}
