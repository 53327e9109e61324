/**
 * The test page: one cache, workers that come and are killed while the page goes on with the cache
 * itself, and what became of them.
 */
import { BusyError, SharedCache } from '../../../src/index.ts';
import { expectedValue, type FromWorker, KEYS, sleep } from './values.ts';

export interface Outcome {
  wrong: number;
  rounds: number;
  /** Milliseconds from each `terminate` until the dead worker's slot was given back. */
  reaped: number[];
  threadsBefore: number;
  threadsAfter: number;
  /** Of the main thread: its calls, how many of them ended with BusyError, the longest in ms. */
  calls: number;
  busy: number;
  longest: number;
  /** After everything, each key set anew and read. */
  kept: number;
}

/** A worker, once it has said who it is. */
interface Hand {
  worker: Worker;
  last: FromWorker;
}

function hire(cache: SharedCache<string>): Promise<Hand> {
  const worker = new Worker('/worker.js', { type: 'module' });
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve, reject) => {
    let hand: Hand | undefined;
    worker.onerror = (event) => reject(new Error(event.message));
    port1.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (hand) hand.last = data;
      else {
        hand = { worker, last: data };
        resolve(hand);
      }
    };
    worker.postMessage('', [port2]);
    port1.postMessage(cache.handle);
  });
}

/** One call of the main thread: it ends in any case. */
function attempt(outcome: Outcome, call: () => unknown): void {
  const began = performance.now();
  outcome.calls++;
  try {
    call();
  } catch (error) {
    if (!(error instanceof BusyError)) throw error;
    outcome.busy++;
  }
  outcome.longest = Math.max(outcome.longest, performance.now() - began);
}

/** Some reads and writes of the main thread. */
function goOn(cache: SharedCache<string>, outcome: Outcome): void {
  for (let i = 0; i < 20; i++) {
    const key = Math.floor(Math.random() * KEYS);
    attempt(outcome, () => {
      const value = cache.get(`key ${key}`);
      if (value !== undefined && value !== expectedValue(key)) outcome.wrong++;
    });
    attempt(outcome, () => cache.set(`key ${key}`, expectedValue(key)));
  }
}

async function killFour(cache: SharedCache<string>, outcome: Outcome): Promise<void> {
  const hands = await Promise.all(Array.from({ length: 4 }, () => hire(cache)));
  while (!cache.stats().isSupervised) await sleep(1);
  await sleep(Math.random() * 50);
  const killed = performance.now();
  for (const { worker } of hands) worker.terminate();
  goOn(cache, outcome);
  await Promise.all(
    hands.map(async ({ last }) => {
      await cache.arena.reap(last.thread);
      outcome.reaped.push(performance.now() - killed);
      outcome.wrong += last.wrong;
      outcome.rounds += last.rounds;
    }),
  );
}

/** Kills `kills` workers, four at a time, and checks the cache when all are reaped. */
async function run(kills: number): Promise<Outcome> {
  using cache = new SharedCache<string>({ maxSize: '16MiB', values: 'string' });
  const outcome: Outcome = {
    ...{ wrong: 0, rounds: 0, reaped: [], calls: 0, busy: 0, longest: 0, kept: 0 },
    ...{ threadsBefore: cache.arena.report().threads, threadsAfter: 0 },
  };
  const timer = setInterval(goOn, 1, cache, outcome);
  while (outcome.reaped.length < kills) await killFour(cache, outcome);
  clearInterval(timer);
  cache.arena.check();
  outcome.threadsAfter = cache.arena.report().threads;
  for (let key = 0; key < KEYS; key++) cache.set(`key ${key}`, expectedValue(key));
  for (let key = 0; key < KEYS; key++) {
    if (cache.get(`key ${key}`) === expectedValue(key)) outcome.kept++;
  }
  return outcome;
}

/** Deaths that nobody can notice. @returns whether the page is told */
function withoutLocks(): boolean {
  Object.defineProperty(navigator, 'locks', { value: undefined });
  using cache = new SharedCache({ maxSize: '4MiB' });
  cache.set('key', Uint8Array.of(1));
  return cache.stats().isSupervised;
}

Object.assign(globalThis, { run, withoutLocks });
