/** A thread that sets and reads among many entries, and keeps how long its longest call took. */

import { parentPort, workerData } from 'node:worker_threads';
import { SharedCache, type SharedCacheHandle } from '../../src/index.ts';
import { numbersFrom } from '../../test/support/numbers.ts';
import { keyOf } from '../cache/values.ts';
import { timed, type Windows } from './window.ts';

export interface DeathSetup {
  handle: SharedCacheHandle;
  entries: number;
  windows: Windows;
}

const { handle, entries, windows } = workerData as DeathSetup;
const cache = SharedCache.attach(handle);
const random = numbersFrom(1 + Math.floor(performance.now() * 1000));
const target = new Uint8Array(16);
/** Operations between two turns of the event loop, in which messages get through. */
const SLICE = 1000;

function operation(): void {
  const key = keyOf(random(entries));
  if (random(2) === 0) cache.set(key, target);
  else cache.getInto(key, target);
}

function slice(): void {
  for (let i = 0; i < SLICE; i++) timed(windows, operation);
  setImmediate(slice);
}

setImmediate(() => {
  for (let i = 0; i < SLICE; i++) operation();
  parentPort!.postMessage('at work');
  slice();
});
