/** A worker of the litmus tests: ties itself to a CPU, then runs its part of each shape. */
import { parentPort, workerData } from 'node:worker_threads';
import { pinThread } from '../../../bench/suite.ts';
import type { Job, WorkerData } from './crew.ts';

const { bytes, memory, cpu, batch } = workerData as WorkerData;
const module = new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>);
const { exports } = new WebAssembly.Instance(module, {
  env: { memory: memory as WebAssembly.Memory },
});
const functions = exports as Record<string, (...args: number[]) => void>;
const { barrier, judge } = functions as Record<'barrier' | 'judge', (...args: number[]) => void>;

function work({ name, thread, threads, batches, patience }: Job): void {
  const run = functions[name]!;
  let round = 1;
  for (let i = 0; i < batches; i++) {
    barrier(threads);
    run(round, patience);
    round += batch;
    barrier(threads);
    judge(thread, threads);
  }
}

parentPort!.on('message', (job: Job) => {
  work(job);
  parentPort!.postMessage(true);
});
parentPort!.postMessage(pinThread(cpu));
