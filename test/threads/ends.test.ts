/**
 * Threads that end in the midst of their work, each in its own way, and a cache that goes on.
 *
 * Each is a program of its own, whose main thread attaches to what a worker has created. After each
 * end it works on and checks the zone: a poisoned one would throw.
 */

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PATIENCE_MS } from '../support/patience.ts';
import { tempFolder } from '../support/temp-folder.ts';

const folder = tempFolder();

const index = new URL('../../dist/node/index.js', import.meta.url).href;

const prelude = `
  import { once } from 'node:events';
  import { Worker, workerData, parentPort, isMainThread } from 'node:worker_threads';
  import { setTimeout as sleep } from 'node:timers/promises';
  import { SharedCache } from '${index}';
  const value = new Uint8Array(3000);`;

function write(name: string, source: string): string {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, `${prelude}\n${source}`);
  return file;
}

/** Runs a program. @returns its last line, from JSON */
function run(name: string, source: string): unknown {
  const { status, stdout, stderr } = spawnSync(process.execPath, [write(name, source)], {
    ...{ encoding: 'utf8', timeout: PATIENCE_MS },
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
}

/**
 * Workers that attach, work, and end. The first creates the cache, and ends as well; the main
 * thread has been given the handle. Prints their errors when the slots of all are free.
 */
const rounds = (work: string, options = '{}') => `
  if (!isMainThread) {
    const cache = workerData ? SharedCache.attach(workerData) : new SharedCache({ maxSize: '8MiB' });
    parentPort.postMessage(cache.handle);
    // The message leaves with the turn.
    setImmediate(() => { ${work} });
  } else {
    let cache;
    const errors = [];
    for (let round = 0; round < 8; round++) {
      const worker = new Worker(new URL(import.meta.url), { workerData: cache?.handle, ...${options} });
      worker.on('error', ({ code, message }) => errors.push(code ?? message));
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      // Not \`once\`: the error may come before the message, and would reject it.
      const handle = await new Promise((resolve) => worker.once('message', resolve));
      cache ??= SharedCache.attach(handle);
      await ended;
      for (let i = 0; i < 200; i++) cache.set('main ' + i, value);
      cache.arena.check();
    }
    // Its own, and a supervisor's.
    while (cache.arena.report().threads > 2) await sleep(1);
    console.log(JSON.stringify(errors));
    process.exit();
  }`;

test('process.exit() inside a call, of each worker and of the creator', () => {
  const work = `
    for (let i = 0; i < 50; i++) cache.set('key ' + i, value);
    cache.getOrSetSync('last', () => process.exit());`;
  assert.deepEqual(run('exit', rounds(work)), []);
});

test('process.exit() inside the toJSON of a value, in the main thread: the process ends', () => {
  const source = `
    const cache = new SharedCache({ maxSize: '4MiB', values: 'json' });
    cache.set('key', { toJSON() { console.log('true'); process.exit(); } });`;
  assert.equal(run('exit-main', source), true);
});

test('an uncaught exception, of each worker and of the creator', () => {
  const work = `
    for (let i = 0; i < 50; i++) cache.set('key ' + i, value);
    cache.getOrSetSync('last', () => { throw new Error('uncaught'); });`;
  assert.deepEqual(run('uncaught', rounds(work)), Array(8).fill('uncaught'));
});

test('a heap that is full, of each worker and of the creator', () => {
  const work = `
    const kept = [];
    while (true) {
      for (let i = 0; i < 50; i++) cache.set('key ' + i, value);
      for (let i = 0; i < 500; i++) kept.push(Array(1000).fill(kept.length));
    }`;
  const limits = '{ resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 } }';
  assert.deepEqual(run('heap', rounds(work, limits)), Array(8).fill('ERR_WORKER_OUT_OF_MEMORY'));
});

test('Ctrl-C under breakOnSigint cuts calls short, and the cache goes on', async () => {
  const file = write(
    'sigint',
    `import { runInNewContext } from 'node:vm';
     const cache = new SharedCache({ maxSize: '4MiB' });
     let i = 0;
     const set = () => cache.set('key ' + (i++ % 2000), value);
     // Told from within: before, Ctrl-C would end the program.
     const begin = () => console.log('ready');
     let cut = 0;
     const errors = [];
     for (let round = 0; round < 20; round++) {
       try {
         runInNewContext('begin(); while (true) set()', { begin, set }, { breakOnSigint: true });
       } catch (error) {
         if (error.code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED') cut++;
         else errors.push(String(error));
       }
       try {
         for (let more = 0; more < 100; more++) set();
         cache.arena.check();
       } catch (error) {
         errors.push(String(error));
       }
       await null;
     }
     console.log(JSON.stringify({ cut, errors }));
     process.exit();`,
  );
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  const timers = new Set<NodeJS.Timeout>();
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
    // Some time after it has begun; the loop lasts until then.
    if (part.includes('ready')) timers.add(setTimeout(() => child.kill('SIGINT'), 25));
  });
  await once(child, 'close', { signal: AbortSignal.timeout(PATIENCE_MS) });
  for (const timer of timers) clearTimeout(timer);
  assert.deepEqual(JSON.parse(text.trimEnd().split('\n').at(-1)!), { cut: 20, errors: [] });
});
