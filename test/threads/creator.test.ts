/**
 * A zone outlives its creator: a worker makes the cache and exits, the main thread knows nothing of
 * it but the handle that it passes on, and workers come and go without a goodbye.
 *
 * Programs of their own, because the main thread must not have loaded the library: it would watch.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as facts from '../../src/generated/facts.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Bit of inKernel: it waits for another lock, so that the world can be halted. */
const AT_SAFEPOINT = 0x200;
/** Bit of a lock: somebody waits for it. */
const WAITERS = 0x100;

const folder = tempFolder();

const index = new URL('../../dist/node/index.js', import.meta.url).href;

/** Runs a main thread's program with these workers' one. @returns its last line, from JSON */
function run(main: string, worker: string): unknown {
  writeFileSync(
    join(folder, 'worker.mjs'),
    `import { parentPort, workerData } from 'node:worker_threads';
     import { SharedCache } from '${index}';
     const flags = workerData?.flags;
     const isCreator = workerData === null;
     const cache = isCreator ? new SharedCache({ maxSize: '8MiB' }) : SharedCache.attach(workerData.handle);
     parentPort.postMessage(isCreator ? cache.handle : 'attached');
     ${worker}`,
  );
  const file = join(folder, 'main.mjs');
  writeFileSync(
    file,
    `import { once } from 'node:events';
     import { setTimeout as sleep } from 'node:timers/promises';
     import { Worker } from 'node:worker_threads';
     const start = async (workerData) => {
       const worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData });
       const [answer] = await once(worker, 'message');
       return { worker, answer };
     };
     const creator = await start(null);
     const handle = creator.answer;
     ${main}`,
  );
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], {
    ...{ encoding: 'utf8', timeout: PATIENCE_MS },
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1)!);
}

const obedient = `
  cache.set(String(workerData?.round), new Uint8Array(2000));
  parentPort.on('message', (what) => {
    if (what === 'exit') process.exit();
    if (what === 'count') parentPort.postMessage(cache.arena.report().threads);
    if (what === 'check') {
      cache.arena.check();
      parentPort.postMessage(cache.set('last', Uint8Array.of(1)));
    }
  });`;

test('workers that exit without dispose give their slots back, long after the creator has', () => {
  const main = `
    creator.worker.postMessage('exit');
    await once(creator.worker, 'exit');
    // Until there are two: this one and its supervisor.
    for (let round = 0; round < 64; round++) {
      const { worker } = await start({ handle, round });
      let threads;
      do {
        worker.postMessage('count');
        [threads] = await once(worker, 'message');
      } while (threads > 2);
      worker.postMessage('exit');
      await once(worker, 'exit');
    }
    console.log(true);
    process.exit();`;
  assert.equal(run(main, obedient), true);
});

test('whoever works when the creator exits goes on, and its killed peers are buried', () => {
  const main = `
    const survivors = [await start({ handle, round: 1 }), await start({ handle, round: 2 })];
    const doomed = await Promise.all([3, 4, 5].map((round) => start({ handle, round })));
    await creator.worker.terminate();
    await Promise.all(doomed.map(({ worker }) => worker.terminate()));
    const ask = async ({ worker }, what) => {
      worker.postMessage(what);
      return (await once(worker, 'message'))[0];
    };
    // Two, and their supervisor as soon as it has come.
    while ((await ask(survivors[0], 'count')) > 3) await sleep(1);
    console.log(await ask(survivors[1], 'check'));
    process.exit();`;
  assert.equal(run(main, obedient), true);
});

test('survivors of kills in the midst of work never hang, whoever supervised them', () => {
  // Each killed thread may poison the zone; then everybody is told. What must not be is silence.
  const main = `
    const outcomes = [];
    let next = await start(null);
    for (let round = 0; round < 8; round++) {
      const creator = next;
      const workers = await Promise.all([1, 2, 3].map(() => start({ handle: creator.answer, round })));
      const ends = workers.slice(1).map(({ worker }) => once(worker, 'message'));
      for (const { worker } of workers) worker.postMessage('work');
      await sleep(10 + round);
      await Promise.all([creator.worker.terminate(), workers[0].worker.terminate()]);
      for (const { worker } of workers.slice(1)) worker.postMessage('stop');
      outcomes.push(...(await Promise.all(ends)).map(([end]) => end));
      await Promise.all(workers.map(({ worker }) => worker.terminate()));
      next = await start(null);
    }
    console.log(JSON.stringify(outcomes));
    process.exit();`;
  const worker = `
    let isStopped = false;
    const value = new Uint8Array(3000);
    const work = () => {
      try {
        for (let i = 0; i < 200; i++) cache.set('key ' + (i % 50), value);
      } catch (error) {
        // Once its events have turned it learns who is dead.
        if (error.code === 'ERR_PAGELESS_BUSY') return setTimeout(work, 10);
        return parentPort.postMessage(error.code);
      }
      if (isStopped) parentPort.postMessage('stopped');
      else setImmediate(work);
    };
    parentPort.on('message', (what) => {
      if (what === 'work') work();
      else isStopped = true;
    });`;
  const outcomes = run(main, worker) as string[];
  assert.equal(outcomes.length, 16);
  for (const end of outcomes) assert.match(end, /^(stopped|ERR_PAGELESS_CORRUPTION)$/);
});

test('creator, supervisor and who holds a lock die: who waits for it has all repaired', () => {
  const main = `
    const holder = await start({ handle });
    const waiter = await start({ handle });
    holder.worker.postMessage('hold');
    await once(holder.worker, 'message');
    waiter.worker.postMessage('wait');
    const words = new Int32Array(handle.arena.memory.buffer);
    while ((words[${facts.MEMDESC_STATE / 4}] & ${WAITERS}) === 0) await sleep(1);
    // It takes the supervisor along; the other way round that would see the holder's death.
    await creator.worker.terminate();
    await holder.worker.terminate();
    const [outcome] = await once(waiter.worker, 'message');
    console.log(JSON.stringify(outcome));
    process.exit();`;
  const worker = `
    import { threadId } from 'node:worker_threads';
    const words = new Int32Array(cache.arena.memory.buffer);
    const codes = [];
    const slotAt = (slot) => (${facts.SLOT_TABLE} + slot * ${facts.SLOT_BYTES}) / 4;
    const hold = () => {
      let slot = 1;
      while (words[slotAt(slot) + 1] !== threadId + 1) slot++;
      words[slotAt(slot) + 2] = ${facts.OP_FOLIO | AT_SAFEPOINT};
      words[${facts.MEMDESC_STATE / 4}] = slot;
      parentPort.postMessage('held');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    };
    const wait = () => {
      try {
        cache.arena.registerType({ name: 'of a test', descriptorBytes: 32 });
        cache.arena.check();
        parentPort.postMessage({ codes, threads: cache.arena.report().threads });
      } catch (error) {
        codes.push(error.code);
        if (error.code === 'ERR_PAGELESS_BUSY') setTimeout(wait, 100);
        else parentPort.postMessage({ codes });
      }
    };
    parentPort.on('message', (what) => (what === 'hold' ? hold() : wait()));`;
  const { codes, threads } = run(main, worker) as { codes: string[]; threads: number };
  assert.deepEqual(new Set(codes), new Set(['ERR_PAGELESS_BUSY']));
  // It, and the supervisor that it has named.
  assert.ok(threads === 1 || threads === 2, `${threads} live slots`);
});
