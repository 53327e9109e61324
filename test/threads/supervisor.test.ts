/**
 * The hidden thread: what it costs a program, that there is one, and that it is not missed for
 * long.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { oldestAndNewest } from '../packaging/nodes.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { Actor, createCache, footprint, isRecovered, until } from './crew.ts';

const folder = tempFolder();

const index = new URL('../../dist/node/index.js', import.meta.url).href;

interface Outcome {
  out: string[];
  err: string;
}

/** Runs a module as a program of its own. */
function run(
  source: string,
  flags: string[] = [],
  env: NodeJS.ProcessEnv = {},
  node = process.execPath,
): Outcome {
  const file = join(folder, `program-${Math.random()}.mjs`);
  writeFileSync(file, `import { SharedCache } from '${index}';\n${source}`);
  const { status, stdout, stderr } = spawnSync(node, [...flags, file], {
    ...{ encoding: 'utf8', timeout: PATIENCE_MS, env: { ...process.env, ...env } },
  });
  assert.equal(status, 0, stderr);
  return { out: stdout.split('\n').filter((line) => line !== ''), err: stderr };
}

const cacheUntilSupervised = `
  const cache = new SharedCache({ maxSize: '4MiB' });
  while (cache.arena.report().threads < 2) await new Promise((resolve) => setTimeout(resolve, 1));`;

const both = oldestAndNewest().map(({ path, version }) => [version, path] as const);
for (const [version, node] of [[process.versions.node, process.execPath] as const, ...both]) {
  test(`preloads of the program do not run in the supervisor, Node ${version}`, () => {
    const preload = join(folder, 'preload.cjs');
    writeFileSync(preload, `console.log('preloaded', require('node:worker_threads').threadId);`);
    const byFlag = run(cacheUntilSupervised, ['--require', preload], {}, node);
    assert.deepEqual(byFlag.out, ['preloaded 0']);
    const options = { NODE_OPTIONS: `--require ${preload}` };
    const byOptions = run(cacheUntilSupervised, [], options, node);
    assert.deepEqual(byOptions.out, ['preloaded 0']);
    assert.equal(byOptions.err, '');
  });
}

test('a program has one supervisor, however many threads create caches', () => {
  const { out } = run(`
    import { isMainThread, parentPort, Worker } from 'node:worker_threads';
    const cache = new SharedCache({ maxSize: '4MiB' });
    if (isMainThread) {
      const started = [];
      process.on('worker', (worker) => started.push(worker));
      const workers = [1, 2, 3].map(() => new Worker(new URL(import.meta.url)));
      const asked = (worker) => new Promise((resolve) => worker.once('message', resolve));
      const owners = await Promise.all(workers.map(asked));
      console.log(new Set([...owners, cache.arena.kernel.supervisorOwner()]).size);
      process.exit();
    } else parentPort.postMessage(cache.arena.kernel.supervisorOwner());`);
  assert.deepEqual(out, ['1']);
});

test('one supervisor has room for the zones of hundreds of caches', () => {
  const { out, err } = run(`
    let started = 0;
    process.on('worker', () => started++);
    const caches = [];
    for (let n = 0; n < 300; n++) {
      caches.push(new SharedCache({ maxSize: '4MiB' }));
      const isUnseen = () => started < 2 && caches[n].arena.report().threads < 2;
      while (isUnseen()) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    console.log(started, caches.every((cache) => cache.stats().isSupervised));`);
  assert.deepEqual(out, ['1 true']);
  assert.equal(err, '');
});

test('where no worker may be started the program goes on, and says so once', () => {
  const flags = ['--permission', '--allow-fs-read=*'];
  const { out, err } = run(
    `for (let round = 0; round < 3; round++) {
       const cache = new SharedCache({ maxSize: '4MiB' });
       cache.set('key', Uint8Array.of(7));
       console.log(cache.get('key')[0], cache.stats().isSupervised);
     }`,
    flags,
  );
  assert.deepEqual(out, ['7 false', '7 false', '7 false']);
  assert.equal(err.split('PAGELESS_UNSUPERVISED').length, 2, err);
});

/** The supervisors that this thread has started, as everybody sees them. */
const supervisors: Worker[] = [];
process.on('worker', (worker) => {
  if (!(worker instanceof Worker)) return;
  supervisors.push(worker);
});

test('a supervisor that is ended is replaced, and deaths are noticed as before', async () => {
  using cache = await createCache();
  const { kernel } = cache.arena;
  const before = footprint(cache);
  assert.equal(cache.stats().isSupervised, true);
  const doomed = await Actor.start(cache.handle);
  const first = kernel.supervisorOwner();
  const supervisor = supervisors.find(({ threadId }) => threadId + 1 === first)!;
  await supervisor.terminate();
  await until(() => kernel.supervisorOwner() !== first, 'the next one to be named');
  await until(() => footprint(cache).threads === before.threads + 1, 'it to come');
  await doomed.worker.terminate();
  await isRecovered(cache, before);
  assert.equal(cache.stats().isSupervised, true);
});

test('a program that ends every supervisor has none in the end, and is told', () => {
  const { out, err } = run(`
    process.on('worker', (worker) => worker.once('online', () => worker.terminate()));
    const cache = new SharedCache({ maxSize: '4MiB' });
    const alive = setInterval(() => {
      if (cache.stats().isSupervised) return;
      console.log(cache.set('key', Uint8Array.of(1)), cache.arena.kernel.supervisorTerm() > 1);
      clearInterval(alive);
    }, 1);`);
  assert.deepEqual(out, ['true true']);
  assert.equal(err.split('PAGELESS_UNSUPERVISED').length, 2, err);
});
