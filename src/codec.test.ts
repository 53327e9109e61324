/** The public codec: what goes in comes out, what is damaged or misused is told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidArgumentError, lz4 } from './index.ts';

const text = new TextEncoder().encode('what is said three times is true, '.repeat(30));

test('bytes come back from a block, which is shorter', () => {
  const block = lz4.compress(text);
  assert.ok(block && block.length < text.length / 5);
  assert.deepEqual(lz4.decompress(block, text.length), text);
});

test('the longest input comes back, one byte more is refused', () => {
  const zeros = new Uint8Array(lz4.maxBytes);
  const block = lz4.compress(zeros);
  assert.ok(block);
  assert.deepEqual(lz4.decompress(block, zeros.length), zeros);
  assert.throws(() => lz4.compress(new Uint8Array(lz4.maxBytes + 1)), InvalidArgumentError);
});

test('what does not get shorter has no block', () => {
  assert.equal(lz4.compress(new Uint8Array(0)), undefined);
  assert.equal(lz4.compress(Uint8Array.of(1, 2, 3)), undefined);
  assert.equal(lz4.compress(crypto.getRandomValues(new Uint8Array(60_000))), undefined);
});

test('a malformed block and a wrong length give undefined', () => {
  const block = lz4.compress(text)!;
  assert.equal(lz4.decompress(block.subarray(1), text.length), undefined);
  assert.equal(lz4.decompress(block, text.length - 1), undefined);
  assert.equal(lz4.decompress(block, text.length + 1), undefined);
  assert.equal(lz4.decompress(new Uint8Array(0), 0), undefined);
});

test('results are copies: the next call leaves them alone', () => {
  const block = lz4.compress(text)!;
  const kept = block.slice();
  lz4.compress(text.subarray(7));
  assert.deepEqual(block, kept);
});

test('arguments of the wrong kind are refused', () => {
  assert.throws(() => lz4.compress('text' as unknown as Uint8Array), InvalidArgumentError);
  assert.throws(() => lz4.decompress(text, -1), InvalidArgumentError);
  assert.throws(() => lz4.decompress(text, 65537), InvalidArgumentError);
  assert.throws(() => lz4.decompress(text, 0.5), InvalidArgumentError);
});
