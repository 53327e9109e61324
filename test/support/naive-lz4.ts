/**
 * The oracle of the codec: LZ4 blocks decoded one byte at a time, straight from the format.
 *
 * A block is malformed when a length, the literals or an offset are cut off, when an offset is 0 or
 * reaches before the first byte, when more than `cap` bytes come out, and when it does not end
 * with literals. Nothing here is fast, and nothing is shared with the kernel.
 */

export interface Decoded {
  readonly bytes: Uint8Array;
  /** Where the last match starts and ends in the output; -1 without one. */
  readonly lastStart: number;
  readonly lastEnd: number;
}

/** Decodes `block`; undefined when it is malformed or needs more than `cap` bytes. */
export function naiveDecode(block: Uint8Array, cap: number): Decoded | undefined {
  const out = new Uint8Array(cap);
  let at = 0;
  let size = 0;
  let lastStart = -1;
  let lastEnd = -1;
  const count = (nibble: number): number => {
    let sum = nibble;
    if (nibble < 15) return sum;
    while (at < block.length) {
      const byte = block[at++]!;
      sum += byte;
      if (byte < 255) return sum;
    }
    return Number.POSITIVE_INFINITY;
  };
  while (at < block.length) {
    const token = block[at++]!;
    const literals = count(token >> 4);
    if (at + literals > block.length || size + literals > cap) return undefined;
    for (let index = 0; index < literals; index++) out[size++] = block[at++]!;
    if (at === block.length) return { bytes: out.subarray(0, size), lastStart, lastEnd };
    if (at + 2 > block.length) return undefined;
    const offset = block[at]! + 256 * block[at + 1]!;
    at += 2;
    const length = 4 + count(token & 15);
    if (offset === 0 || offset > size || size + length > cap) return undefined;
    lastStart = size;
    for (let index = 0; index < length; index++, size++) out[size] = out[size - offset]!;
    lastEnd = size;
  }
  return undefined;
}
