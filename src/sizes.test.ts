/** Sizes: what is understood, what is refused, and how they are shown. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidArgumentError } from './errors.ts';
import { formatSize, parseSize } from './sizes.ts';

test('a size is a number of bytes or a number with a unit', () => {
  const known: [unknown, number][] = [
    [1, 1],
    [4096.9, 4096],
    ['268435456', 268435456],
    ['256MiB', 2 ** 28],
    ['256 mib', 2 ** 28],
    [' 64 MB ', 64e6],
    ['1.5GiB', 1.5 * 2 ** 30],
    ['8kb', 8000],
    ['8KiB', 8192],
    ['12b', 12],
  ];
  for (const [text, bytes] of known) assert.equal(parseSize('size', text), bytes, `${text}`);
});

test('anything else is refused with what was seen and what is expected', () => {
  const wrong = ['', 'MiB', '12 parsecs', '1.2.3MiB', '-5', '1e3', '0', '12 constructor', '٣'];
  const others = [0, -1, Number.NaN, Number.POSITIVE_INFINITY, null, undefined, {}, [], true, 5n];
  for (const seen of [...wrong, ...others, '0.5', 0.5]) {
    assert.throws(
      () => parseSize('maxSize', seen),
      (error: unknown) =>
        error instanceof InvalidArgumentError &&
        error.code === 'ERR_PAGELESS_INVALID_ARGUMENT' &&
        /^maxSize must be a number of bytes or .*; seen: /.test(error.message),
      String(seen),
    );
  }
});

test('sizes are shown with the largest unit that leaves a digit before the point', () => {
  assert.equal(formatSize(0), '0 B');
  assert.equal(formatSize(1023), '1023 B');
  assert.equal(formatSize(1536), '1.50 KiB');
  assert.equal(formatSize(2 ** 28), '256.0 MiB');
  assert.equal(formatSize(2 ** 42), '4096.0 GiB');
});
