/**
 * Codec: the compression that caches use, for bytes of one's own.
 *
 *   const block = lz4.compress(bytes);              // undefined: it would not get smaller
 *   const again = lz4.decompress(block, bytes.length);
 *
 * Each thread has one instance over a small memory of its own, made at the first call; bytes are
 * copied in and out. Nothing of it belongs to an arena, and it may be used without one. Blocks are
 * plain LZ4 blocks, as any LZ4 library reads and writes them: they carry neither the length of what
 * is in them nor a checksum, so that a damaged block may decode to wrong bytes.
 */

import { checkBytes, checkInteger } from './border/arguments.ts';
import { type KernelExports, openKernel } from './border/kernel.ts';
import { copyBytes } from './language/copies.ts';

export interface Codec {
  readonly name: string;
  /** Longest input, in bytes. */
  readonly maxBytes: number;
  /** The bytes as a block, or undefined when that is not shorter. Throws `InvalidArgumentError`. */
  compress(bytes: Uint8Array): Uint8Array | undefined;
  /**
   * The `length` bytes that a block decodes to, or undefined when it is malformed or decodes to
   * more or fewer. Throws `InvalidArgumentError`.
   */
  decompress(block: Uint8Array, length: number): Uint8Array | undefined;
}

/** LZ4's window: what offsets of 16 bits reach. */
const MAX_BYTES = 65536;
/** 64 KiB each: one that stays empty, input, output, table. */
const INPUT = MAX_BYTES;
const OUTPUT: number = 2 * MAX_BYTES;
const TABLE: number = 3 * MAX_BYTES;
/** What the kernel expects of its memory, in units of 64 KiB; only what is touched is taken. */
const MEMORY_64K = 64;

interface Workshop {
  kernel: KernelExports;
  bytes: Uint8Array;
  input: Uint8Array;
}

let workshop: Workshop | undefined;

/** This thread's instance. */
function open(): Workshop {
  if (workshop === undefined) {
    const shape = { initial: MEMORY_64K, maximum: MEMORY_64K, shared: true };
    const memory = new WebAssembly.Memory(shape);
    const bytes = new Uint8Array(memory.buffer);
    const input = bytes.subarray(INPUT, INPUT + MAX_BYTES);
    workshop = { kernel: openKernel(memory), bytes, input };
  }
  return workshop;
}

/** LZ4, as caches use it by default. */
export const lz4: Codec = {
  name: 'lz4',
  maxBytes: MAX_BYTES,
  compress(bytes) {
    const length = checkBytes('bytes', bytes, MAX_BYTES);
    if (length === 0) return undefined;
    const { kernel, bytes: all, input } = open();
    copyBytes(input, bytes, length);
    const size = kernel.compress(INPUT, length, OUTPUT, length - 1, TABLE);
    return size < 0 ? undefined : all.slice(OUTPUT, OUTPUT + size);
  },
  decompress(block, length) {
    checkInteger('length', length, 0, MAX_BYTES);
    const blockBytes = checkBytes('block', block, MAX_BYTES);
    const { kernel, bytes, input } = open();
    copyBytes(input, block, blockBytes);
    const size = kernel.decompress(INPUT, blockBytes, OUTPUT, length);
    return size === length ? bytes.slice(OUTPUT, OUTPUT + size) : undefined;
  },
};
