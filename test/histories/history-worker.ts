/**
 * A thread whose calls make a history: random ones on a few keys, each written to its log before
 * and after.
 *
 * Beside them it fills and empties other keys, so that the index splits and merges, and compacts:
 * objects and pages move under the keys that are looked at.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { SharedCache, type SharedCacheHandle } from '../../src/index.ts';
import { seeded } from '../support/seeded.ts';
import { Actions } from './actions.ts';
import { Caller } from './caller.ts';
import { type Fault, faulty } from './faults.ts';
import { fillerOf, SPACE } from './history-values.ts';
import { type Clock, Log, STOP, TIME, timeOf } from './log.ts';
import type { Chosen } from './own-stamps.ts';

export interface HistoryData extends Chosen {
  handle: SharedCacheHandle;
  clock: Clock;
  log: SharedArrayBuffer;
  writer: number;
  isTimed: boolean;
  isCounting: boolean;
  fault: Fault | undefined;
}

const { handle, clock, log, writer, keys, fillers, fault } = workerData as HistoryData;
const { isTimed, isCounting } = workerData as HistoryData;
const run = seeded(`history ${writer}`);
const sound = SharedCache.attach<unknown>(handle, {
  // Every second thread has near values.
  ...(writer % 2 === 0 ? { near: { max: 6 } } : {}),
  ...(isTimed ? { now: () => timeOf(clock) } : {}),
});
const [cache, space] = faulty(sound, sound.namespace(SPACE), fault, run);
const calling = { cache, space, log: new Log(clock, log), writer, run, keys, isTimed, isCounting };
const actions = new Actions(new Caller(calling));

/** Steps between two turns of the event loop. */
const SLICE = 100;
/** Steps of a thread between two of the time, about. */
const TIME_STEPS = 100;
const FILLER_ROW = 200;

function fill(): void {
  const first = run.int(fillers.length);
  const isFilling = run.int(2) === 0;
  for (const filler of fillers.slice(first, first + FILLER_ROW)) {
    if (isFilling) sound.set(...fillerOf(filler));
    else sound.delete(fillerOf(filler)[0]);
  }
}

function step(): void {
  if (isTimed && run.int(TIME_STEPS) === 0) Atomics.add(clock, TIME, 1);
  if (run.int(isCounting ? 80 : 300) === 0) fill();
  else if (run.int(1500) === 0) sound.arena.compact({ budgetMs: 1 });
  else actions.one();
}

/** When the calls that are under way are over. */
function leave(): void {
  if (actions.isLoading()) {
    setImmediate(leave);
    return;
  }
  sound.close();
  parentPort!.postMessage({ end: 'done' });
}

function turn(): void {
  try {
    for (let i = 0; i < SLICE; i++) {
      if (Atomics.load(clock, STOP) !== 0 || !actions.hasRoom()) {
        leave();
        return;
      }
      step();
    }
    setImmediate(turn);
  } catch (error) {
    parentPort!.postMessage({ end: 'failed', error });
  }
}

// Not within this module's evaluation: Node 24 crashes when it is terminated there.
setImmediate(turn);
