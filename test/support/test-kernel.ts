/**
 * Loads the test build of the kernel: the one that also exports what unit tests call.
 *
 * Every call gives a memory of its own (64 pages at least) with one instance over it. The exports
 * are typed by the caller, who names what it uses: loadTestKernel<{ checksum(…): number }>(64).
 *
 * Neither the library of the language nor the types of Node declare WebAssembly, and a global
 * declaration here could clash with one elsewhere; so the few types needed are ordinary ones.
 */
import { readFileSync } from 'node:fs';

/** A shared WebAssembly memory. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
}

/** An opaque compiled module; can be sent to workers. */
export interface CompiledModule {
  readonly compiled?: never;
}

/** What a caller that names no functions gets. */
export type NumberExports = Record<string, (...values: number[]) => number>;

export interface TestKernel<Exports> {
  readonly memory: SharedMemory;
  readonly exports: Exports;
}

interface WebAssemblyApi {
  Module: new (bytes: Uint8Array) => CompiledModule;
  Instance: new (
    module: CompiledModule,
    imports: { env: { memory: SharedMemory } },
  ) => { exports: unknown };
  Memory: new (shape: { initial: number; maximum: number; shared: true }) => SharedMemory;
}

const wasm = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;
/** PAGELESS_LAYOUT=two-word runs the same tests on the other layout of the kernel. */
const build = process.env.PAGELESS_LAYOUT ?? 'test';
const file = new URL(`../../build/kernel/${build}.wasm`, import.meta.url);
let compiled: CompiledModule | undefined;

/** The module, compiled once a process. */
export function testKernelModule(): CompiledModule {
  compiled ??= new wasm.Module(readFileSync(file));
  return compiled;
}

/** Instantiates the kernel over `memory`, for instance one that another thread sent. */
export function attachTestKernel<Exports = NumberExports>(
  memory: SharedMemory,
  module: CompiledModule = testKernelModule(),
): TestKernel<Exports> {
  const instance = new wasm.Instance(module, { env: { memory } });
  return { memory, exports: instance.exports as Exports };
}

/** Instantiates the kernel over a new shared memory of `pages64k` times 64 KiB. */
export function loadTestKernel<Exports = NumberExports>(pages64k: number): TestKernel<Exports> {
  const memory = new wasm.Memory({ initial: pages64k, maximum: pages64k, shared: true });
  return attachTestKernel(memory);
}
