/**
 * What every runtime and every bundle must do: share a cache between workers, end some of them idle
 * and some at work, and go on. Prints `ok`; whatever else happens is a failure.
 *
 * A worker that is killed while it changes the cache's index may poison it, which the others are told
 * by a typed error; then a new cache is begun. What may never happen is to hang, or a wrong value.
 */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { SharedCache } from 'pageless';

const KILLS = 10;

function attached({ handle, isBusy }) {
  const cache = SharedCache.attach(handle);
  cache.set('from the worker', cache.get('from main'));
  parentPort.postMessage('ready');
  if (!isBusy) {
    setInterval(() => {}, 1000);
    return;
  }
  for (let n = 0; ; n++) cache.set(`busy ${n % 100}`, 'x'.repeat(n % 5000));
}

async function start(cache, isBusy) {
  // The file that is being run, whatever a bundler has made of it.
  const worker = new Worker(process.argv[1], { workerData: { handle: cache.handle, isBusy } });
  const failed = once(worker, 'error').then(([error]) => Promise.reject(error));
  failed.catch(() => {});
  await Promise.race([once(worker, 'message'), failed]);
  return worker;
}

function expect(seen, expected, what) {
  if (seen !== expected) throw new Error(`${what}: ${seen} instead of ${expected}`);
}

/** A cache, two threads, one of them killed. @returns whether it was poisoned */
async function killOne(isBusy) {
  const cache = new SharedCache({ maxSize: '8MiB', values: 'string' });
  cache.set('from main', 'hello');
  const [doomed, other] = [await start(cache, isBusy), await start(cache, false)];
  expect(cache.get('from the worker'), 'hello', 'from the worker');
  await doomed.terminate();
  try {
    for (let n = 0; n < 2000; n++) {
      cache.set(`after ${n}`, `value ${n}`);
      expect(cache.get(`after ${n}`), `value ${n}`, `after ${n}`);
    }
    cache.arena.check();
  } catch (error) {
    if (!isBusy || error.code !== 'ERR_PAGELESS_CORRUPTION') throw error;
    return true;
  } finally {
    await other.terminate();
    cache.close();
  }
  return false;
}

async function main() {
  for (let round = 0; round < KILLS; round++) await killOne(round % 2 === 1);
  console.log('ok');
  // A runtime that keeps a terminated worker's thread would not end by itself; that is looked at by
  // the tests of the package, in Node.
  process.exit(0);
}

if (isMainThread) {
  main().catch((error) => {
    console.error(error);
    process.exit(1);
  });
} else {
  attached(workerData);
}
