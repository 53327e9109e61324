/**
 * Compiles builds of the kernel, two at a time.
 *
 * The compiler keeps one thread busy, and is several times as fast once the engine knows its code:
 * so two threads of this file compile one build after the other.
 */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import asc from 'assemblyscript/asc';

const LANES = 2;

/** What the compiler is told on its command line. */
type Arguments = string[];

interface Outcome {
  /** Errors and warnings. */
  said: string;
  isGood: boolean;
}

/** Runs the compiler for each, best long ones first. One that fails has said why, and ends all. */
export async function compileKernels(builds: readonly Arguments[]): Promise<void> {
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

if (!isMainThread) {
  parentPort!.on('message', async (build: Arguments) => {
    const { error, stderr } = await asc.main(build);
    const outcome: Outcome = { said: stderr.toString(), isGood: error === null };
    parentPort!.postMessage(outcome);
  });
}
