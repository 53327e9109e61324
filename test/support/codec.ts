/**
 * The kernel's codec for tests: bytes in, bytes out, in a memory that catches strays.
 *
 *   0        GUARD                        TABLE_AT          end of memory
 *   ├ guard ─┼─ one range ─┼─ guard ─ ... ┼ table ┼ ... guard ┼─ the other range ─┤
 *
 * One of the two ranges ends where the memory ends, so that any access beyond it traps; the other
 * lies by turns so low that an address computed below it wraps around, and where the fast loop just
 * begins to be used. Guards on the remaining three sides must come back unchanged, and so must the
 * source.
 */
import assert from 'node:assert/strict';
import { loadTestKernel } from './test-kernel.ts';

export interface CodecExports {
  compress(src: number, n: number, dst: number, cap: number, table: number): number;
  decompress(src: number, n: number, dst: number, cap: number): number;
  hash64(src: number, n: number, seed: bigint): bigint;
  hashKey(src: number, n: number, seed: bigint): bigint;
  checksum(src: number, n: number): number;
}

export interface Codec {
  /** The compressed bytes, or undefined when they do not fit in `cap`. */
  compress(input: Uint8Array, cap: number): Uint8Array | undefined;
  /** The decoded bytes, or undefined when the block is malformed or does not fit in `cap`. */
  decompress(block: Uint8Array, cap: number): Uint8Array | undefined;
  hash64(input: Uint8Array, seed: bigint): bigint;
  hashKey(input: Uint8Array, seed: bigint): bigint;
  checksum(input: Uint8Array): number;
}

const GUARD = 256;
const GUARD_BYTE = 0xa5;
/** Offsets are below this, so from here on the fast loop needs no care. */
const FAST_AT = 65536;
const TABLE_AT = 512 * 1024;
const MEMORY_PAGES = 64;

/** More than any block of `n` bytes can need. */
export function worstSize(n: number): number {
  return n + Math.floor(n / 255) + 16;
}

/** A codec over a memory of its own; `flush` names the range that ends with the memory. */
export function createCodec(flush: 'source' | 'destination'): Codec {
  const { memory, exports } = loadTestKernel<CodecExports>(MEMORY_PAGES);
  const bytes = new Uint8Array(memory.buffer);
  let skew = 0;

  const place = (input: Uint8Array, cap: number): { src: number; dst: number } => {
    skew = (skew + 1) & 15; // the low range takes every alignment in turn
    const low = (skew < 8 ? GUARD : FAST_AT) + (skew & 7);
    const src = flush === 'source' ? bytes.length - input.length : low;
    const dst = flush === 'source' ? low : bytes.length - cap;
    bytes.fill(GUARD_BYTE, src - GUARD, src + input.length + GUARD);
    bytes.fill(GUARD_BYTE, dst - GUARD, dst + cap + GUARD);
    bytes.set(input, src);
    return { src, dst };
  };

  const take = (input: Uint8Array, src: number, dst: number, cap: number, result: number) => {
    assert.ok(result >= -1 && result <= cap, `result ${result} for cap ${cap}`);
    assert.ok(isSame(bytes.subarray(src, src + input.length), input), 'source was changed');
    const guards = [src - GUARD, src + input.length, dst - GUARD, dst + cap];
    for (const at of guards) {
      const guard = bytes.subarray(at, at + GUARD);
      assert.ok(
        guard.every((byte) => byte === GUARD_BYTE),
        `guard at ${at} was changed`,
      );
    }
    return result < 0 ? undefined : bytes.slice(dst, dst + result);
  };

  return {
    compress(input, cap) {
      const { src, dst } = place(input, cap);
      const result = exports.compress(src, input.length, dst, cap, TABLE_AT);
      return take(input, src, dst, cap, result);
    },
    decompress(block, cap) {
      const { src, dst } = place(block, cap);
      return take(block, src, dst, cap, exports.decompress(src, block.length, dst, cap));
    },
    hash64(input, seed) {
      const { src } = place(input, 0);
      return BigInt.asUintN(64, exports.hash64(src, input.length, seed));
    },
    hashKey(input, seed) {
      const { src } = place(input, 0);
      return BigInt.asUintN(64, exports.hashKey(src, input.length, seed));
    },
    checksum(input) {
      const { src } = place(input, 0);
      return exports.checksum(src, input.length) >>> 0;
    },
  };
}

/** Whether two arrays hold the same bytes. */
export function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}
