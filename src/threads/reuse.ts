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

type Recyclable = Pick<KernelExports, 'liveOwner' | 'liveThreads' | 'recycle' | 'supervisorOwner'>;

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
  // The one closed last first: its pages are the likeliest to be in the processor's caches.
  for (const reference of closed.reverse()) {
    const memory = reference.deref();
    if (!memory || found?.memory.buffer === memory.buffer) continue;
    if (found || memory.buffer.byteLength !== pages * WASM_PAGE_BYTES) {
      known.closed.unshift(reference);
      continue;
    }
    const kernel = openKernel(memory);
    const failure = recycle(kernel);
    if (failure === 0) found = { memory, kernel };
    else if (failure === facts.ERR_BUSY) known.closed.unshift(reference);
  }
  return found;
}

/**
 * Makes a zone that nobody uses anew; waits for a supervisor that is about to leave it.
 *
 * Whether it is looked for before each attempt: one that leaves after that look makes the attempt
 * succeed, or the next.
 */
export function recycle(kernel: Recyclable): number {
  for (let waited = 0; ; waited++) {
    const isSoon = isSupervisorAlone(kernel) && mayPark() && waited < PATIENCE_MS;
    const failure = kernel.recycle(...randomWords());
    if (failure !== facts.ERR_BUSY || !isSoon) return failure;
    pause(1);
  }
}

function isSupervisorAlone(kernel: Recyclable): boolean {
  const threads = kernel.liveThreads();
  return threads === 0 || (threads === 1 && isAttached(kernel, kernel.supervisorOwner() >>> 0));
}

/** The identity of a zone and the seed of its hash. */
export function randomWords(): [number, number, number, number] {
  const [idLo = 0, idHi = 0, seedLo = 0, seedHi = 0] = crypto.getRandomValues(new Int32Array(4));
  return [idLo, idHi, seedLo, seedHi];
}
