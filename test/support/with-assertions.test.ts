/** What is preloaded reaches a process and its threads: their kernel is that with assertions. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { test } from 'node:test';

const preload = new URL('./with-assertions.ts', import.meta.url).href;
const kernel = new URL('../../src/generated/kernel-wasm.ts', import.meta.url).href;
const debugKernel = new URL('../../build/kernel/debug.wasm', import.meta.url);

const tell = `const { kernelWasm } = await import('${kernel}'); console.log(kernelWasm.bytes);`;
const thread = `data:text/javascript,${encodeURIComponent(tell)}`;
const program = `import { Worker } from 'node:worker_threads'; ${tell}
  new Worker(new URL(${JSON.stringify(thread)}));`;

test('a process and its threads have the kernel with assertions', () => {
  const env = { ...process.env, NODE_OPTIONS: `--import=${preload}` };
  const told = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    env,
    encoding: 'utf8',
  });
  const { size } = statSync(debugKernel);
  assert.deepEqual(told.trim().split('\n').map(Number), [size, size]);
});
