/** Kills the process when its main thread is stuck: the last resort against a silent hang. */
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { HEARTBEAT, type Shared } from './value.ts';

const { shared, patienceMs } = workerData as { shared: Shared; patienceMs: number };
let last = -1;
let since = performance.now();

setInterval(() => {
  const beat = Atomics.load(shared, HEARTBEAT);
  if (beat !== last) since = performance.now();
  last = beat;
  if (performance.now() - since < patienceMs) return;
  writeSync(2, `HANG: the main thread has not moved for ${patienceMs} ms\n`);
  process.kill(process.pid, 'SIGKILL');
}, 100);
