/** Frames: what was made is read, and nothing else is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BLOCK_BYTES } from '../generated/facts.ts';
import { FRAME_KINDS, FrameMaker, HEAD_BYTES, isSameValue } from './frame.ts';
import { bytesOf } from './frame-memory.ts';

/** A block of so many stored bytes; what is in it does not matter here. */
function block(bytes: number): Buffer {
  const stored = Buffer.alloc(8 + bytes, 'x');
  stored.writeUInt32LE((bytes | 0x8000_0000) >>> 0, 0);
  return stored;
}

test('a frame gives back its head and its blocks', () => {
  const maker = new FrameMaker('json');
  for (const lengths of [[0], [5], [BLOCK_BYTES, 1], [BLOCK_BYTES, BLOCK_BYTES]]) {
    const valueBytes = lengths.reduce((sum, length) => sum + length);
    const blocks = lengths.map(block);
    const frame = maker.read(bytesOf(maker.make(blocks, valueBytes, 1234.5)!))!;
    assert.equal(frame.expiry, 1234.5);
    assert.equal(frame.valueBytes, valueBytes);
    const read = frame.blocks;
    assert.deepEqual(
      read.map(({ stored }) => Buffer.from(stored)),
      blocks,
    );
    assert.deepEqual(
      read.map(({ valueBytes: bytes }) => bytes),
      lengths,
    );
  }
});

test('a head is laid out as frame.ts says', () => {
  const frame = Buffer.from(bytesOf(new FrameMaker('json').make([block(5)], 3_000_000_000, 1e12)!));
  assert.equal(frame.toString('latin1', 0, 4), 'pgls');
  assert.deepEqual(
    [frame[4], frame[5], frame.readUInt16LE(6)],
    [2, FRAME_KINDS.indexOf('json'), 0],
  );
  assert.equal(frame.readDoubleLE(8), 1e12);
  assert.equal(frame.readUInt32LE(24), 3_000_000_000);
  let sum = 0x811c9dc5;
  for (let at = 0; at < 28; at += 4) sum = Math.imul(sum ^ frame.readInt32LE(at), 0x01000193);
  assert.equal(frame.readInt32LE(28), sum);
  assert.deepEqual(frame.subarray(HEAD_BYTES), block(5));
});

test('two writes of one value differ, and are the same value', () => {
  const maker = new FrameMaker('bytes');
  const frames = [1, 2].map((expiry) => bytesOf(maker.make([block(9)], 9, expiry)!));
  assert.notDeepEqual(frames[0], frames[1]);
  assert.ok(isSameValue(frames[0]!, frames[1]!));
  assert.ok(!isSameValue(frames[0]!, bytesOf(maker.make([block(8)], 8, 1)!)));
});

test('whatever else there may be is no frame', () => {
  const maker = new FrameMaker('bytes');
  const frame = bytesOf(maker.make([block(100)], 100, 7)!);
  assert.ok(maker.read(frame));
  for (let bit = 0; bit < HEAD_BYTES * 8; bit++) {
    const damaged = Buffer.from(frame);
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    assert.equal(maker.read(damaged), undefined, `bit ${bit}`);
  }
  for (let length = 0; length < frame.length; length++) {
    assert.equal(maker.read(frame.subarray(0, length)), undefined, `${length} bytes`);
  }
  for (const other of [
    Buffer.concat([frame, Buffer.alloc(8)]),
    Buffer.from('{"name":"Ada","text":"a value that somebody else has put here"}'),
    bytesOf(maker.make([block(100), block(1)], 100, 7)!),
    bytesOf(maker.make([block(100)], BLOCK_BYTES + 1, 7)!),
    bytesOf(maker.make([block(BLOCK_BYTES + 1)], BLOCK_BYTES, 7)!),
    bytesOf(maker.make([block(1)], 1, -1)!),
    bytesOf(maker.make([block(1)], 1, Number.NaN)!),
  ]) {
    assert.equal(maker.read(other), undefined);
  }
  for (const kind of FRAME_KINDS.slice(1)) {
    assert.equal(new FrameMaker(kind).read(frame), undefined, kind);
  }
});

test('no frame is longer than a tier takes', () => {
  const parts = Array.from({ length: 1025 }, () => block(BLOCK_BYTES));
  assert.equal(new FrameMaker('bytes').make(parts, 1025 * BLOCK_BYTES, 0), undefined);
});
