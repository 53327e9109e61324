/**
 * Stress: real workers on one small cache, every value checked, with or without killing them.
 *
 *   node test/stress/cache.stress.ts [--seconds N] [--workers N] [--objects N] [--kill] [--compact]
 *                                    [--size 4MiB]
 *   PAGELESS_SEED=n replays the choices (not the timing); the seed is printed
 *
 * The zone is so small that eviction and reclaim run all the time. `--kill` terminates workers at
 * random moments. Then everything the dead one owned comes back, and the others go on. Anything
 * else, a wrong, torn or stale value, a poisoned zone or a thread that does not move for some
 * seconds, ends the run with status 1. It ends well when the time is over and what it is for has
 * happened often enough.
 *
 * `--compact` adds a worker that moves pages all the time, `--objects` some that work on a pool of
 * objects and on folios in the same zone (best with `--workers 0`: a cache fills it).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { ZsPool } from '../../src/index.ts';
import { compileWorker, SharedCache } from '../support/built.ts';
import { numberOption } from '../support/number-option.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { seeded } from '../support/seeded.ts';
import { type Board, createBoard, isFolioEntry, nameAt } from './board.ts';
import type { ObjectData } from './object-worker.ts';
import type { StressData } from './stress-worker.ts';
import { createShared, HEARTBEAT, operationsAt, STOP, WRITERS } from './value.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    workers: { type: 'string', default: '4' },
    objects: { type: 'string', default: '0' },
    size: { type: 'string', default: '4MiB' },
    kill: { type: 'boolean', default: false },
    compact: { type: 'boolean', default: false },
  },
});
/** Half of it, that the watchdog has as much: both are told before the run is ended. */
const STEP_MS = PATIENCE_MS / 2;
/** What must have happened when a run ends, however busy the machine is. */
const LEAST = { operations: 2000, kills: 10, moved: 20, checks: 1 };
const run = seeded('stress');
const shared = createShared();
const totals = { operations: 0, kills: 0, checks: 0, moved: 0, recoveryMs: 0 };
let writers = 0;

type Job = 'cache' | 'compact' | 'objects';

interface Member {
  worker: Worker;
  writer: number;
  job: Job;
  /** Of the board, for who works on objects. */
  part: number;
  end?: string;
  operations: number;
  movedAt: number;
}

function fail(reason: unknown): never {
  console.error('FAILED:', reason);
  process.exit(1);
}

/** What the threads of a run work on. */
interface Ground {
  cache: SharedCache;
  pool: ZsPool;
  board: Board;
}

const files: Record<Job, string> = {
  cache: await compileWorker(new URL('./stress-worker.ts', import.meta.url)),
  compact: await compileWorker(new URL('./compact-worker.ts', import.meta.url)),
  objects: await compileWorker(new URL('./object-worker.ts', import.meta.url)),
};

function hire({ cache, pool, board }: Ground, job: Job, part: number): Member {
  const writer = ++writers;
  if (writer >= WRITERS) fail(`more than ${WRITERS} workers; run for a shorter time`);
  const stress: StressData = { handle: cache.handle, shared, writer };
  const objects: ObjectData = { pool: pool.handle, board, part, shared, writer };
  const workerData = job === 'objects' ? objects : stress;
  const worker = new Worker(files[job], { workerData });
  const movedAt = performance.now();
  const member: Member = { worker, writer, job, part, operations: 0, movedAt };
  worker.on('message', ({ end, error, moved = 0 }) => {
    if (end === 'wrong') fail(error);
    totals.moved += moved;
    member.end ??= end;
  });
  worker.on('error', fail);
  return member;
}

/** Fails when a member that ought to work has not moved for a while. */
function watch(crew: Member[]): void {
  const now = performance.now();
  for (const member of crew) {
    const operations = Atomics.load(shared, operationsAt(member.writer));
    if (operations !== member.operations || member.end) member.movedAt = now;
    member.operations = operations;
    if (now - member.movedAt > STEP_MS) fail(`HANG: writer ${member.writer}`);
  }
}

async function until(what: string, crew: Member[], isTrue: () => boolean): Promise<number> {
  const start = performance.now();
  while (!isTrue()) {
    Atomics.add(shared, HEARTBEAT, 1);
    watch(crew);
    if (performance.now() - start > STEP_MS) fail(`waited in vain for ${what}`);
    await sleep(1);
  }
  return performance.now() - start;
}

/** Terminates one that is at work, not one that is still being loaded, and hires another. */
async function killOne(ground: Ground, crew: Member[]): Promise<void> {
  const working = crew.filter(({ operations }) => operations > 0);
  const victim = working[run.int(working.length)];
  if (victim === undefined) return;
  crew.splice(crew.indexOf(victim), 1);
  await victim.worker.terminate();
  totals.kills++;
  const { kernel } = ground.cache.arena;
  const isBuried = () => kernel.fault() !== 0 || kernel.liveThreads() <= crew.length + 2;
  totals.recoveryMs = Math.max(totals.recoveryMs, await until('recovery', crew, isBuried));
  await sleep(1);
  crew.push(hire(ground, victim.job, victim.part));
}

function checkAll(cache: SharedCache): void {
  cache.arena.check();
  totals.checks++;
}

async function dismiss(crew: Member[]): Promise<void> {
  Atomics.store(shared, STOP, 1);
  await until('the workers to stop', crew, () => crew.every(({ end }) => end !== undefined));
  await Promise.all(crew.map(({ worker }) => worker.terminate()));
  Atomics.store(shared, STOP, 0);
}

/**
 * Frees what is named; what is left then are objects whose makers were killed before they named
 * them.
 */
function freeBoard({ cache, pool, board }: Ground, kills: number): void {
  for (let entry = 0; entry < board.length; entry++) {
    const name = nameAt(board, entry);
    if (name === 0) continue;
    if (isFolioEntry(entry)) cache.arena.folio(name)!.free();
    else pool.free(name);
  }
  // What this thread has freed goes when it compacts, or frees more.
  for (let round = 0; round < 3; round++) pool.compact();
  const left = pool.report().reduce((sum, { objectsUsed }) => sum + objectsUsed, 0);
  if (left > kills) fail(`${left} objects are left of ${kills} that were killed`);
}

function countOperations(): number {
  let operations = 0;
  for (let writer = 1; writer <= writers; writer++) {
    operations += Atomics.load(shared, operationsAt(writer));
  }
  return operations;
}

function isEnough(): boolean {
  const { kills, moved, checks } = totals;
  if (options.kill && kills < LEAST.kills) return false;
  if (options.compact && moved < LEAST.moved) return false;
  return checks >= LEAST.checks && countOperations() >= LEAST.operations;
}

/** One cache, until the time is over, and enough has happened. */
async function runCache(stop: number): Promise<void> {
  const workers = numberOption('--workers', options.workers);
  const cache = new SharedCache({ maxSize: options.size, maxEntrySize: '1MiB' });
  watchdog.postMessage(cache.arena.handle.memory);
  const objects = numberOption('--objects', options.objects);
  const ground: Ground = { cache, pool: cache.arena.createZsPool(), board: createBoard(objects) };
  const crew = Array.from({ length: workers }, () => hire(ground, 'cache', 0));
  for (let part = 0; part < objects; part++) crew.push(hire(ground, 'objects', part));
  if (options.compact) crew.push(hire(ground, 'compact', 0));
  while (performance.now() < stop || !isEnough()) {
    const pause = performance.now() + 5 + run.int(45);
    await until('the next step', crew, () => performance.now() >= pause);
    if (options.kill) await killOne(ground, crew);
    if (run.int(8) === 0) checkAll(cache);
    const dead = crew.find(({ end }) => end !== undefined);
    if (dead) fail(`writer ${dead.writer} ended: ${dead.end}`);
  }
  await dismiss(crew);
  const { kernel } = cache.arena;
  await until('all slots to come back', crew, () => kernel.liveThreads() === 2);
  const scratch = cache.arena.report().pagesByUse['thread scratch'];
  if (scratch !== 4) fail(`${scratch} pages of scratch are left`);
  if (objects > 0) freeBoard(ground, totals.kills);
  checkAll(cache);
  const { evictions, refusals } = cache.stats();
  console.log(`${evictions} evictions, ${refusals} refusals`);
  cache[Symbol.dispose]();
}

function startWatchdog(): Worker {
  const workerData = { shared, patienceMs: 1.5 * STEP_MS };
  const worker = new Worker(new URL('./watchdog.ts', import.meta.url), { workerData });
  worker.unref();
  return worker;
}

console.log(`seed ${run.seed}`);
const watchdog = startWatchdog();
const stop = performance.now() + 1000 * numberOption('--seconds', options.seconds);
await runCache(stop);
totals.operations = countOperations();
console.log(JSON.stringify(totals));
process.exit(0);
