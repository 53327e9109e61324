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
import { recycle } from './recycle.ts';
import { registry } from './registry.ts';

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
