/** The test page: one cache, workers that come and are killed, and what became of them. */
import { SharedCache } from '../../../src/index.ts';
import { expectedValue, type FromWorker, KEYS } from './values.ts';

export interface Outcome {
  wrong: number;
  rounds: number;
  /** Milliseconds from each `terminate` until the dead worker's slot was given back. */
  reaped: number[];
  threadsBefore: number;
  threadsAfter: number;
  entries: number;
  freePagesLost: number;
}

/** A worker, once it has said who it is. */
interface Hand {
  worker: Worker;
  last: FromWorker;
}

function hire(cache: SharedCache<string>): Promise<Hand> {
  const worker = new Worker('/worker.js', { type: 'module' });
  return new Promise((resolve, reject) => {
    let hand: Hand | undefined;
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (hand) hand.last = data;
      else {
        hand = { worker, last: data };
        resolve(hand);
      }
    };
    worker.postMessage(cache.handle);
  });
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Kills `kills` workers, four at a time, and checks the cache when all are reaped. */
async function run(kills: number): Promise<Outcome> {
  using cache = new SharedCache<string>({ maxSize: '16MiB', values: 'string' });
  for (let key = 0; key < KEYS; key++) cache.set(`key ${key}`, expectedValue(key));
  const outcome: Outcome = {
    ...{ wrong: 0, rounds: 0, reaped: [], entries: 0, threadsAfter: 0, freePagesLost: 0 },
    threadsBefore: cache.arena.report().threads,
  };
  const { freePages } = cache.arena.report();
  while (outcome.reaped.length < kills) {
    const hands = await Promise.all(Array.from({ length: 4 }, () => hire(cache)));
    // Long enough that each has held its lock and been seen to.
    await sleep(600 + Math.random() * 50);
    const killed = performance.now();
    for (const { worker } of hands) worker.terminate();
    await Promise.all(
      hands.map(async ({ last }) => {
        await cache.arena.reap(last.thread);
        outcome.reaped.push(performance.now() - killed);
        outcome.wrong += last.wrong;
        outcome.rounds += last.rounds;
      }),
    );
  }
  cache.arena.check();
  outcome.threadsAfter = cache.arena.report().threads;
  outcome.entries = cache.size;
  cache.arena.synchronize();
  outcome.freePagesLost = freePages - cache.arena.report().freePages;
  return outcome;
}

Object.assign(globalThis, { run });
