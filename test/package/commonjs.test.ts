/** The package as CommonJS: alone, beside imports of it, and beside another copy, with one zone. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as esm from 'pageless';
import * as keyv from 'pageless/keyv';

const require = createRequire(import.meta.url);
const cjs = require('pageless') as typeof esm;

/** Runs a CommonJS program. @returns what it prints */
function run(program: string): string {
  const flags = ['--input-type=commonjs', '--eval', program];
  const { status, stdout, stderr } = spawnSync(process.execPath, flags, {
    encoding: 'utf8',
    timeout: 240_000,
  });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  return stdout;
}

/** What bundlers take, and with it a second set of classes. */
const other = (await import(new URL('../../dist/index.js', import.meta.url).href)) as typeof esm;

test('imported and required, it is the same', () => {
  assert.deepEqual(Object.keys(cjs).sort(), Object.keys(esm).sort());
  assert.deepEqual(Object.keys(other).sort(), Object.keys(esm).sort());
  assert.equal(cjs.SharedCache, esm.SharedCache);
  assert.notEqual(other.SharedCache, esm.SharedCache);
  assert.equal((require('pageless/keyv') as typeof keyv).KeyvStore, keyv.KeyvStore);
  for (const entry of ['unstorage', 'undici', 'redis', 'lmdb', 'inspect']) {
    assert.ok(Object.keys(require(`pageless/${entry}`) as object).length > 0, entry);
  }
});

test('classes have their names, in messages too', () => {
  for (const [name, value] of Object.entries(esm)) {
    if (typeof value === 'function' && /^[A-Z]/.test(name)) assert.equal(value.name, name);
  }
  const cache = new esm.SharedCache({ maxSize: '4MiB' });
  const attach = () => esm.SharedCache.attach(cache as never);
  assert.throws(attach, /cache\.handle; seen: a SharedCache; its \.handle is one$/);
  cache.close();
});

test('Node loads few files of it', () => {
  const files = JSON.parse(
    run("require('pageless'); console.log(JSON.stringify(Object.keys(require.cache)))"),
  ) as string[];
  assert.ok(files.length <= 12, files.join('\n'));
});

test('an adapter knows the errors of the main entry', () => {
  const store = () => new keyv.KeyvStore({} as never);
  assert.throws(store, esm.InvalidArgumentError);
});

test('a cache of one copy is at home in another, and takes one slot of its zone', async () => {
  using cache = new esm.SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  // The supervisor's is the second.
  while (cache.arena.report().threads < 2) await sleep(1);
  using same = other.SharedCache.attach<string>(cache.handle);
  cache.set('a', 'from the one');
  assert.equal(same.get('a'), 'from the one');
  same.set('a', 'from the other');
  assert.equal(cache.get('a'), 'from the other');
  assert.equal(cache.arena.report().threads, 2);
});

test('an adapter of one copy takes a cache of another', () => {
  using cache = new other.SharedCache<string>({ maxSize: '4MiB', values: 'string' });
  const store = new keyv.KeyvStore(cache);
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
