/** A thread that fills a cache in one way, with values of any length, until it is told to stop. */
import { parentPort, workerData } from 'node:worker_threads';
import { SharedCache } from '../../src/index.ts';
import { MemoryTier } from '../support/memory-tier.ts';
import { seeded } from '../support/seeded.ts';
import { KEYS, type RefusalData, type Way } from './refusal-ways.ts';

const { handle, stop, steps, way, largest, isLongest, name } = workerData as RefusalData;
const run = seeded(`refusals ${name}`);
const source = Uint8Array.from({ length: 2 * largest }, () => run.int(256));
const cache = SharedCache.attach(handle, {
  ...(way === 'near' && { near: { max: 100 } }),
  ...(way === 'tier' && { tier: new MemoryTier() }),
});
/** What has a second tier can have none. */
const counts = way === 'increment' ? cache.namespace('counts', { values: 'string' }) : undefined;
/** Steps between two turns of the event loop. */
const SLICE = 20;
/** Of a row of keys: no more than a call of the kernel takes. */
const ROW = 64;
const TOGETHER = 8;
/** More than there is room for. */
const COUNTS = 10 ** 6;

const someKey = (): string => `key ${run.int(KEYS)}`;

/** Of any length, the short ones as often as those twice as long. */
function someValue(): Uint8Array {
  const length = Math.floor(largest ** (isLongest ? 1 : run.random()));
  const from = run.int(largest);
  return source.subarray(from, from + length);
}

const set = (): unknown => cache.set(someKey(), someValue());

const ways: Record<Way, () => unknown> = {
  set,
  setMany() {
    cache.setMany(Array.from({ length: 1 + run.int(ROW) }, () => [someKey(), someValue()]));
  },
  increment: () => (run.int(100) === 0 ? set() : counts?.increment(`count ${run.int(COUNTS)}`)),
  near: () => (run.int(2) === 0 ? set() : cache.get(`key ${run.int(20)}`)),
  getOrSet: () =>
    Promise.all(
      Array.from({ length: TOGETHER }, () => cache.getOrSet(someKey(), async () => someValue())),
    ),
  update: () => cache.update(someKey(), () => someValue()),
  tier: async () => (run.int(2) === 0 ? set() : cache.getAsync(someKey())),
};

async function work(): Promise<void> {
  while (Atomics.load(stop, 0) === 0) {
    for (let i = 0; i < SLICE && Atomics.load(stop, 0) === 0; i++) {
      if (run.int(20) === 0) cache.delete(someKey());
      await ways[way]();
      Atomics.add(steps, 0, 1);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  cache.close();
  parentPort!.postMessage('done');
}

await work();
