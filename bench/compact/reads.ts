/** What reading costs while another thread compacts the same zone. */

import { once } from 'node:events';
import { cpus } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type Arena, type Folio, SharedCache } from '../../src/index.ts';
import { numbersFrom } from '../../test/support/numbers.ts';
import { inTurn, pinThread } from '../suite.ts';
import type { Question, ReaderData, Reading } from './reader.ts';
import { shuffle } from './terrain.ts';

export interface ReadSizes {
  cacheBytes: number;
  keys: number;
  rounds: number;
  ms: number;
}

function fillCache({ cacheBytes, keys }: ReadSizes): SharedCache<Uint8Array> {
  const cache = new SharedCache<Uint8Array>({ maxSize: cacheBytes, values: 'bytes' });
  for (let key = 0; key < keys; key++) {
    const value = new Uint8Array(1024).fill(key & 255);
    for (let i = 256; i < 1024; i++) value[i] = i * key;
    cache.set(`key ${key}`, value);
  }
  return cache;
}

/** Folios that are freed and allocated at random, so that there is always something to compact. */
class Field {
  readonly #arena: Arena;
  readonly #draw = numbersFrom(7);
  #folios: Folio[] = [];

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  compact(): void {
    const { kernel } = this.#arena;
    while (kernel.freePagesNow() > kernel.pageCount() / 8) {
      const folio = this.#arena.allocFolio(0);
      if (folio === undefined) break;
      this.#folios.push(folio);
    }
    shuffle(this.#folios, this.#draw);
    for (const folio of this.#folios.splice(0, this.#folios.length >> 1)) folio.free();
    this.#arena.compact({ budgetMs: 50 });
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));
const idle = (): void => {
  Atomics.wait(pause, 0, 0, 5);
};

/** Asks the reader for a figure, and works until it comes. */
async function ask(worker: Worker, question: Question, work: () => void): Promise<number> {
  let answer = 0;
  worker.once('message', (p99: number) => {
    answer = p99;
  });
  worker.postMessage(question);
  while (answer === 0) {
    work();
    await new Promise(setImmediate);
  }
  return answer;
}

/** 99th percentiles of a `read` and a `get`, `before` and `during` compaction by this thread. */
export async function measureReads(sizes: ReadSizes): Promise<Map<string, number>> {
  const cache = fillCache(sizes);
  const cpu = cpus().length - 1;
  const workerData: ReaderData = { handle: cache.handle, keys: sizes.keys, cpu };
  const worker = new Worker(new URL('./reader.ts', import.meta.url), { workerData });
  await once(worker, 'message');
  pinThread(cpus().length - 2);
  const field = new Field(cache.arena);
  const compact = () => field.compact();
  const { ms } = sizes;
  const subjects = new Map<string, () => Promise<number>>();
  for (const what of ['read', 'get'] as Reading[]) {
    await ask(worker, { what, ms }, compact);
    subjects.set(`${what} before`, () => ask(worker, { what, ms }, idle));
    subjects.set(`${what} during`, () => ask(worker, { what, ms }, compact));
  }
  const figures = await inTurn(sizes.rounds, subjects);
  await worker.terminate();
  cache[Symbol.dispose]();
  return figures;
}
