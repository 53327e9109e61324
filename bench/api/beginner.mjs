/**
 * A process that begins to use the package, and prints how long that took. JavaScript, so that no
 * compiler runs beside it.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const began = performance.now();
const { SharedCache } = await import('pageless');
const imported = performance.now();

if (isMainThread) {
  const cache = new SharedCache({ maxSize: '64MiB' });
  const created = performance.now();
  const worker = new Worker(new URL(import.meta.url), { workerData: cache.handle });
  worker.once('message', (attach) => {
    const figures = { import: imported - began, create: created - imported, attach };
    console.log(JSON.stringify(figures));
  });
} else {
  SharedCache.attach(workerData);
  parentPort.postMessage(performance.now() - imported);
}
