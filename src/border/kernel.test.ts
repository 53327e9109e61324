/** The border: every export is there for every zone, guarded, on objects of one shape. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import * as facts from '../generated/facts.ts';
import { kernelModule, openKernel } from './kernel.ts';

function memoryOf(pages: number): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

const [one, other] = [0, 1].map((i) => {
  const kernel = openKernel(memoryOf(facts.MIN_WASM_PAGES * (1 + i)));
  assert.equal(kernel.format(1 + i, 2, 3, 4), 0);
  return kernel;
}) as [ReturnType<typeof openKernel>, ReturnType<typeof openKernel>];

test('every export of the module is a function of the object, often called or rarely', () => {
  for (const { name } of WebAssembly.Module.exports(kernelModule())) {
    assert.equal(typeof one[name as keyof typeof one], 'function', name);
  }
});

test('exports that share a wrapper go to the zone of their object', () => {
  assert.equal(one.zoneIdLo(), 1);
  assert.equal(other.zoneIdLo(), 2);
  assert.equal(other.pageCount(), 2 * one.pageCount());
});

test('objects of several zones have one shape, a fast one', () => {
  setFlagsFromString('--allow-natives-syntax');
  const isAlike = new Function('a', 'b', 'return %HaveSameMap(a, b) && %HasFastProperties(a)');
  assert.equal(isAlike(one, other), true);
  assert.equal(isAlike(one, Object.assign(openKernel(memoryOf(64)), { more: 1 })), false);
});
