/** The main thread's calls while a worker holds what they need, and after its death. */
import * as facts from '../../../src/generated/facts.ts';
import { BusyError, SharedCache } from '../../../src/index.ts';
import type { Hold } from './holder-worker.ts';
import { sleep } from './values.ts';

export interface Held {
  /** Calls that ended with BusyError, the longest in ms. */
  busy: string[];
  longest: number;
  /** Whether all could be called when the hold was over, and the zone is sound. */
  isSound: boolean;
}

const places: Record<string, number> = {
  world: 0,
  slabs: facts.SLAB_STATE,
  limbo: facts.LIMBO_STATE,
  zsmalloc: facts.ZS_STATE,
  threads: facts.THREADS_STATE,
};

const block = new Uint8Array(3000).map((_, i) => i * i);

const calls: Record<string, (cache: SharedCache) => unknown> = {
  get: (cache) => cache.get('key'),
  set: (cache) => {
    for (let i = 0; i < 30; i++) cache.set(`key ${i}`, block);
  },
  delete: (cache) => cache.delete('key 1'),
  clear: (cache) => cache.clear(),
  getOrSetSync: (cache) => cache.getOrSetSync('other', () => block),
  folios: (cache) => {
    const taken = Array.from({ length: 300 }, () => cache.arena.allocFolio(0));
    for (const folio of taken) folio?.free();
  },
  pool: (cache) => cache.arena.createZsPool(),
  compact: (cache) => cache.arena.compact({ budgetMs: 1 }),
  synchronize: (cache) => cache.arena.synchronize(),
  check: (cache) => cache.arena.check(),
  another: (cache) => SharedCache.attach(cache.handle).close(),
};

/** Makes the named calls. @returns which of them were busy */
function callThem(cache: SharedCache, names: string[], held: Held): string[] {
  return names.filter((name) => {
    const began = performance.now();
    try {
      calls[name]!(cache);
      return false;
    } catch (error) {
      if (!(error instanceof BusyError)) throw error;
      return true;
    } finally {
      held.longest = Math.max(held.longest, performance.now() - began);
    }
  });
}

async function startHolder(
  cache: SharedCache,
  lock: number,
  end: Int32Array,
): Promise<{ worker: Worker; thread: number }> {
  const worker = new Worker('/holder-worker.js', { type: 'module' });
  worker.postMessage({ handle: cache.handle, lock, end } satisfies Hold);
  const thread = await new Promise<number>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
  });
  return { worker, thread };
}

/** Lets the holder go on. */
function release(end: Int32Array): void {
  Atomics.store(end, 0, 1);
  Atomics.notify(end, 0);
}

/**
 * Makes calls while somebody has what they need, and all of them when that is over.
 *
 * @param isKilled  the holder is terminated; else it lets go
 */
async function hold(place: string, names: string[], isKilled: boolean): Promise<Held> {
  const held: Held = { busy: [], longest: 0, isSound: false };
  const cache = new SharedCache({ maxSize: '8MiB' });
  const end = new Int32Array(new SharedArrayBuffer(4));
  const { worker, thread } = await startHolder(cache, places[place]!, end);
  held.busy = callThem(cache, names, held);
  if (isKilled) {
    worker.terminate();
    // In the same turn: nothing has told of the death yet.
    callThem(cache, names.slice(0, 1), held);
  } else release(end);
  while (callThem(cache, names, held).length !== 0) await sleep(5);
  worker.terminate();
  await cache.arena.reap(thread);
  held.isSound = callThem(cache, Object.keys(calls), held).length === 0;
  cache.arena.check();
  cache.close();
  return held;
}

/** Closes the cache while the world is stopped. Resolves when this thread has left all the same. */
async function closeMeanwhile(): Promise<void> {
  const cache = new SharedCache({ maxSize: '8MiB' });
  const end = new Int32Array(new SharedArrayBuffer(4));
  const { worker } = await startHolder(cache, places.world!, end);
  cache.close();
  release(end);
  await new Promise<void>((resolve) => {
    worker.onmessage = ({ data }) => data === 'alone' && resolve();
  });
  worker.terminate();
}

Object.assign(globalThis, { hold, closeMeanwhile });
