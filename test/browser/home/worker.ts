/**
 * A worker of the test page: reads values that say what they must be, takes folios and frees them,
 * and lets its events turn between two rounds. It is killed anywhere in that, with a page pinned
 * and half-way through freeing it; the values are the page's, for a death inside `set` may still
 * poison.
 */
import { SharedCache, type SharedCacheHandle } from '../../../src/index.ts';
import { expectedValue, type FromWorker, KEYS } from './values.ts';

function round(cache: SharedCache<string>): number {
  let wrong = 0;
  for (let i = 0; i < 100; i++) {
    const key = Math.floor(Math.random() * KEYS);
    const value = cache.get(`key ${key}`);
    if (value !== expectedValue(key)) wrong++;
    const folio = cache.arena.allocFolio(i % 4);
    folio?.map().close();
    folio?.free();
  }
  return wrong;
}

function work(cache: SharedCache<string>): void {
  const told: FromWorker = { thread: cache.arena.thread, wrong: 0, rounds: 0 };
  const turn = () => {
    told.wrong += round(cache);
    told.rounds++;
    postMessage(told);
    setTimeout(turn, 0);
  };
  turn();
}

self.onmessage = ({ data }: MessageEvent<SharedCacheHandle>) =>
  work(SharedCache.attach<string>(data));
