/**
 * Self-checking values: what a reader gets says who wrote it, for which key, as which of the
 * writer's operations, and every further byte follows from that.
 *
 *   key number · writer · sequence · length · sum of the four, then bytes made of them
 *
 * The *board* is memory that all threads share: for each writer and key the sequence of the last
 * operation that has returned. A value of an operation that had been followed by another one of the
 * same writer on the same key, before the reader began, is stale.
 */

export const KEYS = 256;
export const WRITERS = 4096;
const HEAD_BYTES = 20;

/** Where things stand in the shared words. */
export const STOP = 0;
export const HEARTBEAT = 1;
const OPERATIONS = 2;
const BOARD = OPERATIONS + WRITERS;

export type Shared = Int32Array<SharedArrayBuffer>;

export function createShared(): Shared {
  return new Int32Array(new SharedArrayBuffer(4 * (BOARD + WRITERS * KEYS)));
}

/** Word that counts a writer's operations: the watchdog looks at it. */
export function operationsAt(writer: number): number {
  return OPERATIONS + writer;
}

export function boardAt(writer: number, key: number): number {
  return BOARD + writer * KEYS + key;
}

export function keyOf(key: number): string {
  // Some short, some long, some that share a long beginning.
  return key % 3 === 0 ? `k${key}` : `${'key with a long name/'.repeat(key % 7)}${key}`;
}

export interface Stamp {
  key: number;
  writer: number;
  sequence: number;
}

function sumOf({ key, writer, sequence }: Stamp, length: number): number {
  let sum = 0x9e3779b9;
  for (const word of [key, writer, sequence, length]) {
    sum = Math.imul(sum ^ word, 0x85ebca6b);
    sum ^= sum >>> 13;
  }
  return sum >>> 0;
}

/** The bytes after the head: noise, or something that LZ4 shrinks, depending on the stamp. */
function fill(words: Uint32Array, seed: number): void {
  let state = seed | 1;
  const isNoise = (seed & 1) === 0;
  for (let i = 5; i < words.length; i++) {
    if (isNoise || (i & 15) === 0) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
    }
    words[i] = state;
  }
}

/** A value of at least `bytes`, rounded up to words. */
export function makeValue(stamp: Stamp, bytes: number): Uint8Array {
  const words = new Uint32Array(Math.max(5, (bytes + 3) >> 2));
  const length = words.length * 4;
  const sum = sumOf(stamp, length);
  words.set([stamp.key, stamp.writer, stamp.sequence, length, sum]);
  fill(words, sum);
  return new Uint8Array(words.buffer);
}

/** Whose value it is. Throws when anything in it is wrong. */
export function readStamp(key: number, value: Uint8Array): Stamp {
  const words = new Uint32Array(value.slice().buffer);
  const [wordKey = 0, writer = 0, sequence = 0, length = 0, sum = 0] = words;
  const stamp = { key: wordKey, writer, sequence };
  const what = `value of ${value.length} bytes at key ${key}, ${JSON.stringify(stamp)}`;
  if (value.length < HEAD_BYTES || length !== value.length) throw new Error(`torn: ${what}`);
  if (sum !== sumOf(stamp, length)) throw new Error(`damaged head: ${what}`);
  if (wordKey !== key) throw new Error(`wrong key: ${what}`);
  const expected = new Uint32Array(words.length);
  expected.set(words.subarray(0, 5));
  fill(expected, sum);
  if (Buffer.compare(new Uint8Array(expected.buffer), value) !== 0) {
    throw new Error(`damaged body: ${what}`);
  }
  return stamp;
}
