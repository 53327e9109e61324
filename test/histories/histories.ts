/**
 * Histories: threads call a cache, some are killed, and what all of them saw is judged.
 *
 *   node test/histories/histories.ts [--operations N] [--workers N] [--keys 0,8] [--evict]
 *                                    [--timed] [--no-leases] [--no-kills] [--counting]
 *                                    [--pause MS] [--fault NAME] [--replay FILE]
 *   PAGELESS_SEED=n replays the choices (not the timing); the seed is printed
 *
 * Each key's history must be linearizable (checker.ts, key-model.ts): in a cache with room, where a
 * value that was set is there until somebody takes it out, or with `--evict` in one that is short
 * of memory. What a killed thread was about has happened when its death is repaired, or never does.
 * With `--no-leases` the table of leases is full, so that every load computes without one, and no
 * two keys share a stamp (own-stamps.ts).
 * With `--timed` half of the values expire by a clock of our own (time-model.ts); `--keys` are
 * those that are called for, so that few are hot. With `--counting` most calls are of counters:
 * they are read, incremented and cleared. `--pause` is the most time between two kills.
 *
 * Of what cannot be explained all that is known goes into a file (evidence.ts), which `--replay`
 * judges again.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { compileWorker, SharedCache } from '../support/built.ts';
import { numberOption } from '../support/number-option.ts';
import { PATIENCE_MS } from '../support/patience.ts';
import { seeded } from '../support/seeded.ts';
import { type Death, type Evidence, readEvidence, type Sample, writeEvidence } from './evidence.ts';
import { FAULTS, type Fault } from './faults.ts';
import { FILLERS, fillerOf, isSpaced, keyOf, numberOf, SPACE } from './history-values.ts';
import type { HistoryData } from './history-worker.ts';
import { ALL, isTelling, judge, type Verdict } from './judge.ts';
import type { Operation } from './key-model.ts';
import { createClock, Log, NOW, STOP, tick, timeOf } from './log.ts';
import { type Chosen, withOwnStamps } from './own-stamps.ts';

export interface Plan {
  /** Operations after which nobody begins another one. */
  readonly operations: number;
  readonly workers?: number;
  /** Keys that are called for; all. */
  readonly keys?: readonly number[];
  readonly isEvicting?: boolean;
  readonly isTimed?: boolean;
  readonly areLeasesTaken?: boolean;
  readonly hasKills?: boolean;
  readonly isCounting?: boolean;
  /** Milliseconds between two kills, at most. */
  readonly pauseMs?: number;
  readonly fault?: Fault | undefined;
}

export interface Report extends Verdict {
  operations: number;
  /** Of them those whose thread was killed and that might have changed something. */
  pending: number;
  kills: number;
  evictions: number;
  /** Of what is violated. */
  evidence: Evidence | undefined;
}

const file = await compileWorker(new URL('./history-worker.ts', import.meta.url));

const LEAST_KILLS = 5;
const PAUSE_MS = 140;
/** Of an evicting one: fillers and values do not fit. */
const [ROOMY, SHORT] = ['32MiB', '4MiB'];
/** Ten times the leases of the roomy one. */
const MANY_LOADS = 5000;
const ALL_FILLERS = Array.from({ length: FILLERS }, (_, filler) => filler);

interface Member {
  worker: Worker;
  /** Its number in the cache, as every thread's in Node: its id and one. */
  thread: number;
  writer: number;
  log: Log;
  ended: Promise<void>;
  isDone: boolean;
}

/** A run of threads over one cache, and all that they wrote down. */
class Histories {
  readonly plan: Plan;
  readonly clock = createClock();
  readonly cache: SharedCache<unknown>;
  readonly run = seeded('histories');
  readonly operations: Operation[] = [];
  readonly deaths: Death[] = [];
  readonly samples: Sample[] = [];
  crew: Member[] = [];
  kills = 0;
  #chosen: Chosen;
  #writers = 0;
  #failure: unknown;

  constructor(plan: Plan) {
    this.plan = plan;
    this.#chosen = { keys: plan.keys ?? ALL, fillers: ALL_FILLERS };
    this.cache = new SharedCache<unknown>({
      maxSize: plan.isEvicting ? SHORT : ROOMY,
      maxEntrySize: '512KiB',
      values: 'json',
      compression: plan.isEvicting ? 'none' : 'lz4',
      ...(plan.isTimed ? { now: () => timeOf(this.clock) } : {}),
    });
  }

  async hold(): Promise<void> {
    const { operations, hasKills = true, isEvicting, pauseMs = PAUSE_MS } = this.plan;
    await this.#until('the supervisor', () => this.#threads() === 2);
    if (this.plan.areLeasesTaken) await this.#takeLeases();
    const { computed } = this.cache.stats().loads;
    if (isEvicting) for (let i = 0; i < FILLERS; i++) this.cache.set(...fillerOf(i));
    const isEnough = () =>
      this.#now() >= 2 * operations && (!hasKills || this.kills >= LEAST_KILLS);
    while (!isEnough()) {
      await this.#fillUp();
      await sleep(this.run.int(pauseMs));
      this.samples.push({ at: this.#now(), evictions: this.cache.stats().evictions });
      if (hasKills) await this.#kill(1 + this.run.int(2));
      else await this.#bury(this.crew.filter(({ isDone }) => isDone));
    }
    Atomics.store(this.clock, STOP, 1);
    await this.#until('the threads to stop', () => this.crew.every(({ isDone }) => isDone));
    await this.#bury(this.crew);
    this.#readAll();
    if (this.plan.areLeasesTaken) assert.equal(this.cache.stats().loads.computed, computed);
    this.cache.arena.check();
  }

  /** All of them, by computations that end with the cache: many times as many as there are. */
  async #takeLeases(): Promise<void> {
    const forEver = () => new Promise<never>(() => {});
    for (let i = 0; i < MANY_LOADS; i++) {
      this.cache.getOrSet(`taken ${i}`, forEver, { timeoutMs: Infinity }).catch(() => {});
    }
    this.#chosen = await withOwnStamps(this.cache, this.#chosen);
  }

  async #fillUp(): Promise<void> {
    const { workers = 4 } = this.plan;
    await this.#bury(this.crew.filter(({ isDone }) => isDone));
    while (this.crew.length < workers) this.crew.push(this.#hire());
  }

  #hire(): Member {
    const writer = ++this.#writers;
    const log = new Log(this.clock);
    const { handle } = this.cache;
    const { fault, isTimed = false, isCounting = false } = this.plan;
    const { clock } = this;
    const own = { writer, ...this.#chosen, isTimed, isCounting, fault };
    const workerData: HistoryData = { handle, clock, log: log.buffer, ...own };
    const worker = new Worker(file, { workerData });
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const thread = worker.threadId + 1;
    const member: Member = { worker, thread, writer, log, ended, isDone: false };
    const fail = (error: unknown): void => {
      this.#failure ??= error;
    };
    worker.on('error', fail);
    worker.on('message', ({ end, error }) => {
      member.isDone = true;
      if (end === 'failed') fail(error);
    });
    return member;
  }

  /** Kills some, whatever they are doing. */
  async #kill(count: number): Promise<void> {
    const atWork = this.crew.filter(({ log, isDone }) => log.hasBegun() && !isDone);
    const victims = Array.from({ length: Math.min(count, atWork.length) }, () =>
      atWork.splice(this.run.int(atWork.length), 1),
    ).flat();
    this.kills += victims.length;
    await this.#bury(victims);
  }

  /** Ends these, and waits until what they left is repaired: their history is over then. */
  async #bury(dead: Member[]): Promise<void> {
    if (dead.length === 0) return;
    this.crew = this.crew.filter((member) => !dead.includes(member));
    const killedAt = this.#now();
    await Promise.all(dead.map(({ worker }) => worker.terminate()));
    const endedAt = this.#now();
    const signal = AbortSignal.timeout(PATIENCE_MS);
    await Promise.all(dead.map(({ thread }) => this.cache.arena.reap(thread, { signal })));
    if (this.#failure !== undefined) throw this.#failure;
    const buriedAt = tick(this.clock);
    for (const { log, writer, thread } of dead) {
      this.operations.push(...log.operations(writer, buriedAt));
      this.deaths.push({ writer, thread, killedAt, endedAt, buriedAt });
    }
  }

  #now(): number {
    return Atomics.load(this.clock, NOW);
  }

  #threads(): number {
    return this.cache.arena.kernel.liveThreads();
  }

  async #until(what: string, isTrue: () => boolean): Promise<void> {
    const stop = performance.now() + PATIENCE_MS;
    while (!isTrue()) {
      if (this.#failure !== undefined) throw this.#failure;
      if (performance.now() > stop) throw new Error(`waited in vain for ${what}`);
      await sleep(1);
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** What is left at the end must be what somebody left. */
  #readAll(): void {
    const space = this.cache.namespace(SPACE);
    const since = timeOf(this.clock);
    for (const key of ALL) {
      const begin = tick(this.clock);
      const view = isSpaced(key) ? space : this.cache;
      const result = numberOf(key, view.peek(keyOf(key)));
      const what = { key, kind: 'get', call: 'peek', writer: 0, value: 0, old: 0 } as const;
      const when = { begin, end: tick(this.clock), isPending: false, since, until: since };
      this.operations.push({ ...what, ...when, result });
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.crew.map(({ worker }) => worker.terminate()));
    this.cache.close();
  }
}

/** Lets threads work as planned. @returns what was seen of them */
export async function histories(plan: Plan): Promise<Report> {
  const held = new Histories(plan);
  try {
    await held.hold();
    const { operations, deaths, samples, kills, cache } = held;
    const { evictions } = cache.stats();
    const pending = operations.filter((one) => one.isPending && isTelling(one)).length;
    const { isEvicting = false, isTimed = false } = plan;
    const rules = { isEvicting, isTimed };
    const verdict = judge(operations, rules);
    const { violation } = verdict;
    const known = { seed: held.run.seed, rules, deaths, samples, operations };
    const evidence = violation && { ...known, violation };
    return { operations: operations.length, pending, kills, evictions, ...verdict, evidence };
  } finally {
    await held.end();
  }
}

function tell({ violation, before }: Verdict): void {
  if (violation === undefined) return;
  const { operation, states } = violation;
  console.log('cannot be explained:', operation, 'when the value was', states);
  console.table(before);
}

/** @returns whether all could be explained */
function replay(from: string): boolean {
  const { operations, rules, seed, violation } = readEvidence(from);
  const { key } = violation.operation;
  const verdict = judge(operations, rules, [key]);
  console.log(JSON.stringify({ seed, key, operations: operations.length }));
  tell(verdict);
  return verdict.violation === undefined;
}

/** Likewise. */
async function hold(plan: Plan): Promise<boolean> {
  const { violation, before, evidence, ...figures } = await histories(plan);
  console.log(JSON.stringify({ seed: seeded('').seed, ...figures }));
  tell({ violation, before });
  if (evidence !== undefined) {
    console.log(`all that is known of it: --replay ${writeEvidence(evidence)}`);
  }
  return violation === undefined;
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      operations: { type: 'string', default: '1000000' },
      workers: { type: 'string', default: '4' },
      keys: { type: 'string' },
      evict: { type: 'boolean', default: false },
      timed: { type: 'boolean', default: false },
      'no-leases': { type: 'boolean', default: false },
      'no-kills': { type: 'boolean', default: false },
      counting: { type: 'boolean', default: false },
      pause: { type: 'string', default: String(PAUSE_MS) },
      fault: { type: 'string' },
      replay: { type: 'string' },
    },
  });
  const plan = (): Plan => ({
    operations: numberOption('--operations', values.operations),
    workers: numberOption('--workers', values.workers),
    keys: values.keys?.split(',').map((key) => numberOption('--keys', key)) ?? ALL,
    isEvicting: values.evict,
    isTimed: values.timed,
    areLeasesTaken: values['no-leases'],
    hasKills: !values['no-kills'],
    isCounting: values.counting,
    pauseMs: numberOption('--pause', values.pause),
    fault: FAULTS.find((name) => name === values.fault),
  });
  const isSound = values.replay === undefined ? await hold(plan()) : replay(values.replay);
  process.exit(isSound ? 0 : 1);
}
