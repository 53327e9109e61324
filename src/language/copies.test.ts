/** Copies: every length, wherever it begins, by nobody's code, and not beyond the room there is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lengthOf } from './brands.ts';
import { copyBytes, copyOut, placeBytes } from './copies.ts';

const ROOM = 80_000;
const LENGTHS = [0, 1, 255, 256, 257, 4096, 16_383, 16_384, 16_385, 65_536, 65_537];
const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
const shared = new Uint8Array(memory.buffer);

/** Bytes of which each differs from its neighbours. */
function pattern(bytes: Uint8Array, seed: number): Uint8Array {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + (i >> 8) + seed) & 0xff;
  return bytes;
}

/** Every length at every place of a word, of a Uint8Array and of a Buffer. */
function* parts(): Generator<Uint8Array> {
  for (const around of [new Uint8Array(ROOM), Buffer.alloc(ROOM)]) {
    for (const length of LENGTHS) {
      for (let at = 0; at < 8; at++) yield around.subarray(at, at + length);
    }
  }
}

/** Asserts that these bytes, and no byte beside them, have been written. */
function assertOnly(all: Uint8Array, at: number, expected: Uint8Array): void {
  assert.equal(Buffer.compare(all.subarray(at, at + expected.length), expected), 0);
  assert.equal(all[at - 1], 0);
  assert.equal(all[at + expected.length], 0);
}

test('bytes come into shared memory, whole and beside nothing', () => {
  for (const part of parts()) {
    for (const copy of [
      () => copyBytes(shared.subarray(64, 64 + part.length), part, part.length),
      () => placeBytes(shared, 64, part),
    ]) {
      shared.fill(0);
      pattern(part, part.length);
      copy();
      assertOnly(shared, 64, part);
    }
  }
});

test('bytes come out of shared memory, whole and beside nothing', () => {
  for (const part of parts()) {
    const around = new Uint8Array(part.buffer).fill(0);
    const source = pattern(shared.subarray(64, 64 + part.length), 3);
    copyOut(new Uint8Array(part.buffer, 0, ROOM), part.byteOffset + 16, source);
    assertOnly(around, part.byteOffset + 16, source);
  }
});

/** An array that says of itself what is not so, and takes its own memory away when it is asked. */
class Liar extends Uint8Array {
  override get byteLength(): number {
    throw new Error('asked');
  }

  override set(): void {
    throw new Error('asked');
  }
}

test('nobody is asked whose array it is', () => {
  const own = pattern(new Uint8Array(32_768), 5);
  Object.defineProperty(own, 'byteLength', { get: () => assert.fail('asked') });
  for (const source of [own, new Liar(own)]) {
    copyBytes(shared.subarray(0, 32_768), source, 32_768);
    assert.equal(Buffer.compare(shared.subarray(0, 32_768), pattern(new Uint8Array(32_768), 5)), 0);
    source.fill(0);
    copyOut(source, 0, shared.subarray(0, 32_768));
    for (let i = 0; i < 32_768; i++) assert.equal(source[i], shared[i]);
  }
});

for (const unit of [1, 8192]) {
  test(`what grew after ${unit * 4} bytes were counted is copied so far, and no further`, () => {
    const around = new Uint8Array(16 * unit).fill(9);
    const target = around.subarray(4 * unit, 12 * unit);
    const buffer = new SharedArrayBuffer(4 * unit, { maxByteLength: 64 * unit });
    const source = new Uint8Array(buffer).fill(1);
    const counted = lengthOf(source);
    for (const length of [6 * unit, 64 * unit]) {
      buffer.grow(length);
      source.fill(length & 0x7f || 7);
      copyBytes(target, source, counted);
      assert.deepEqual(target.subarray(0, counted), new Uint8Array(source).subarray(0, counted));
    }
    assert.ok(around.subarray(0, 4 * unit).every((byte) => byte === 9));
    assert.ok(around.subarray(12 * unit).every((byte) => byte === 9));
  });
}
