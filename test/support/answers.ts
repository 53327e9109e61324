/** What workers say next, each one thing. */
import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';

export async function answers(workers: readonly Worker[]): Promise<unknown[]> {
  const messages = workers.map((worker) => once(worker, 'message'));
  return (await Promise.all(messages)).map(([message]) => message);
}
