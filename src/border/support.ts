/**
 * Support: whether this engine, page or process lets us have what pageless is made of, and if not,
 * whose header, directive or limit it is.
 *
 * The library can be imported everywhere; only to create or attach needs shared memory and
 * WebAssembly. Each question is answered by trying, on something small.
 */
import { UnsupportedError } from '../errors.ts';

/** `\0asm`, version 1: a module of nothing. */
const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

const isolation =
  'the page is not cross-origin isolated: serve it with the headers ' +
  'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp';

const insecure = 'the page is no secure context: serve it by HTTPS, or from localhost';

const directive =
  'WebAssembly may not be compiled here: a page’s Content-Security-Policy has to allow ' +
  "'wasm-unsafe-eval' in script-src";

const addressSpace =
  'there is no address space for a shared memory, which takes 8 to 10 GiB: ' +
  'raise `ulimit -v`, start Node with --disable-wasm-trap-handler, use Node 24.21 or later, or ' +
  'have fewer memories';

/** Why caches and arenas cannot be had here, for people; undefined: they can. */
export function whyUnsupported(): string | undefined {
  const reason = whyForbidden();
  if (reason !== undefined) return reason;
  try {
    new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  } catch {
    return addressSpace;
  }
  return undefined;
}

/** Whether caches and arenas can be had here. */
export function isSupported(): boolean {
  return whyUnsupported() === undefined;
}

/** What all engines have, but not each realm that a test runner or a flag of Node makes. */
const GLOBALS = ['TextEncoder', 'TextDecoder', 'crypto', 'performance', 'atob', 'setTimeout'];

/** What the engine or the page forbids. Reserves no memory. */
function whyForbidden(): string | undefined {
  const missing = GLOBALS.find((name) => !(name in globalThis));
  if (missing !== undefined) return `there is no global ${missing} here`;
  if (typeof WebAssembly === 'undefined') return 'this engine has no WebAssembly (--jitless?)';
  if (typeof SharedArrayBuffer === 'undefined' || globalThis.crossOriginIsolated === false) {
    return globalThis.isSecureContext === false ? insecure : isolation;
  }
  try {
    new WebAssembly.Module(EMPTY_MODULE);
  } catch {
    return directive;
  }
  return undefined;
}

/** Compiles a module of ours. Throws `UnsupportedError`. */
export function compile(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  throwIfForbidden();
  try {
    return new WebAssembly.Module(bytes);
  } catch (cause) {
    const reason = 'its WebAssembly lacks threads, SIMD or bulk memory';
    throw new UnsupportedError(`${reason} (${(cause as Error).message})`, { cause });
  }
}

/** What memories are made of. */
export const WASM_PAGE_BYTES = 65536;

/** Reserves the memory of a zone. Throws `UnsupportedError`. */
export function sharedMemory(pages: number): WebAssembly.Memory {
  throwIfForbidden();
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (cause) {
    throw new UnsupportedError(addressSpace, { cause });
  }
}

function throwIfForbidden(): void {
  const reason = whyForbidden();
  if (reason !== undefined) throw new UnsupportedError(reason);
}
