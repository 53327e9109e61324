/** The flags of Node that SECURITY.md names: with them a cache works, threads and all. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const program = `
  import { Worker } from 'node:worker_threads';
  import { SharedCache } from 'pageless';
  const cache = new SharedCache({ maxSize: '4MiB', values: 'string' });
  const work = "import('node:worker_threads').then(async ({ workerData: { handle, library } }) => {" +
    "const { SharedCache } = await import(library);" +
    "SharedCache.attach(handle).set('key', 'from a thread'); })";
  const library = import.meta.resolve('pageless');
  const worker = new Worker(work, { eval: true, workerData: { handle: cache.handle, library } });
  worker.once('exit', () => console.log(cache.get('key')));`;

const isOld = process.versions.node.startsWith('20.');
const permission = isOld ? '--experimental-permission' : '--permission';

for (const flags of [
  ['--disallow-code-generation-from-strings'],
  [permission, '--allow-fs-read=*', '--allow-worker'],
]) {
  test(flags.join(' '), () => {
    const all = [...flags, '--no-warnings', '--input-type=module', '--eval', program];
    const { stdout, stderr, status } = spawnSync(process.execPath, all, {
      encoding: 'utf8',
      timeout: 240_000,
    });
    assert.equal(stderr, '');
    assert.equal(stdout, 'from a thread\n');
    assert.equal(status, 0);
  });
}
