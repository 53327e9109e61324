/**
 * Reuse: the memory of a zone that this thread has closed becomes its next zone of that size.
 *
 * Node 20 to 24 give dropped shared memory back only with a collection that nothing triggers, so a
 * program that closes a cache and makes another would hold two. The memory is kept weakly: what the
 * engine does collect is given back, and until then it is ready for use.
 */
import { type KernelExports, openKernel } from '../border/kernel.ts';
import { WASM_PAGE_BYTES } from '../border/support.ts';
import * as facts from '../generated/facts.ts';
import { pause } from './pause.ts';
import { isAttached, mayPark, registry } from './registry.ts';

/**
 * How long to wait for the supervisor, which leaves a zone when it hears that the last thread has:
 * a millisecond, unless the machine has no time for it.
 */
const PATIENCE_MS = 500;

/**
 * A zone of so many WebAssembly pages in memory that nobody uses any more; undefined: there is none
 */
export function reuseMemory(
  pages: number,
): { memory: WebAssembly.Memory; kernel: KernelExports } | undefined {
  const known = registry();
  const closed = known.closed;
  known.closed = [];
  let found: { memory: WebAssembly.Memory; kernel: KernelExports } | undefined;
  for (const reference of closed) {
    const memory = reference.deref();
    if (!memory || found?.memory.buffer === memory.buffer) continue;
    if (found || memory.buffer.byteLength !== pages * WASM_PAGE_BYTES) {
      known.closed.push(reference);
      continue;
    }
    const kernel = openKernel(memory);
    const failure = recycle(kernel);
    if (failure === 0) found = { memory, kernel };
    else if (failure === facts.ERR_BUSY) known.closed.push(reference);
  }
  return found;
}

function recycle(kernel: KernelExports): number {
  for (let waited = 0; ; waited++) {
    const failure = kernel.recycle(...randomWords());
    const isSoon = failure === facts.ERR_BUSY && isSupervisorAlone(kernel);
    if (!isSoon || !mayPark() || waited === PATIENCE_MS) return failure;
    pause(1);
  }
}

function isSupervisorAlone(kernel: KernelExports): boolean {
  const threads = kernel.liveThreads();
  return threads === 0 || (threads === 1 && isAttached(kernel, kernel.supervisorOwner() >>> 0));
}

/** The identity of a zone and the seed of its hash. */
export function randomWords(): [number, number, number, number] {
  const [idLo = 0, idHi = 0, seedLo = 0, seedHi = 0] = crypto.getRandomValues(new Int32Array(4));
  return [idLo, idHi, seedLo, seedHi];
}
