/** Values: each kind is its own inverse, and refuses what it cannot express. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { InvalidArgumentError, SharedCache } from '../../index.ts';
import { decodeText, type ValueCodec, type ValueKind, valueCodec } from './values.ts';

function roundTrip<T>(kind: ValueKind, value: T): T {
  const codec = valueCodec<T>(kind);
  return codec.deserialize(Uint8Array.from(codec.serialize(value)));
}

test('bytes come back as they were', () => {
  fc.assert(fc.property(fc.uint8Array(), (b) => assert.deepEqual(roundTrip('bytes', b), b)));
});

test('well-formed text comes back as it was, byte order marks and NULs included', () => {
  for (const text of ['', '\0', '\ufeffmark', 'ü', '😀', 'a\0b']) {
    assert.equal(roundTrip('string', text), text);
  }
  const texts = fc.string({ unit: 'grapheme' });
  fc.assert(fc.property(texts, (text) => assert.equal(roundTrip('string', text), text)));
});

test('what JSON can express comes back as JSON has it', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      assert.deepEqual(roundTrip('json', value), JSON.parse(JSON.stringify(value)));
    }),
  );
  assert.equal(roundTrip('json', '\ud800'), '\ud800', 'escaped, so nothing is lost');
});

test('the wrong kind of value is a typed error', () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const wrong: [ValueKind, unknown[]][] = [
    ['bytes', [undefined, null, 'text', [1, 2], new ArrayBuffer(2), new Uint16Array(1), 1]],
    ['string', [undefined, null, 1, Buffer.from('text'), Object('text'), 'a\ud800', '\udc00b']],
    ['json', [undefined, () => 1, Symbol('s'), 5n, cycle]],
  ];
  for (const [kind, values] of wrong) {
    for (const value of values) {
      assert.throws(() => valueCodec(kind).serialize(value), InvalidArgumentError, kind);
    }
  }
});

test('what JSON would make an empty object of is refused, and of no other', () => {
  const json = valueCodec<unknown>('json');
  const foreign = runInNewContext('[new Map([[1, 2]]), Promise.resolve(1)]') as unknown[];
  const lost = [new Map([[1, 2]]), new Set([1]), new Error('text'), /text/, ...foreign];
  for (const value of [...lost, Promise.resolve(1)]) {
    assert.throws(
      () => json.serialize(value),
      /^InvalidArgumentError: value must be something that JSON can express; seen: an? \w+; /,
    );
  }
  assert.throws(() => json.serialize(Promise.resolve(1)), /seen: a Promise; await it first$/);
  class Empty {}
  const kept = [{}, new Empty(), { a: undefined }, Object.assign(new Error(), { code: 5 })];
  for (const value of kept) json.serialize(value);
  assert.equal(decodeText(json.serialize(Object.assign(new Map(), { toJSON: () => [1] }))), '[1]');
});

test('a value of another kind is told which cache takes it', () => {
  const told: [ValueKind, unknown, RegExp][] = [
    ['bytes', 'text', /; a cache made with values: 'string' takes it$/],
    ['bytes', { a: 1 }, /seen: an Object; a cache made with values: 'json' takes it$/],
    ['string', 5, /seen: 5; a cache made with values: 'json' takes it$/],
    ['string', Promise.resolve('text'), /seen: a Promise; await it first$/],
    ['bytes', undefined, /seen: undefined$/],
    ['bytes', () => 1, /seen: a function$/],
    ['bytes', new Map(), /; a cache made with values: structuredCloneCodec\(\) takes it$/],
    ['string', 5n, /; a cache made with values: structuredCloneCodec\(\) takes it$/],
    ['bytes', new ArrayBuffer(8), /; new Uint8Array\(buffer\) are its bytes$/],
    ['bytes', new SharedArrayBuffer(8), /; new Uint8Array\(buffer\) are its bytes$/],
    [
      'bytes',
      new DataView(new ArrayBuffer(8)),
      /; new Uint8Array\(view\.buffer, view\.byteOffset, /,
    ],
    ['bytes', new Uint16Array(8), /; new Uint8Array\(view\.buffer, view\.byteOffset, /],
    [
      'bytes',
      Object.create(Uint8Array.prototype),
      /; seen: an object with Uint8Array's prototype$/,
    ],
    ['bytes', new Proxy(new Uint8Array(8), {}), /; seen: an object with Uint8Array's prototype$/],
    ['string', new Uint8Array(8), /; a cache made with values: 'bytes' takes bytes$/],
    ['string', new ArrayBuffer(8), /; a cache made with values: 'bytes' takes bytes$/],
  ];
  for (const [kind, value, message] of told) {
    assert.throws(() => valueCodec(kind).serialize(value), message);
  }
});

test('what JSON refuses, or a toJSON throws, is the cause', () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const own = new TypeError('of my own getter');
  const throwing = {
    get field() {
      throw own;
    },
  };
  const causes: [unknown, RegExp][] = [
    [cycle, /^value must be something that JSON can express; seen: an Object; Converting circular/],
    [{ count: 1n }, /; seen: an Object; .*BigInt/],
    [throwing, /; seen: an Object; of my own getter$/],
  ];
  for (const [value, message] of causes) {
    assert.throws(
      () => valueCodec('json').serialize(value),
      (error: unknown) => {
        assert.ok(error instanceof InvalidArgumentError && error.cause instanceof TypeError);
        return message.test(error.message);
      },
    );
  }
  assert.throws(
    () => valueCodec('json').serialize(throwing),
    (error: unknown) => error instanceof InvalidArgumentError && error.cause === own,
  );
});

test("an error out of a value's own toJSON is not hidden", () => {
  const value = {
    toJSON() {
      throw new RangeError('mine');
    },
  };
  assert.throws(() => valueCodec('json').serialize(value), /mine/);
});

test('a codec of one’s own is taken as it is; anything else is no kind', () => {
  const own: ValueCodec<number> = {
    serialize: (value) => Uint8Array.of(value),
    deserialize: (bytes) => bytes[0]!,
  };
  assert.equal(valueCodec(own), own);
  const wrong = ['text', 'toString', '', null, undefined, {}, { serialize: own.serialize }, 5];
  for (const kind of wrong) {
    assert.throws(() => valueCodec(kind as ValueKind), /'bytes', 'string', 'json' or/);
  }
  const uncalled = (() => own) as unknown as ValueCodec<number>;
  assert.throws(() => valueCodec(uncalled), /seen: a function; call it, if it makes one$/);
});

test('a codec that gives no bytes is named, and not the value', async () => {
  const values = { serialize: (text: string) => text as never, deserialize: String };
  using cache = new SharedCache<string>({ maxSize: '4MiB', values });
  const refused = /^InvalidArgumentError: serialize's result must be a Uint8Array; seen: "text"/;
  assert.throws(() => cache.set('key', 'text'), refused);
  assert.throws(() => cache.update('key', () => 'text'), refused);
  assert.throws(() => cache.getOrSetSync('key', () => 'text'), refused);
  await assert.rejects(
    cache.getOrSet('key', () => 'text'),
    refused,
  );
  assert.equal(cache.size, 0);
});
