/**
 * A worker of the test page: reads values that say what they must be, writes them, takes folios and
 * frees them, and lets its events turn between two rounds. It is killed anywhere in that, with a
 * page pinned, a lock in its hand, half-way through a change.
 */
import { SharedCache, type SharedCacheHandle } from '../../../src/index.ts';
import { expectedValue, type FromWorker, KEYS } from './values.ts';

function round(cache: SharedCache<string>): number {
  let wrong = 0;
  for (let i = 0; i < 100; i++) {
    const key = Math.floor(Math.random() * KEYS);
    const value = cache.get(`key ${key}`);
    if (value !== undefined && value !== expectedValue(key)) wrong++;
    if (value === undefined || i % 4 === 0) cache.set(`key ${key}`, expectedValue(key));
    if (i % 10 === 0) cache.delete(`key ${Math.floor(Math.random() * KEYS)}`);
    const folio = cache.arena.allocFolio(i % 4);
    folio?.map().close();
    folio?.free();
  }
  return wrong;
}

function work(cache: SharedCache<string>, port: MessagePort): void {
  const told: FromWorker = { thread: cache.arena.thread, wrong: 0, rounds: 0 };
  const turn = () => {
    told.wrong += round(cache);
    told.rounds++;
    port.postMessage(told);
    setTimeout(turn, 0);
  };
  turn();
}

/** The handle comes over a port of its own. */
self.onmessage = ({ ports: [port] }) => {
  port!.onmessage = ({ data }: MessageEvent<SharedCacheHandle>) =>
    work(SharedCache.attach<string>(data), port!);
};
