/**
 * A thread that hunts mutants. It says twice a second that it is alive, and before that when it
 * compiles and when it searches (pack.ts watches).
 */
import { parentPort, workerData } from 'node:worker_threads';
import { type Hunt, hunt, type Phase } from './hunt.ts';

const BEAT_MS = 500;

const port = parentPort!;
port.on('message', async (mutant: Hunt) => {
  const beat = setInterval(() => port.postMessage('alive'), BEAT_MS);
  try {
    port.postMessage(await hunt(mutant, (phase: Phase) => port.postMessage(phase), workerData));
  } catch (error) {
    port.postMessage({ verdict: 'none', story: String(error) });
  } finally {
    clearInterval(beat);
  }
});
