/**
 * A thread that reads a cache without a pause and answers, when it is asked, with its longest
 * `get`.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { SharedCache, type SharedCacheHandle } from '../../src/index.ts';
import { keyOf, randoms } from '../cache/values.ts';
import { pinThread } from '../suite.ts';

const { handle, entries } = workerData as { handle: SharedCacheHandle; entries: number };
const cache = SharedCache.attach(handle);
const random = randoms(3);
/** Gets between two turns of the event loop, which brings the question. */
const GETS = 200;
let longest = 0;

function readOn(): void {
  for (let i = 0; i < GETS; i++) {
    const key = keyOf(random(entries));
    const start = performance.now();
    cache.get(key);
    longest = Math.max(longest, performance.now() - start);
  }
  setImmediate(readOn);
}

pinThread(1);
parentPort!.on('message', () => {
  parentPort!.postMessage(longest);
  longest = 0;
});
readOn();
