/** A thread that hunts mutants, and says twice a second that it is alive (pack.ts watches). */
import { parentPort } from 'node:worker_threads';
import { type Hunt, hunt } from './hunt.ts';

const BEAT_MS = 500;

const port = parentPort!;
port.on('message', async (mutant: Hunt) => {
  const beat = setInterval(() => port.postMessage('alive'), BEAT_MS);
  try {
    port.postMessage(await hunt(mutant));
  } catch (error) {
    port.postMessage({ verdict: 'survived', story: String(error) });
  } finally {
    clearInterval(beat);
  }
});
