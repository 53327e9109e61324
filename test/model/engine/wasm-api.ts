/**
 * The part of the WebAssembly JavaScript interface that the engine uses, with JSPI, as types.
 *
 * Neither the ECMAScript library of TypeScript nor the types of Node declare it, and a global
 * declaration here could clash with one elsewhere in the tree; so it is an ordinary value.
 *
 * JSPI in two lines: an export wrapped by `promising` runs on a stack of its own and returns a
 * promise; an import wrapped by `Suspending` that returns a promise freezes this stack until the
 * promise settles. A rejection is thrown at the place where the stack froze.
 */

export type Value = number | bigint;
export type Export = (...args: Value[]) => Value | undefined;
export type Import = (...args: never[]) => unknown;
export type Imports = Record<string, Record<string, unknown>>;

export interface Memory {
  readonly buffer: SharedArrayBuffer;
}

export interface GlobalVariable {
  value: Value;
}

export interface ModuleImport {
  module: string;
  name: string;
  kind: 'function' | 'memory' | 'global' | 'table';
}

/** An opaque compiled module. */
export interface CompiledModule {
  readonly compiled?: never;
}

interface WasmApi {
  Module: {
    new (bytes: Uint8Array): CompiledModule;
    imports(module: CompiledModule): ModuleImport[];
  };
  Instance: new (module: CompiledModule, imports: Imports) => { exports: Record<string, unknown> };
  Memory: new (shape: { initial: number; maximum: number; shared: boolean }) => Memory;
  Suspending: new (fn: Import) => object;
  promising(fn: Export): (...args: Value[]) => Promise<Value | undefined>;
}

export const wasm: WasmApi = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly;
