/**
 * Replays a trace on the kernel itself: a cache of its own for each run, limited to some slots.
 */
import { compileKernel } from '../artifact.ts';
import type { Trace } from './read.ts';

type Exports = Record<string, (...values: number[]) => number>;

/** 64 MiB: far more than the entries need, so that memory drives nothing out. */
const WASM_PAGES = 1024;
/** Keys in one call: a block of 64 KiB. */
const BATCH = 16384;
const BLOCK_ORDER = 4;

function openCache(module: WebAssembly.Module): [Exports, Uint32Array, at: number] {
  const shape = { initial: WASM_PAGES, maximum: WASM_PAGES, shared: true };
  const memory = new WebAssembly.Memory(shape);
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const kernel = instance.exports as unknown as Exports;
  const failed =
    kernel.format!(1, 2, 3, 4) < 0 ||
    kernel.attach!(1, 1) < 0 ||
    kernel.formatStore!() < 0 ||
    kernel.prepare!() < 0;
  const block = kernel.allocPages!(BLOCK_ORDER, 0);
  if (failed || block < 0) throw new Error('no room for a cache');
  return [kernel, new Uint32Array(memory.buffer, block * 4096, BATCH), block * 4096];
}

let compiled: WebAssembly.Module | undefined;

/** Hits in percent of the requests of a trace, with a cache of `slots` entries. */
export function hitRatio({ requests }: Trace, slots: number): number {
  compiled ??= compileKernel('traces');
  const [kernel, words, at] = openCache(compiled);
  let hits = 0;
  for (let from = 0; from < requests.length; from += BATCH) {
    const batch = requests.subarray(from, from + BATCH);
    words.set(batch);
    hits += kernel.replay!(at, batch.length, slots);
  }
  return (100 * hits) / requests.length;
}
