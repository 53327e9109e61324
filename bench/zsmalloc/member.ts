/** A member of the crew of suite `zsmalloc`: a thread that allocates, writes and frees. */
import { threadId } from 'node:worker_threads';
import { type Meet, nsOf, serve } from '../crew.ts';

export interface Setup {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  pool: number;
}

export interface Request {
  loop: 'repeatRaw' | 'repeatChecked' | 'repeatCopy';
  bytes: number;
  ms: number;
}

type Exports = Record<string, (...values: number[]) => number>;

/** Rounds between two looks at the clock, and in one call of a loop. */
const PASS = 1000;
const CALL = 250;

// The arena's supervisor asks who has a slot whether he lives, and buries who does not listen.
process.on('workerMessage', () => {});

serve(({ module, memory, pool }: Setup) => {
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  const kernel = instance.exports as unknown as Exports;
  if (kernel.attach!(threadId + 1, 1) < 0 || kernel.prepare!() < 0) throw new Error('no room');
  const input = kernel.inputScratch!() >>> 0;
  const bytes = new Uint8Array(memory.buffer, input, 4096);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.imul(i, 2654435761) >>> 24;
  const output = kernel.outputScratch!() >>> 0;
  return ({ loop, bytes: n, ms }: Request, meet: Meet) => {
    const first = loop === 'repeatCopy' ? output : pool;
    meet();
    return nsOf(PASS, ms, () => {
      for (let done = 0; done < PASS; done += CALL) kernel[loop]!(first, n, CALL);
    });
  };
});
