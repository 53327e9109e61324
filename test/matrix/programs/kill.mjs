/**
 * What a bundle must still have: the thread that notices deaths. A worker and its own worker end
 * together while the main thread, which never created the second, waits in a call for the second's
 * lock; no event tells it, and none could. Prints `ok`, or never ends.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { SharedCache } from 'pageless';

/** The file that is being run, whatever a bundler has made of it. */
const startWorker = (data) => new Worker(process.argv[1], { workerData: data });

/** Keeps the folio locked for ever. */
function lock({ handle, name }) {
  const cache = SharedCache.attach(handle);
  const pin = cache.arena.folio(name).pin();
  pin.lock();
  parentPort.postMessage('locked');
  setInterval(() => cache.has('key') && pin.order, 1000);
}

/** Has a worker lock it, and when it is told to, exits with that worker. */
async function exitTogether(data) {
  const child = startWorker({ ...data, role: 'lock' });
  await once(child, 'message');
  parentPort.postMessage('locked');
  while (Atomics.load(data.flags, 0) === 0) await sleep(1);
  await sleep(50);
  process.exit(0);
}

async function main() {
  const cache = new SharedCache({ maxSize: '8MiB' });
  const { name } = cache.arena.allocFolio(0);
  const flags = new Int32Array(new SharedArrayBuffer(4));
  const worker = startWorker({ role: 'exit', handle: cache.handle, name, flags });
  await once(worker, 'message');
  // Lifelines go through this thread's events once.
  await sleep(200);
  Atomics.store(flags, 0, 1);
  const pin = cache.arena.folio(name).pin();
  if (!pin.lock()) throw new Error('the lock was got, but not of a dead owner');
  if (!cache.stats().isSupervised) throw new Error('nobody supervises');
  cache.arena.check();
  console.log('ok');
  process.exit(0);
}

if (isMainThread) {
  main().catch((error) => {
    console.error(error);
    process.exit(1);
  });
} else if (workerData.role === 'lock') lock(workerData);
else exitTogether(workerData);
