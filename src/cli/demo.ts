/**
 * `pageless demo`: the main job, on real files, checked to the last byte.
 *
 *   find → attach → load → verify → delete → recheck → check → report
 *
 * One cache; N workers that attach to its handle and work all at once. Each phase ends before the
 * next begins. What a worker stored is read back by the next one, never by itself; a single
 * worker's files are read back by the main thread. Half of what is there, chosen at random, is then
 * deleted, and the rest read back once more, so that freeing pages under a full cache is tried too.
 *
 * Status 1 when a value is wrong, nothing was verified, the account does not add up, a named path
 * cannot be used, or a worker crashes.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { performance } from 'node:perf_hooks';
import { SharedCache } from '../cache/shared-cache.ts';
import { BadImageError } from '../errors.ts';
import { formatSize } from '../sizes.ts';
import { accountOf, contradictions } from './account.ts';
import { Crew } from './crew.ts';
import {
  type DemoOptions,
  type DemoResult,
  type PhaseResult,
  printDemo,
  rate,
} from './demo-report.ts';
import type { DemoWorkerData } from './demo-worker.ts';
import { type FoundFiles, findFiles } from './find-files.ts';
import { type Phase, type Tally, type Task, work } from './jobs.ts';
import { DOOMED, Ledger, PRESENT } from './ledger.ts';
import { Progress } from './progress.ts';
import { count, describeProblems, megabytes, plural, reasonOf } from './text.ts';

/** Runs the demo. @returns the exit status */
export async function demo(paths: string[], options: DemoOptions): Promise<number> {
  const started = performance.now();
  if (options.save !== undefined) checkTarget(options.save);
  const found = findFiles(paths);
  if (found.files.length === 0) return nothingToLoad(paths, found);
  const run = new Demo(found, options, started);
  try {
    return await run.toTheEnd();
  } finally {
    await run.stop();
  }
}

/** Throws at once what `save` would throw after all the work. */
function checkTarget(file: string): void {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) {
    throw new BadImageError(file, 'it is a folder', undefined, { isTarget: true });
  }
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch (error) {
    const reason = `its folder cannot be written to (${reasonOf(error)})`;
    throw new BadImageError(file, reason, undefined, { isTarget: true });
  }
}

function nothingToLoad(paths: string[], { problems }: FoundFiles): number {
  for (const line of describeProblems(problems)) console.error(line);
  const where = paths.length === 0 ? 'the current folder' : paths.join(', ');
  const what =
    paths.length === 0
      ? 'no TypeScript, JavaScript, Markdown or JSON file'
      : 'not one readable file';
  console.error(`pageless: nothing to load: ${what} in ${where}`);
  return 1;
}

class Demo {
  readonly #found: FoundFiles;
  readonly #options: DemoOptions;
  readonly #started: number;
  readonly #progress: Progress;
  readonly #task: Task;
  readonly #phases: Partial<Record<Phase, PhaseResult>> = {};
  readonly #seconds: Record<string, number> = {};
  /** Why the status will be 1, beside what the account says. */
  readonly #faults: string[] = [];
  #crew: Crew<Phase, Tally> | undefined;

  constructor(found: FoundFiles, options: DemoOptions, started: number) {
    this.#found = found;
    this.#options = options;
    this.#started = started;
    this.#progress = new Progress(options.json === true);
    const { maxSize, compression, maxEntrySize } = options;
    const cache = new SharedCache({
      ...{ maxSize, compression },
      ...(maxEntrySize === undefined ? {} : { maxEntrySize }),
    });
    const ledger = Ledger.create(found.files.length);
    const maxEntryBytes = cache.handle.maxEntrySize;
    this.#task = { cache, files: found.files, ledger, maxEntryBytes };
  }

  async toTheEnd(): Promise<number> {
    const { cache, files, ledger } = this.#task;
    this.#seconds.find = this.#lap(this.#started);
    this.#progress.say('find', `${plural(files.length, 'file')}`);
    await this.#attach();
    const load = await this.#phase('load');
    const full = cache.arena.report();
    await this.#phase('verify');
    this.#doomHalf();
    await this.#phase('delete');
    await this.#phase('recheck');
    this.#check();
    const zone = cache.arena.report();
    this.#save();
    const account = accountOf(ledger, load.files);
    return this.#tell({ account, full, zone });
  }

  /** Starts the workers. */
  async #attach(): Promise<void> {
    const start = performance.now();
    const { workers, maxSize } = this.#options;
    const { cache, files, ledger } = this.#task;
    const own = import.meta.url.endsWith('.ts') ? './demo-worker.ts' : './demo-worker.js';
    this.#crew = new Crew<Phase, Tally>(new URL(own, import.meta.url), workers, (index) => {
      const { handle } = cache;
      return { handle, files, ledger: ledger.memory, index, workers } satisfies DemoWorkerData;
    });
    await this.#crew.ready();
    this.#seconds.attach = this.#lap(start);
    const threads = plural(workers, 'worker thread');
    this.#progress.say('attach', `${threads} to one cache of ${formatSize(maxSize)}`);
  }

  /** Runs a phase on all workers, and verification of a single one's files here. */
  async #phase(phase: Phase): Promise<PhaseResult> {
    const { ledger, files } = this.#task;
    const isHere = this.#options.workers === 1 && (phase === 'verify' || phase === 'recheck');
    ledger.rewind();
    this.#progress.begin(phase, files.length, () => ledger.done);
    const start = performance.now();
    let tallies: Tally[];
    try {
      tallies = isHere
        ? [work(phase, this.#task, 0, () => this.#progress.look())]
        : await this.#crew!.run(phase);
    } finally {
      this.#progress.end();
    }
    return this.#finishPhase(phase, this.#lap(start), tallies);
  }

  #finishPhase(phase: Phase, seconds: number, tallies: Tally[]): PhaseResult {
    const sum = (of: (tally: Tally) => number) => tallies.reduce((all, one) => all + of(one), 0);
    const result: PhaseResult = {
      seconds,
      files: sum((tally) => tally.files),
      bytes: sum((tally) => tally.bytes),
      cacheSeconds: sum((tally) => tally.cacheMs) / 1000 / tallies.length,
    };
    this.#found.problems.push(...tallies.flatMap((tally) => tally.problems));
    this.#seconds[phase] = seconds;
    this.#phases[phase] = result;
    this.#progress.say(phase, describePhase(phase, result));
    return result;
  }

  /** Chooses a random half of what is there, to be deleted. */
  #doomHalf(): void {
    const { states } = this.#task.ledger;
    const present = [...states.keys()].filter((file) => states[file] === PRESENT);
    for (let left = Math.floor(present.length / 2); left > 0; left--) {
      const pick = Math.floor(Math.random() * present.length);
      states[present[pick]!] = DOOMED;
      present[pick] = present.at(-1)!;
      present.pop();
    }
  }

  #check(): void {
    const start = performance.now();
    this.#task.cache.arena.check();
    this.#seconds.check = this.#lap(start);
    this.#progress.say('check', 'every invariant of every floor holds');
  }

  #save(): void {
    const { save } = this.#options;
    if (save === undefined) return;
    const start = performance.now();
    try {
      this.#task.cache.arena.save(save);
    } catch (error) {
      if (!(error instanceof BadImageError)) throw error;
      this.#faults.push(error.message);
      return;
    }
    this.#seconds.save = this.#lap(start);
    this.#progress.say('save', save);
  }

  #tell(outcome: Pick<DemoResult, 'account' | 'full' | 'zone'>): number {
    this.#seconds.total = this.#lap(this.#started);
    const { problems } = this.#found;
    const faults = [...contradictions(outcome.account, outcome.zone), ...this.#faults];
    const result: DemoResult = {
      ...outcome,
      options: { ...this.#options, maxEntrySize: this.#task.maxEntryBytes },
      phases: this.#phases as Record<Phase, PhaseResult>,
      seconds: this.#seconds,
      problems,
      faults,
    };
    printDemo(result);
    return faults.length === 0 && this.#found.badPaths === 0 ? 0 : 1;
  }

  async stop(): Promise<void> {
    await this.#crew?.stop();
  }

  /** Seconds since a moment. */
  #lap(since: number): number {
    return (performance.now() - since) / 1000;
  }
}

function describePhase(phase: Phase, result: PhaseResult): string {
  const { files, bytes, seconds, cacheSeconds } = result;
  const took = `in ${seconds.toFixed(2)} s`;
  if (phase === 'delete') return `${count(files)} of them, at random, ${took}`;
  const [wall, cache] = [rate(bytes, seconds).toFixed(1), rate(bytes, cacheSeconds).toFixed(1)];
  const speeds = `${wall} MB/s; inside the cache ${cache} MB/s`;
  return `${count(files)} files, ${megabytes(bytes)} ${took}: ${speeds}`;
}
