/**
 * Reads random values of a cache and answers with the 99th percentile of a read, in ns: into the
 * thread's scratch, or, as `get` does, with a copy on the heap.
 */

import { parentPort, workerData } from 'node:worker_threads';
import { ZoneClock } from '../../src/border/clock.ts';
import { Border } from '../../src/cache/transfer/transfer.ts';
import { SharedCache, type SharedCacheHandle } from '../../src/index.ts';
import { numbersFrom } from '../../test/support/numbers.ts';
import { pinThread } from '../suite.ts';

export interface ReaderData {
  handle: SharedCacheHandle;
  keys: number;
  cpu: number;
}

export interface Question {
  what: Reading;
  ms: number;
}

const { handle, keys, cpu } = workerData as ReaderData;
pinThread(cpu);
const cache = SharedCache.attach<Uint8Array>(handle);
const { kernel, memory } = cache.arena;
const border = new Border(kernel, memory, new ZoneClock(kernel, memory));
const draw = numbersFrom(99);

export type Reading = 'read' | 'get';

/** They answer with the first byte of the value. */
const readings: Record<Reading, (key: string) => number | undefined> = {
  read: (key) => border.incoming.fetch(border.putKey(key), (lent) => lent[0]),
  get: (key) => cache.get(key)?.[0],
};

/** Times of single reads for `ms`; the clock's own 30 ns are in all of them. */
function percentile(what: Reading, ms: number): number {
  const read = readings[what];
  const times = new Float64Array(4_000_000);
  let count = 0;
  const stop = performance.now() + ms;
  let wrong = 0;
  for (let now = performance.now(); now < stop && count < times.length; ) {
    const key = draw(keys);
    const from = performance.now();
    const byte = read(`key ${key}`);
    now = performance.now();
    times[count++] = (now - from) * 1e6;
    if (byte !== undefined && byte !== (key & 255)) wrong++;
  }
  if (wrong > 0) throw new Error(`${wrong} values were wrong`);
  return times.subarray(0, count).sort()[Math.floor(count * 0.99)]!;
}

parentPort?.on('message', ({ what, ms }: Question) =>
  parentPort?.postMessage(percentile(what, ms)),
);
parentPort?.postMessage(0);
