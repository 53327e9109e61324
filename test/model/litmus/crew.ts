/**
 * The workers of the litmus tests, and what they have seen.
 *
 * Four workers are pinned to CPUs in turn and stay for all runs. A run is a message to as many of
 * them as the shape has threads; from there on they go by the barrier in memory, and nothing of
 * Node stands between two rounds.
 */
import { once } from 'node:events';
import os from 'node:os';
import { Worker } from 'node:worker_threads';
import { outcomesOf } from './sequential.ts';
import { type Program, parse, type Shape } from './shapes.ts';
import {
  type Access,
  BATCH,
  clear,
  compile,
  countsIn,
  exportName,
  MAX_THREADS,
  MEMORY_PAGES,
} from './source.ts';

export interface WorkerData {
  bytes: Uint8Array;
  memory: object;
  cpu: number;
  /** Rounds between two barriers. */
  batch: number;
}

/** What a worker is told: its part of one run. */
export interface Job {
  name: string;
  thread: number;
  threads: number;
  batches: number;
  patience: number;
}

export type Verdict = 'holds' | 'BROKEN' | 'weak as allowed' | 'inconclusive';

export interface LitmusResult {
  shape: string;
  access: Access;
  rounds: number;
  seconds: number;
  /** Rounds whose outcome no interleaving of statements gives. */
  forbidden: number;
  /** Rounds whose outcome is allowed, and proves that threads met in the middle of the shape. */
  interleaved: number;
  verdict: Verdict;
  /** Outcome (sequential.ts) and how often it was seen, the most frequent first. */
  outcomes: [outcome: number, count: number][];
}

/** Looks at another thread's progress before a round begins without it: half a microsecond. */
const PATIENCE = 300;
/** The same where threads outnumber CPUs: whoever is not there is asleep. */
const LITTLE_PATIENCE = 20;

export class LitmusCrew {
  /** Whether every worker could be tied to a CPU. */
  isPinned = true;
  readonly #memory: WebAssembly.Memory;
  readonly #workers: Worker[];

  private constructor(memory: WebAssembly.Memory, workers: Worker[]) {
    this.#memory = memory;
    this.#workers = workers;
  }

  static async create(shapes: readonly Shape[]): Promise<LitmusCrew> {
    const bytes = await compile(shapes.map(parse));
    const shape = { initial: MEMORY_PAGES, maximum: MEMORY_PAGES, shared: true };
    const memory = new WebAssembly.Memory(shape);
    const script = new URL('./litmus-worker.ts', import.meta.url);
    const workers = Array.from({ length: MAX_THREADS }, (_, cpu) => {
      const workerData: WorkerData = { bytes, memory, cpu, batch: BATCH };
      return new Worker(script, { workerData });
    });
    const crew = new LitmusCrew(memory, workers);
    const pinned = await Promise.all(workers.map((worker) => answerOf<boolean>(worker)));
    crew.isPinned = pinned.every(Boolean);
    return crew;
  }

  /** Runs a shape for at least so many rounds. */
  async run(shape: Shape, access: Access, rounds: number): Promise<LitmusResult> {
    const program = parse(shape);
    const threads = program.threads.length;
    const buffer = this.#memory.buffer as unknown as SharedArrayBuffer;
    clear(buffer);
    const batches = Math.ceil(rounds / BATCH);
    const patience = threads > os.cpus().length ? LITTLE_PATIENCE : PATIENCE;
    const begin = performance.now();
    const parts = this.#workers.slice(0, threads).map((worker, thread) => {
      const name = exportName(shape.name, access, thread);
      worker.postMessage({ name, thread, threads, batches, patience } satisfies Job);
      return answerOf<boolean>(worker);
    });
    await Promise.all(parts);
    const seconds = (performance.now() - begin) / 1000;
    return { shape: shape.name, access, seconds, ...judged(program, access, countsIn(buffer)) };
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

/** The next message of a worker; rejects if it fails instead. */
async function answerOf<T>(worker: Worker): Promise<T> {
  const [answer] = (await once(worker, 'message')) as [T];
  return answer;
}

function judged(
  program: Program,
  access: Access,
  counts: Map<number, number>,
): Pick<LitmusResult, 'rounds' | 'forbidden' | 'interleaved' | 'verdict' | 'outcomes'> {
  const { allowed, interleaved } = outcomesOf(program);
  const outcomes = [...counts].sort(([, a], [, b]) => b - a);
  const sum = (isMeant: (outcome: number) => boolean): number =>
    outcomes.reduce((total, [outcome, count]) => total + (isMeant(outcome) ? count : 0), 0);
  const seen = {
    rounds: sum(() => true),
    forbidden: sum((outcome) => !allowed.has(outcome)),
    interleaved: sum((outcome) => interleaved.has(outcome)),
  };
  return { ...seen, verdict: verdictOf(access, seen), outcomes };
}

/** Atomics hold if nothing forbidden was seen although threads met; without that, who knows. */
export function verdictOf(
  access: Access,
  { forbidden, interleaved }: { forbidden: number; interleaved: number },
): Verdict {
  if (forbidden > 0) return access === 'atomic' ? 'BROKEN' : 'weak as allowed';
  return access === 'atomic' && interleaved > 0 ? 'holds' : 'inconclusive';
}
