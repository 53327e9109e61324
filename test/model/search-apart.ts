/**
 * Searches a scenario for a test, on a thread of its own.
 *
 * node:test follows each promise of its thread, to tell whose an error is that nobody catches. A
 * search makes one for each change of threads, and costs twice as much where they are followed.
 * What is thrown there ends that thread and rejects; the next search has another one.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Report } from './engine/index.ts';
import type { Search } from './shortened.ts';

/** What to search, as a message can say it. */
export interface Order {
  /** Of a scenario in scenarios/index.ts. */
  name: string;
  build: 'release' | 'two-word' | 'debug';
  /** Waits end by time even where nobody is dead. */
  isPatient?: boolean;
  options: Search & { isLax?: boolean };
}

let searcher: Worker | undefined;

/** One at a time, as tests are. The thread holds the process only while it searches. */
export async function searchApart(order: Order): Promise<Report> {
  const worker = searcher ?? new Worker(new URL('./searcher.ts', import.meta.url));
  searcher = worker;
  worker.ref();
  worker.postMessage(order);
  try {
    const [report] = (await once(worker, 'message')) as [Report];
    worker.unref();
    return report;
  } catch (error) {
    searcher = undefined;
    throw error;
  }
}
