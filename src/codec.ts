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

import { checkInteger, type KernelExports, openKernel } from './border/kernel.ts';
import { InvalidArgumentError } from './errors.ts';

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
}

let workshop: Workshop | undefined;

/** This thread's instance, with the input in its place. */
function enter(name: string, input: Uint8Array): Workshop {
  if (!(input instanceof Uint8Array) || input.length > MAX_BYTES) {
    throw new InvalidArgumentError(name, `a Uint8Array of up to ${MAX_BYTES} bytes`, input);
  }
  if (workshop === undefined) {
    const shape = { initial: MEMORY_64K, maximum: MEMORY_64K, shared: true };
    const memory = new WebAssembly.Memory(shape);
    workshop = { kernel: openKernel(memory), bytes: new Uint8Array(memory.buffer) };
  }
  workshop.bytes.set(input, INPUT);
  return workshop;
}

/** LZ4, as caches use it by default. */
export const lz4: Codec = {
  name: 'lz4',
  maxBytes: MAX_BYTES,
  compress(input) {
    const { kernel, bytes } = enter('bytes', input);
    if (input.length === 0) return undefined;
    const size = kernel.compress(INPUT, input.length, OUTPUT, input.length - 1, TABLE);
    return size < 0 ? undefined : bytes.slice(OUTPUT, OUTPUT + size);
  },
  decompress(block, length) {
    checkInteger('length', length, 0, MAX_BYTES);
    const { kernel, bytes } = enter('block', block);
    const size = kernel.decompress(INPUT, block.length, OUTPUT, length);
    return size === length ? bytes.slice(OUTPUT, OUTPUT + size) : undefined;
  },
};
