/** Inflate, beside zlib: it undoes what zlib does, and refuses what is damaged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constants, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { kernelWasm } from '../generated/kernel-wasm.ts';
import { unpack } from './embedded.ts';
import { inflate } from './inflate.ts';

const strategies = [
  constants.Z_DEFAULT_STRATEGY,
  constants.Z_FILTERED,
  constants.Z_HUFFMAN_ONLY,
  constants.Z_RLE,
  constants.Z_FIXED,
];

/** Bytes with repeats near and far. */
const bytes = fc
  .array(fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 400 })), {
    maxLength: 20,
  })
  .map((parts) => Buffer.concat(parts.flatMap(([part, times]) => Array(times).fill(part))));

test('it undoes what zlib does, at every level and with every strategy', () => {
  fc.assert(
    fc.property(
      bytes,
      fc.integer({ min: 0, max: 9 }),
      fc.constantFrom(...strategies),
      (...given) => {
        const [original, level, strategy] = given;
        const packed = deflateRawSync(original, { level, strategy });
        assert.deepEqual(Buffer.from(inflate(packed, original.length)), original);
      },
    ),
    { numRuns: 300 },
  );
});

test('damaged input ends in a RangeError or in other bytes, and never hangs', () => {
  const original = Buffer.from('the quick brown fox jumps over the lazy dog. '.repeat(40));
  const packed = deflateRawSync(original);
  for (let bit = 0; bit < packed.length * 8; bit++) {
    const damaged = Buffer.from(packed);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    try {
      assert.equal(inflate(damaged, original.length).length, original.length);
    } catch (error) {
      assert.ok(error instanceof RangeError, `${error}`);
    }
  }
  for (let end = 0; end < packed.length; end++) {
    assert.throws(() => inflate(packed.subarray(0, end), original.length), RangeError);
  }
  for (const wrong of [original.length - 1, original.length + 1]) {
    assert.throws(() => inflate(packed, wrong), RangeError);
  }
});

test('the kernel unpacks to the same module with and without zlib', () => {
  const withZlib = unpack(kernelWasm);
  assert.equal(withZlib.length, kernelWasm.bytes);
  const packed = Buffer.from(kernelWasm.base64, 'base64');
  assert.deepEqual(inflate(packed, kernelWasm.bytes), withZlib);
});
