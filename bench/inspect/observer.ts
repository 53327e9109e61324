/**
 * A thread that looks at a zone ten times a second, as the inspector's does, on a CPU of its own.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { ZoneFeed } from '../../src/inspect/feed.ts';
import { pinThread } from '../suite.ts';

const { memory, cpu } = workerData as { memory: WebAssembly.Memory; cpu: number };
const LOOK_MS = 100;

pinThread(cpu);
const feed = new ZoneFeed(0, memory, 'bench');
let timer: NodeJS.Timeout | undefined;

parentPort!.on('message', (isOn: boolean) => {
  clearInterval(timer);
  if (isOn) timer = setInterval(() => feed.next(), LOOK_MS);
  parentPort!.postMessage(isOn);
});
