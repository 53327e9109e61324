/** A thread that is there to be killed: it sets and reads, or compacts, and does little else. */
import { parentPort, workerData } from 'node:worker_threads';
import { SharedCache } from '../../src/index.ts';
import { seeded } from '../support/seeded.ts';
import { HITS, IS_INSIDE, type KillData, SETS_REFUSED, STEPS } from './kill-shared.ts';
import {
  checkValue,
  KEYS,
  keyOf,
  MOST_BYTES,
  makeValue,
  someLength,
  useSource,
} from './kill-values.ts';

const { handle, stop, own, source, name, sets, isCompacting } = workerData as KillData;
const run = seeded(`kill ${name}`);
const cache = SharedCache.attach(handle);
useSource(source);
const { arena } = cache;
const first = arena.kernel.firstPfn();
const pages = arena.kernel.pageCount() - first;
const target = new Uint8Array(MOST_BYTES);
/** Steps between two turns of the event loop. */
const SLICE = 50;

/** Between the two stores the thread is in the kernel, or on the way. */
function inside<T>(call: () => T): T {
  Atomics.store(own, IS_INSIDE, 1);
  const result = call();
  Atomics.store(own, IS_INSIDE, 0);
  return result;
}

function set(key: number): void {
  const value = makeValue(key, someLength(run.random()), run.random());
  const name = keyOf(key);
  if (!inside(() => cache.set(name, value))) own[SETS_REFUSED]!++;
}

function read(key: number): void {
  const name = keyOf(key);
  const length = inside(() => cache.getInto(name, target));
  if (length === undefined) return;
  own[HITS]!++;
  checkValue(key, target.subarray(0, length));
}

function compact(): void {
  const count = 1 + run.int(64);
  const pfn = first + run.int(pages - count);
  const isWhole = run.int(20) === 0;
  inside(() => (isWhole ? arena.compact({ budgetMs: 2 }) : arena.evacuate({ pfn, count })));
}

function step(): void {
  if (isCompacting) compact();
  else if (run.int(100) < sets) set(run.int(KEYS));
  else read(run.int(KEYS));
  Atomics.add(own, STEPS, 1);
}

function turn(): void {
  try {
    for (let i = 0; i < SLICE; i++) {
      if (Atomics.load(stop, 0) !== 0) {
        cache.close();
        parentPort!.postMessage({ isDone: true });
        return;
      }
      step();
    }
    setImmediate(turn);
  } catch (error) {
    parentPort!.postMessage({ error });
  }
}

// Not within this module's evaluation: Node 24 crashes when it is terminated there.
setImmediate(turn);
