/**
 * The store as one thread's map of bytes: what src/cache/transfer/transfer.ts does, without its
 * checks.
 */
import assert from 'node:assert/strict';
import { BLOCK_BYTES } from '../../src/generated/facts.ts';
import type { TestZone, ZoneExports } from './zone.ts';

export interface StoreFace {
  /** Puts a key into the scratch. @returns its length */
  key(key: string | Uint8Array): number;
  /** @returns 0 or ERR_… */
  set(
    key: string | Uint8Array,
    value: Uint8Array,
    options?: { raw?: boolean; expiry?: number },
  ): number;
  get(key: string | Uint8Array, now?: number): Uint8Array | undefined;
  has(key: string | Uint8Array, now?: number): boolean;
  remove(key: string | Uint8Array): boolean;
  /** Copies a block of `bytes` out of the output scratch. */
  output(bytes: number): Uint8Array;
  /** All keys, from every bucket. */
  keys(now?: number): string[];
}

const encoder = new TextEncoder();

/** A face for the thread of `kernel`. */
export function storeFace({ bytes }: TestZone, kernel: ZoneExports): StoreFace {
  const [keyAt, inputAt] = [kernel.keyScratch() >>> 0, kernel.inputScratch() >>> 0];
  const outputAt = kernel.outputScratch() >>> 0;
  const output = (n: number): Uint8Array => bytes.slice(outputAt, outputAt + n);
  const key = (text: string | Uint8Array): number => {
    const encoded = typeof text === 'string' ? encoder.encode(text) : text;
    bytes.set(encoded, keyAt);
    return encoded.length;
  };
  const someKeys = (cursor: number, now: number): { found: string[]; next: number } => {
    const found: string[] = [];
    const next = kernel.listKeys(cursor, now, 0);
    const view = new DataView(bytes.buffer, outputAt);
    let at = 0;
    for (let n = view.getUint32(0, true); n !== 0; n = view.getUint32(at, true)) {
      found.push(new TextDecoder().decode(bytes.slice(outputAt + at + 4, outputAt + at + 4 + n)));
      at += 4 + ((n + 3) & ~3);
    }
    return { found, next };
  };
  return {
    key,
    output,
    set(name, value, { raw = false, expiry = 0 } = {}) {
      if (value.length <= BLOCK_BYTES) {
        bytes.set(value, inputAt);
        return kernel.set(key(name), value.length, raw ? 1 : 0, expiry);
      }
      kernel.beginSet(key(name), value.length, expiry);
      for (let from = 0; from < value.length; from += BLOCK_BYTES) {
        const block = value.subarray(from, from + BLOCK_BYTES);
        bytes.set(block, inputAt);
        const failure = kernel.appendSet(block.length, raw ? 1 : 0);
        if (failure !== 0) return failure;
      }
      return kernel.commitSet();
    },
    get(name, now = 0) {
      const length = kernel.get(key(name), now, 1);
      if (length < 0) return undefined;
      const value = new Uint8Array(length);
      for (let from = 0, part = Math.min(length, BLOCK_BYTES); ; part = kernel.getMore()) {
        if (part < 0) throw new Error(`getMore: ${part}`);
        value.set(output(part), from);
        from += part;
        if (from === length) return value;
      }
    },
    has: (name, now = 0) => kernel.has(key(name), now) !== 0,
    remove: (name) => kernel.remove(key(name)) !== 0,
    keys(now = 0) {
      const keys: string[] = [];
      for (let cursor = 0; cursor < 2 ** 32; ) {
        const { found, next } = someKeys(cursor, now);
        keys.push(...found);
        cursor = next;
      }
      return keys;
    },
  };
}

/** Equality of bytes, without the minutes that a difference of long arrays takes to be drawn. */
export function assertBytes(
  actual: Uint8Array | undefined,
  expected: Uint8Array,
  what = 'value',
): void {
  const isEqual = actual !== undefined && Buffer.compare(actual, expected) === 0;
  assert.ok(isEqual, `${what}: ${actual?.length} bytes instead of, or unlike, ${expected.length}`);
}

/** `n` bytes that depend on `seed` and shrink well, or with `isNoise` not at all. */
export function sample(seed: number, n: number, isNoise = false): Uint8Array {
  const value = new Uint8Array(n);
  let state = (seed + 1) * 2654435761;
  for (let i = 0; i < n; i++) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 12345;
    value[i] = isNoise || i % 16 === 0 ? state >>> 24 : seed;
  }
  return value;
}
