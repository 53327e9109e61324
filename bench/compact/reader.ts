/** Reads random values of a cache and answers with the 99th percentile of a read, in ns. */
import { parentPort, workerData } from 'node:worker_threads';
import { SharedCache, type SharedCacheHandle } from '../../src/index.ts';
import { pinThread } from '../suite.ts';
import { numbersFrom } from './terrain.ts';

export interface ReaderData {
  handle: SharedCacheHandle;
  keys: number;
  cpu: number;
}

const { handle, keys, cpu } = workerData as ReaderData;
pinThread(cpu);
const cache = SharedCache.attach<Uint8Array>(handle);
const draw = numbersFrom(99);

/** Times of single reads for `ms`; the clock's own 25 ns are in all of them. */
function percentile(ms: number): number {
  const times = new Float64Array(4_000_000);
  let count = 0;
  const stop = performance.now() + ms;
  let wrong = 0;
  for (let now = performance.now(); now < stop && count < times.length; ) {
    const key = draw(keys);
    const from = process.hrtime.bigint();
    const value = cache.get(`key ${key}`);
    times[count++] = Number(process.hrtime.bigint() - from);
    if (value !== undefined && value[0] !== (key & 255)) wrong++;
    if ((count & 255) === 0) now = performance.now();
  }
  if (wrong > 0) throw new Error(`${wrong} values were wrong`);
  return times.subarray(0, count).sort()[Math.floor(count * 0.99)]!;
}

parentPort?.on('message', (ms: number) => parentPort?.postMessage(percentile(ms)));
parentPort?.postMessage(0);
