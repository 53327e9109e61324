/** `threadDied` and `recovered`: threads that listen are told who has died, whoever noticed it. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import * as facts from '../../src/generated/facts.ts';
import type { DeadThread, SharedCache } from '../../src/index.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { Actor, createCache, pretendInside } from './crew.ts';

const folder = tempFolder();

/** Pages that a thread has for itself: two, and four of scratch. */
const USED = 6;

function heard(cache: SharedCache): {
  events: unknown[];
  isOver: (count: number) => Promise<void>;
} {
  const events: unknown[] = [];
  cache.on('threadDied', (event: DeadThread) => events.push(['died', event]));
  cache.on('recovered', (event: DeadThread) => events.push(['recovered', event]));
  const isOver = async (count: number): Promise<void> => {
    while (events.length < count) await sleep(1);
  };
  return { events, isOver };
}

test('every thread that listens is told of a thread that was killed', async () => {
  using cache = await createCache();
  const listener = await Actor.start(cache.handle);
  const told = listener.call('deaths', 1) as Promise<unknown[]>;
  await listener.told();
  const { events, isOver } = heard(cache);
  const doomed = await Actor.start(cache.handle);
  const threadId = doomed.worker.threadId;
  await doomed.call('set', 'key', 100);
  doomed.tell('spin');
  await doomed.told();
  await doomed.worker.terminate();
  await isOver(2);
  const dead = { threadId, slot: 4 };
  const died = { ...dead, operation: undefined };
  const recovered = { ...dead, pages: USED };
  assert.deepEqual(events, [
    ['died', died],
    ['recovered', recovered],
  ]);
  assert.deepEqual(await told, [died, recovered]);
  await listener.worker.terminate();
});

test('it is told what the thread was in the midst of', async () => {
  using cache = await createCache();
  const { events, isOver } = heard(cache);
  const operations = {
    read: facts.OP_READ,
    write: facts.OP_WRITE,
    delete: facts.OP_DELETE,
    other: facts.OP_PAGES,
  };
  const expected = [];
  for (const [operation, number] of Object.entries(operations)) {
    const doomed = await Actor.start(cache.handle);
    const dead = { threadId: doomed.worker.threadId, slot: 3 };
    pretendInside(cache, 3, number);
    await doomed.worker.terminate();
    expected.push(['died', { ...dead, operation }], ['recovered', { ...dead, pages: USED }]);
    await isOver(expected.length);
  }
  assert.deepEqual(events, expected);
});

test('a thread that closes its cache has not died; nor is a death told that was before', async () => {
  using cache = await createCache();
  const first = await Actor.start(cache.handle);
  await first.worker.terminate();
  const { deaths } = cache.arena.kernel;
  while (deaths.call(cache.arena.kernel) === 0) await sleep(1);
  const { events, isOver } = heard(cache);
  const leaver = await Actor.start(cache.handle);
  await leaver.call('dispose');
  await leaver.worker.terminate();
  const last = await Actor.start(cache.handle);
  const { threadId } = last.worker;
  await last.worker.terminate();
  await isOver(2);
  assert.deepEqual(
    events.map((event) => (event as [string, DeadThread])[1].threadId),
    [threadId, threadId],
  );
});

test('without a supervisor deaths are told as soon as they are noticed', () => {
  const file = join(folder, 'program.mjs');
  writeFileSync(
    file,
    `import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
    import { SharedCache } from '${new URL('../../src/index.ts', import.meta.url).href}';
    if (!isMainThread) {
      SharedCache.attach(workerData).set('key', Uint8Array.of(1));
      parentPort.postMessage('attached');
      setInterval(() => {}, 1000);
    } else {
      // Whoever would be supervisor is ended.
      const own = new Set();
      process.on('worker', (worker) => setImmediate(() => own.has(worker) || worker.terminate()));
      const cache = new SharedCache({ maxSize: '4MiB' });
      while (cache.stats().isSupervised) await new Promise((resolve) => setTimeout(resolve, 1));
      const doomed = new Worker(new URL(import.meta.url), { workerData: cache.handle });
      own.add(doomed);
      const { threadId } = doomed;
      await new Promise((resolve) => doomed.once('message', resolve));
      const alive = setInterval(() => {}, 1000);
      cache.on('threadDied', (event) => console.log('died', event.threadId === threadId));
      cache.on('recovered', (event) => {
        console.log('recovered', event.pages);
        clearInterval(alive);
        cache.close();
      });
      await doomed.terminate();
    }`,
  );
  const { stdout, stderr } = spawnSync(process.execPath, [file], {
    ...{ encoding: 'utf8', timeout: PATIENCE_MS },
  });
  assert.equal(stdout, `died true\nrecovered ${USED}\n`, stderr);
});
