/**
 * Suite `cache`: one thread's get and set of 1 KiB values, memory for each entry, longest pause.
 *
 *   get-1k-1t-X, set-1k-1t-X  ns an operation, random keys, all of them hits
 *   bytes-1k-X                bytes an entry: ours pages of objects, handles, nodes and buckets over
 *                             entries; peers heap growth over entries. The mean value is 1 KiB
 *   pause-1k-X                longest single operation in 10 s of churn (5 gets to 1 set), ms
 *
 * X is lz4 or raw (compression off). Peers: a `Map` of Buffers, and lru-cache. They hold one copy
 * for each thread; ours is shared by all of them.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Request, Setup } from '../subjects.ts';
import { inTurn, type Result, type SuiteOptions } from '../suite.ts';

const peers = ['Map', 'lru-cache'];
const ours = ['lz4', 'raw'];

async function ask(worker: Worker, request: Request): Promise<number> {
  worker.postMessage(request);
  const [answer] = (await once(worker, 'message')) as [number];
  return answer;
}

/** One figure of every subject, measured in turn. */
type Measure = (worker: Worker) => Promise<number>;

export async function suite({ isTiny }: SuiteOptions): Promise<Result[]> {
  const entries = isTiny ? 500 : 100_000;
  const workers = new Map<string, Worker>();
  for (const subject of [...ours.map((name) => `pageless ${name}`), ...peers]) {
    const setup: Setup = { subject, entries };
    const file = new URL('../subjects.ts', import.meta.url);
    workers.set(subject, new Worker(file, { workerData: setup }));
  }
  const results: Result[] = [];
  const operations = isTiny ? 500 : 200_000;
  const rounds = isTiny ? 1 : 7;
  const measure = async (name: string, unit: string, count: number, one: Measure) => {
    results.push(...compare(name, unit, await ofAll(workers, count, one)));
  };
  await measure('bytes-1k', 'B', 1, (worker) => ask(worker, { kind: 'fill' }));
  for (const kind of ['get', 'set'] as const) {
    // Twice, unmeasured: the compilers of both sides warm up.
    await ofAll(workers, 2, (worker) => ask(worker, { kind, operations }));
    await measure(`${kind}-1k-1t`, 'ns', rounds, (worker) => ask(worker, { kind, operations }));
  }
  const ms = isTiny ? 50 : 10_000;
  await measure('pause-1k', 'ms', 1, (worker) => ask(worker, { kind: 'churn', ms }));
  await Promise.all([...workers.values()].map((worker) => worker.terminate()));
  return results;
}

/** As many rounds of `one` with each worker. */
function ofAll(workers: Map<string, Worker>, rounds: number, one: Measure) {
  return inTurn(rounds, new Map([...workers].map(([name, worker]) => [name, () => one(worker)])));
}

function compare(name: string, unit: string, figures: Map<string, number>): Result[] {
  const rows = ours.flatMap((variant) => {
    const value = figures.get(`pageless ${variant}`)!;
    return peers.map((peer) => {
      return { name: `${name}-${variant}`, value, unit, peer, ratio: value / figures.get(peer)! };
    });
  });
  const own = peers.map((peer) => ({ name: `${name}-${peer}`, value: figures.get(peer)!, unit }));
  return [...rows, ...own];
}
