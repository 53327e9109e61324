/**
 * Real workers in lockstep: the same instrumented module and schedule as in the engine, but each
 * thread is a thread, and a step is handed over by Atomics.wait and notify.
 *
 *   turns = 0 1 (attach)  0 1 (run to the first operation)  then the schedule
 *
 * Whoever holds the turn runs alone from one operation to the next, so memory and log need no
 * other order than the turn's. Parking stays modelled, with a line for each thread that says on
 * which address it sleeps: with two threads no queue is longer than one.
 *
 *   control[TURN]        thread that may run; NOBODY at the end
 *   control[AT]          position in the list of turns; turn holder
 *   control[LOGGED]      entries in the log; turn holder
 *   control[SLEEP + t]   address on which thread t is parked, AWAKE, or WOKEN; turn holder
 */
import { Worker } from 'node:worker_threads';
import type { Instrumented } from './engine/index.ts';
import { parseSchedule } from './engine/strategy.ts';
import type { Memory } from './engine/wasm-api.ts';
import type { LockstepName } from './lockstep-programs.ts';

export const THREADS = 2;
export const TURN = 0;
export const AT = 1;
export const LOGGED = 2;
export const SLEEP = 3;
export const NOBODY = -1;
export const AWAKE = 0;
export const WOKEN = -1;
const CONTROL_WORDS = SLEEP + THREADS;

/** One event: thread, site (NO_SITE for a thread that goes on after parking), address, value. */
export type Entry = [thread: number, site: number, address: number, value: number];
export const ENTRY = 4;
export const NO_SITE = -1;
const MAX_ENTRIES = 16_384;

export interface LockstepData {
  name: LockstepName;
  wasm: Instrumented;
  memory: Memory;
  thread: number;
  control: Int32Array;
  turns: Int32Array;
  log: Int32Array;
}

export interface Run {
  entries: Entry[];
  /** The whole memory at the end. */
  words: Uint32Array;
}

/** The value of an access: the bytes as a number up to four, else a hash of them (FNV-1a). */
export function valueAt(words: Uint32Array, address: number, length: number): number {
  const bytes = new Uint8Array(words.buffer, address, length);
  if (length <= 4) return bytes.reduceRight((value, byte) => (value << 8) | byte, 0);
  return bytes.reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5 | 0);
}

/** Runs a schedule on real workers; the memory is prepared already. */
export async function runInLockstep(
  name: LockstepName,
  wasm: Instrumented,
  memory: Memory,
  schedule: string,
): Promise<Run> {
  const steps = parseSchedule(schedule).map(({ choice }) => choice);
  const turns = shared(2 * THREADS + steps.length);
  turns.set([0, 1, 0, 1, ...steps]);
  const common = { name, wasm, memory, turns, control: shared(CONTROL_WORDS) };
  const log = shared(MAX_ENTRIES * ENTRY);
  const workers = Array.from({ length: THREADS }, (_, thread) => {
    const workerData: LockstepData = { ...common, log, thread };
    return new Worker(new URL('./lockstep-worker.ts', import.meta.url), { workerData });
  });
  try {
    await Promise.all(workers.map(ended));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  const isOver = Atomics.load(common.control, TURN) === NOBODY;
  if (!isOver) throw new Error('the threads ended before the schedule');
  const count = Atomics.load(common.control, LOGGED);
  const entries = Array.from({ length: count }, (_, i) =>
    Array.from(log.subarray(i * ENTRY, (i + 1) * ENTRY)),
  );
  return { entries: entries as Entry[], words: new Uint32Array(memory.buffer).slice() };
}

function shared(words: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(words * 4));
}

function ended(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', () => resolve());
  });
}
