/**
 * One instance of the module under test: the code of one virtual thread, with its own globals.
 *
 * A compiled module is instantiated once per thread and exploration. A WebAssembly global is a
 * variable of its thread, so between executions the globals have to be as they were after the
 * scenario's setup: `snapshot` remembers them, `restore` writes them back.
 */
import { GLOBAL_PREFIX, IMPORT_MODULE } from './instrument.ts';
import {
  type CompiledModule,
  type Export,
  type GlobalVariable,
  type Imports,
  type Memory,
  type Value,
  wasm,
} from './wasm-api.ts';

/** The imports by which an instrumented module reports; see instrument.ts. */
export interface ModelImports extends Record<string, unknown> {
  plain(site: number, address: number, length: number): void;
  step(site: number, address: number, width: number): number;
  wait(site: number, address: number, lo: number, hi: number, timeoutNs: number): number;
  notify(site: number, address: number, count: number): number;
  suspend: object;
}

export interface Loadable {
  compiled: CompiledModule;
  memory: Memory;
  globalCount: number;
  /** What the module imports besides its memory. */
  extra: Imports;
}

export class Instance {
  readonly #exports: Record<string, unknown>;
  readonly #promising = new Map<string, (...args: Value[]) => Promise<Value | undefined>>();
  readonly #globals: GlobalVariable[] = [];
  #saved: Value[] = [];

  constructor(loadable: Loadable, model: ModelImports) {
    const imports = completeImports(loadable, model);
    this.#exports = new wasm.Instance(loadable.compiled, imports).exports;
    for (let i = 0; i < loadable.globalCount; i++) {
      this.#globals.push(this.#exports[`${GLOBAL_PREFIX}${i}`] as GlobalVariable);
    }
  }

  #find(name: string): Export {
    const found = this.#exports[name];
    if (typeof found !== 'function') throw new TypeError(`the module exports no function ${name}`);
    return found as Export;
  }

  /** Calls an export at once and without scheduling: for setup and check. */
  call(name: string, ...args: Value[]): Value | undefined {
    return this.#find(name)(...args);
  }

  /** Calls an export on a stack that the machine can freeze. */
  callSuspendable(name: string, args: Value[]): Promise<Value | undefined> {
    let fn = this.#promising.get(name);
    if (fn === undefined) {
      fn = wasm.promising(this.#find(name));
      this.#promising.set(name, fn);
    }
    return fn(...args);
  }

  snapshot(): void {
    this.#saved = this.#globals.map((global) => global.value);
  }

  restore(): void {
    for (let i = 0; i < this.#saved.length; i++) this.#globals[i]!.value = this.#saved[i]!;
  }
}

/** Adds the memory, the model's imports, and for any other function one that throws when called. */
function completeImports({ compiled, memory, extra }: Loadable, model: ModelImports): Imports {
  const imports: Imports = {};
  for (const { module, name, kind } of wasm.Module.imports(compiled)) {
    imports[module] ??= {};
    const given = extra[module]?.[name];
    if (kind === 'memory') imports[module][name] = memory;
    else if (module === IMPORT_MODULE) imports[module][name] = model[name];
    else if (given !== undefined) imports[module][name] = given;
    else if (kind === 'function') imports[module][name] = thrower(`${module}.${name}`);
    else throw new TypeError(`the module imports ${kind} ${module}.${name}, which is not given`);
  }
  return imports;
}

function thrower(name: string): (...args: number[]) => never {
  return (...args) => {
    throw new Error(`the module called ${name}(${args.join(', ')})`);
  };
}
