/**
 * What `stats()` costs: loads of shared memory are counted on the instrumented binary, over zones
 * of which one is sixteen times as large, and fuller, than the other.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Asked, type CacheStats, readStats } from '../../src/cache/telemetry/statistics.ts';
import { Instance } from '../model/engine/instance.ts';
import { instrument } from '../model/engine/instrument.ts';
import { wasm } from '../model/engine/wasm-api.ts';
import { sample, storeFace } from '../support/store-face.ts';
import type { SharedMemory } from '../support/test-kernel.ts';
import { createZone } from '../support/zone.ts';

const kernelWasm = new URL('../../build/kernel/release.wasm', import.meta.url);
const { bytes, globalCount } = instrument(readFileSync(kernelWasm));
const compiled = new wasm.Module(bytes);

/** A kernel over a zone's memory that counts each access; it is nobody's, and only looks. */
function counting(memory: SharedMemory): { kernel: Asked; accesses: () => number } {
  let accesses = 0;
  const note = () => {
    accesses++;
    return 0;
  };
  const model = { plain: note, step: note, wait: note, notify: note, suspend: () => {} };
  const loadable = { compiled, memory: memory as never, globalCount, extra: {} };
  const instance = new Instance(loadable, model as never);
  const call =
    (_: object, name: string) =>
    (...args: number[]) =>
      instance.call(name, ...args);
  return { kernel: new Proxy({} as Asked, { get: call as never }), accesses: () => accesses };
}

function look(wasmPages: number, entries: number): { accesses: number; stats: CacheStats } {
  const zone = createZone({ wasmPages, hasStore: true });
  const store = storeFace(zone, zone.kernel);
  for (let i = 0; i < entries; i++) assert.equal(store.set(`key ${i}`, sample(i, 100)), 0);
  for (let i = 0; i < entries; i += 3) store.get(`key ${i}`);
  const { kernel, accesses } = counting(zone.memory);
  const stats = readStats(kernel);
  assert.deepEqual(stats, readStats(zone.kernel));
  return { accesses: accesses(), stats };
}

test('stats reads as much of a large, full cache as of a small, empty one', () => {
  const small = look(64, 0);
  const large = look(1024, 20_000);
  assert.deepEqual([small.stats.entries, large.stats.entries], [0, 20_000]);
  assert.equal(large.accesses, small.accesses);
  // Two slots, nobody's and this thread's, and some twenty figures.
  assert.ok(small.accesses < 200, `${small.accesses} accesses`);
});

test('stats reads a little more for each thread that was ever there', () => {
  const zone = createZone({ hasStore: true });
  const alone = counting(zone.memory);
  readStats(alone.kernel);
  for (let i = 0; i < 8; i++) zone.join();
  const together = counting(zone.memory);
  assert.equal(readStats(together.kernel).threads, 9);
  const each = (together.accesses() - alone.accesses()) / 8;
  assert.ok(each > 0 && each < 40, `${each} accesses a thread`);
});
