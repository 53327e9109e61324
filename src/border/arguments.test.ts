/**
 * Arguments: what is misspelt or of another kind is told, with what was seen and what was meant.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidArgumentError } from '../errors.ts';
import { show } from '../language/show.ts';
import { checkBytes, checkOptions } from './arguments.ts';

const known = ['maxSize', 'values', 'ttl', 'maxEntrySize', 'compression'];

function refusal(options: unknown): string {
  try {
    checkOptions(options as object, known);
  } catch (error) {
    assert.ok(error instanceof InvalidArgumentError);
    return error.message;
  }
  return assert.fail('it was accepted');
}

test('an unknown option names the nearest known one', () => {
  const meant: Record<string, string> = {
    maxEntries: 'maxEntrySize',
    max: 'maxSize',
    ttlMs: 'ttl',
    TTL: 'ttl',
    compress: 'compression',
    value: 'values',
  };
  for (const [name, other] of Object.entries(meant)) {
    assert.ok(refusal({ [name]: 1 }).endsWith(`; did you mean ${other}?`), refusal({ [name]: 1 }));
  }
  const all = 'options must be an object of { maxSize, values, ttl, maxEntrySize, compression }';
  assert.equal(refusal({ ttlMs: 5 }), `${all}; seen: "ttlMs"; did you mean ttl?`);
});

test('an unknown option that is near to none names none', () => {
  for (const name of ['foo', 'x', 'staleFor', 'signal', 'size', 'x'.repeat(10_000)]) {
    assert.doesNotMatch(refusal({ [name]: 1 }), /did you mean/);
  }
  assert.match(refusal({ foo: 1 }), /compression \}; seen: "foo"$/);
});

test('a list is refused as one, not for the fields that it has', () => {
  const lists: [unknown, string][] = [
    [new Uint8Array(3), '3 bytes'],
    [Buffer.from('text'), '4 bytes'],
    [new Float64Array(2), 'a Float64Array'],
    [['ttl', 5], 'an Array'],
  ];
  for (const [list, seen] of lists) assert.ok(refusal(list).endsWith(`; seen: ${seen}`), seen);
});

test('options are an object that was meant as one', () => {
  for (const wrong of [
    null,
    5,
    'text',
    () => 1,
    [],
    [5],
    new Map(),
    new Date(),
    Promise.resolve(),
  ]) {
    assert.match(refusal(wrong), /^options must be an object of \{ maxSize, /);
  }
  class Settings {
    ttl = 5;
  }
  const inherited = Object.create({ ttl: 5 });
  for (const right of [{}, { ttl: 5 }, Object.create(null), inherited, new Settings()]) {
    assert.equal(checkOptions(right, known), right);
  }
  assert.ok(checkOptions({ ttlMs: undefined }, known), 'undefined counts as left out');
});

test('bytes are attached ones', () => {
  assert.equal(checkBytes('bytes', new Uint8Array(3), 3), 3);
  assert.equal(checkBytes('bytes', new Uint8Array(0), 3), 0);
  const sent = new Uint8Array(3);
  structuredClone(sent, { transfer: [sent.buffer] });
  assert.throws(() => checkBytes('bytes', sent, 3), /seen: a detached Uint8Array$/);
  assert.throws(() => checkBytes('bytes', new Uint8Array(4), 3), /up to 3 bytes; seen: 4 bytes$/);
});

test('what was seen is shown as it is, with its article', () => {
  class Zone {}
  const shown: [unknown, string][] = [
    [1n, '1n'],
    [-(2n ** 64n), '-18446744073709551616n'],
    [1n << 5000n, 'a long bigint'],
    [1, '1'],
    [-0, '-0'],
    [null, 'null'],
    [Symbol('a'), 'Symbol(a)'],
    [() => 1, 'a function'],
    ['a"b', '"a\\"b"'],
    ['x'.repeat(41), 'a string of 41 characters'],
    [new Map(), 'a Map'],
    [new Error('text'), 'an Error'],
    [[], 'an Array'],
    [new Zone(), 'a Zone'],
    [new Uint8Array(7), '7 bytes'],
    [new Uint16Array(7), 'a Uint16Array'],
    [Object.create(null), 'an object'],
    [{ constructor: { name: '' } }, 'an object'],
    [new URL('file:///'), 'a URL'],
  ];
  for (const [seen, text] of shown) assert.equal(show(seen), text);
});
