/**
 * Numbers and bytes that are the same in every run, for what has only to be scattered. A test that
 * searches draws from `seeded.ts`, which says how it is replayed.
 */

/** @returns numbers below `below`, by xorshift. @param seed  not 0 */
export function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Bytes that LZ4 cannot shrink. @param seed  not 0 */
export function noise(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const next = numbersFrom(seed);
  return Uint8Array.from({ length }, () => next(256));
}
