/**
 * Hunters in threads of their own, so that a mutant that never returns can be ended.
 *
 * A scenario runs microseconds between two looks at its clock. A hunter that searches, and of which
 * nothing is heard while this process took `silenceMs` of processor time for each of its hunters,
 * is therefore in a loop without an atomic instruction, which the checker cannot leave: the mutant
 * is caught, the hunter is ended, and another one goes on. That time, and not the clock's: on a
 * busy machine a hunter may get no processor for long.
 *
 * One that compiles is silent too, and says before that it does: it has ten minutes, and then there
 * is no verdict.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Catch, Hunt, Phase, Schemata } from './hunt.ts';

export interface Patience {
  /** Processor time for each hunter, while one that searches is silent. */
  silenceMs: number;
  /** By the clock, for a compilation. */
  compileMs: number;
}

const PATIENCE: Patience = { silenceMs: 15_000, compileMs: 600_000 };
const HUNTER = new URL('./hunter.ts', import.meta.url);

/** Milliseconds of processor time that this process has taken. */
function usedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** One hunter, started when it is needed. */
class Hunter {
  readonly #file: URL;
  readonly #schemata: Schemata;
  readonly #patience: Patience;
  #worker: Worker | null = null;
  #phase: Phase | 'starting' = 'starting';

  constructor(file: URL, schemata: Schemata, patience: Patience) {
    this.#file = file;
    this.#schemata = schemata;
    this.#patience = patience;
  }

  async hunt(mutant: Hunt): Promise<Catch> {
    this.#worker ??= new Worker(this.#file, { workerData: this.#schemata });
    this.#worker.postMessage(mutant);
    this.#phase = 'starting';
    while (true) {
      const message = await this.#hear(this.#worker);
      if (message === 'compiling' || message === 'searching') this.#phase = message;
      else if (message === undefined) return this.#giveUp();
      else if (message !== 'alive') return message;
    }
  }

  /** What it says next; undefined after too long a silence. */
  async #hear(worker: Worker): Promise<Catch | Phase | 'alive' | undefined> {
    const begin = { clock: performance.now(), used: usedMs() };
    const { silenceMs, compileMs } = this.#patience;
    while (true) {
      const signal = AbortSignal.timeout(Math.min(silenceMs, 1000));
      try {
        const [message] = await once(worker, 'message', { signal });
        return message;
      } catch (error) {
        if (!signal.aborted) throw error;
        if (this.#phase === 'compiling' && performance.now() - begin.clock > compileMs) return;
        if (this.#phase === 'searching' && usedMs() - begin.used > silenceMs) return;
      }
    }
  }

  async #giveUp(): Promise<Catch> {
    await this.end();
    return this.#phase === 'compiling'
      ? { verdict: 'none', story: 'the compiler was not over in time' }
      : { verdict: 'caught', story: 'a call does not end' };
  }

  async end(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = null;
  }
}

/** Hunts all, `jobs` at a time; tells of each when it is over, in no particular order. */
export async function huntAll<M extends Hunt>(
  mutants: readonly M[],
  jobs: number,
  schemata: Schemata,
  onCatch: (mutant: M, result: Catch) => void,
  { silenceMs, compileMs }: Patience = PATIENCE,
  file: URL = HUNTER,
): Promise<void> {
  const left = mutants.values();
  const work = async (): Promise<void> => {
    const hunter = new Hunter(file, schemata, { silenceMs: silenceMs * jobs, compileMs });
    for (const mutant of left) {
      onCatch(mutant, await hunter.hunt(mutant));
    }
    await hunter.end();
  };
  await Promise.all(Array.from({ length: jobs }, work));
}
