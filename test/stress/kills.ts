/**
 * Kills: threads that set and read one full cache, and one that compacts it, are terminated as fast
 * as others come, several at once, at any instruction.
 *
 *   node test/stress/kills.ts [--kills 10000] [--sets 50] [--workers 4] [--size 24MiB]
 *                             [--seconds N]
 *   PAGELESS_SEED=n replays the choices (not the timing); the seed is printed
 *
 * `--sets` is the mix: how many percent of the calls set, the others read. A wrong value, a thread
 * or a recovery that does not move, a poisoned zone, anything that is left when everything is
 * deleted end the run with status 1. That is asked after each *chapter* of kills, and the same zone
 * goes on; `--seconds` ends it early, after a chapter.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { compileWorker, SharedCache } from '../support/built.ts';
import { numberOption } from '../support/number-option.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { seeded } from '../support/seeded.ts';
import { isSettled } from '../support/settled.ts';
import { HITS, IS_INSIDE, type KillData, OWN_WORDS, SETS_REFUSED, STEPS } from './kill-shared.ts';
import { KEYS, keyOf, makeSource, makeValue, someLength, useSource } from './kill-values.ts';

export interface KillPlan {
  readonly kills: number;
  /** Percent. */
  readonly sets: number;
  readonly workers?: number;
  readonly size?: string;
  /** Ends after the chapter that is under way then. */
  readonly seconds?: number;
}

export interface KillReport {
  kills: number;
  /** Of them those that came within a call of the cache. */
  inside: number;
  steps: number;
  hits: number;
  refused: number;
  /** Of all sets, by those that were killed too: where nothing was left to evict. */
  noMemory: number;
  evictions: number;
  chapters: number;
  /** The longest time until the dead of a chapter were buried. */
  burialMs: number;
}

const file = await compileWorker(new URL('./kill-worker.ts', import.meta.url));

const CHAPTER = 250;
const MOST_AT_ONCE = 3;
/** The creator and the supervisor. */
const STAFF = 2;
/** Of the kernel's caches: that of handles. */
const CELLS = 2;

interface Victim {
  worker: Worker;
  own: Int32Array<SharedArrayBuffer>;
  isCompacting: boolean;
  isDone: boolean;
  steps: number;
  movedAt: number;
}

type Uses = Record<string, number>;

class Kills {
  readonly plan: KillPlan;
  readonly run = seeded('kills');
  readonly cache: SharedCache;
  readonly stop = new Int32Array(new SharedArrayBuffer(4));
  readonly report: KillReport = {
    kills: 0,
    inside: 0,
    steps: 0,
    hits: 0,
    refused: 0,
    noMemory: 0,
    evictions: 0,
    chapters: 0,
    burialMs: 0,
  };
  #crew: Victim[] = [];
  readonly #source = makeSource();
  #names = 0;
  #failure: unknown;
  #fresh: Uses = {};

  constructor(plan: KillPlan) {
    this.plan = plan;
    this.cache = new SharedCache({ maxSize: plan.size ?? '24MiB' });
    useSource(this.#source);
  }

  async all(): Promise<KillReport> {
    const stop = performance.now() + 1000 * (this.plan.seconds ?? Number.POSITIVE_INFINITY);
    await this.#until('the supervisor', () => isSettled(this.cache.arena.report()));
    this.#fresh = this.#uses();
    while (this.report.kills < this.plan.kills && performance.now() < stop) await this.#chapter();
    this.report.noMemory = this.cache.stats().refusalsByReason['no-memory'];
    return this.report;
  }

  async #chapter(): Promise<void> {
    const end = Math.min(this.plan.kills, this.report.kills + CHAPTER);
    Atomics.store(this.stop, 0, 0);
    this.#fill();
    while (this.report.kills < end) {
      this.#fillUp();
      const count = Math.min(1 + this.run.int(MOST_AT_ONCE), end - this.report.kills);
      await sleep(this.run.int(8));
      this.#watch();
      await this.#kill(count);
    }
    Atomics.store(this.stop, 0, 1);
    await this.#until('all to stop', () => this.#crew.every(({ isDone }) => isDone));
    await Promise.all(this.#crew.map((one) => this.#end(one)));
    const start = performance.now();
    await this.#until('the dead to be buried', () => this.#threads() === STAFF);
    this.report.burialMs = Math.max(this.report.burialMs, performance.now() - start);
    await this.#empty();
    this.report.chapters++;
  }

  /** More than it holds. */
  #fill(): void {
    for (let key = 0; key < KEYS; key++) {
      const length = someLength(this.run.random());
      this.cache.set(keyOf(key), makeValue(key, length, this.run.random()));
    }
  }

  #fillUp(): void {
    const { workers = 4 } = this.plan;
    if (!this.#crew.some(({ isCompacting }) => isCompacting)) this.#hire(true);
    while (this.#crew.length < workers + 1) this.#hire(false);
  }

  #hire(isCompacting: boolean): void {
    const own = new Int32Array(new SharedArrayBuffer(4 * OWN_WORDS));
    const { handle } = this.cache;
    const { sets } = this.plan;
    const name = ++this.#names;
    const shared = { handle, stop: this.stop, source: this.#source };
    const workerData: KillData = { ...shared, own, name, sets, isCompacting };
    const worker = new Worker(file, { workerData });
    const movedAt = performance.now();
    const victim: Victim = { worker, own, isCompacting, isDone: false, steps: 0, movedAt };
    worker.on('message', ({ error }) => {
      if (error === undefined) victim.isDone = true;
      else this.#failure ??= error;
    });
    worker.on('error', (error) => {
      this.#failure ??= error;
    });
    this.#crew.push(victim);
  }

  /** Several that are at work, at once or one soon after the other. */
  async #kill(count: number): Promise<void> {
    const atWork = this.#crew.filter(({ own }) => Atomics.load(own, STEPS) > 0);
    const ends: Promise<void>[] = [];
    for (let i = 0; i < Math.min(count, atWork.length); i++) {
      const [victim] = atWork.splice(this.run.int(atWork.length), 1);
      ends.push(this.#end(victim!));
      this.report.kills++;
      if (this.run.int(2) === 0) await sleep(0);
    }
    await Promise.all(ends);
  }

  async #end(victim: Victim): Promise<void> {
    this.#crew = this.#crew.filter((one) => one !== victim);
    await victim.worker.terminate();
    const { own } = victim;
    if (own[IS_INSIDE] === 1) this.report.inside++;
    this.report.steps += own[STEPS]!;
    this.report.hits += own[HITS]!;
    this.report.refused += own[SETS_REFUSED]!;
  }

  /** Throws when somebody has failed, or has not moved for long. */
  #watch(): void {
    if (this.#failure !== undefined) throw this.#failure;
    const now = performance.now();
    for (const victim of this.#crew) {
      const steps = Atomics.load(victim.own, STEPS);
      if (steps !== victim.steps || victim.isDone) victim.movedAt = now;
      victim.steps = steps;
      if (now - victim.movedAt > PATIENCE_MS) throw new Error('HANG: a thread does not move');
    }
  }

  async #until(what: string, isTrue: () => boolean): Promise<void> {
    const stop = performance.now() + PATIENCE_MS;
    while (!isTrue()) {
      if (this.#failure !== undefined) throw this.#failure;
      if (performance.now() > stop) throw new Error(`HANG: waited in vain for ${what}`);
      await sleep(1);
    }
  }

  #threads(): number {
    return this.cache.arena.kernel.liveThreads();
  }

  /** Deletes everything: then nothing is left, and every page is where it was. */
  async #empty(): Promise<void> {
    const { cache } = this;
    cache.arena.check();
    this.report.evictions = cache.stats().evictions;
    cache.deleteMany([...cache.keys()]);
    let last = '';
    const isEmpty = (): boolean => {
      cache.arena.kernel.reclaim();
      last = JSON.stringify(this.#uses());
      return last === JSON.stringify(this.#fresh);
    };
    await this.#until('nothing to be left', isEmpty).catch((error) => {
      throw new Error(`left: ${last}, at first: ${JSON.stringify(this.#fresh)}`, { cause: error });
    });
    cache.arena.check();
  }

  /**
   * What is in use. Empty slabs and pages of queues are kept for what comes, so they count as free.
   */
  #uses(): Uses {
    const { cache } = this;
    const { entries, keyBytes, valueBytes, storedBytes } = cache.stats();
    const uses: Uses = { ...cache.arena.report().pagesByUse };
    const spare = ['free', 'slab', 'eviction queues'];
    const pages = spare.reduce((sum, use) => sum + (uses[use] ?? 0), 0);
    for (const use of spare) delete uses[use];
    const cells = cache.arena.kernel.cacheInUse(CELLS);
    const totals = { entries, keyBytes, valueBytes, storedBytes };
    return { ...uses, 'free or kept': pages, cells, ...totals };
  }

  async end(): Promise<void> {
    await Promise.all(this.#crew.map(({ worker }) => worker.terminate()));
    this.cache.close();
  }
}

/** Kills as planned. Throws when anything is wrong. */
export async function kills(plan: KillPlan): Promise<KillReport> {
  const run = new Kills(plan);
  try {
    return await run.all();
  } finally {
    await run.end();
  }
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '10000' },
      sets: { type: 'string', default: '50' },
      workers: { type: 'string', default: '4' },
      size: { type: 'string', default: '24MiB' },
      seconds: { type: 'string', default: 'Infinity' },
    },
  });
  console.log(`seed ${seeded('').seed}`);
  const report = await kills({
    kills: numberOption('--kills', values.kills),
    sets: numberOption('--sets', values.sets),
    workers: numberOption('--workers', values.workers),
    seconds: numberOption('--seconds', values.seconds),
    size: values.size,
  });
  console.log(JSON.stringify(report));
  process.exit(0);
}
