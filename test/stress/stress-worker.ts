/** A thread of the stress run: random operations, every answer checked, until told to stop. */
import { workerData } from 'node:worker_threads';
import { SharedCache, type SharedCacheHandle } from '../../src/index.ts';
import { seeded } from '../support/seeded.ts';
import { workInSlices } from './slices.ts';
import { boardAt, KEYS, keyOf, makeValue, readStamp, type Shared } from './value.ts';

export interface StressData {
  handle: SharedCacheHandle;
  shared: Shared;
  writer: number;
}

const { handle, shared, writer } = workerData as StressData;
const run = seeded(`stress ${writer}`);
const cache = SharedCache.attach(handle);
let sequence = 0;
/** By writer and key: the highest sequence seen. */
const seen = new Map<number, number>();
/** By key: the sequence of this thread's last operation that left no value of its own. */
const gone = new Int32Array(KEYS);

/** Mostly small, sometimes of several blocks, now and then too large. */
function someLength(): number {
  const sizes = [run.int(200), run.int(5000), run.int(30_000), run.int(140_000)];
  if (run.int(40) === 0) return run.int(600_000);
  return run.int(400) === 0 ? 1_200_000 : sizes[run.int(4)]!;
}

function write(key: number): void {
  const stamp = { key, writer, sequence: ++sequence };
  const isKept = cache.set(keyOf(key), makeValue(stamp, someLength()));
  Atomics.store(shared, boardAt(writer, key), sequence);
  if (!isKept) gone[key] = sequence;
}

function erase(key: number): void {
  sequence++;
  cache.delete(keyOf(key));
  Atomics.store(shared, boardAt(writer, key), sequence);
  gone[key] = sequence;
}

/** Of writers that may have this key's value: what had returned before we began to read. */
function floorsOf(key: number): (other: number) => number {
  const known = new Map<number, number>();
  for (const at of seen.keys()) {
    if (at % KEYS === key) {
      const other = Math.floor(at / KEYS);
      known.set(other, Atomics.load(shared, boardAt(other, key)));
    }
  }
  return (other) => known.get(other) ?? 0;
}

function read(key: number): void {
  const floorOf = floorsOf(key);
  const value = cache.get(keyOf(key));
  if (!value) return;
  const stamp = readStamp(key, value);
  const at = stamp.writer * KEYS + key;
  const floor = Math.max(seen.get(at) ?? 0, floorOf(stamp.writer));
  const isOwnGone = stamp.writer === writer && stamp.sequence <= gone[key]!;
  if (stamp.sequence < floor || isOwnGone) {
    throw new Error(`stale: ${JSON.stringify(stamp)}, floor ${floor}, gone ${gone[key]}`);
  }
  seen.set(at, stamp.sequence);
}

function step(): void {
  const key = run.int(KEYS);
  const what = run.int(100);
  if (what < 45) read(key);
  else if (what < 90) write(key);
  else if (what < 98) erase(key);
  else if (what < 99) for (const name of cache.keys()) cache.has(name);
  else if (run.int(20) === 0) cache.clear();
}

workInSlices({ shared, writer, step, slice: 200 });
