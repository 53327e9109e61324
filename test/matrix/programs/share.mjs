/**
 * What every runtime and every bundle must do: share a cache between workers, end some of them idle
 * and some at work, and go on. Prints `ok`; whatever else happens is a failure.
 *
 * Wherever the killed one was, the cache is whole afterwards: nothing hangs, and no value is wrong.
 * `--gentle`: workers are asked to end, for Deno, where nobody can know when a killed one has
 * ended.
 */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { SharedCache } from 'pageless';

const ROUNDS = 10;
const isGentle = process.argv.includes('--gentle');

function attached({ handle, isBusy }) {
  const cache = SharedCache.attach(handle);
  cache.set('from the worker', cache.get('from main'));
  parentPort.postMessage('ready');
  setInterval(() => {}, 1000);
  parentPort.once('message', () => {
    cache.close();
    process.exit(0);
  });
  if (!isBusy) return;
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

function end(worker) {
  if (!isGentle) return worker.terminate();
  worker.postMessage('end');
  return once(worker, 'exit');
}

/** A cache, two threads, one of them killed. */
async function killOne(isBusy) {
  const cache = new SharedCache({ maxSize: '8MiB', values: 'string' });
  cache.set('from main', 'hello');
  const [doomed, other] = [await start(cache, isBusy), await start(cache, false)];
  expect(cache.get('from the worker'), 'hello', 'from the worker');
  await end(doomed);
  for (let n = 0; n < 2000; n++) {
    cache.set(`after ${n}`, `value ${n}`);
    expect(cache.get(`after ${n}`), `value ${n}`, `after ${n}`);
  }
  cache.arena.check();
  await end(other);
  cache.close();
}

async function main() {
  for (let round = 0; round < ROUNDS; round++) await killOne(!isGentle && round % 2 === 1);
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
