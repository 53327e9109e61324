/**
 * A worker of the demo: attaches to the cache by its handle, does the phases it is told to do, and
 * answers each with its tally.
 *
 * The first answer, an empty one, says that it is attached. An error ends the worker, and the crew
 * (crew.ts) makes it the command's error.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { SharedCache, type SharedCacheHandle } from '../cache/shared-cache.ts';
import { type Phase, type Task, work } from './jobs.ts';
import { Ledger, type LedgerMemory } from './ledger.ts';

export interface DemoWorkerData {
  handle: SharedCacheHandle;
  files: string[];
  ledger: LedgerMemory;
  index: number;
  workers: number;
}

function start({ handle, files, ledger, index, workers }: DemoWorkerData): void {
  const cache = SharedCache.attach(handle);
  const maxEntryBytes = handle.maxEntrySize;
  const task: Task = { cache, files, ledger: new Ledger(ledger), maxEntryBytes };
  const before = (index + workers - 1) % workers;
  parentPort?.on('message', (phase: Phase | 'stop') => {
    if (phase === 'stop') {
      cache[Symbol.dispose]();
      parentPort?.close();
      return;
    }
    const isOwn = phase === 'load' || phase === 'delete';
    parentPort?.postMessage(work(phase, task, isOwn ? index : before));
  });
  parentPort?.postMessage(undefined);
}

start(workerData as DemoWorkerData);
