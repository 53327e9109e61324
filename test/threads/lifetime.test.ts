/** Who may leave first, what keeps a process alive, and what the supervisor holds. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { SharedCache, type SharedCacheHandle } from '../../src/index.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { Actor, createCache, footprint, until } from './crew.ts';

test('a handle goes through workerData, postMessage and structuredClone', async () => {
  using cache = await createCache();
  const actor = await Actor.start(cache.handle);
  await actor.call('set', 'key', 1000);
  assert.equal(cache.get('key')?.length, 1000);
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(cache.handle);
  const posted = receiveMessageOnPort(port2)!.message as SharedCacheHandle;
  using again = SharedCache.attach(posted);
  assert.deepEqual(again.get('key'), cache.get('key'));
  using cloned = SharedCache.attach(structuredClone(cache.handle));
  assert.deepEqual(cloned.get('key'), cache.get('key'));
  port1.close();
  await actor.worker.terminate();
});

test('the creator may exit first: the others keep the cache', async () => {
  const creator = await Actor.start();
  await creator.call('set', 'key', 5000);
  const handle = (await creator.call('handle')) as SharedCacheHandle;
  using cache = SharedCache.attach(handle);
  const other = await Actor.start(handle);
  await creator.worker.terminate();
  await until(() => footprint(cache).threads === 3, 'the creator to be buried');
  assert.equal(cache.get('key')?.length, 5000);
  assert.equal(await other.call('set', 'key', 10), true);
  assert.equal(cache.get('key')?.length, 10);
  cache.arena.check();
  const late = await Actor.start(handle);
  await late.call('check');
  await Promise.all([late.worker.terminate(), other.worker.terminate()]);
  await until(() => footprint(cache).threads === 2, 'the others to be buried');
});

test('the creator may dispose first: deaths of others are still noticed', async () => {
  const cache = await createCache();
  const doomed = await Actor.start(cache.handle);
  const other = await Actor.start(cache.handle);
  await doomed.call('set', 'key', 5000);
  cache[Symbol.dispose]();
  assert.equal(await other.call('threads'), 3, 'two and the supervisor');
  await doomed.worker.terminate();
  other.tell('observeThreads', 2);
  await other.told();
  await other.worker.terminate();
});

test('disposing and attaching again is not taken for a death', async () => {
  const { handle, ...first } = await createCache().then((cache) => ({
    handle: cache.handle,
    dispose: () => cache[Symbol.dispose](),
  }));
  first.dispose();
  for (let round = 0; round < 100; round++) {
    using cache = SharedCache.attach(handle);
    cache.set(`${round}`, Uint8Array.of(round));
    if (round % 10 === 0) await sleep(1);
  }
  using cache = SharedCache.attach(handle);
  await sleep(50);
  assert.deepEqual(cache.get('99'), Uint8Array.of(99));
  await until(() => footprint(cache).threads === 2, 'the supervisor and us');
  assert.equal(footprint(cache).scratch, 4);
  cache.arena.check();
});

test('the supervisor leaves a zone that everybody has left', async () => {
  const cache = await createCache();
  const { handle } = cache;
  const { kernel } = cache.arena;
  cache[Symbol.dispose]();
  await until(() => kernel.liveThreads() === 0, 'it to go');
  using again = SharedCache.attach(handle);
  await until(() => footprint(again).threads === 2, 'it to come back');
});

const programs: [string, string][] = [
  ['creates a cache', `new SharedCache({ maxSize: '4MiB' }).set('a', new Uint8Array(9));`],
  [
    'has workers that attach and end',
    `const cache = new SharedCache({ maxSize: '4MiB' });
     new Worker(process.argv[1], { workerData: cache.handle });`,
  ],
  ['disposes its cache', `new SharedCache({ maxSize: '4MiB' })[Symbol.dispose]();`],
  ['creates a cache in a worker', `new Worker(process.argv[1], { workerData: 'create' });`],
];

for (const [what, text] of programs) {
  test(`a program that ${what} ends by itself`, () => {
    const index = new URL('../../src/index.ts', import.meta.url).href;
    const source = `
      import { isMainThread, Worker, workerData } from 'node:worker_threads';
      import { SharedCache } from '${index}';
      if (isMainThread) { ${text} }
      else if (workerData === 'create') new SharedCache({ maxSize: '4MiB' }).has('a');
      else SharedCache.attach(workerData).has('a');`;
    const { status, stderr } = runModule(source);
    assert.equal(status, 0, stderr);
    assert.equal(stderr, '');
  });
}

/** Runs a module as a program of its own, so that its workers can be the same file. */
function runModule(source: string): { status: number | null; stderr: string } {
  const file = join(tempFolder(), 'program.mjs');
  writeFileSync(file, source);
  return spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: PATIENCE_MS });
}
