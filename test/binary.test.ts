/**
 * The compiled kernel: what may be in it, and above all what may not.
 *
 * Every thread instantiates the module over memory that others are using, so instantiation must
 * write nothing: no data segments, no start function. No table either: there are no references to
 * functions, and a table would be one more thing that differs from thread to thread.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import binaryen from 'binaryen';
import { type Embedded, unpack } from '../src/border/embedded.ts';
import { kernelWasm } from '../src/generated/kernel-wasm.ts';
import { observerWasm } from '../src/generated/observer-wasm.ts';

const read = (path: string): Buffer => readFileSync(new URL(`../${path}`, import.meta.url));
const release = read('build/kernel/release.wasm');
const embedded = Buffer.from(unpack(kernelWasm));

const SECTION = { custom: 0, imports: 2, table: 4, exports: 7, start: 8, element: 9, code: 10 };
const DATA_SECTIONS = [11, 12];

/** Sections by number; custom ones only by their presence. */
function sections(wasm: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 8; at < wasm.length; ) {
    const id = wasm[at++]!;
    let size = 0;
    for (let shift = 0, byte = 128; byte >= 128; shift += 7) {
      byte = wasm[at++]!;
      size |= (byte & 127) << shift;
    }
    found.set(id, wasm.subarray(at, at + size));
    at += size;
  }
  return found;
}

/** The functions that the generated interface declares. */
function declaredExports(): string[] {
  const source = read('src/generated/kernel-exports.ts').toString();
  const [, body = ''] = /interface KernelExports \{\n([\s\S]*)^\}/m.exec(source) ?? [];
  return [...body.matchAll(/^ {2}(\w+)\(/gm)].map(([, name]) => name!);
}

for (const [name, wasm] of [
  ['release.wasm', release],
  ['the embedded kernel', embedded],
] as const) {
  test(`${name}: the memory is the only import`, () => {
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(Uint8Array.from(wasm)));
    assert.deepEqual(imports, [{ module: 'env', name: 'memory', kind: 'memory' }]);
  });

  test(`${name}: nothing is written or run by instantiating it`, () => {
    const there = sections(wasm);
    for (const id of [...DATA_SECTIONS, SECTION.start, SECTION.table, SECTION.element]) {
      assert.equal(there.has(id), false, `section ${id}`);
    }
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true });
    new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(wasm)), { env: { memory } });
    assert.ok(new Uint32Array(memory.buffer).every((word) => word === 0));
  });

  test(`${name}: the exports are the memory and what the interface declares`, () => {
    const module = new WebAssembly.Module(Uint8Array.from(wasm));
    const names = WebAssembly.Module.exports(module).map((one) => one.name);
    assert.ok(declaredExports().length > 40);
    assert.deepEqual(names.sort(), [...declaredExports(), 'memory'].sort());
  });
}

test('what is embedded is release.wasm without the names', () => {
  const [ours, theirs] = [sections(embedded), sections(release)];
  assert.ok(theirs.has(SECTION.custom), 'release keeps names, for people');
  theirs.delete(SECTION.custom);
  assert.deepEqual([...ours.keys()], [...theirs.keys()]);
  for (const [id, section] of theirs) assert.ok(section.equals(ours.get(id)!), `section ${id}`);
  assert.ok(ours.get(SECTION.code)!.length > 10_000);
});

/** Instructions that change memory, wake or wait, in the module's text form. */
const changes =
  /\b(\w+(\.atomic)?\.(store\w*|rmw[\w.]*)|memory\.(fill|copy|grow|init|atomic\.\w+))/g;

test('the observer has no instruction that stores, locks, wakes or waits', () => {
  const textOf = (embedded: Embedded) => {
    const module = binaryen.readBinary(unpack(embedded));
    module.setFeatures(binaryen.Features.All);
    return module.emitText();
  };
  assert.deepEqual([...textOf(observerWasm).matchAll(changes)], []);
  assert.ok([...textOf(kernelWasm).matchAll(changes)].length > 100, 'the kernel has them');
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(unpack(observerWasm)));
  assert.deepEqual(imports, [{ module: 'env', name: 'memory', kind: 'memory' }]);
});
