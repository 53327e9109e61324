/** The package's two halves: CommonJS alone, and both in one process, which share a zone. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import * as esm from 'pageless';
import * as keyv from 'pageless/keyv';

const require = createRequire(import.meta.url);
const cjs = require('pageless') as typeof esm;

/** Runs a CommonJS program. @returns what it prints */
function run(program: string): string {
  const flags = ['--input-type=commonjs', '--eval', program];
  const { status, stdout, stderr } = spawnSync(process.execPath, flags, {
    encoding: 'utf8',
    timeout: 60_000,
  });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  return stdout;
}

test('both export the same names', () => {
  assert.deepEqual(Object.keys(cjs).sort(), Object.keys(esm).sort());
  assert.notEqual(cjs.SharedCache, esm.SharedCache);
  for (const entry of ['keyv', 'unstorage', 'undici']) {
    assert.ok(Object.keys(require(`pageless/${entry}`) as object).length > 0, entry);
  }
});

test('a cache of one half is at home in the other, and takes one slot of its zone', () => {
  using cache = new esm.SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  const before = cache.arena.report().threads;
  using same = cjs.SharedCache.attach<string>(cache.handle as never);
  cache.set('a', 'from the one');
  assert.equal(same.get('a'), 'from the one');
  same.set('a', 'from the other');
  assert.equal(cache.get('a'), 'from the other');
  assert.equal(cache.arena.report().threads, before);
});

test('an adapter of one half takes a cache of the other', () => {
  using cache = new cjs.SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  const store = new keyv.KeyvStore(cache as never);
  store.set('a', '1');
  assert.equal(store.get('a'), '1');
});

test('CommonJS alone: workers share, and a killed one is noticed', () => {
  const worker =
    "const { workerData, parentPort } = require('node:worker_threads');" +
    "const { SharedCache } = require('pageless');" +
    'const cache = SharedCache.attach(workerData);' +
    "for (let n = 0; ; n++) { cache.set('n', String(n)); if (n === 100) parentPort.postMessage(0); }";
  const program = `
    const { Worker } = require('node:worker_threads');
    const { once } = require('node:events');
    const { SharedCache } = require('pageless');
    (async () => {
      const cache = new SharedCache({ maxSize: '8MiB', values: 'string' });
      const worker = new Worker(${JSON.stringify(worker)}, { eval: true, workerData: cache.handle });
      await once(worker, 'message');
      await worker.terminate();
      cache.set('after', 'death');
      console.log(cache.get('after'));
    })();`;
  assert.equal(run(program), 'death\n');
});
