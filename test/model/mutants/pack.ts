/**
 * Hunters in threads of their own, so that a mutant that never returns can be ended.
 *
 * A scenario runs microseconds between two looks at its clock. A hunter of which nothing is heard
 * for `SILENCE_MS` is therefore in a loop without an atomic instruction, which the checker cannot
 * leave: the mutant is caught, the hunter is ended, and another one goes on.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Catch, Hunt } from './hunt.ts';

const SILENCE_MS = 60_000;

/** One hunter, started when it is needed. */
class Hunter {
  #worker: Worker | null = null;

  async hunt(mutant: Hunt): Promise<Catch> {
    this.#worker ??= new Worker(new URL('./hunter.ts', import.meta.url));
    this.#worker.postMessage(mutant);
    while (true) {
      const signal = AbortSignal.timeout(SILENCE_MS);
      try {
        const [message] = await once(this.#worker, 'message', { signal });
        if (message !== 'alive') return message as Catch;
      } catch (error) {
        if (!signal.aborted) throw error;
        await this.end();
        return { verdict: 'caught', story: 'a call does not end' };
      }
    }
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
  onCatch: (mutant: M, result: Catch) => void,
): Promise<void> {
  const left = mutants.values();
  const work = async (): Promise<void> => {
    const hunter = new Hunter();
    for (const mutant of left) onCatch(mutant, await hunter.hunt(mutant));
    await hunter.end();
  };
  await Promise.all(Array.from({ length: jobs }, work));
}
