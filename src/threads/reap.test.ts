/** Reaping: what is waited for is that a thread's part has come back. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Arena } from '../arena/arena.ts';
import { InvalidArgumentError } from '../errors.ts';

/** A worker that attaches, says its number and keeps a folio pinned. */
async function start(arena: Arena): Promise<{ worker: Worker; thread: number; pfn: number }> {
  const index = new URL('../index.ts', import.meta.url).href;
  const program = `
    import('${index}').then(({ Arena }) => {
      const { parentPort, workerData } = require('node:worker_threads');
      const arena = Arena.attach(workerData);
      const folio = arena.allocFolio(3);
      globalThis.view = folio.map();
      parentPort.on('message', () => { view.close(); arena.close(); parentPort.postMessage(0); });
      parentPort.postMessage([arena.thread, folio.pfn]);
    });`;
  const worker = new Worker(program, { eval: true, workerData: arena.handle });
  const [[thread, pfn]] = await once(worker, 'message');
  return { worker, thread, pfn };
}

test('a terminated thread is reaped, one that has left already is', async () => {
  using arena = new Arena({ size: '4MiB' });
  const killed = await start(arena);
  const left = await start(arena);
  assert.equal(new Set([arena.thread, killed.thread, left.thread]).size, 3);
  left.worker.postMessage('leave');
  await once(left.worker, 'message');
  await arena.reap(left.thread);
  assert.equal(arena.describe(killed.pfn).pins, 1);
  const ended = killed.worker.terminate();
  await arena.reap(killed.thread);
  assert.equal(arena.describe(killed.pfn).pins, 0);
  arena.check();
  await Promise.all([ended, left.worker.terminate()]);
});

test('waiting for a thread that lives ends by a signal', async () => {
  using arena = new Arena({ size: '4MiB' });
  const stop = new AbortController();
  const waiting = arena.reap(arena.thread, { signal: stop.signal });
  stop.abort(new Error('enough'));
  await assert.rejects(waiting, /enough/);
  await assert.rejects(arena.reap(0), InvalidArgumentError);
  await assert.rejects(arena.reap(1.5), InvalidArgumentError);
});
