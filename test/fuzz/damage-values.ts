/** What the two halves of damage.ts share. */
import type { SharedCacheHandle } from '../../src/index.ts';

export interface DamageData {
  handle: SharedCacheHandle;
  /** Word 0: which flip is under way, 1-based from `first`. */
  progress: Int32Array<SharedArrayBuffer>;
  /** Bits, counted from the start of the memory. */
  bits: number[];
  /** Of the cache that is damaged. */
  keys: number;
}

/** What came of a flip, if it was not as it should be. */
export interface Finding {
  bit: number;
  what: 'untyped' | 'wrong value' | 'silently missing';
  detail: string;
}

/** Of a cache of which some bits are flipped, and of one so small that all may be. */
export const KEYS = 300;
export const FEW_KEYS = 24;

/** Values of 1 to 3,000 bytes, of a small cache 60; some do not compress, some are long. */
export function makeValue(i: number, keys: number): Uint8Array {
  const isSmall = keys === FEW_KEYS;
  // The long one of a small cache is two blocks that compress.
  const [long, bytes, most] = isSmall ? [9, 4200, 60] : [7, 9000, 3000];
  const length = i % 50 === long ? bytes : 1 + ((i * 37) % most);
  const value = new Uint8Array(length);
  for (let at = 0, word = i + 1; at < length; at++) {
    word = (Math.imul(word, 1103515245) + 12345) >>> 0;
    value[at] = i % 3 === 0 ? at >> 4 : word >>> 24;
  }
  return value;
}
