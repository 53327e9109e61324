/** Brands: of any realm, and of no impostor. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import {
  isArrayBuffer,
  isBytes,
  isMemory,
  isOutOfBounds,
  isRevoked,
  isShared,
  lengthOf,
} from './brands.ts';

const wasm = { initial: 1, maximum: 1, shared: true };
const memorySource = 'new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true })';

test('a kind is known by its brand, whatever realm it is of', () => {
  for (const bytes of [new Uint8Array(3), Buffer.alloc(3), runInNewContext('new Uint8Array(3)')]) {
    assert.ok(isBytes(bytes));
    assert.equal(lengthOf(bytes), 3);
  }
  for (const memory of [new WebAssembly.Memory(wasm), runInNewContext(memorySource)]) {
    assert.ok(isMemory(memory));
    assert.ok(isShared(memory.buffer));
  }
  for (const buffer of [new ArrayBuffer(1), runInNewContext('new ArrayBuffer(1)')]) {
    assert.ok(isArrayBuffer(buffer));
  }
  assert.ok(!isArrayBuffer(new SharedArrayBuffer(1)) && !isArrayBuffer(new Uint8Array(1)));
  assert.ok(!isShared(new ArrayBuffer(1)) && !isShared(runInNewContext('new ArrayBuffer(1)')));
});

test('what only looks like bytes, a buffer or a view is none', () => {
  const impostors = (prototype: object, real: object): unknown[] => [
    Object.create(prototype),
    Object.setPrototypeOf({}, prototype),
    new Proxy(real, {}),
    { [Symbol.toStringTag]: 'Uint8Array' },
    undefined,
    null,
    5,
    'text',
  ];
  const { prototype } = Uint8Array;
  for (const impostor of impostors(prototype, new Uint8Array(1))) assert.ok(!isBytes(impostor));
  const ofMemory = impostors(WebAssembly.Memory.prototype, new WebAssembly.Memory(wasm));
  for (const impostor of ofMemory) assert.ok(!isMemory(impostor));
  for (const impostor of impostors(SharedArrayBuffer.prototype, new SharedArrayBuffer(1))) {
    assert.ok(!isShared(impostor));
  }
});

test('a view that was detached, or cut off, is told from an empty one', () => {
  const buffer = new ArrayBuffer(8, { maxByteLength: 16 });
  const cut = new Uint8Array(buffer, 4, 4);
  assert.ok(!isOutOfBounds(cut) && !isOutOfBounds(new Uint8Array(0)));
  buffer.resize(5);
  assert.ok(isOutOfBounds(cut));
  assert.equal(lengthOf(cut), 0);
  const sent = new Uint8Array(8);
  structuredClone(sent, { transfer: [sent.buffer] });
  assert.ok(isOutOfBounds(sent));
  const { proxy, revoke } = Proxy.revocable({}, {});
  assert.ok(!isRevoked(proxy) && !isRevoked({}) && !isRevoked(undefined));
  revoke();
  assert.ok(isRevoked(proxy));
});
