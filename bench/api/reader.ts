/**
 * A thread that reads a cache without a pause and answers, when it is asked, with its longest
 * `get`, and with the longest of those times in which it ran (bench/cache/spans.ts), in ms.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { SharedCache, type SharedCacheHandle } from '../../src/index.ts';
import { numbersFrom } from '../../test/support/numbers.ts';
import { waitedMs } from '../cache/spans.ts';
import { keyOf } from '../cache/values.ts';
import { pinThread } from '../suite.ts';

const { handle, entries } = workerData as { handle: SharedCacheHandle; entries: number };
const cache = SharedCache.attach(handle);
const random = numbersFrom(3);
/** Gets between two turns of the event loop, which brings the question. */
const GETS = 200;
/** Longer ones are asked whether they ran. */
const LONG_MS = 1;
let longest = { all: 0, running: 0 };

function readOn(): void {
  let waited = waitedMs();
  let before = performance.now();
  for (let i = 0; i < GETS; i++) {
    cache.get(keyOf(random(entries)));
    const span = performance.now() - before;
    longest.all = Math.max(longest.all, span);
    if (span > LONG_MS) {
      const more = waitedMs() - waited;
      waited += more;
      longest.running = Math.max(longest.running, span - more);
    }
    before = performance.now();
  }
  setImmediate(readOn);
}

pinThread(1);
parentPort!.on('message', () => {
  parentPort!.postMessage(longest);
  longest = { all: 0, running: 0 };
});
readOn();
