/**
 * The readers of the conformance tests: workers that look at an arena for as long as its owner, the
 * test, changes it. A reader works without a pause, and says at the end how often it looked, or
 * what it saw that must not be.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { ArenaHandle } from '../../src/index.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import type { CompiledModule, SharedMemory } from '../support/test-kernel.ts';

/** Words that all share. What follows is the test's own. */
export const STOP = 0;
export const READY = 1;
export const OWN = 2;

export interface ReaderData {
  role: string;
  shared: Int32Array;
  /** What a role works on: an arena, or the bare kernel over a memory. */
  arena?: ArenaHandle;
  kernel?: { memory: SharedMemory; module: CompiledModule };
  values: number[];
}

export interface ReaderResult {
  looks: number;
  error?: unknown;
}

/** How much longer than within `npm test`: set by `npm run conformance`. */
export const SCALE: number = Number(process.env.PAGELESS_CONFORMANCE_SCALE ?? 1);

const READERS = 2;

export function sharedWords(own: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer((OWN + own) * 4));
}

/** Runs `body` while readers look. @returns how often they did; rejects with what they saw wrong */
export async function whileReading(data: ReaderData, body: () => void): Promise<number> {
  const { shared } = data;
  shared[STOP] = 0;
  shared[READY] = 0;
  const file = new URL('./reader.ts', import.meta.url);
  const workers = Array.from({ length: READERS }, () => new Worker(file, { workerData: data }));
  const results = workers.map(async (worker) => (await once(worker, 'message'))[0] as ReaderResult);
  const start = performance.now();
  while (Atomics.load(shared, READY) < READERS) {
    assert.ok(performance.now() - start < PATIENCE_MS, 'the readers did not come');
    await sleep(1);
  }
  try {
    body();
  } finally {
    Atomics.store(shared, STOP, 1);
  }
  const ends = await Promise.all(results);
  await Promise.all(workers.map((worker) => worker.terminate()));
  for (const { error } of ends) if (error !== undefined) throw error;
  return ends.reduce((sum, { looks }) => sum + looks, 0);
}
