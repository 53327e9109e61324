/**
 * Compiles builds of the kernel, two at a time.
 *
 * The compiler keeps one thread busy, and is several times as fast once the engine knows its code:
 * so two threads of this file compile one build after the other.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import asc from 'assemblyscript/asc';

const LANES = 2;

export interface Build {
  /** What the compiler is told on its command line. */
  args: string[];
  /** Sources that others take the place of. */
  exchanged?: Record<string, string>;
}

interface Outcome {
  /** Errors and warnings. */
  said: string;
  isGood: boolean;
}

/** Runs the compiler for each, best long ones first. One that fails has said why, and ends all. */
export async function compileKernels(builds: readonly Build[]): Promise<void> {
  const left = builds.values();
  const lane = async (): Promise<void> => {
    const worker = new Worker(new URL(import.meta.url));
    for (const build of left) {
      worker.postMessage(build);
      const [{ said, isGood }] = (await once(worker, 'message')) as [Outcome];
      if (said !== '') console.error(said);
      if (!isGood) process.exit(1);
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

/** The compiler asks for some that are not there. */
function sourceOf(name: string): string | null {
  try {
    return readFileSync(name, 'utf8');
  } catch {
    return null;
  }
}

if (!isMainThread) {
  parentPort!.on('message', async ({ args, exchanged = {} }: Build) => {
    const readFile = (name: string): string | null => sourceOf(exchanged[name] ?? name);
    const { error, stderr } = await asc.main(args, { readFile });
    const outcome: Outcome = { said: stderr.toString(), isGood: error === null };
    parentPort!.postMessage(outcome);
  });
}
