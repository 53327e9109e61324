/** A thread that reads one block as fast as it can, and says how long it was refused. */
import { parentPort, workerData } from 'node:worker_threads';
import { READ_REFUSED } from '../generated/facts.ts';
import type { ReaderData, Refusals } from './migration.ts';
import { compileLab, joinLab } from './modules.ts';

/** Reads between two looks at the clock. */
const READS = 256;

const { layout, memory, owner, table, records, ms } = workerData as ReaderData;
const lab = joinLab(compileLab(layout), memory, owner);
lab.useTable(table, records);

function readFor(time: number): number[] {
  const refusals: number[] = [];
  for (const end = performance.now() + time; performance.now() < end; ) {
    for (let i = 0; i < READS; i++) {
      if (lab.readBlock(0) === READ_REFUSED) refusals.push(refusedFor());
    }
  }
  return refusals;
}

/** ns from now until a read succeeds. */
function refusedFor(): number {
  const start = performance.now();
  while (lab.readBlock(0) === READ_REFUSED);
  return (performance.now() - start) * 1e6;
}

function summarize(values: number[]): Refusals {
  const sorted = values.sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return { count: sorted.length, median: at(0.5), p99: at(0.99), longest: at(1) };
}

readFor(Math.min(ms, 5));
parentPort!.postMessage('ready');
parentPort!.postMessage(summarize(readFor(ms)));
