/**
 * Stress: threads fill a cache in every way that there is, and nothing may be refused that fits.
 *
 *   node test/stress/refusals.ts [--way NAME…] [--mib N…] [--threads N…] [--share N] [--longest]
 *                                [--kill] [--unsupervised] [--seconds N]
 *   PAGELESS_SEED=n replays the choices (not the timing); the seed is printed
 *
 * A row for each way, size and number of threads. Values are of 1 byte to the `--share`th part of
 * the cache (8: what a cache takes unless it is told otherwise), or with `--longest` all as long.
 * `--kill` terminates one at work each 20 to 220 ms, and starts another. `--unsupervised` ends
 * whoever would watch for deaths. A refusal ends the run with status 1 when all rows are over.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { compileWorker, SharedCache } from '../support/built.ts';
import { MemoryTier } from '../support/memory-tier.ts';
import { seeded } from '../support/seeded.ts';
import { type RefusalData, WAYS, type Way } from './refusal-ways.ts';

/** Fewer say nothing, however busy the machine is. */
const LEAST_STEPS = 100;
const [PAUSE_MS, MORE_MS] = [20, 200];

export interface Plan {
  way: Way;
  mib: number;
  threads: number;
  /** Values are as long as this part of the cache. */
  share: number;
  longest: boolean;
  kill: boolean;
  seconds: number;
}

export interface Outcome {
  steps: number;
  kills: number;
  sets: number;
  evictions: number;
  'no-memory': number;
  'stalled-reader': number;
  /** Of the same file, loaded again. */
  unloaded: number;
}

interface Member {
  worker: Worker;
  steps: Int32Array<SharedArrayBuffer>;
}

const newWord = (): Member['steps'] => new Int32Array(new SharedArrayBuffer(4));

const file = await compileWorker(new URL('./refusal-worker.ts', import.meta.url));
const run = seeded('refusals');
const own = new Set<Worker>();
let names = 0;

function newCache({ way, mib, share }: Plan): SharedCache {
  const maxSize = mib * 2 ** 20;
  return new SharedCache({
    maxSize,
    maxEntrySize: Math.floor(maxSize / share),
    compression: 'none',
    ...(way === 'tier' && { tier: new MemoryTier() }),
  });
}

/** Fills a cache, and loads what it has saved. */
export async function refusals(plan: Plan): Promise<Outcome> {
  using cache = newCache(plan);
  const stop = newWord();
  const { handle } = cache;
  const all: Member[] = [];
  const hire = (): Member => {
    const steps = newWord();
    const { way, longest: isLongest } = plan;
    const largest = handle.maxEntrySize;
    const name = names++;
    const workerData: RefusalData = { handle, stop, steps, way, largest, isLongest, name };
    const worker = new Worker(file, { workerData });
    own.add(worker);
    all.push({ worker, steps });
    return all.at(-1)!;
  };
  const crew = Array.from({ length: plan.threads }, hire);
  const stepsOfAll = () => all.reduce((sum, { steps }) => sum + Atomics.load(steps, 0), 0);
  const kills = await keepBusy(plan, crew, hire, stepsOfAll);
  const done = crew.map(({ worker }) => once(worker, 'message'));
  Atomics.store(stop, 0, 1);
  await Promise.all(done);
  await Promise.all(crew.map(({ worker }) => worker.terminate()));
  cache.arena.check();
  const { sets, evictions, refusalsByReason } = cache.stats();
  const { 'no-memory': noMemory, 'stalled-reader': stalled } = refusalsByReason;
  return {
    steps: stepsOfAll(),
    kills,
    sets,
    evictions,
    'no-memory': noMemory,
    'stalled-reader': stalled,
    unloaded: await loadAgain(cache),
  };
}

/** Kills, if it shall, who is at work. @returns how many were */
async function keepBusy(
  { seconds, kill }: Plan,
  crew: Member[],
  hire: () => Member,
  stepsOfAll: () => number,
): Promise<number> {
  const end = performance.now() + 1000 * seconds;
  let kills = 0;
  while (performance.now() < end || stepsOfAll() < LEAST_STEPS) {
    await sleep(PAUSE_MS + run.int(MORE_MS));
    const at = run.int(crew.length);
    if (!kill || Atomics.load(crew[at]!.steps, 0) === 0) continue;
    await crew[at]!.worker.terminate();
    crew[at] = hire();
    kills++;
  }
  return kills;
}

/** @returns how many entries of a cache's file are refused by one of the same size */
async function loadAgain(cache: SharedCache): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'pageless-'));
  const saved = join(folder, 'cache');
  await cache.save(saved);
  using loaded = await SharedCache.load(saved);
  rmSync(folder, { recursive: true });
  return loaded.stats().refusals;
}

/** Whoever else is started would be a supervisor. */
function endSupervisors(): void {
  process.on('worker', (worker) => {
    setImmediate(() => own.has(worker) || worker.terminate());
  });
}

if (process.argv[1] === import.meta.filename) {
  const many = { type: 'string', multiple: true } as const;
  const { values } = parseArgs({
    options: {
      way: { ...many, default: [...WAYS] },
      mib: { ...many, default: ['4', '8', '16', '64'] },
      threads: { ...many, default: ['1', '2', '4', '8'] },
      share: { type: 'string', default: '8' },
      seconds: { type: 'string', default: '5' },
      longest: { type: 'boolean', default: false },
      kill: { type: 'boolean', default: false },
      unsupervised: { type: 'boolean', default: false },
    },
  });
  const { share, seconds, longest, kill } = values;
  if (values.unsupervised) endSupervisors();
  const head = { share: Number(share), seconds: Number(seconds), longest, kill };
  for (const way of values.way as Way[]) {
    for (const mib of values.mib.map(Number)) {
      for (const threads of values.threads.map(Number)) {
        const outcome = await refusals({ way, mib, threads, ...head });
        console.log(`${way} ${mib} MiB, ${threads} threads: ${JSON.stringify(outcome)}`);
        const refused = outcome['no-memory'] + outcome['stalled-reader'] + outcome.unloaded;
        if (refused !== 0) process.exitCode = 1;
      }
    }
  }
}
