/**
 * Preloaded, it gives a process and its threads the kernel with assertions instead of the one that
 * ships: what the library asks of the kernel is then checked too, as `kernel/thread/context.ts`
 * says. `node --import=./test/support/with-assertions.ts --test src/cache/values/tags.test.ts`
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { deflateRawSync } from 'node:zlib';

const wasm = readFileSync(new URL('../../build/kernel/debug.wasm', import.meta.url));
const base64 = deflateRawSync(wasm).toString('base64');
const source = `export const kernelWasm = { bytes: ${wasm.length}, base64: '${base64}' };`;

registerHooks({
  load(url, context, next) {
    if (!url.endsWith('/src/generated/kernel-wasm.ts')) return next(url, context);
    return { format: 'module', source, shortCircuit: true };
  },
});
